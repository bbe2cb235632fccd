"""A minute of random documents: each is rendered or refused with a sentence, nothing else happens.

What is accepted renders to the same bytes again, also from what the first render stored, and the
real Compose takes it; what is refused is refused by Compose too, unless a rule of our own says so.
`bin/fuzz 600` runs longer; a failure names the seed and the number by which it comes back.
"""

import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import pytest

from homeport.catalog.load import load_catalog
from homeport.core.compose.labels import stamp
from homeport.core.compose.load import load
from homeport.core.compose.model import Rendered
from homeport.core.compose.render import render
from homeport.errors import InputRejected
from tests.fuzz.documents import mutated, noise, structured
from tests.support.compose import kept, make_scope
from tests.support.compose_config import ConfigRefused, read_config

SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
SEED = os.environ.get("FUZZ_SEED") or str(time.time_ns())
ONLY = os.environ.get("FUZZ_CASE")
MOST = int(os.environ.get("FUZZ_MOST") or sys.maxsize)
"""How many documents at the most: a fast machine meets no others than a slow one."""

EVERY = int(os.environ.get("FUZZ_EVERY") or 23)
"""Compose is asked about every so many documents: a process costs as much as a hundred renders."""

SLOWEST_S = 2.0
MOST_WAITING = 8
FILES = ("a.env", "l.env")
TEMPLATES = [template.compose for template in load_catalog().values()]
SHARED = {"team": {"T": "t$1'"}}
LATER = re.compile(r"variable is not set|required variable|(?:env|label) file .* not found")
"""What a person can still give: a value, or a file in the service's folder."""

OURS = re.compile(
    r"\"services\" section|Every component is left out|A key must not be empty|`` must be|Invalid Docker|"
    r"Invalid volume|`cpu_\w+` must be|item of `devices`"
)
"""Rules that are not Compose's. A service runs something; an empty name is an error of the engine; a
number without end is text to us; a number among texts is no device."""

KINDS = ("valid", "spoiled", "spoiled", "template", "noise")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def made(number: int) -> tuple[str, str]:
    rng = random.Random(f"{SEED}:{number}")
    kind = KINDS[number % len(KINDS)]
    match kind:
        case "valid" | "spoiled":
            return kind, structured(rng, is_spoiled=kind == "spoiled")
        case "template":
            return kind, mutated(rng, TEMPLATES)
        case _:
            return kind, noise(rng)


def rendered_or_refused(text: str, number: int) -> Rendered | InputRejected:
    """Renders three times: as it is, again, and from what the first render stored."""
    options = {"shared": SHARED, "proxy": "TRAEFIK" if number % 2 else "CADDY"}
    options |= {"dialect": "compose" if number % 3 else "template"}
    started = time.perf_counter()
    try:
        document = load(text)
        first = render(document, make_scope(**options))
    except InputRejected as error:
        return error
    finally:
        took_s = time.perf_counter() - started
        assert took_s < SLOWEST_S, f"{took_s:.1f} s"
    assert render(document, make_scope(**options)) == first, "the same again"
    assert render(document, kept(make_scope(**options, seed=2), first)) == first, "from what was stored"
    assert load(first.compose).data == first.document, "read back"
    assert stamp(first, {}, 1)
    return first


@dataclass
class Judge:
    """Asks Compose on the side. `asked` has the number of the document, what we said against it ("" for
    nothing), and what Compose says."""

    pool: ThreadPoolExecutor
    asked: list[tuple[int, str, "Future[str]"]] = field(default_factory=list)

    def ask(self, number: int, ours: str, compose: str, dotenv: str) -> None:
        if number % EVERY and not ONLY:
            return
        waiting = [future for _, _, future in self.asked if not future.done()]
        if len(waiting) >= MOST_WAITING:
            wait(waiting, return_when=FIRST_COMPLETED)
        self.asked.append((number, ours, self.pool.submit(_verdict, compose, dotenv)))

    def problems(self) -> Iterator[str]:
        for number, ours, future in self.asked:
            theirs = future.result()
            if bool(ours) != bool(theirs) and not LATER.search(theirs):
                said = f"refused by us only: {ours}" if ours else f"refused by Compose only: {theirs}"
                yield f"FUZZ_CASE={number}: {said}\n{made(number)[1]}"


def _verdict(compose: str, dotenv: str) -> str:
    """What Compose says against it; "" for nothing."""
    try:
        read_config(compose, dotenv, FILES)
    except ConfigRefused as error:
        return str(error)
    return ""


def test_random_documents() -> None:
    say(f"\nFUZZ_SEED={SEED}")
    deadline = time.monotonic() + SECONDS
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        judge = Judge(pool)
        number = int(ONLY or 0)
        while time.monotonic() < deadline and number < MOST:
            kind, text = made(number)
            try:
                outcome = rendered_or_refused(text, number)
            except Exception as error:  # noqa: BLE001  # Whatever it is, it names its case.
                pytest.fail(f"FUZZ_SEED={SEED} FUZZ_CASE={number}: {error!r}\n{text}", pytrace=True)
            if isinstance(outcome, Rendered):
                counts[f"{kind} accepted"] += 1
                if kind != "noise" and not outcome.missing:
                    judge.ask(number, "", outcome.compose, outcome.dotenv)
            else:
                assert outcome.message
                counts[f"{kind} refused"] += 1
                if kind == "spoiled" and number % 3 and not OURS.search(outcome.message):
                    judge.ask(number, outcome.message, text, "")
                assert kind != "valid", f"FUZZ_SEED={SEED} FUZZ_CASE={number}: {outcome.message}\n{text}"
            number = MOST if ONLY else number + 1
        problems = list(judge.problems())
    say(f"{dict(sorted(counts.items()))}, Compose asked {len(judge.asked)} times")
    assert not problems, f"FUZZ_SEED={SEED}\n" + "\n\n".join(problems[:20])

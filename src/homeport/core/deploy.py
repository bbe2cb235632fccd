"""What a deployment will do, decided before anything is done, and readable as text.

`plan` compares the revision that is wanted with the containers that were seen. The worker executes the
steps in order; each can run twice. `progress` judges afterwards, from what is seen then, whether the
goal is reached: that a command ended with 0 proves nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from homeport.core.compose.model import Component
from homeport.core.observed import Container, Observed
from homeport.core.revision import Action, Snapshot

StepName = Literal[
    "files", "pull", "networks", "up", "restart", "connect", "proxy", "wait",
    "down", "containers", "disconnect", "volumes", "folder", "verify",
]  # fmt: skip
ChangeKind = Literal["create", "start", "recreate", "compare", "keep", "remove"]

SETTLE = timedelta(seconds=0.3)
SETTLE_AFTER_CRASH = timedelta(seconds=2)
"""How long a component must run that has already crashed: between two crashes it is seen running as well."""
MAX_RESTARTS = 7
"""A container that waits for its database by crashing gets this many tries (about 13 s of the engine's pauses)."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one component's container, and because of what."""

    kind: ChangeKind
    component: str
    cause: str

    def __str__(self) -> str:
        return f"{self.kind.capitalize()} {self.component}: {self.cause}."


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `names` are what it is done to: images, networks, components, volumes or URLs."""

    name: StepName
    sentence: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of one deployment in order. `expected` are the components that must run at its end;
    `changes` say what `up` does to each component."""

    action: Action
    steps: tuple[Step, ...]
    changes: tuple[Change, ...] = ()
    expected: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(f"{number}. {step}" for number, step in enumerate(self.steps, 1))

    @property
    def step_names(self) -> tuple[StepName, ...]:
        return tuple(step.name for step in self.steps)

    def find(self, name: StepName) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)


def plan(
    snapshot: Snapshot,
    observed: Observed,
    action: Action,
    *,
    images: Mapping[str, str] | None = None,
    hashes: Mapping[str, str] | None = None,
    is_pull_wanted: bool = False,
    has_proxy: bool = True,
    volumes_to_remove: Sequence[str] = (),
    is_folder_kept: bool = False,
) -> Plan:
    """Decide the steps that bring the service from what was observed to the snapshot.

    `images` maps the image references that are on the server to their ids (None: not looked);
    `hashes` is what Compose says about the new file (`commands.compose.hashes`). Without it the revisions
    on the containers are compared with the snapshot's marks. A component that `hashes` does not name is
    not started (an inactive profile).
    """
    seen = observed.of_service(snapshot.service_uuid)
    if action == "stop":
        return Plan(action=action, steps=tuple(_stop_steps(snapshot, seen, has_proxy)))
    if action == "delete":
        steps = _delete_steps(snapshot, seen, has_proxy, volumes_to_remove, is_folder_kept)
        return Plan(action=action, steps=tuple(steps))
    expected = tuple(item.name for item in snapshot.components if hashes is None or item.name in hashes)
    changes = tuple(_changes(snapshot, seen, expected, images, hashes))
    steps = [_files_step(snapshot)]
    steps += _pull_steps(snapshot, expected, images, is_pull_wanted=is_pull_wanted)
    if snapshot.networks:
        steps.append(Step("networks", f"Make sure that {_networks(snapshot.networks)}.", snapshot.networks))
    steps.append(Step("up", " ".join(map(str, changes)), expected))
    if action == "restart":
        steps.append(Step("restart", "Restart the containers that are as they were before.", expected))
    steps += _connect_steps(snapshot, expected)
    steps.append(Step("wait", _wait_sentence(snapshot, expected), expected))
    steps += _proxy_steps(snapshot, expected) if has_proxy else ()
    return Plan(action=action, steps=tuple(steps), changes=changes, expected=expected)


def missing_images(snapshot: Snapshot, images: Collection[str]) -> tuple[str, ...]:
    """The image references that the components name and that are not among those on the server."""
    wanted = (item.image for item in snapshot.components if item.image)
    return tuple(dict.fromkeys(image for image in wanted if image not in images))


def to_restart(before: Observed, after: Observed) -> tuple[str, ...]:
    """The components whose containers `up` left untouched: the same id, started at the same time."""
    started = {item.id: item.started_at for item in before.containers}
    kept = (item.component for item in after.containers if started.get(item.id, False) == item.started_at)
    return tuple(dict.fromkeys(kept))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a service is: `waiting` and `failed` map components to the reason."""

    ready: tuple[str, ...]
    waiting: Mapping[str, str]
    failed: Mapping[str, str]

    @property
    def is_done(self) -> bool:
        return not self.waiting and not self.failed

    def __str__(self) -> str:
        parts = [f"{name} {why}" for name, why in (*self.failed.items(), *self.waiting.items())]
        return "; ".join(parts) or "all components run"


def progress(
    expected: Sequence[str],
    components: Sequence[Component],
    observed: Observed,
    *,
    now: datetime,
    settle: timedelta = SETTLE,
    max_restarts: int = MAX_RESTARTS,
) -> Progress:
    """Judge the expected components by what is seen now.

    Ready: healthy, or running for `settle` without a healthcheck (longer after a crash), or a one-shot that
    ended with 0.
    A component that is excluded from the status is not waited for; it fails only as a one-shot that
    ended badly.
    """
    excluded = {item.name for item in components if item.is_excluded}
    ready: list[str] = []
    waiting: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in expected:
        verdicts = [_judge(item, now, settle, max_restarts) for item in observed.of(name)]
        kind, why = min(
            verdicts, key=lambda verdict: _ORDER[verdict[0]], default=("waiting", "has no container")
        )
        if name in excluded and not (kind == "failed" and _is_failed_one_shot(observed.of(name))):
            kind = "ready"
        if kind == "ready":
            ready.append(name)
        else:
            (failed if kind == "failed" else waiting)[name] = why
    return Progress(tuple(ready), waiting, failed)


_Verdict = Literal["failed", "waiting", "ready"]
_ORDER: Mapping[_Verdict, int] = {"failed": 0, "waiting": 1, "ready": 2}


def _judge(item: Container, now: datetime, settle: timedelta, max_restarts: int) -> tuple[_Verdict, str]:
    if item.is_completed:
        return "ready", "has done its work"
    if item.state in ("exited", "dead"):
        return "failed", _ending(item)
    if item.state == "restarting" or (item.is_running and item.restart_count >= max_restarts):
        verdict: _Verdict = "failed" if item.restart_count >= max_restarts else "waiting"
        return verdict, f"keeps restarting ({item.restart_count} times)"
    if not item.is_running:
        return "waiting", f"is {item.state}"
    if item.health == "unhealthy":
        return "failed", "is unhealthy"
    if item.health == "starting":
        return "waiting", "is not healthy yet"
    if item.health is None and settling_for(item, now, settle):
        return "waiting", "has just started"
    return "ready", "is running"


def settling_for(item: Container, now: datetime, settle: timedelta) -> timedelta:
    """How much longer a running container must stay up before that counts; zero when it does.

    `settle` is for one that never crashed. Where the engine's clock is ahead it is longer by as much.
    """
    if item.started_at is None:
        return timedelta()
    wanted = max(settle, SETTLE_AFTER_CRASH) if item.restart_count else settle
    return max(timedelta(), wanted - (now - item.started_at))


def _ending(item: Container) -> str:
    reason = f": {item.error}" if item.error else " (out of memory)" if item.is_oom_killed else ""
    return f"exited with code {item.exit_code}{reason}"


def _is_failed_one_shot(containers: Sequence[Container]) -> bool:
    return any(
        item.state == "exited" and item.restart_policy == "no" and item.exit_code for item in containers
    )


def _changes(
    snapshot: Snapshot,
    seen: Observed,
    expected: Sequence[str],
    images: Mapping[str, str] | None,
    hashes: Mapping[str, str] | None,
) -> list[Change]:
    known = {item.name: item for item in snapshot.components}
    changes = [_change(snapshot, known[name], seen.of(name), images, hashes) for name in expected]
    orphans = (name for name in seen.components if name not in known)
    return [*changes, *(Change("remove", name, "it is not part of the service any more") for name in orphans)]


def _change(
    snapshot: Snapshot,
    component: Component,
    containers: Sequence[Container],
    images: Mapping[str, str] | None,
    hashes: Mapping[str, str] | None,
) -> Change:
    name = component.name
    if not containers:
        return Change("create", name, "it has no container")
    container = containers[0]
    image_id = (images or {}).get(component.image or "")
    if image_id is not None and image_id != container.image_id:
        return Change("recreate", name, "its image changed")
    if hashes is not None and container.config_hash != hashes.get(name):
        return Change("recreate", name, "its definition changed")
    if hashes is None and container.revision != (made_for := _revision_of(snapshot, name)):
        kind: ChangeKind = "recreate" if name in snapshot.marks else "compare"
        return Change(
            kind, name, f"it was made for {_revision(container)}, its definition is of revision {made_for}"
        )
    if container.state in ("created", "exited", "dead", "paused"):
        return Change("start", name, f"it is {container.state}")
    return Change("keep", name, "nothing changed")


def _revision_of(snapshot: Snapshot, name: str) -> int:
    """The revision in which the component last changed; of an older snapshot only its own number is known."""
    mark = snapshot.marks.get(name)
    return snapshot.number if mark is None else mark[1]


def _revision(container: Container) -> str:
    return "another revision" if container.revision is None else f"revision {container.revision}"


def _files_step(snapshot: Snapshot) -> Step:
    others = tuple(file.path for file in snapshot.files if file.is_managed)
    more = f" and {_count(len(others), 'more file', 'more files')}" if others else ""
    return Step("files", f"Write docker-compose.yml, .env{more} to {snapshot.folder}.", others)


def _pull_steps(
    snapshot: Snapshot, expected: Sequence[str], images: Mapping[str, str] | None, *, is_pull_wanted: bool
) -> list[Step]:
    wanted = tuple(item.name for item in snapshot.components if item.image and item.name in expected)
    if is_pull_wanted:
        return [Step("pull", "Pull the newest images, as asked for.", wanted)] if wanted else []
    if images is None:
        return []
    missing = [item for item in snapshot.components if item.name in wanted and item.image not in images]
    if not missing:
        return []
    references = ", ".join(dict.fromkeys(str(item.image) for item in missing))
    return [Step("pull", f"Pull {references}: not on the server.", tuple(item.name for item in missing))]


def _connect_steps(snapshot: Snapshot, expected: Sequence[str]) -> list[Step]:
    if not snapshot.destination_network:
        return []
    sentence = f"Connect {_join(expected)} to the network {snapshot.destination_network}."
    return [Step("connect", sentence, tuple(expected))]


def _proxy_steps(snapshot: Snapshot, expected: Sequence[str]) -> list[Step]:
    routed = {
        domain.public_url: item.name
        for item in snapshot.components
        for domain in item.domains or ()
        if item.name in expected
    }
    sentence = _join([f"{url} to {name}" for url, name in routed.items()])
    return [Step("proxy", f"Route {sentence}." if routed else "Withdraw all routes.", tuple(routed))]


def _wait_sentence(snapshot: Snapshot, expected: Sequence[str]) -> str:
    waited = [item for item in snapshot.components if item.name in expected and not item.is_excluded]
    goals = [f"{item.name} is {'healthy' if item.has_healthcheck else 'running'}" for item in waited]
    return f"Wait until {_join(goals)}." if goals else "Wait for nothing: no component counts for the status."


def _stop_steps(snapshot: Snapshot, seen: Observed, has_proxy: bool) -> list[Step]:
    steps = [Step("proxy", "Withdraw all routes.")] if has_proxy else []
    return [*steps, _down_step(snapshot, seen), Step("verify", "Check by label that no container is left.")]


def _delete_steps(
    snapshot: Snapshot, seen: Observed, has_proxy: bool, volumes: Sequence[str], is_folder_kept: bool
) -> list[Step]:
    steps = [Step("proxy", "Withdraw all routes.")] if has_proxy else []
    steps.append(_down_step(snapshot, seen))
    steps.append(Step("containers", "Remove what else carries the service's label.", seen.components))
    if snapshot.networks:
        names = snapshot.networks
        steps.append(
            Step("disconnect", f"Take everything off {_noun(names, 'network')} {_join(names)}.", names)
        )
        steps.append(Step("networks", f"Remove {_noun(names, 'network')} {_join(names)}.", names))
    if volumes:
        sentence = f"Remove {_noun(volumes, 'volume')} {_join(volumes)} with all data, as asked for."
        steps.append(Step("volumes", sentence, tuple(volumes)))
    if not is_folder_kept:
        steps.append(Step("folder", f"Remove {snapshot.folder}."))
    steps.append(Step("verify", "Check by label that nothing is left."))
    return steps


def _down_step(snapshot: Snapshot, seen: Observed) -> Step:
    names = tuple(dict.fromkeys((*(item.name for item in snapshot.components), *seen.components)))
    running = [name for name in names if any(item.is_running for item in seen.of(name))]
    first = f"Stop {_join(running)}, each within its own grace period, and remove" if running else "Remove"
    return Step("down", f"{first} the containers.", names)


def _networks(names: Sequence[str]) -> str:
    return f"{_noun(names, 'network')} {_join(names)} {'exists' if len(names) == 1 else 'exist'}"


def _noun(names: Sequence[str], noun: str) -> str:
    return f"the {noun}" if len(names) == 1 else f"the {noun}s"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"

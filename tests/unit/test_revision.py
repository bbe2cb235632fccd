"""A snapshot comes back from its JSON as it was, and an older program reads what a newer one wrote."""

import json

from homeport.core.compose.model import Component, Domain, File, Volume
from homeport.core.revision import Snapshot

SNAPSHOT = Snapshot(
    service_uuid="s" * 24,
    service_name="façade",
    number=3,
    folder="/data/homeport/services/s",
    compose="services:\n  web: {}\n",
    dotenv="A='b'\n",
    components=(
        Component(name="web", kind="application", domains=(Domain("https", "a.example", 80, "/x"),)),
        Component(name="cache", kind="database", domains=(), stop_grace_period_s=2.5),
        Component(name="job", kind="application", noindex_domains=("a.example",)),
    ),
    files=(File(path="/data/homeport/services/s/a", component="web", target="/a", content="x"),),
    volumes=(Volume(name="s_data", component="cache", target="/data"),),
    networks=("s",),
    destination_network="homeport",
)


def test_comes_back_as_it_was() -> None:
    assert Snapshot.from_json(SNAPSHOT.to_json()) == SNAPSHOT


def test_keys_of_a_newer_program_are_ignored() -> None:
    newer = json.loads(SNAPSHOT.to_json())
    newer["colour"] = "blue"
    newer["components"][0]["colour"] = "blue"
    newer["files"][0]["colour"] = "blue"
    assert Snapshot.from_json(json.dumps(newer)) == SNAPSHOT


def test_does_not_print_what_may_hold_secrets() -> None:
    assert "A='b'" not in repr(SNAPSHOT)
    assert "services:" not in repr(SNAPSHOT)

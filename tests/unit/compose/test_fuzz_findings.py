"""What random documents found, each with the rule that it broke. New findings of `bin/fuzz` come here."""

import pytest

from homeport.core.compose.load import load
from homeport.errors import ComposeRejected
from tests.support.compose import render_text

TEXT = "services:\n  web:\n    image: a\n    {}\nnetworks: {{x-a: }}\n"


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        # Accepted although Compose refuses them.
        ("gpus: [{capabilities: [gpu], count: '$${x}'}]", "gpus[0].count"),
        ("cpus: '1e300'", "cpus"),
        ("group_add: [a, 5, '5.']", "group_add[2]"),
        ("group_add: ['05', 5]", "group_add[1]"),
        ("storage_opt: {x-a: b}", "storage_opt.x-a"),
        ("extra_hosts: {x-a: 1.2.3.4}", "extra_hosts.x-a"),
        ("networks: {x-a: }", "networks.x-a"),
    ],
)
def test_refused_by_compose(settings: str, place: str) -> None:
    with pytest.raises(ComposeRejected) as caught:
        render_text(TEXT.format(settings))
    assert (caught.value.place, caught.value.line) == (f"services.web.{place}", 4)


@pytest.mark.parametrize(
    "settings",
    [
        # Refused although Compose accepts them.
        "logging: {options: {'': a}}",
        "networks: {default: {driver_opts: {'': a}}}",
        "blkio_config: {weight_device: [{path: /dev/a}], device_read_bps: [{rate: 5}]}",
        "{network_mode: '', networks: [default]}",
        "group_add: [a, 5, '5.5', '6']",
        "gpus: [{capabilities: [gpu], nope: 1}]",
    ],
)
def test_accepted_by_compose(settings: str) -> None:
    settings = settings[1:-1].replace(", networks", "\n    networks") if settings[0] == "{" else settings
    assert render_text(TEXT.format(settings)).components


def test_modes_of_yaml_reach_compose_as_numbers_of_base_eight() -> None:
    """`0o440` and `01777` are text to our loader and numbers to Compose's."""
    text = (
        "services:\n  web:\n    image: a\n    configs: [{source: c, mode: 0o440}]\n"
        "    volumes: [{type: tmpfs, target: /t, tmpfs: {mode: 01777}}]\nconfigs: {c: {content: x}}\n"
    )
    web = load(render_text(text).compose).data["services"]["web"]
    assert web["configs"] == [{"source": "c", "mode": "0440"}]
    assert web["volumes"] == [{"type": "tmpfs", "target": "/t", "tmpfs": {"mode": 1023}}]

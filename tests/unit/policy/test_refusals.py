"""What no grant allows, and what only Homeport's own machine allows."""

import pytest

from homeport.core.compose.model import File
from homeport.core.policy import asks_of_snapshot
from homeport.errors import ComposeRejected
from tests.unit.policy.asking import asks_of, component, snapshot_of
from tests.unit.policy.cases import FOLDER, Case

REFUSED = {
    "provider: {type: awesomecloud}": "services.web.provider",
    "provider: null": "services.web.provider",
    "models: [llm]": "services.web.models",
    "build: '--output=/x'": "services.web.build",
    "build: {context: -}": "services.web.build",
    "build: {context: ., additional_contexts: ['a=-x']}": "services.web.build",
    "build: {context: ., additional_contexts: {a: '${X:--x}'}}": "services.web.build",
    "powers: [all]": "services.web.powers",
}
BY_COMPOSE = {
    "env_file: /etc/environment": "services.web.env_file[0]",
    "label_file: ../x": "services.web.label_file",
    "build: /srv": "services.web.build",
    "build: {context: ., dockerfile: ../../x}": "services.web.build.dockerfile",
    "build: {context: ., ssh: [default]}": "services.web.build.ssh[0]",
    "build: {context: ., cache_to: ['type=local,dest=/etc/cron.d']}": "services.web.build.cache_to[0]",
    "security_opt: ['seccomp:/etc/x.json']": "services.web.security_opt[0]",
    "use_api_socket: true": "services.web.use_api_socket",
    "develop: {watch: [{path: /srv, action: rebuild}]}": "services.web.develop.watch[0].path",
}


@pytest.mark.parametrize("keys", REFUSED)
def test_what_nobody_can_grant(keys: str) -> None:
    with pytest.raises(ComposeRejected) as caught:
        asks_of(component(keys))
    assert (caught.value.place or "").startswith(REFUSED[keys])
    assert caught.value.line in (3, 4)


@pytest.mark.parametrize("keys", REFUSED)
def test_no_stored_revision_has_it(keys: str) -> None:
    """A render refuses some of it as well; a revision may be older than that."""
    with pytest.raises(ComposeRejected) as caught:
        asks_of_snapshot(snapshot_of(component(keys).text), proxy="CADDY", is_local=True)
    assert (caught.value.place, caught.value.line) == (REFUSED[keys], None)


@pytest.mark.parametrize("image", ["'-v'", "--privileged", "'${I:--x}'"])
def test_an_image_is_no_option(image: str) -> None:
    with pytest.raises(ComposeRejected, match="cannot begin with '-'") as caught:
        asks_of(Case(f"services: {{web: {{image: {image}}}}}"))
    assert caught.value.place == "services.web.image"


@pytest.mark.parametrize("keys", BY_COMPOSE)
def test_what_compose_does_on_homeports_own_machine(keys: str) -> None:
    case = component(keys)
    assert asks_of(case, is_local=True)
    with pytest.raises(ComposeRejected, match="on the machine that Homeport runs on") as caught:
        asks_of(case, is_local=False)
    assert caught.value.place == BY_COMPOSE[keys]


def test_a_secret_of_a_build_is_read_by_compose() -> None:
    web = "{image: a, secrets: [s]}"
    mounted = Case(f"services: {{web: {web}}}\nsecrets: {{s: {{file: /etc/x}}}}")
    assert [ask.key for ask in asks_of(mounted, is_local=False)] == ["host.mount /etc/x:ro"]
    built = Case("services: {web: {build: {context: ., secrets: [s]}}}\nsecrets: {s: {file: /etc/x}}")
    with pytest.raises(ComposeRejected, match="on the machine that Homeport runs on"):
        asks_of(built, is_local=False)


@pytest.mark.parametrize("file", ["./other.yml", "'${F:-other.yml}'"])
def test_a_stored_revision_extends_no_file(file: str) -> None:
    compose = f"services:\n  web:\n    extends:\n      file: {file}\n      service: x\n"
    with pytest.raises(ComposeRejected, match="which nobody has judged") as caught:
        asks_of_snapshot(snapshot_of(compose), proxy="CADDY")
    assert (caught.value.place, caught.value.line) == ("services.web.extends", None)


@pytest.mark.parametrize("name", ["docker-compose.yml", ".env", ".env/x"])
def test_a_stored_revision_writes_nothing_over_homeports_own_files(name: str) -> None:
    """What Compose reads would not be what was judged."""
    file = File(component="web", path=f"{FOLDER}/{name}", target="/x", content="P=host")
    with pytest.raises(ComposeRejected, match="Give the file another name") as caught:
        asks_of_snapshot(snapshot_of("services:\n  web:\n    image: a\n", file), proxy="CADDY")
    assert caught.value.place == "services.web.volumes"
    other = File(component="web", path=f"{FOLDER}/.env.local", target="/x", content="P=host")
    assert asks_of_snapshot(snapshot_of("services:\n  web:\n    image: a\n", other), proxy="CADDY") == ()


def test_what_is_nested_too_deep_to_be_judged() -> None:
    def nested(depth: int) -> str:
        return "".join(f"${{V{number}:-" for number in range(depth)) + "../../x" + "}" * depth

    keys = "volumes: [{{type: '${{T:-bind}}', source: '{}', target: /x}}]"
    assert asks_of(component(keys.format(nested(8))))
    with pytest.raises(ComposeRejected, match="nested too deep") as caught:
        asks_of(component(keys.format(nested(20))))
    assert caught.value.place == "services.web.volumes"


def test_nobody_reads_thousands_of_asks() -> None:
    sysctls = ", ".join(f"net.a{number}=1" for number in range(600))
    text = f"x-a: &a [{sysctls}]\nservices: {{web: {{image: a, sysctls: *a}}, b: {{image: a, sysctls: *a}}}}"
    with pytest.raises(ComposeRejected, match="more than 1000 powers") as caught:
        asks_of(Case(text))
    assert caught.value.place == "services.b.sysctls[400]"

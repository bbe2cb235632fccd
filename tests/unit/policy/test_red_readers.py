"""Where Compose once read something else than the judge, so that nobody was asked. Each was a way to root."""

import pytest

from homeport.core.policy import asks_of_snapshot, read_dotenv
from homeport.errors import ComposeRejected
from tests.support.compose import render_text, user_variables
from tests.unit.policy.asking import asks_of, component, snapshot_of
from tests.unit.policy.cases import FOLDER, Case

BUILT = "build: {{context: '{}', dockerfile_inline: 'FROM scratch'}}"


@pytest.mark.parametrize(
    "name",
    [
        "PWD",
        "DOCKER_CONFIG",
        "DOCKER_HOST",
        "DOCKER_CLI_PLUGIN_SOCKET",
        "OTEL_RESOURCE_ATTRIBUTES",
        "COMPOSE_X",
    ],
)
@pytest.mark.parametrize(
    "keys",
    [
        "network_mode: ${{{}:+host}}",
        "pid: ${{A:-${{{}:+host}}}}",
        "env_file: './x${{{}:+/../../../../etc/passwd}}'",
        "build: {{context: '${{{}:+x/}}..'}}",
        "volumes: ['${}$B']",
    ],
)
def test_what_only_composes_process_knows_is_no_answer(name: str, keys: str) -> None:
    """It has PWD whatever `.env` says, DOCKER_CONFIG only where Homeport has passwords of registries, and as a plugin
    what `docker` gives to plugins."""
    case = component(keys.format(name), {"PWD": "y", "B": ":/x"})
    with pytest.raises(ComposeRejected, match=f"{name} cannot be used here"):
        asks_of(case)


def test_what_only_composes_process_knows_is_no_answer_in_a_stored_revision() -> None:
    compose = "services:\n  web:\n    image: a\n    pid: ${PWD:+host}\n"
    with pytest.raises(ComposeRejected, match="PWD cannot be used here"):
        asks_of_snapshot(snapshot_of(compose), proxy="CADDY")


def test_the_name_of_the_project_is_known() -> None:
    text = "services: {web: {image: a, networks: [n]}}\nnetworks: {n: {name: '${COMPOSE_PROJECT_NAME}_x'}}"
    assert asks_of(Case(text)) == ()


def test_no_variable_of_a_service_gives_orders_to_compose() -> None:
    """COMPOSE_DISABLE_ENV_FILE in `.env` made Compose ignore all the others, which had been judged."""
    text = "services: {web: {image: a, privileged: '${P:-true}', labels: ['x=${COMPOSE_BAKE:-}']}}"
    values = {"P": "false", "COMPOSE_DISABLE_ENV_FILE": "1", "COMPOSE_BAKE": "1", "COMPOSER": "kept"}
    rendered = render_text(text, variables=user_variables(**values))
    assert read_dotenv(rendered.dotenv) == {"SERVICE_NAME_WEB": "web", "P": "false", "COMPOSER": "kept"}
    assert [warning for warning in rendered.warnings if "COMPOSE_DISABLE_ENV_FILE was left out" in warning]


@pytest.mark.parametrize("letter", ["\u017f", "\u212a"])
@pytest.mark.parametrize("text", ["${}..", "${}{}", "$a{}..", "${{a:-${}..}}", "${{{}}}..", "${{A{}:-..}}"])
def test_a_letter_that_go_takes_for_another(letter: str, text: str) -> None:
    """A dollar, the letter and two dots are two dots to Compose, which reads a variable there."""
    written = text.format(letter, letter)
    with pytest.raises(ComposeRejected, match="is no reference to a variable"):
        asks_of(component(BUILT.format(written)))


def test_such_a_letter_is_text_in_an_environment() -> None:
    rendered = render_text('services: {web: {image: a, environment: {K: "pa$\u017f\u212aword"}}}')
    assert rendered.document["services"]["web"]["environment"]["K"] == "pa$$\u017f\u212aword"


@pytest.mark.parametrize(
    ("context", "asked"),
    [
        (f"{FOLDER}/a://../../..", "/data/homeport:ro"),
        ("/srv/x://y", "/srv/x:/y:ro"),
        ("aa://../b/c", f"{FOLDER}/b/c:ro"),
        ("FILE:///etc", f"{FOLDER}/FILE:/etc:ro"),
        ('./$${".."}', f'{FOLDER}/${{".."}}:ro'),
    ],
)
def test_a_folder_is_a_folder_whatever_is_in_its_name(context: str, asked: str) -> None:
    """Compose opens what is there under the name before it thinks of a URL."""
    named = f"build: {{context: ., additional_contexts: ['x={context}'], dockerfile_inline: 'FROM x'}}"
    for keys in (BUILT.format(context), named):
        assert [ask.key for ask in asks_of(component(keys))] == [f"host.mount {asked}"]


@pytest.mark.parametrize(
    "context",
    [
        "https://example.com/a.git",
        "git://example.com/a",
        "ssh://git@example.com/a",
        "git@example.com:a/b.git",
    ],
)
def test_what_the_builder_gets_elsewhere(context: str) -> None:
    assert asks_of(component(BUILT.format(context))) == ()


def test_a_quoted_field_of_a_cache() -> None:
    case = component("build: {context: ., cache_to: ['type=local,\"dest=/srv/keys\"']}")
    assert [ask.key for ask in asks_of(case)] == ["host.mount /srv/keys"]


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("type=registry,ref=example.com/a:1", ["host.external cache:example.com/a:1"]),
        ("example.com/a:1", ["host.external cache:example.com/a:1"]),
        ("type=s3,region=x,bucket=b,secret_access_key=abc", ["host.external cache:b"]),
        ("type=gha", ["host.external cache:type=gha"]),
        ("type=inline", []),
    ],
)
def test_a_cache_is_pushed_with_homeports_passwords(entry: str, asked: list[str]) -> None:
    case = component(f"build: {{context: ., cache_from: ['{entry}'], cache_to: ['{entry}']}}")
    assert [ask.key for ask in asks_of(case)] == asked


def test_the_variables_are_read_as_before() -> None:
    assert asks_of(Case("services: {web: {image: 'a:${DOCKER_TAG:-1}', privileged: '${A:-false}'}}")) == ()

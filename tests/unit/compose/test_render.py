"""Golden cases: a template and a scope, and everything that a render says about them.

`pytest tests/unit/compose --update` rewrites the expected files; read the diff before you commit it.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homeport.core.compose.dump import dump
from homeport.core.compose.labels import stamp
from homeport.core.compose.load import load
from homeport.core.compose.model import ComponentState, Scope, Variable
from homeport.core.compose.render import render
from homeport.core.domains import base_domain, split_fqdn
from homeport.errors import ComposeRejected
from tests.support.compose import kept, make_scope, render_text
from tests.support.golden import assert_golden, said

CASES = sorted(path.parent.name for path in (Path(__file__).parent / "cases").glob("*/template.yaml"))


def _scope(answers: dict[str, Any]) -> Scope:
    answers = dict(answers)
    answers["base"] = base_domain(answers.pop("wildcard", None), answers.pop("ip", "1.2.3.4"), None)
    answers["variables"] = {
        key: Variable(key=key, **stored) for key, stored in answers.get("variables", {}).items()
    }
    answers["components"] = {
        name: ComponentState(name=name, **_state(stored))
        for name, stored in answers.get("components", {}).items()
    }
    return make_scope(**answers)


def _state(stored: dict[str, Any]) -> dict[str, Any]:
    if "domains" not in stored:
        return stored
    return stored | {"domains": split_fqdn(stored["domains"])}


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str, request: pytest.FixtureRequest) -> None:
    folder = Path(__file__).parent / "cases" / case
    scope = _scope(yaml.safe_load((folder / "answers.yaml").read_text()) or {})
    rendered = render(load((folder / "template.yaml").read_text()), scope)
    is_update = request.config.getoption("update")
    assert_golden(folder / "expected.yaml", said(rendered), is_update=is_update)


@pytest.mark.parametrize("case", CASES)
def test_rendering_what_was_stored_changes_nothing(case: str) -> None:
    folder = Path(__file__).parent / "cases" / case
    scope = _scope(yaml.safe_load((folder / "answers.yaml").read_text()) or {})
    document = load((folder / "template.yaml").read_text())
    first = render(document, scope)
    second = render(document, kept(scope, first))
    assert said(second) == said(first)


@pytest.mark.parametrize("case", CASES)
def test_the_text_reads_back_as_the_document(case: str) -> None:
    folder = Path(__file__).parent / "cases" / case
    scope = _scope(yaml.safe_load((folder / "answers.yaml").read_text()) or {})
    rendered = render(load((folder / "template.yaml").read_text()), scope)
    assert load(rendered.compose).data == rendered.document


_KEYS = st.sampled_from(
    [
        "A",
        "B",
        "APP_URL",
        "SERVICE_URL_WEB_3000",
        "SERVICE_URL_WEB",
        "SERVICE_FQDN_OTHER_81",
        "SERVICE_URL_OTHER_99999",
        "SERVICE_PASSWORD_X",
        "SERVICE_X_API",
        "MINIO_SERVER_URL",
        "MINIO_BROWSER_REDIRECT_URL",
    ]
)
_VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.booleans(),
    st.sampled_from(
        [
            "",
            "/",
            "/path",
            "$A",
            "${B:-d}",
            "${B:?needed}",
            "${A:-${B:-x}}/tail",
            "$SERVICE_PASSWORD_X",
            "${SERVICE_URL_WEB}/api",
            "$SERVICE_FQDN_DB_5432",
            "$SERVICE_SUPABASEANON_KEY",
            "$$SERVICE_USER_Y",
            "$SERVICE_NAME_DB",
            "$COOLIFY_URL/x",
            "{{team.T}}",
            "$2y$10$abc",
        ]
    ),
    st.text(alphabet="ab${}:-?+/ {.TAX", max_size=12),
)
_COMPONENTS = st.fixed_dictionaries(
    {
        "image": st.sampled_from(["nginx", "postgres:16", "minio/minio", "neo4j"]),
        "environment": st.dictionaries(_KEYS, _VALUES, max_size=6),
    }
)
_DOCUMENTS = st.fixed_dictionaries(
    {"services": st.dictionaries(st.sampled_from(["web", "db", "a.b"]), _COMPONENTS, min_size=1)}
)


@given(_DOCUMENTS)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_document_renders_to_the_same_bytes_and_settles_at_once(data: dict[str, Any]) -> None:
    document = load(dump(data))
    shared = {"team": {"T": "t$1"}}
    first = render(document, make_scope(shared=shared))
    assert render(document, make_scope(shared=shared)) == first
    second = render(document, kept(make_scope(shared=shared, seed=2), first))
    assert second == first


class TestRefusals:
    @pytest.mark.parametrize("name", ["-web", "we b", "ünder", "a/b"])
    def test_names_that_containers_cannot_have(self, name: str) -> None:
        with pytest.raises(ComposeRejected) as caught:
            render_text(f"services:\n  ok: {{image: a}}\n  '{name}': {{image: b}}\n")
        assert (caught.value.place, caught.value.line) == (f"services.{name}", 3)

    def test_a_component_that_is_no_map(self) -> None:
        with pytest.raises(ComposeRejected, match="must be a map") as caught:
            render_text("services:\n  web: [a]\n")
        assert (caught.value.place, caught.value.line) == ("services.web", 2)

    def test_nested_environment_values(self) -> None:
        with pytest.raises(ComposeRejected, match="must be a text") as caught:
            render_text("services:\n  web:\n    image: a\n    environment:\n      A: {b: c}\n")
        assert (caught.value.place, caught.value.line) == ("services.web.environment.A", 5)

    @pytest.mark.parametrize("definition", ["", "{image: ''}", "{image: '${NO:-}', build: }", "{command: x}"])
    def test_a_component_of_nothing(self, definition: str) -> None:
        with pytest.raises(ComposeRejected) as caught:
            render_text(f"services:\n  web: {definition}\n")
        assert caught.value.line == 2


def test_a_render_does_not_change_what_it_is_given() -> None:
    text = (
        "services: {web: {image: a, labels: [x=1], env_file: a.env, environment: [A=1], volumes: ['d:/d']}}"
    )
    document = load(text)
    render(document, make_scope())
    assert document.data == load(text).data


def test_q27_empty_lists_stay_lists() -> None:
    definition = render_text("services: {web: {image: a, command: [], volumes: []}}").document["services"][
        "web"
    ]
    assert definition["command"] == []
    assert not definition["volumes"]


def test_other_top_level_keys_are_dropped_and_sections_keep_their_order() -> None:
    text = (
        "name: x\nversion: '3'\nx-a: 1\nsecrets: {s: {file: ./s}}\nservices: {web: {image: a}}\nconfigs: {}\n"
    )
    assert list(render_text(text).document) == ["services", "networks", "secrets"]


_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet="a$:{}./~ -=[]\n9é", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet="ab$9. ", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
_SETTINGS = st.sampled_from(
    [
        "image",
        "build",
        "command",
        "environment",
        "env_file",
        "expose",
        "ports",
        "volumes",
        "networks",
        "labels",
        "healthcheck",
        "restart",
        "depends_on",
        "exclude_from_hc",
        "stop_grace_period",
        "network_mode",
        "configs",
        "container_name",
        "extends",
    ]
)
_ANY_DOCUMENT = st.fixed_dictionaries(
    {"services": st.dictionaries(st.sampled_from(["web", "db"]), st.dictionaries(_SETTINGS, _ANYTHING))},
    optional={"volumes": _ANYTHING, "networks": _ANYTHING, "configs": _ANYTHING, "x-more": _ANYTHING},
)


@given(_ANY_DOCUMENT)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_document_is_rendered_or_refused_and_never_breaks(data: dict[str, Any]) -> None:
    try:
        rendered = render(load(dump(data)), make_scope(proxy="TRAEFIK"))
    except ComposeRejected as error:
        assert error.message  # noqa: PT017  # Most of the documents are refused.
    else:
        assert load(rendered.compose).data == rendered.document
        stamp(rendered, {}, 1)

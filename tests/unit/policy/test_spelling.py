"""However a source is spelled, it is found; and `.env` reads back as it was written."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from homeport.catalog.load import load_catalog
from homeport.core import dotenv
from homeport.core.compose.dump import dump
from homeport.core.compose.interpolate import escape
from homeport.core.policy import GRANTS, asks_of_snapshot, read_dotenv
from homeport.core.policy.components import JUDGES
from homeport.errors import ComposeRejected
from tests.unit.policy.asking import asks_of, snapshot_of
from tests.unit.policy.cases import Case

TARGETS = ("/etc", "/var/log", "/data/homeport/services/u2", "/data/homeport/services", "/root")
DETOURS = ("/", "/./", "//", "/x/../", "/a/b/../../", "/./x/.././")


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str]:
    """A path of the server, and one of the ways to write it."""
    path = draw(st.sampled_from(TARGETS))
    start = draw(st.sampled_from(("", "/..", "/../..", "//.", "/x/..")))
    text = start + "".join(f"{draw(st.sampled_from(DETOURS))}{part}" for part in path[1:].split("/"))
    return path, text + draw(st.sampled_from(("", "/", "/.", "//", "/y/..")))


@st.composite
def hidden(draw: st.DrawFn) -> tuple[str, str]:
    """The path that a document mounts, and the document."""
    path, text = draw(spelled())
    values = draw(st.sampled_from(("{}", "${{V:-{}}}", "${{V-{}}}", "${{V:-${{W:-{}}}}}", "${{SET:+{}}}")))
    written = values.format(text)
    quote = draw(st.sampled_from(('"', "'")))
    forms = (
        f"{quote}{written}:/mnt{quote}",
        f"{quote}{written}:/mnt:rw{quote}",
        f"{{type: bind, source: {quote}{written}{quote}, target: /mnt}}",
        f"{{source: {quote}{written}{quote}, target: /mnt}}",
        f"{{type: '${{T:-bind}}', source: {quote}{written}{quote}, target: /mnt}}",
    )
    entry = draw(st.sampled_from(forms))
    documents = (
        f"services:\n  web:\n    image: a\n    environment: [SET=1]\n    volumes:\n      - {entry}\n",
        f"x-a: &a\n  - {entry}\nservices:\n  web: {{image: a, environment: {{SET: '1'}}, volumes: *a}}\n",
        f"x-a: &a\n  volumes: [{entry}]\nservices:\n  web:\n    <<: *a\n    image: a\n",
        f"services:\n  base: &a\n    image: a\n    volumes: [{entry}]\n  web:\n    <<: *a\n",
    )
    return path, draw(st.sampled_from(documents))


@given(hidden())
def test_a_bind_is_found_however_it_is_hidden(case: tuple[str, str]) -> None:
    path, text = case
    asks = asks_of(Case(text, values={"SET": "1"}))
    assert {ask.key for ask in asks} >= {f"host.mount {path}"}


@given(spelled(), st.sampled_from(("$A", "$A$B")))
def test_a_bind_is_found_in_the_values_of_variables(case: tuple[str, str], written: str) -> None:
    path, text = case
    values = {"A": f"{text}:/mnt"} if written == "$A" else {"A": text, "B": ":/mnt"}
    asks = asks_of(Case(f"services: {{web: {{image: a, volumes: [{written}]}}}}", values=values))
    assert [ask.key for ask in asks] == [f"host.mount {path}"]


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]*", fullmatch=True), st.text()))
@example({"A": "'\"\\$\n\r\t", "B": "x'\\n", "C": "'\\0134", "D": "a\n'\\"})
def test_dotenv_reads_back(values: dict[str, str]) -> None:
    values = {key: value.replace("\0", "") for key, value in values.items()}
    assert read_dotenv(dotenv.dump(list(values.items()))) == values


@pytest.mark.parametrize("text", ["A", "A=1", "A='x\n", "=x\n", 'A="\\\n'])
def test_other_text_is_no_dotenv(text: str) -> None:
    with pytest.raises(ValueError, match=r"no \.env text"):
        read_dotenv(text)


def test_escaped_dollars_are_text() -> None:
    text = f"services: {{web: {{image: a, volumes: ['/srv/{escape('$A')}:/x']}}}}"
    assert [ask.subject for ask in asks_of(Case(text, values={"A": "b"}))] == ["/srv/$A"]


@pytest.mark.parametrize("template", load_catalog().values(), ids=lambda template: template.key)
@pytest.mark.parametrize("proxy", ["CADDY", "TRAEFIK"])
def test_no_built_in_type_asks_for_anything(template: object, proxy: str) -> None:
    assert asks_of(Case(template.compose, proxy=proxy), is_local=False) == ()  # type: ignore[attr-defined]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(("", "host", "/etc:/x", "a=b", "${V:-~}", "-")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("type", "source", "name", "external", "driver_opts", "o", "config", "watch", "path")
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from((*JUDGES, "image", "extends")), VALUES, max_size=5),
    st.dictionaries(st.sampled_from(("networks", "volumes", "configs", "secrets")), VALUES, max_size=3),
)
def test_whatever_the_form_there_is_an_answer(keys: dict[str, object], sections: dict[str, object]) -> None:
    """What is no compose file at all is refused or judged; it never ends in another error."""
    text = dump({**{key: {"x": value} for key, value in sections.items()}, "services": {"web": keys}})
    with suppress(ComposeRejected):
        asks = asks_of_snapshot(snapshot_of(text), proxy="TRAEFIK", is_local=True)
        assert {ask.grant for ask in asks} <= set(GRANTS)

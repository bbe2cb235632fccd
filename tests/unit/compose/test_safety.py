"""The checks before everything else, with the sentences that clients know."""

import pytest

from homeport.core.compose.load import Document, load
from homeport.core.compose.safety import check
from homeport.errors import ComposeRejected

FORBIDDEN = [
    ("`", "backtick (command substitution)"),
    ("$(", "command substitution"),
    ("|", "pipe operator"),
    ("&", "background/AND operator"),
    (";", "command separator"),
    ("\n", "newline (command separator)"),
    ("\r", "carriage return"),
    ("\t", "tab (token separator)"),
    (">", "output redirection"),
    ("<", "input redirection"),
]
SHORT = "Invalid Docker volume definition"
LONG = "Invalid Docker volume definition (array syntax)"


def with_volume(volume: object) -> Document:
    document = load("services: {web: {image: x}}")
    document.data["services"]["web"]["volumes"] = [volume]
    return document


def problem(document: Document) -> str:
    with pytest.raises(ComposeRejected) as caught:
        check(document)
    return caught.value.message


def sentence(form: str, context: str, forbidden: str, description: str) -> str:
    return (
        f"{form}: Invalid {context}: contains forbidden character '{forbidden}' ({description}). Shell "
        "metacharacters are not allowed for security reasons. Please use safe path names without shell "
        "metacharacters."
    )


@pytest.mark.parametrize(
    "text", ["", "- a", "a: b", "services:", "services: text", "services: [a]", "services: {}"]
)
def test_there_must_be_services(text: str) -> None:
    assert problem(load(text)) == 'Docker Compose file must contain a "services" section'


@pytest.mark.parametrize(("forbidden", "description"), FORBIDDEN)
def test_sources_and_targets(forbidden: str, description: str) -> None:
    bad = f"/a{forbidden}b"
    assert problem(with_volume(f"{bad}:/x")) == sentence(SHORT, "volume source", forbidden, description)
    assert problem(with_volume(f"/x:{bad}:ro")) == sentence(SHORT, "volume target", forbidden, description)
    assert problem(with_volume(bad)) == sentence(SHORT, "volume source", forbidden, description)
    source = {"type": "bind", "source": bad, "target": "/x"}
    assert problem(with_volume(source)) == sentence(LONG, "volume source", forbidden, description)
    target = {"type": "bind", "source": "/x", "target": bad}
    assert problem(with_volume(target)) == sentence(LONG, "volume target", forbidden, description)


@pytest.mark.parametrize(("forbidden", "description"), FORBIDDEN)
def test_component_names(forbidden: str, description: str) -> None:
    document = load("services: {}")
    document.data["services"][f"a{forbidden}b"] = {}
    assert problem(document) == (
        f"Invalid Docker Compose service name: Invalid service name: contains forbidden character '{forbidden}' "
        f"({description}). Shell metacharacters are not allowed for security reasons. Service names must not "
        "contain shell metacharacters."
    )


def test_the_first_of_the_list_is_reported() -> None:
    assert "'`'" in problem(with_volume("/a;b`c:/x"))
    assert "'$('" in problem(with_volume("$(id):/app"))


@pytest.mark.parametrize(
    "source",
    [
        *("${NAME}", "${NAME}/sub.dir-1", "${V:-d}", "${V-./d}", "${V:-}", "${V:?say; why}", "${V:-x}/sub"),
        *("${V:-${W:-/x}}", "$V", "./a b'c\"d*(e", "a\\b", "../x", "~"),
    ],
)
def test_what_passes(source: str) -> None:
    check(with_volume(f"{source}:/x"))
    check(with_volume({"type": "bind", "source": source, "target": "/x"}))


@pytest.mark.parametrize(
    ("source", "forbidden"),
    [
        ("${V:-$(id)}", "$("),
        ("${V:-a;b}", ";"),
        ("${V:-${W:-a|b}}", "|"),
        ("${V};rm", "${"),
        ("${V}${W}", "${"),
        ("a${V}", "${"),
        ("${V b}", "${"),
        ("${", "${"),
    ],
)
def test_q33_defaults_are_checked_in_both_forms(source: str, forbidden: str) -> None:
    assert f"forbidden character '{forbidden}'" in problem(with_volume(f"{source}:/x"))
    long = {"type": "bind", "source": source, "target": "/x"}
    assert f"forbidden character '{forbidden}'" in problem(with_volume(long))


def test_references_in_targets_are_refused() -> None:
    assert "Invalid volume target: contains forbidden character '${'" in problem(with_volume("data:/x/${V}"))


def test_the_place_is_known() -> None:
    with pytest.raises(ComposeRejected) as caught:
        check(load("services:\n  web:\n    volumes:\n      - a:/a\n      - b;c:/b\n"))
    assert (caught.value.place, caught.value.line) == ("services.web.volumes[1]", 5)


def test_other_shapes_are_left_to_others() -> None:
    check(load("services: {a: , b: text, c: {volumes: text}, d: {volumes: [1, {source: 1}]}}"))

"""What is hidden of a compose and a .env, from whom."""

from typing import Any

import pytest

from homeport.core.compose.model import Dialect, Variable
from homeport.core.dotenv import dump
from homeport.core.mask import Mask, dotenv_entries, masked_dotenv


def variable(value: str | None, origin: Any = "user", key: str = "KEY") -> Variable:
    return Variable(key=key, value=value, origin=origin)


def mask(
    *variables: Variable, is_sensitive: bool = True, dialect: Dialect = "template", **shared: str
) -> Mask:
    return Mask.of(variables, {"team": shared}, dialect=dialect, is_sensitive=is_sensitive)


def web(definition: dict[str, Any]) -> dict[str, Any]:
    return {"services": {"web": definition}}


def shown(definition: dict[str, Any], using: Mask, before: dict[str, Any] | None = None) -> Any:
    return using.document(web(definition), None if before is None else web(before))["services"]["web"]


@pytest.mark.parametrize("origin", ["user", "generated"])
def test_a_value_is_hidden_wherever_it_stands(origin: str) -> None:
    using = mask(variable("hunter22", origin))
    assert using.text("redis://:hunter22@db/hunter2") == "redis://:***@db/hunter2"
    assert shown({"image": "a/hunter22", "command": ["x", "hunter22"], "ports": ["hunter22:80"]}, using) == {
        "image": "a/***",
        "command": ["x", "***"],
        "ports": ["***:80"],
    }


def test_longer_values_are_hidden_first() -> None:
    using = mask(variable("pass"), variable("password", key="B"))
    assert using.text("my password and pass") == "my *** and ***"


def test_shared_values_are_hidden_too() -> None:
    assert mask(TOKEN="shared-token").text("a shared-token") == "a ***"
    assert mask(COOLIFY_SERVER_NAME="localhost").text("web.localhost") == "web.localhost"


def test_a_value_is_found_as_compose_has_it() -> None:
    using = mask(variable(" Pa$$ Wörd "))
    assert using.text("-Pa$$$$ Wörd-") == "-***-"
    document = {"volumes": {"u1_pa-word": {"name": "u1_pa-word"}, "u1_other": None}}
    assert using.document(document) == {"volumes": {"u1_***": {"name": "u1_***"}, "u1_other": None}}


def test_two_names_that_look_alike_stay_two() -> None:
    using = mask(variable("aaaa"), variable("bbbb", key="B"))
    assert list(using.document({"volumes": {"aaaa": None, "bbbb": None}})["volumes"]) == ["***", "****"]


@pytest.mark.parametrize(
    "harmless",
    [
        variable(None),
        variable(""),
        variable("abc"),
        variable("text", "domain"),
        variable("text", "template"),
        variable("$TEXT"),
        variable("${text}"),
        variable("$A-text", "template"),
    ],
)
def test_what_is_no_secret_is_not_searched_for(harmless: Variable) -> None:
    text = "text abc $TEXT ${text} $A-text"
    assert mask(harmless).text(text) == text


def test_a_default_that_is_more_than_a_word_is_hidden_wherever_it_stands() -> None:
    assert mask(variable("/srv/Data", "template")).text("/srv/Data:/x") == "***:/x"
    assert mask(variable("${A:-secret}")).text("${A:-secret}") == "***"


def test_defaults_in_references_are_hidden_from_everybody() -> None:
    definition = {"image": "a:${TAG:-17}", "environment": {"A": "x${B:-secret}y$C$$d"}, "user": "${U:?who}"}
    assert shown(definition, mask()) == {
        "image": "a:${TAG:-17}",
        "environment": {"A": "x${B:-***}y$C$$d"},
        "user": "${U:?***}",
    }
    assert shown(definition, mask(dialect="compose"))["user"] == "${U:?who}"


def test_literals_are_shown_to_those_who_may_read_them() -> None:
    definition = {"environment": {"A": "literal", "N": 7}, "command": "run", "labels": ["a=b"]}
    assert shown(definition, mask()) == definition


def test_literals_are_hidden_from_others() -> None:
    using = mask(variable("http://web.test", "domain", key="SERVICE_URL_WEB"), is_sensitive=False)
    definition = {
        "image": "nginx:1.27",
        "environment": {
            "A": "literal",
            "B": "postgres://$USER:${PASS:-x}@db$$",
            "C": None,
            "D": "",
            "E": 7,
            "F": True,
            "COOLIFY_URL": "http://web.test",
            "SERVICE_NAME_WEB": "web",
            "SERVICE_URL_WEB": "http://web.test",
        },
        "command": ["run", "--password=x", "$FLAG"],
        "labels": ["homeport.managed=true", "auth=admin:x", "alone"],
        "build": {"context": "https://me:x@git.test", "args": ["KEY=x", "OTHER"]},
        "healthcheck": {"test": ["CMD", "check", "x"], "interval": "5s", "retries": 3},
        "logging": {"driver": "splunk", "options": {"splunk-token": "x"}},
        "ports": ["80:80"],
        "depends_on": {"db": {"condition": "service_healthy"}},
        "deploy": {
            "labels": {"homeport.managed": "true", "auth": "x"},
            "resources": {"limits": {"memory": "1g"}},
        },
        "volumes": [{"type": "volume", "source": "v", "target": "/v"}],
    }
    assert shown(definition, using) == {
        "image": "nginx:1.27",
        "environment": {
            "A": "***",
            "B": "***$USER***${PASS:-***}***",
            "C": None,
            "D": "",
            "E": "***",
            "F": "***",
            "COOLIFY_URL": "http://web.test",
            "SERVICE_NAME_WEB": "web",
            "SERVICE_URL_WEB": "http://web.test",
        },
        "command": ["***", "***", "$FLAG"],
        "labels": ["homeport.managed=true", "auth=***", "***"],
        "build": {"context": "***", "args": ["KEY=***", "***"]},
        "healthcheck": {"test": ["***", "***", "***"], "interval": "5s", "retries": 3},
        "logging": {"driver": "***", "options": {"splunk-token": "***"}},
        "ports": ["80:80"],
        "depends_on": {"db": {"condition": "service_healthy"}},
        "deploy": {
            "labels": {"homeport.managed": "true", "auth": "***"},
            "resources": {"limits": {"memory": "1g"}},
        },
        "volumes": [{"type": "volume", "source": "v", "target": "/v"}],
    }


def test_sections_of_the_top_level_are_hidden_alike() -> None:
    document = {
        "configs": {"c": {"content": "secret", "file": "./c"}},
        "volumes": {"v": {"name": "v", "driver_opts": {"o": "password=x"}}},
        "networks": {
            "n": {"external": True, "ipam": {"options": {"a": "b"}, "config": [{"subnet": "10.0.0.0/8"}]}}
        },
    }
    assert mask(is_sensitive=False).document(document) == {
        "configs": {"c": {"content": "***", "file": "./c"}},
        "volumes": {"v": {"name": "v", "driver_opts": {"o": "***"}}},
        "networks": {
            "n": {"external": True, "ipam": {"options": {"a": "***"}, "config": [{"subnet": "10.0.0.0/8"}]}}
        },
    }


def test_a_hidden_text_that_changes_is_marked() -> None:
    using = mask(is_sensitive=False)
    before = {"environment": {"A": "one", "B": "same", "C": ["x"]}, "command": ["a", "b"], "user": "one"}
    after = {
        "environment": {"A": "two", "B": "same", "C": "x", "D": "new"},
        "command": ["a", "c", "d"],
        "user": "two",
    }
    assert shown(after, using, before) == {
        "environment": {"A": "*** (changed)", "B": "***", "C": "***", "D": "***"},
        "command": ["***", "*** (changed)", "***"],
        "user": "two",
    }
    assert shown({"command": "x"}, using, {"command": ["x"]}) == {"command": "***"}
    assert shown({"build": {"a": "x"}, "tty": ["a"]}, using, {"build": "x", "tty": "a"}) == {
        "build": {"a": "***"},
        "tty": ["a"],
    }


@pytest.mark.parametrize(
    "value",
    ["", "plain", "two words", "two\nlines\nX=1", "it's", 'a "quote" \\', "a\r\n'b'\\", "$x", "'\"\n#"],
)
def test_the_entries_of_a_dotenv_are_told_apart(value: str) -> None:
    text = dump([("A", value), ("B.c-d", value), ("C", "end")])
    entries = dotenv_entries(text)
    assert list(entries) == ["A", "B.c-d", "C"]
    assert entries["A"] == entries["B.c-d"]
    assert masked_dotenv(text) == "A=***\nB.c-d=***\nC=***\n"


def test_a_dotenv_marks_what_changes() -> None:
    before = dump([("A", "one"), ("B", "same"), ("GONE", "x")])
    after = dump([("A", "two"), ("B", "same"), ("NEW", "x")])
    assert masked_dotenv(after, before) == "A=*** (changed)\nB=***\nNEW=***\n"

"""`.env` text: the plainest form that cannot be misread, and what people paste."""

import pytest

from homeport.core.dotenv import dump, parse_pasted


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "K="),
        ("simple-1.2:3/x@y+z=,%", "K=simple-1.2:3/x@y+z=,%"),
        ("two words", "K='two words'"),
        (" blanks ", "K=' blanks '"),
        ("a#b", "K='a#b'"),
        ('{"json": [1]}', "K='{\"json\": [1]}'"),
        ("pa$word", "K='pa$word'"),
        ("a\\b", "K='a\\b'"),
        ("one\ntwo", "K='one\ntwo'"),
        ("ends\\", 'K="ends\\0134"'),
        ('it\'s $5\n"x"\t\r\\n', 'K="it\'s \\$5\\n\\"x\\"\\t\\r\\0134n"'),
        ("é😀", "K='é😀'"),
    ],
)
def test_one_value(value: str, expected: str) -> None:
    assert dump([("K", value)]) == expected + "\n"


def test_order_is_kept() -> None:
    assert dump([("B", "1"), ("A", "2")]) == "B=1\nA=2\n"
    assert dump([]) == ""


@pytest.mark.parametrize("key", ["", "1A", "A B", "A=B", "é", "A\nB", "-A"])
def test_names_that_no_reader_accepts(key: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a variable"):
        dump([(key, "x")])


def test_nul_is_refused_without_naming_the_value() -> None:
    with pytest.raises(ValueError, match="NUL") as caught:
        dump([("K", "secret\0")])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A=b", ("A", "b", None)),
        (" A = b ", ("A", "b", None)),
        ("A=b=c", ("A", "b=c", None)),
        ("A=", ("A", "", None)),
        ("A=b # why", ("A", "b", "why")),
        ("A=b#c", ("A", "b#c", None)),
        ("A=b #", ("A", "b", None)),
        ("A=#fff", ("A", "#fff", None)),
        ("A=#fff # white", ("A", "#fff", "white")),
        ("A= # nothing", ("A", "", "nothing")),
        ('A="b # c" # d', ("A", "b # c", "d")),
        ("A='b \"c'", ("A", 'b "c', None)),
        ('A="b\\"c"', ("A", "b\\", None)),
        ("A='open", ("A", "'open", None)),
        ('A=""', ("A", "", None)),
        ("A='", ("A", "'", None)),
    ],
)
def test_pasted_line(line: str, expected: tuple[str, str, str | None]) -> None:
    assert parse_pasted(line) == [expected]


def test_pasted_text() -> None:
    assert parse_pasted("# comment\n\nA=1\r\nnothing here\n=x\n  # C=3\nB='2'\n") == [
        ("A", "1", None),
        ("B", "2", None),
    ]

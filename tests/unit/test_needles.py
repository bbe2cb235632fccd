"""Secrets in texts: each is found wherever it stands, also where two overlap."""

import random

import pytest

from homeport.core.needles import Needles


@pytest.mark.parametrize(
    ("texts", "text", "hidden"),
    [
        ([], "nothing to hide", "nothing to hide"),
        (["hunter22"], "", ""),
        (["hunter22"], "hunter2", "hunter2"),
        (["hunter22"], "hunter22", "***"),
        (["hunter22"], "a:hunter22@b, hunter22hunter22", "a:***@b, ***"),
        (["pass", "password"], "password, pass, passwor", "***, ***, ***wor"),
        (["abcdSEC", "SECRET"], "abcdSECRET!", "***!"),
        (["aaaa"], "aaaaaa", "***"),
        (["abcd", "bcde", "cdef"], "abcdef", "***"),
        (["abcdefgh", "cdef"], "abcdefghcdef", "***"),
        (["abc", ""], "abc", "abc"),
        (["ünïcödé", "🗝🗝🗝🗝"], "x ünïcödé 🗝🗝🗝🗝🗝", "x *** ***"),
        (["line\nline"], "line\nline\n", "***\n"),
    ],
)
def test_what_is_hidden(texts: list[str], text: str, hidden: str) -> None:
    assert Needles(texts).hide(text) == hidden


def test_no_secret_is_left_in_any_text() -> None:
    """Held against searching for each on its own."""
    draw = random.Random(7)
    for _ in range(500):
        texts = ["".join(draw.choices("ab", k=draw.randint(4, 7))) for _ in range(draw.randint(1, 6))]
        text = "".join(draw.choices("abc", k=60))
        hidden = Needles(texts).hide(text)
        assert not any(secret in hidden for secret in texts)
        covered = {
            at + offset
            for secret in texts
            for at in range(len(text))
            if text.startswith(secret, at)
            for offset in range(len(secret))
        }
        assert hidden.replace("*", "") == "".join(c for at, c in enumerate(text) if at not in covered)

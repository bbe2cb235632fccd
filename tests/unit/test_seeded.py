"""The randomness of plans: the same again from the same seed, and fair."""

import string
from collections import Counter

import pytest

from homeport.core.seeded import SEED_BYTES, Stream, fair_text

SEED = bytes(range(SEED_BYTES))
LETTERS = string.ascii_letters + string.digits


def test_a_seed_gives_the_same_again() -> None:
    one, other = Stream(SEED), Stream(SEED)
    drawn = [one.random_bytes(5), one.token(LETTERS, 40), one.random_bytes(100), one.token("ab", 3)]
    assert drawn == [
        other.random_bytes(5),
        other.token(LETTERS, 40),
        other.random_bytes(100),
        other.token("ab", 3),
    ]
    assert [len(item) for item in drawn] == [5, 40, 100, 3]


def test_the_bytes_are_those_of_hmac_sha256() -> None:
    """Pinned: another version of Homeport must be able to apply a plan."""
    assert Stream(SEED).random_bytes(8).hex() == "9f0cd9b94097fe49"


def test_a_stream_is_one_sequence_however_it_is_drawn() -> None:
    one, other = Stream(SEED), Stream(SEED)
    assert one.random_bytes(70) == b"".join(other.random_bytes(size) for size in (1, 0, 31, 32, 6))


def test_seeds_differ() -> None:
    assert Stream(SEED).random_bytes(32) != Stream(SEED[::-1]).random_bytes(32)


@pytest.mark.parametrize("alphabet", ["0123456789abcdef", LETTERS, "x"])
def test_a_token_has_its_length_and_its_characters(alphabet: str) -> None:
    for length in (0, 1, 7, 33):
        token = Stream(SEED).token(alphabet, length)
        assert len(token) == length
        assert set(token) <= set(alphabet)


def test_every_character_is_equally_likely() -> None:
    counts = Counter(Stream(SEED).token(LETTERS, 62_000))
    assert len(counts) == 62
    assert 850 < min(counts.values()) <= max(counts.values()) < 1150


def test_bytes_that_would_favour_the_first_characters_are_left_out() -> None:
    draws = iter([b"\xff\xfe\x02\xfd", b"\x01\x00\xff\xff"])
    assert fair_text(lambda _: next(draws), "abc", 4) == "ccbb"

"""Encryption at rest."""

import pytest

from homeport.db.crypto import KeyRing
from homeport.errors import SecretUnreadable, SettingsInvalid

OLD = "old " * 10
NEW = "new " * 10


@pytest.mark.parametrize("text", ["", "a", "päss\nwörd\0", "x" * 100_000, "v1:abc:def"])
def test_reads_back_what_it_wrote(text: str) -> None:
    ring = KeyRing([NEW])
    stored = ring.encrypt(text, "t.c")
    assert ring.decrypt(stored, "t.c") == text
    assert text[:20] not in stored or len(text) < 8


def test_equal_texts_look_different() -> None:
    ring = KeyRing([NEW])
    assert ring.encrypt("a", "t.c") != ring.encrypt("a", "t.c")


def test_the_first_key_encrypts_and_every_key_decrypts() -> None:
    stored = KeyRing([OLD]).encrypt("a", "t.c")
    both = KeyRing([NEW, OLD])
    assert both.decrypt(stored, "t.c") == "a"
    assert not both.is_current(stored)
    assert both.is_current(both.encrypt("a", "t.c"))
    with pytest.raises(SecretUnreadable, match="HOMEPORT_SECRET_KEY"):
        KeyRing([NEW]).decrypt(stored, "t.c")


def test_a_value_cannot_be_moved_to_another_column() -> None:
    ring = KeyRing([NEW])
    with pytest.raises(SecretUnreadable, match=r"other\.column"):
        ring.decrypt(ring.encrypt("a", "t.c"), "other.column")


@pytest.mark.parametrize("change", ["{}x", "x{}", "v2:{}", ":", "", "v1::", "v1:00000000:AAAA", "plain text"])
def test_a_changed_value_is_refused(change: str) -> None:
    ring = KeyRing([NEW])
    with pytest.raises(SecretUnreadable):
        ring.decrypt(change.format(ring.encrypt("a", "t.c")), "t.c")


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "short"]])
def test_weak_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(SettingsInvalid):
        KeyRing(keys)

"""Magic names: kinds, and values of exact lengths and alphabets."""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homeport.core.compose.magic import (
    _KINDS,
    ALPHANUMERIC,
    HEX,
    SYMBOLS,
    DomainName,
    Source,
    domain_name,
    generate,
    is_generated,
    jwt,
    kind_of,
    name_variable,
    named_in,
    needs,
)

NOW = datetime(2026, 1, 31, 12, 34, 56, tzinfo=UTC)


def source(seed: int = 1) -> Source:
    stream = random.Random(seed)
    return Source(
        token=lambda alphabet, length: "".join(stream.choices(alphabet, k=length)),
        random_bytes=stream.randbytes,
        now=NOW,
    )


def nothing(_: str) -> str | None:
    return None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SERVICE_PASSWORD_X", "PASSWORD"),
        ("SERVICE_PASSWORD_64_X", "PASSWORD_64"),
        ("SERVICE_PASSWORD_64", "PASSWORD"),
        ("SERVICE_BASE64_X", "BASE64"),
        ("SERVICE_BASE64_32_X", "BASE64_32"),
        ("SERVICE_REALBASE64_64_X", "REALBASE64_64"),
        ("SERVICE_HEX_32_X", "HEX_32"),
        ("SERVICE_LOWERCASEUSER_X", "LOWERCASEUSER"),
        ("SERVICE_PASSWORDWITHSYMBOLS_64_X", "PASSWORDWITHSYMBOLS_64"),
        ("SERVICE_URL_APP_3000", "URL"),
        ("SERVICE_FQDN_A_B_C", "FQDN"),
        ("SERVICE_NAME_DB", "NAME"),
        ("SERVICE_HEX_X", None),
        ("SERVICE_X_API", None),
        ("SERVICE_OPENAI_KEY", None),
        ("SERVICE_EMAIL_SMTP", None),
        ("SERVICE_PASSWORD_", None),
        ("SERVICE_PASSWORD", None),
        ("PASSWORD_X", None),
    ],
)
def test_kind(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SERVICE_PASSWORD_MY_DB", "PASSWORD"),
        ("SERVICE_BASE64_64_SESSION_SECRET", "BASE64_64"),
        ("SERVICE_URL_A_B_C", "URL"),
        ("SERVICE_PASSWORD_64_MY_LONG_NAME", "PASSWORD_64"),
    ],
)
def test_q1_the_longest_known_kind_wins_however_many_words_follow(name: str, kind: str) -> None:
    assert kind_of(name) == kind


LETTERS_AND_DIGITS = set(ALPHANUMERIC)
VALUES: list[tuple[str, int, set[str]]] = [
    ("PASSWORD", 32, LETTERS_AND_DIGITS),
    ("PASSWORD_64", 64, LETTERS_AND_DIGITS),
    ("PASSWORDWITHSYMBOLS", 32, LETTERS_AND_DIGITS | set(SYMBOLS)),
    ("PASSWORDWITHSYMBOLS_64", 64, LETTERS_AND_DIGITS | set(SYMBOLS)),
    ("BASE64", 32, LETTERS_AND_DIGITS),
    ("BASE64_32", 32, LETTERS_AND_DIGITS),
    ("BASE64_64", 64, LETTERS_AND_DIGITS),
    ("BASE64_128", 128, LETTERS_AND_DIGITS),
    ("REALBASE64", 44, LETTERS_AND_DIGITS | set("+/=")),
    ("REALBASE64_32", 44, LETTERS_AND_DIGITS | set("+/=")),
    ("REALBASE64_64", 88, LETTERS_AND_DIGITS | set("+/=")),
    ("REALBASE64_128", 172, LETTERS_AND_DIGITS | set("+/=")),
    ("HEX_32", 32, set(HEX)),
    ("HEX_64", 64, set(HEX)),
    ("HEX_128", 128, set(HEX)),
    ("USER", 16, LETTERS_AND_DIGITS),
    ("LOWERCASEUSER", 16, set("abcdefghijklmnopqrstuvwxyz0123456789")),
]


@pytest.mark.parametrize(("kind", "length", "alphabet"), VALUES)
def test_length_and_alphabet(kind: str, length: int, alphabet: set[str]) -> None:
    for seed in range(20):
        value = generate(f"SERVICE_{kind}_X", source(seed), nothing)
        assert value is not None
        assert len(value) == length
        assert set(value) <= alphabet
    assert is_generated(f"SERVICE_{kind}_X")


def test_there_are_26_symbols() -> None:
    assert len(set(SYMBOLS)) == 26


@given(st.integers())
def test_every_class_occurs(seed: int) -> None:
    password = generate("SERVICE_PASSWORD_X", source(seed), nothing) or ""
    assert any(c.isalpha() for c in password)
    assert any(c.isdigit() for c in password)
    with_symbols = generate("SERVICE_PASSWORDWITHSYMBOLS_X", source(seed), nothing) or ""
    assert any(c.isalpha() for c in with_symbols)
    assert any(c.isdigit() for c in with_symbols)
    assert any(c in SYMBOLS for c in with_symbols)


def test_draws_again_until_every_class_occurs() -> None:
    drawn = iter(["a" * 32, "1" * 32, "a1" * 16])
    fixed = Source(token=lambda *_: next(drawn), random_bytes=bytes, now=NOW)
    assert generate("SERVICE_PASSWORD_X", fixed, nothing) == "a1" * 16


def test_a_source_without_luck_does_not_hang() -> None:
    fixed = Source(token=lambda _, length: "z" * length, random_bytes=bytes, now=NOW)
    value = generate("SERVICE_PASSWORD_X", fixed, nothing)
    assert value == "a0" + "z" * 30


def test_base64_is_of_as_many_bytes_as_it_says() -> None:
    value = generate("SERVICE_REALBASE64_64_X", source(), nothing)
    assert len(base64.b64decode(value or "", validate=True)) == 64


def lookup_of(values: dict[str, str]) -> Callable[[str], str | None]:
    return values.get


@pytest.mark.parametrize(("kind", "role"), [("SUPABASEANON", "anon"), ("SUPABASESERVICE", "service_role")])
def test_supabase_tokens(kind: str, role: str) -> None:
    value = generate(f"SERVICE_{kind}_KEY", source(), lookup_of({"SERVICE_PASSWORD_JWT": "key"})) or ""
    header, claims, signature = value.split(".")
    decoded = [
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (header, claims, signature)
    ]
    assert decoded[0] == b'{"typ":"JWT","alg":"HS256"}'
    read = json.loads(decoded[1])
    assert list(read.items()) == [
        ("iss", "supabase"),
        ("iat", int(datetime(2026, 1, 31, 12, 34, tzinfo=UTC).timestamp())),
        ("exp", int(datetime(2126, 1, 31, 12, 34, tzinfo=UTC).timestamp())),
        ("role", role),
    ]
    assert decoded[2] == hmac.new(b"key", f"{header}.{claims}".encode(), hashlib.sha256).digest()


def test_a_token_of_a_leap_day_expires() -> None:
    claims = jwt("anon", "k", datetime(2000, 2, 29, tzinfo=UTC)).split(".")[1]
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert read["exp"] == int(datetime(2100, 3, 1, tzinfo=UTC).timestamp())


def test_q2_tokens_need_their_key() -> None:
    assert needs("SERVICE_SUPABASEANON_KEY") == ("SERVICE_PASSWORD_JWT",)
    assert needs("SERVICE_PASSWORD_JWT") == ()
    assert generate("SERVICE_SUPABASEANON_KEY", source(), nothing) is None


@pytest.mark.parametrize("name", ["SERVICE_X_API", "SERVICE_NAME_DB", "SERVICE_URL_APP", "FOO"])
def test_nothing_is_made_for_others(name: str) -> None:
    assert generate(name, source(), nothing) is None
    assert not is_generated(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SERVICE_URL_APP", DomainName("url", "APP", None)),
        ("SERVICE_FQDN_APP_3000", DomainName("fqdn", "APP", 3000)),
        ("SERVICE_URL_MY_API_8080", DomainName("url", "MY_API", 8080)),
        ("SERVICE_URL_APP_0", DomainName("url", "APP", 0)),
        ("SERVICE_URL_APP_99999", DomainName("url", "APP", 99999)),
        ("SERVICE_URL_APP_123456", DomainName("url", "APP_123456", None)),
        (f"SERVICE_URL_APP_{'9' * 5000}", None),
        (f"SERVICE_URL_{'A' * 201}", None),
        ("SERVICE_URL_APP_3.14", DomainName("url", "APP_3.14", None)),
        ("SERVICE_URL_3000", DomainName("url", "3000", None)),
        ("SERVICE_URL_my-app_80", DomainName("url", "my-app", 80)),
        ("SERVICE_URL_a b", None),
        ("SERVICE_NAME_APP", None),
        ("URL_APP", None),
    ],
)
def test_domain_names(name: str, expected: DomainName | None) -> None:
    assert domain_name(name) == expected


def test_names_in_a_text() -> None:
    text = "a $SERVICE_USER_X ${SERVICE_PASSWORD_Y:-${SERVICE_URL_Z}/p} $$SERVICE_HEX_32_A $OTHER SERVICE_B_C"
    assert named_in(text) == ("SERVICE_USER_X", "SERVICE_PASSWORD_Y", "SERVICE_URL_Z", "SERVICE_HEX_32_A")
    assert named_in("nothing") == ()
    assert named_in(f"$SERVICE_{'A' * 240}") == ()


def test_name_variable() -> None:
    assert name_variable("my.api-x") == "SERVICE_NAME_MY_API_X"


def test_the_documentation_names_every_kind() -> None:
    text = (Path(__file__).parents[3] / "docs" / "variables.md").read_text(encoding="utf-8")
    assert [kind for kind in _KINDS if f"`{kind}`" not in text] == []

"""Subjects of asks are shown, stored and logged, so no secret may come into one."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from homeport.core.compose.magic import is_generated

_SECRET: Final = re.compile(
    r"PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|API_?KEY|PRIVATE_?KEY|AUTH", re.IGNORECASE
)
_SECRET_OPTION: Final = re.compile(r"pass|secret|token|cred|user|key", re.IGNORECASE)
_SHORTEST: Final = 6
_LONGEST: Final = 300
_DIGITS: Final = 16
"""Of a digest: with half as many somebody found in an hour another value that an approval holds for."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def secrets_of(values: Mapping[str, str]) -> tuple[str, ...]:
    """The values that are secret by the name of their variable, the longest first."""
    found = {
        value
        for key, value in values.items()
        if len(value) >= _SHORTEST and (is_generated(key) or _SECRET.search(key))
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def shown(text: str, secrets: Iterable[str]) -> str:
    """The text in one line of a length that can be read and stored, with digests in the places of secrets
    and of what is cut off: an approval still holds for this value only."""
    lowered = text.lower()
    for secret in secrets:
        if secret.lower() in lowered:
            text = re.sub(re.escape(secret), f"(secret {_digest(secret)})", text, flags=re.IGNORECASE)
    text = _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({_digest(text)})"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def option(key: str, value: str) -> str:
    """`key=value`, without the value of an option such as `password`, which no variable may have named."""
    return f"{key}=..." if _SECRET_OPTION.search(key) else f"{key}={value}" if value else key

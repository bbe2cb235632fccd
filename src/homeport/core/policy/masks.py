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


def secrets_of(values: Mapping[str, str]) -> tuple[str, ...]:
    """The values that are secret by the name of their variable, the longest first."""
    found = {
        value
        for key, value in values.items()
        if len(value) >= _SHORTEST and (is_generated(key) or _SECRET.search(key))
    }
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with a digest in the place of each secret: an approval still holds for this value only."""
    for secret in secrets:
        if secret.lower() in text.lower():
            digest = hashlib.sha256(secret.encode()).hexdigest()[:8]
            text = re.sub(re.escape(secret), f"(secret {digest})", text, flags=re.IGNORECASE)
    return text


def option(key: str, value: str) -> str:
    """`key=value`, without the value of an option such as `password`, which no variable may have named."""
    return f"{key}=..." if _SECRET_OPTION.search(key) else f"{key}={value}" if value else key

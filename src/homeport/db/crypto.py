"""Encryption of columns at rest: AES-256-GCM with a key ring, so that keys can be rotated.

A stored value is `v1:<key id>:<base64(nonce + ciphertext + tag)>`. The key id is the first eight
hex digits of the key's SHA-256; the column's context is authenticated, so that a value cannot be
moved to another column. The first key of the ring encrypts; every key decrypts.
"""

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from homeport.errors import SecretUnreadable, SettingsInvalid

_VERSION = "v1"
_NONCE_BYTES = 12


class KeyRing:
    """Encrypts with the first key and decrypts with any. `keys` are texts; each is stretched to 256 bits
    with SHA-256, so a key must be random (`homeport` generates 32 bytes), not a password."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys or not all(len(key) >= 32 for key in keys):
            raise SettingsInvalid(
                "HOMEPORT_SECRET_KEY must hold one or more keys of at least 32 characters each."
            )
        digests = [hashlib.sha256(b"homeport.columns:" + key.encode()).digest() for key in keys]
        self._ciphers = {hashlib.sha256(d).hexdigest()[:8]: AESGCM(d) for d in digests}
        self.current = hashlib.sha256(digests[0]).hexdigest()[:8]

    def encrypt(self, text: str, context: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, text.encode(), context.encode())
        return f"{_VERSION}:{self.current}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, stored: str, context: str) -> str:
        """Raises SecretUnreadable when no key fits or the value was changed."""
        try:
            version, key_id, body = stored.split(":", 2)
            raw = base64.b64decode(body, validate=True)
            if version != _VERSION:
                raise ValueError(version)
            return (
                self._ciphers[key_id]
                .decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context.encode())
                .decode()
            )
        except (ValueError, KeyError, InvalidTag) as error:
            raise SecretUnreadable(
                f"A stored value of {context} cannot be decrypted. "
                "Was HOMEPORT_SECRET_KEY changed without keeping the old key?"
            ) from error

    def is_current(self, stored: str) -> bool:
        return stored.startswith(f"{_VERSION}:{self.current}:")

"""Randomness that can be drawn again: the same seed gives the same bytes, in the same order.

A plan keeps its seed, so that what is applied gets the very secrets, uuid and domains that were planned.
"""

import hashlib
import hmac
from collections.abc import Callable
from itertools import count

SEED_BYTES = 32


def fair_text(draw: Callable[[int], bytes], alphabet: str, length: int) -> str:
    """Text of `alphabet`'s characters (256 at most), each equally likely if every byte of `draw(n)` is.

    From draws of many bytes, each of which costs about as much as one of a single byte; bytes that would favour
    the first characters are left out.
    """
    fair = 256 - 256 % len(alphabet)
    text = ""
    while len(text) < length:
        text += "".join(alphabet[byte % len(alphabet)] for byte in draw(length * 2) if byte < fair)
    return text[:length]


class Stream:
    """The bytes of one seed: HMAC-SHA256 of a counter, with the seed as its key."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._numbers = count()
        self._left = b""

    def random_bytes(self, number: int) -> bytes:
        while len(self._left) < number:
            block = next(self._numbers).to_bytes(8, "big")
            self._left += hmac.digest(self._seed, block, hashlib.sha256)
        drawn, self._left = self._left[:number], self._left[number:]
        return drawn

    def token(self, alphabet: str, length: int) -> str:
        return fair_text(self.random_bytes, alphabet, length)

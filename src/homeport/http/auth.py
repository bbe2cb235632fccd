"""Tokens: from the Authorization header to who acts. A request with a token seen in the last seconds costs no query."""

import hashlib
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from homeport.db.engine import Database
from homeport.db.teams import KnownToken, find_token
from homeport.http.errors import Refused
from homeport.http.rates import Rate

TTL_S: Final = 5.0
"""How long another process may still accept a token that was revoked or changed here."""

FAILURES_PER_MINUTE: Final = 120
"""Unknown tokens from one address, before its unknown tokens are refused without a query."""

_MAX_TOKENS: Final = 4096


def new_plain(token: Callable[[str, int], str]) -> str:
    """The secret part of a token: 40 letters and digits and the CRC-32 of them in hex."""
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    entropy = token(alphabet, 40)
    return f"{entropy}{zlib.crc32(entropy.encode()):08x}"


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "surrogateescape")).hexdigest()


def read_bearer(header: str | None) -> tuple[int | None, str] | None:
    """`Bearer <id>|<plain>` or `Bearer <plain>`, in any case, up to a comma; None when it is neither."""
    if header is None:
        return None
    position = header.lower().rfind("bearer ")
    if position < 0:
        return None
    text = header[position + 7 :].partition(",")[0].strip()
    token_id, bar, plain = text.partition("|")
    if not bar:
        return (None, text) if text else None
    if not plain or not token_id.isascii() or not token_id.isdigit() or len(token_id) > 18:
        return None
    return int(token_id), plain


class Tokens:
    """Looks tokens up, through a cache of hits. Misses are not kept, else made-up tokens would fill it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, KnownToken]] = OrderedDict()
        self._failures = Rate(FAILURES_PER_MINUTE, clock)

    def forget(self, token_id: int | None = None) -> None:
        """Look the token up anew at its next use, or all of them: call it when a token, a membership or a user
        changes."""
        if token_id is None:
            self._known.clear()
            return
        for digest in [key for key, (_, known) in self._known.items() if known.token_id == token_id]:
            del self._known[digest]

    async def find(self, header: str | None, address: str) -> tuple[KnownToken | None, str]:
        """The token of the header, or None and the reason. Raises Refused (429) for a flood of unknown ones."""
        given = read_bearer(header)
        if given is None:
            return None, "missing" if header is None else "malformed"
        token_id, plain = given
        digest = digest_of(plain)
        known = await self._look_up(digest, address)
        # The digest was found by equality of a SHA-256, so comparing the ids gives nothing away.
        if known is None or (token_id is not None and token_id != known.token_id):
            self._failures.hit(address)
            return None, "unknown"
        if known.expires_at is not None and known.expires_at <= datetime.now(UTC):
            return None, "expired"
        return known, ""

    async def _look_up(self, digest: str, address: str) -> KnownToken | None:
        now = self._clock()
        cached = self._known.get(digest)
        if cached is not None and cached[0] > now:
            self._known.move_to_end(digest)
            return cached[1]
        if cached is None:
            # A token that was good a while ago is asked for again even from an address that is flooding:
            # behind a proxy everybody may share one.
            self._refuse_flood(address)
        async with self._database.read() as session:
            known = await find_token(session, digest)
        if known is None:
            self._known.pop(digest, None)
            return None
        self._known[digest] = (now + TTL_S, known)
        self._known.move_to_end(digest)
        if len(self._known) > _MAX_TOKENS:
            self._known.popitem(last=False)
        return known

    def _refuse_flood(self, address: str) -> None:
        retry_after_s = self._failures.retry_after(address)
        if retry_after_s is not None:
            raise Refused(429, {"message": "Too Many Attempts."}, {"Retry-After": str(retry_after_s)})

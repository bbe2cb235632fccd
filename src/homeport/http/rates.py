"""Counting per minute: requests of a user, failed tokens of an address. Kept in this process."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 60.0
_MAX_KEYS: Final = 4096


@dataclass(frozen=True, slots=True)
class Hit:
    """What one more request means for its key."""

    limit: int
    remaining: int
    is_over: bool
    retry_after_s: int


class Rate:
    """At most `limit` hits a minute for each key; the minute begins with its first hit. The keys seen least
    recently are forgotten, so that made-up ones cannot fill the memory."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._windows: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def hit(self, key: Hashable) -> Hit:
        now = self._clock()
        started, count = self._windows.get(key, (now, 0))
        if now - started >= WINDOW_S:
            started, count = now, 0
        is_over = count >= self.limit
        if not is_over:
            count += 1
        self._windows[key] = (started, count)
        self._windows.move_to_end(key)
        if len(self._windows) > _MAX_KEYS:
            self._windows.popitem(last=False)
        retry_after_s = max(1, math.ceil(started + WINDOW_S - now))
        return Hit(self.limit, max(0, self.limit - count), is_over, retry_after_s)

    def retry_after(self, key: Hashable) -> int | None:
        """Seconds until the key may go on, None when it may now; counts nothing."""
        window = self._windows.get(key)
        if window is None or window[1] < self.limit:
            return None
        left = window[0] + WINDOW_S - self._clock()
        return math.ceil(left) if left > 0 else None

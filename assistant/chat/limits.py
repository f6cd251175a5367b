"""How often one visitor may ask: a token bucket for each."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

REMEMBERED = 10_000


class Rate:
    """`per_minute` requests a minute for each visitor, `burst` of them at once. Thread-safe; 0 a minute means no limit."""

    def __init__(self, per_minute: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._burst = burst
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, visitor: str) -> float:
        """0 where the request may go on, and is counted; else the seconds after which it may be tried again."""
        if self._per_second <= 0:
            return 0.0
        with self._lock:
            now = self._now()
            tokens, since = self._buckets.pop(visitor, (float(self._burst), now))
            tokens = min(float(self._burst), tokens + (now - since) * self._per_second)
            allowed = tokens >= 1
            self._buckets[visitor] = (tokens - 1 if allowed else tokens, now)
            while len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
            return 0.0 if allowed else (1 - tokens) / self._per_second

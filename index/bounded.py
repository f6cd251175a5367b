"""A cache that is bounded by the bytes it holds: what was not asked for the longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Keeps values up to `limit` bytes in all, as `size_of` tells them. Thread-safe.

    A number of entries bounds no memory, since a text may have ten characters or ten million.
    """

    def __init__(self, limit: int, size_of: Callable[[K, V], int]) -> None:
        self.limit = limit
        self.held = 0
        self._size_of = size_of
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        """Entries kept."""
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """The value kept under `key`; None if there is none."""
        with self._lock:
            entry = self._kept.get(key)
            if entry is None:
                return None
            self._kept.move_to_end(key)
            return entry[0]

    def put(self, key: K, value: V) -> None:
        """Keep a value, and let go of others for it; one that is larger than the limit is not kept."""
        size = self._size_of(key, value)
        with self._lock:
            before = self._kept.pop(key, None)
            self.held -= before[1] if before is not None else 0
            if size > self.limit:
                return
            self._kept[key] = (value, size)
            self.held += size
            while self.held > self.limit:
                self.held -= self._kept.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._kept.clear()
            self.held = 0


def kept_within(limit: int, size_of: Callable[[str, V], int]) -> Callable[[Callable[[str], V]], Callable[[str], V]]:
    """Remember what a function of a text gave, up to `limit` bytes; for functions that never give None."""

    def decorate(function: Callable[[str], V]) -> Callable[[str], V]:
        cache: ByteCache[str, V] = ByteCache(limit, size_of)

        @wraps(function)
        def remembered(text: str) -> V:
            found = cache.get(text)
            if found is None:
                found = function(text)
                cache.put(text, found)
            return found

        return remembered

    return decorate

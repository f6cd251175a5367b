"""How far a build is: each stage with what is done, its rate and the time that is left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, int, int], None]
"""Told of work as it is done: `(stage, done, total)`. A total may grow while it is only estimated."""

WINDOW_SECONDS = 30.0
LEAST_SECONDS = 1.0
APART_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a build: `done` of `total` things, so many a second of late, and the seconds that are left.

    `rate` and `left` are None until enough has been done to tell.
    """

    name: str
    done: int
    total: int
    rate: float | None
    left: float | None


class Meter:
    """Turns calls of `(stage, done, total)` into stages with a rate, by what was done in the last half minute.

    Stages may take turns, as reading and embedding do.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, deque[tuple[float, int]]] = {}

    def measure(self, name: str, done: int, total: int) -> Stage:
        """The stage as it is now."""
        now = self._clock()
        # The first call of a stage comes when its first things are done.
        seen = self._seen.setdefault(name, deque([(now, done)]))
        if now > seen[-1][0]:
            if len(seen) > 1 and now - seen[-2][0] < APART_SECONDS:
                seen.pop()
            seen.append((now, done))
        while len(seen) > 2 and now - seen[1][0] > WINDOW_SECONDS:
            seen.popleft()
        then, before = seen[0]
        elapsed = now - then
        rate = (done - before) / elapsed if elapsed >= LEAST_SECONDS and done > before else None
        left = 0.0 if done >= total else (total - done) / rate if rate else None
        return Stage(name, done, total, rate, left)


def pace(stage: Stage) -> str:
    """The rate of a stage and the time that is left, in words; empty while they cannot be told."""
    rate = f"{stage.rate:,.0f}/s" if stage.rate is not None else ""
    left = f"{duration(stage.left)} left" if stage.left else ""
    return ", ".join(part for part in (rate, left) if part)


def duration(seconds: float) -> str:
    """Seconds in words for a person: "40 s", "3 min", "2 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"

"""One writer at a time: the build lock, and what its holder says of itself and its progress.

The operating system lets go of the lock when its holder dies, however it dies, so that a dead holder never bars the
way. `build.json` beside it tells who holds it, since when, and how far the work is.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import QuipuError
from index.progress import Meter, Progress, Stage, pace

LOCK = "build.lock"
ACTIVITY = "build.json"
WRITTEN_EVERY = 0.5
FOREVER = -1.0


@dataclass(frozen=True, slots=True)
class Activity:
    """A running build: its process, its host, when it began (ISO 8601 with offset), and its stages so far."""

    pid: int
    host: str
    since: str
    stages: tuple[Stage, ...] = ()

    @property
    def stage(self) -> Stage | None:
        """The furthest stage that is under way, else the last; None if none has begun."""
        found = [stage for stage in self.stages if stage.done < stage.total] or list(self.stages)
        return found[-1] if found else None

    def holder(self) -> str:
        """Who holds the lock, in words."""
        return f"process {self.pid} on {self.host}, since {self.since.replace('T', ' ')}"

    def summary(self) -> str:
        """How far the build is, in words."""
        if self.stage is None:
            return "starting"
        done = f"{self.stage.name}: {self.stage.done:,} of {self.stage.total:,}"
        return ", ".join(part for part in (done, pace(self.stage)) if part)


def read_activity(index: Path) -> Activity | None:
    """The build that is running on `index`; None if there is none."""
    try:
        content = json.loads((index / ACTIVITY).read_text(encoding="utf-8"))
        stages = tuple(Stage(**stage) for stage in content["stages"])
        found = Activity(int(content["pid"]), str(content["host"]), str(content["since"]), stages)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.host != socket.gethostname() or _alive(found.pid) else None


def being_built(index: Path) -> str | None:
    """Who builds `index` and how far that is, in words; None if nobody does."""
    found = read_activity(index)
    return f"{found.holder()}, is building it ({found.summary()})" if found else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def build_lock(
    index: Path, *, wait: float = 0.0, say: Callable[[str], None] = lambda _: None
) -> Iterator[Callable[[Progress], Progress]]:
    """Hold the build lock of `index`; gives a function that makes a progress callback also write to `build.json`.

    Waits up to `wait` seconds for another holder, without end if it is negative. Raises QuipuError that names the
    holder if the lock is still held then.
    """
    lock = FileLock(index / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if wait == 0:
            raise _held(index) from None
        found = read_activity(index)
        say(f"waiting for another build to end ({found.holder() if found else 'its holder did not say who it is'})")
        try:
            lock.acquire(timeout=wait, poll_interval=0.2)
        except Timeout:
            raise _held(index) from None
    try:
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        activity = Activity(os.getpid(), socket.gethostname(), since)
        _write(index, activity)

        def recorded(progress: Progress) -> Progress:
            return _recording(index, activity, progress)

        yield recorded
    finally:
        # The next build's own words replace it, and nobody reads those of a process that is gone.
        with suppress(OSError):
            (index / ACTIVITY).unlink(missing_ok=True)
        lock.release()


def _held(index: Path) -> QuipuError:
    found = read_activity(index)
    who = f" ({found.holder()}; {found.summary()})" if found else ""
    return QuipuError(f"another build is writing to {index}{who}; add --wait to wait for it, or try again later")


def _recording(index: Path, activity: Activity, progress: Progress) -> Progress:
    meter = Meter()
    stages: dict[str, Stage] = {}
    written = 0.0

    def told(stage: str, done: int, total: int) -> None:
        nonlocal written
        stages[stage] = meter.measure(stage, done, total)
        progress(stage, done, total)
        if time.monotonic() - written >= WRITTEN_EVERY:
            _write(index, Activity(activity.pid, activity.host, activity.since, tuple(stages.values())))
            written = time.monotonic()

    return told


def _write(index: Path, activity: Activity) -> None:
    """Say what is being done; that it cannot be said is no reason to stop."""
    staging = index / f"{ACTIVITY}.tmp"
    try:
        staging.write_text(json.dumps(asdict(activity)), encoding="utf-8")
        staging.replace(index / ACTIVITY)
    except OSError:
        with suppress(OSError):
            staging.unlink(missing_ok=True)

"""When a source folder changes, once it has been quiet for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

from index.errors import SourceError

LONGEST_WAIT = 60.0
"""Seconds after which a folder that is never quiet is built all the same."""


def changes(source: Path, *, leave_out: Path, quiet_for: float, stop: Event | None = None) -> Iterator[None]:
    """Yields at once, then each time after something below `source` changed and nothing did for `quiet_for` seconds.

    Hidden files and what stands in the folder `leave_out` do not count. What changes while the caller is at work is
    told afterwards. Ends when `stop` is set. Raises SourceError if `source` is not a folder.
    """
    from watchfiles import watch

    if not source.is_dir():
        raise SourceError(f"the source folder {source} does not exist; give the folder that holds the documents")
    step = max(50, int(quiet_for * 1_000 / 4))
    waiting_since: float | None = time.monotonic() - LONGEST_WAIT
    last = 0.0
    closed, root = leave_out.resolve(), source.resolve()

    def counts(_: Any, path: str) -> bool:
        place = Path(path)
        if place.is_relative_to(closed):
            return False
        try:
            parts = place.relative_to(root).parts
        except ValueError:
            parts = place.parts[-1:]
        return not any(part.startswith(".") for part in parts)

    # A short debounce here, so that quiet is measured by this function: by the last change, not by the first.
    for found in watch(
        root, watch_filter=counts, debounce=step, step=50, rust_timeout=step, yield_on_timeout=True, stop_event=stop,
        raise_interrupt=True,
    ):  # fmt: skip
        now = time.monotonic()
        if found:
            last = now
            waiting_since = waiting_since if waiting_since is not None else now
        if waiting_since is not None and (now - last >= quiet_for or now - waiting_since >= LONGEST_WAIT):
            waiting_since = None
            yield

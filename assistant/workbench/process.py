"""The process that measures a question set beside the server: begun behind other work, heard, and ended with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

GRACE_SECONDS = 5.0
"""What a process has to end by itself before it is killed."""
NICER = 10
MOST_COMPLAINTS = 40


def begin(command: Sequence[str]) -> subprocess.Popen[str]:
    """Start the command with a process group of its own. Raises OSError."""
    # Half of the cores at most, and after whoever asks in the chat.
    threads = str(max(1, (os.cpu_count() or 1) // 2))
    child = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=os.environ | {"OMP_NUM_THREADS": threads, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child.pid, NICER)
    return child


def told(child: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    """The JSON objects that the child prints, one a line, to the end of its output; other lines are empty objects."""
    assert child.stdout is not None
    for line in child.stdout:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        yield found if isinstance(found, dict) else {}


def hear(child: subprocess.Popen[str], complaints: list[str]) -> None:
    """Keep the last lines of the child's standard error, and never let it wait for a reader."""
    assert child.stderr is not None
    for line in child.stderr:
        if line.strip():
            complaints.append(line.rstrip())
            del complaints[:-MOST_COMPLAINTS]


def end(child: subprocess.Popen[str]) -> None:
    """Ask the child and what it started to end, and see to it that they do."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, sign)
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return

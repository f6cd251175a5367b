"""Building the index anew from a page: a process of its own, so that the chat goes on, which may be stopped at any time."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from index.errors import QuipuError
from index.generations import KEPT
from index.lock import Activity, read_activity
from index.types import Manifest

BUILT, UNCHANGED, STOPPED, FAILED = "built", "unchanged", "stopped", "failed"
LAST = "last-build.json"
OUTPUT, COMPLAINTS = "build-output.json", "build-complaints.txt"
NICE = 5
"""How far the build steps back behind the questions that are being answered."""
_LONGEST_MESSAGE = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last build from a page ended: when (ISO 8601 in UTC), after how many seconds, and with what.

    `changes` counts the files that were added, changed and removed, and those that could not be read (`skipped`). `message` is what a failed
    build said.
    """

    outcome: str
    ended: str
    seconds: float
    changes: dict[str, int]
    message: str = ""


class BuildRunningError(QuipuError):
    """A build is running already; `activity` is what it says of itself, where it says anything."""

    def __init__(self, activity: Activity | None) -> None:
        super().__init__("another build is running")
        self.activity = activity


class Builder:
    """Starts and stops builds of one index. Thread-safe; one build at a time."""

    def __init__(self, index: Path, folder: Path) -> None:
        self._index = index
        self._folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False
        atexit.register(self.close)

    def start(self, manifest: Manifest) -> None:
        """Build what `manifest` was built from, in the same way; BuildRunningError if somebody is building already.

        Raises OSError if nothing can be written beside the index.
        """
        with self._lock:
            if self._process is not None or (activity := read_activity(self._index)) is not None:
                raise BuildRunningError(None if self._process is not None else activity)
            self._folder.mkdir(exist_ok=True)
            began = datetime.now(UTC)
            with (self._folder / OUTPUT).open("wb") as output, (self._folder / COMPLAINTS).open("wb") as complaints:
                self._process = _process(self._command(manifest), output, complaints)
            self._stopping = False
        threading.Thread(target=self._wait, args=(self._process, began), name="quipu-build", daemon=True).start()

    def _command(self, manifest: Manifest) -> list[str]:
        chosen = [f"--include={pattern}" for pattern in manifest.include]
        chosen += [f"--exclude={pattern}" for pattern in manifest.exclude]
        # As many generations as there are: that somebody keeps more of them was said when the index was built.
        keep = max(KEPT, len(list((self._index / "generations").glob("*/manifest.json"))))
        options = [f"--index={self._index.absolute()}", f"--model={manifest.model_name}", f"--keep={keep}", "--json"]
        # Isolated from the folder that the chat was started in, where a folder may be called as a package of ours is.
        return [sys.executable, "-P", "-m", "assistant", "build", *options, *chosen, "--", manifest.source]

    def stop(self) -> bool:
        """Ask the running build to end; whether one of ours was running. What it has encoded is kept."""
        with self._lock:
            if self._process is None:
                return False
            self._stopping = True
            self._process.terminate()
            return True

    def running(self) -> bool:
        """Whether a build that was started here is running."""
        with self._lock:
            return self._process is not None

    def last(self) -> Outcome | None:
        """How the last build that was started from a page ended."""
        try:
            return Outcome(**json.loads((self._folder / LAST).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def close(self) -> None:
        """End a running build with the server; what it has encoded is kept."""
        process = self._process
        if process is not None and process.poll() is None:
            self.stop()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)

    def _wait(self, process: subprocess.Popen[bytes], began: datetime) -> None:
        code = process.wait()
        ended = datetime.now(UTC)
        with self._lock:
            outcome = self._outcome(code, began, ended)
            # Where it cannot be kept, the list still shows what was built.
            with suppress(OSError):
                staging = self._folder / f"{LAST}.tmp"
                staging.write_text(json.dumps(asdict(outcome), ensure_ascii=False), encoding="utf-8")
                staging.replace(self._folder / LAST)
            self._process = None

    def _outcome(self, code: int, began: datetime, ended: datetime) -> Outcome:
        when, seconds = ended.isoformat("T", "seconds"), round((ended - began).total_seconds(), 1)
        if code == 0:
            try:
                report = json.loads((self._folder / OUTPUT).read_text(encoding="utf-8"))
                counts = {name: len(report[name]) for name in ("added", "changed", "removed", "skipped", "duplicates")}
                return Outcome(UNCHANGED if report["unchanged"] else BUILT, when, seconds, counts)
            except (OSError, ValueError, KeyError, TypeError):
                return Outcome(BUILT, when, seconds, {})
        if self._stopping:
            return Outcome(STOPPED, when, seconds, {})
        return Outcome(FAILED, when, seconds, {}, self._complaint())

    def _complaint(self) -> str:
        """What the build said last on stderr, without the word before it."""
        try:
            lines = (self._folder / COMPLAINTS).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        said = next((line for line in reversed(lines) if line.startswith("Error: ")), lines[-1] if lines else "")
        return said.removeprefix("Error: ")[:_LONGEST_MESSAGE]


def _process(command: list[str], output: IO[bytes], complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    home = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": paths}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=complaints, env=environment
    )  # fmt: skip
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
    return process


def activity_json(found: Activity | None, *, ours: bool) -> dict[str, Any] | None:
    """A running build for a page: who holds the lock, since when, and each stage with its rate and the seconds left."""
    if found is None:
        return {"ours": True, "holder": "", "since": "", "stages": []} if ours else None
    stages = [asdict(stage) for stage in found.stages]
    holder = f"{found.pid} @ {found.host}"
    return {"ours": ours, "holder": holder, "since": found.since, "stages": stages}

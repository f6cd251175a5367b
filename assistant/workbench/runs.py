"""Runs of question sets: each in a folder of its own, worked on by a process of its own, so that the chat goes on answering.

runs/<id>/
  run.json       what was run, when, and what came of it
  <set>.jsonl    the set as it was then
  out/           report.html, results.json, answers.jsonl and what else the evaluator writes
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Literal

from filelock import FileLock, Timeout

from assistant.workbench import journal, process
from assistant.workbench.evaluator import Evaluator, Figure
from index.errors import QuipuError

FOLDER = "runs"
REPORT = "report.html"
MOST_RUNS = 500
WRITTEN_EVERY = 1.0
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")

Status = Literal["running", "done", "failed", "stopped", "interrupted"]

logger = logging.getLogger(__name__)


class RunError(QuipuError):
    """A question set cannot be run, or a run is not there."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. While it goes on, `done` of `total` of a `stage` are done; `error` says in a line why it failed.

    `by` is the name that was logged in, `figures` are the headline of a run that is done.
    """

    id: str
    set_name: str
    questions: int
    started: str
    status: Status
    by: str = ""
    index: str = ""
    ended: str = ""
    stage: str = ""
    done: int = 0
    total: int = 0
    error: str = ""
    figures: tuple[Figure, ...] = ()


class Runs:
    """The runs of one index, one at a time. Thread-safe, and safe beside other servers over the same index."""

    def __init__(self, workbench: Path, index: Path, evaluator: Evaluator) -> None:
        self._folder = workbench / FOLDER
        self._index = index
        self._evaluator = evaluator
        self._lock = Lock()
        self._current: Run | None = None
        self._child: subprocess.Popen[str] | None = None
        self._watching: Thread | None = None
        self._stopped = False

    def all(self) -> list[Run]:
        """Every run, the latest first."""
        try:
            names = sorted((path.name for path in self._folder.iterdir() if _ID.fullmatch(path.name)), reverse=True)
        except OSError:
            return []
        found = [self.get(name) for name in names]
        return [run for run in found if run is not None]

    def get(self, run_id: str) -> Run | None:
        """A run as it stands; None where there is none of that id."""
        with self._lock:
            if self._current is not None and self._current.id == run_id:
                return self._current
        if not _ID.fullmatch(run_id):
            return None
        run = _read(self._folder / run_id)
        if run is not None and run.status == "running" and not self._held():
            return replace(run, status="interrupted")
        return run

    def running(self) -> Run | None:
        """The run that goes on in this server; None if there is none."""
        with self._lock:
            return self._current

    def report(self, run_id: str) -> Path | None:
        """The report of a run that is done."""
        path = self._folder / run_id / "out" / REPORT
        return path if _ID.fullmatch(run_id) and path.is_file() else None

    def out(self, run_id: str) -> Path:
        """The folder with the results of a run that is done. Raises RunError."""
        run = self.get(run_id)
        if run is None or run.status != "done":
            raise RunError("this run is not there, or not done; choose two that are")
        return self._folder / run_id / "out"

    def start(self, question_set: Path, *, questions: int, by: str = "", index: str = "") -> Run:
        """Begin to run a set; it is copied first, so that the run is of the set as it is now.

        `index` is the generation that answers. Raises RunError while another run goes on, and JournalError.
        """
        with self._lock:
            if self._current is not None:
                raise RunError(f"{self._current.set_name} is being run; wait for its end, or stop it")
            lock = self._take()
            try:
                if len(list(self._folder.iterdir())) > MOST_RUNS:
                    raise RunError(f"there are {MOST_RUNS} runs already; remove some first")
                run = Run(
                    f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
                    question_set.stem,
                    questions,
                    journal.now(),
                    "running",
                    by,
                    index,
                )
                folder = self._folder / run.id
                folder.mkdir()
                copied = folder / f"{question_set.stem}.jsonl"
                shutil.copyfile(question_set, copied)
                _write(folder, run)
                child = process.begin(self._evaluator.command(copied, self._index, folder / "out"))
            except OSError as error:
                lock.release()
                raise RunError(f"the run cannot be begun in {self._folder} ({error.strerror or error})") from error
            except BaseException:
                lock.release()
                raise
            self._current, self._child, self._stopped = run, child, False
            self._watching = Thread(target=self._watch, args=(run, child, lock), name="quipu-run", daemon=True)
            self._watching.start()
        return run

    def stop(self, run_id: str) -> bool:
        """End the run, if it goes on in this server; whether it did."""
        with self._lock:
            if self._current is None or self._current.id != run_id or self._child is None:
                return False
            self._stopped = True
            child = self._child
        process.end(child)
        return True

    def remove(self, run_id: str) -> bool:
        """Delete a run and what came of it; whether it was there. Raises RunError while it goes on."""
        run = self.get(run_id)
        if run is None:
            return False
        if run.status == "running":
            raise RunError("this run goes on; stop it before it is removed")
        try:
            shutil.rmtree(self._folder / run_id)
        except OSError as error:
            raise RunError(f"the run cannot be removed ({error.strerror})") from error
        return True

    def close(self) -> None:
        """End the run that goes on, and wait until that is written down."""
        current = self.running()
        if current is not None:
            self.stop(current.id)
        if self._watching is not None:
            self._watching.join(2 * process.GRACE_SECONDS)

    def _take(self) -> FileLock:
        """The lock that stands for the one run; the system lets go of it when this process ends."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = self._run_lock()
            lock.acquire(timeout=0)
        except Timeout:
            raise RunError("another server over this index runs a question set; wait for its end") from None
        except OSError as error:
            raise journal.JournalError(f"{self._folder} cannot be written ({error.strerror})") from error
        return lock

    def _run_lock(self) -> FileLock:
        return FileLock(self._folder / "running.lock", thread_local=False)

    def _held(self) -> bool:
        lock = self._run_lock()
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return True
        lock.release()
        return False

    def _watch(self, run: Run, child: subprocess.Popen[str], lock: FileLock) -> None:
        """Follow the child to its end; write down what came of it."""
        complaints: list[str] = []
        hearing = Thread(target=process.hear, args=(child, complaints), daemon=True)
        hearing.start()
        error = ""
        written = 0.0
        try:
            for told in process.told(child):
                if "error" in told:
                    error = str(told["error"])
                    continue
                run = _advanced(run, told)
                with self._lock:
                    self._current = run
                if time.monotonic() - written >= WRITTEN_EVERY:
                    written = time.monotonic()
                    _write(self._folder / run.id, run)
            code = child.wait()
            hearing.join(process.GRACE_SECONDS)
            run = self._ended(run, code, error, complaints)
            _write(self._folder / run.id, run)
        except Exception:
            logger.exception("a run could not be followed to its end")
            process.end(child)
        finally:
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()
            with self._lock:
                self._current = self._child = None
            lock.release()

    def _ended(self, run: Run, code: int, error: str, complaints: Sequence[str]) -> Run:
        run = replace(run, ended=journal.now())
        if self._stopped:
            return replace(run, status="stopped")
        if code != 0:
            if complaints:
                logger.error("a run failed:\n%s", "\n".join(complaints))
            said = error or (complaints[-1] if complaints else f"the evaluation ended with code {code}")
            return replace(run, status="failed", error=said[:2_000])
        try:
            figures = tuple(self._evaluator.headline(self._folder / run.id / "out"))
        except QuipuError as problem:
            return replace(run, status="failed", error=str(problem))
        return replace(run, status="done", figures=figures)


def _advanced(run: Run, told: dict[str, Any]) -> Run:
    stage, done, total = told.get("stage"), told.get("done"), told.get("total")
    if not isinstance(stage, str) or not isinstance(done, int) or not isinstance(total, int):
        return run
    return replace(run, stage=stage, done=done, total=total)


def _write(folder: Path, run: Run) -> None:
    with contextlib.suppress(OSError):
        # A run that cannot say how far it is goes on all the same.
        staging = folder / "run.json.tmp"
        staging.write_text(json.dumps(asdict(run), ensure_ascii=False), encoding="utf-8")
        staging.replace(folder / "run.json")


def _read(folder: Path) -> Run | None:
    try:
        content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        figures = tuple(Figure(**one) for one in content.pop("figures"))
        return Run(**content, figures=figures)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None

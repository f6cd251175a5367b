"""Worker processes that read files: limits are kept from outside, and a worker that hangs or crashes is replaced."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import LifoQueue
from threading import Lock
from typing import Any

from index.formats.limits import memory_for
from index.formats.protocol import ClosedError, receive, send
from index.formats.types import Outcome, Refused, RefusedError, from_json

START_SECONDS = 120.0
FILES_A_WORKER = 300
MOST_FAULTS = 3
MOST_SECONDS = 300.0
"""How long all the parts of one archive have together."""

HEAVY = 300 << 10
"""Kilobytes of memory after which a worker is replaced, so that what a library keeps does not add up."""

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from index.formats.worker import main; main(*map(int, sys.argv[2:]))"
)


def workers_wanted() -> int:
    """One worker fewer than the machine has cores, two at least, so that one file does not hold up the rest."""
    return min(4, max(2, (os.cpu_count() or 1) - 1))


class _Worker:
    """One process and the socket to it."""

    def __init__(self, memory: int) -> None:
        ours, theirs = socket.socketpair()
        self.connection = ours
        self.served = 0
        self.memory = 0
        # Isolated and with the search path given word by word: a module that lies among the documents, or where the
        # build was started, is never imported.
        root = str(Path(__file__).resolve().parents[2])
        path = [root, *(place for place in sys.path if place and place != str(Path.cwd()) and place != root)]
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-c", _START, json.dumps(path), str(theirs.fileno()), str(memory)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        finally:
            theirs.close()

    def ask(self, descriptor: int, request: dict[str, Any], seconds: float) -> Iterator[list[Outcome]]:
        """The parts of the answer; raises TimeoutError, ClosedError or ValueError, after which the worker is no use.

        Each part has `seconds` from the one before it.
        """
        self.connection.settimeout(START_SECONDS)
        send(self.connection, request, descriptor)
        receive(self.connection, time.monotonic() + START_SECONDS)
        while True:
            answer, _ = receive(self.connection, time.monotonic() + seconds)
            if "part" not in answer:
                break
            yield [from_json(outcome) for outcome in answer["part"]]
        self.served += 1
        self.memory = int(answer.get("memory", 0))

    def kill(self) -> None:
        """End the process, and what it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the process and let go of the socket."""
        self.kill()
        self.connection.close()


class Pool:
    """Workers, started when they are needed. Thread-safe: as many threads may ask as there are workers."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size or workers_wanted()
        self._idle: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(self.size):
            self._idle.put(None)
        self._running: set[_Worker] = set()
        self._lock = Lock()
        self._closed = False

    def extract(self, descriptor: int, name: str, seconds: float, pages: Sequence[int] = ()) -> list[Outcome]:
        """What a worker makes of an open file, each part of it in `seconds`; with `pages`, these are recognised by OCR.

        A part over which a worker hangs or crashes is refused, and the next worker goes on behind it.
        """
        outcomes: list[Outcome] = []
        first = 0
        ends = time.monotonic() + max(seconds, MOST_SECONDS)
        for _ in range(MOST_FAULTS):
            os.lseek(descriptor, 0, os.SEEK_SET)
            request = {"name": name, "seconds": seconds, "first": first, "pages": list(pages)}
            parts, fault = self._asked(descriptor, request, seconds, ends)
            outcomes += [outcome for part in parts for outcome in part]
            first += len(parts) + 1
            if not fault:
                return outcomes
            # A part of an archive has no name once its worker is gone; for a single file this is the file itself.
            outcomes.append(Refused(fault, "" if first == 1 and not _has_parts(name) else f"part {first}"))
            if not _has_parts(name) or time.monotonic() > ends:
                return outcomes
        outcomes.append(Refused(f"was given up after {MOST_FAULTS} of its parts could not be read", "the rest"))
        return outcomes

    def _asked(
        self, descriptor: int, request: dict[str, Any], seconds: float, ends: float
    ) -> tuple[list[list[Outcome]], str]:
        """The parts that a worker gave, and why it gave no more, if it failed."""
        worker = self._idle.get()
        parts: list[list[Outcome]] = []
        fault = ""
        try:
            if worker is None:
                worker = self._start()
            for part in worker.ask(descriptor, request, seconds):
                parts.append(part)
                if time.monotonic() > ends:
                    raise TimeoutError
        except TimeoutError:
            fault = f"was given up after {seconds:.0f} seconds"
        except (ClosedError, ConnectionError):
            assert worker is not None
            fault = f"could not be read: its reader ended ({_ending(worker.process)})"
        except (ValueError, KeyError, TypeError):
            fault = "could not be read: its reader gave no answer that makes sense"
        finally:
            if worker is not None and (
                fault or sys.exc_info()[0] or worker.served >= FILES_A_WORKER or worker.memory > HEAVY
            ):
                self._end(worker)
                worker = None
            self._idle.put(worker)
        return parts, fault

    def _start(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise RefusedError("was not read: the build ended")
            worker = _Worker(memory_for(self.size))
            self._running.add(worker)
            return worker

    def _end(self, worker: _Worker) -> None:
        with self._lock:
            self._running.discard(worker)
        worker.close()

    def close(self) -> None:
        """End all workers, also those at work, whose files are then refused."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for worker in running:
            worker.kill()

    def release(self) -> None:
        """Let go of the sockets, once no thread asks any more."""
        with self._lock:
            for worker in self._running:
                worker.close()
            self._running.clear()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.release()


def _has_parts(name: str) -> bool:
    return name.endswith((".zip", ".eml"))


def _ending(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        return "it closed the connection"
    if code == -signal.SIGXCPU:
        return "out of time"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"

"""Rule-based translation by Apertium (https://www.apertium.org), where that program is installed.

Each direction is one pipeline of small programs, started on first use and kept running, so that a question costs
under a millisecond. Without Apertium everything works, a little less well across languages.
"""

from __future__ import annotations

import atexit
import os
import select
import shlex
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

MODES = Path("/usr/share/apertium/modes")
CODES = {"en": "eng", "es": "spa"}
PATIENCE_S = 2.0
REST_S = 20.0
"""How long a pipeline that failed is left alone: on a busy machine it may only have been slow."""
TOGETHER = 4_000
"""Characters that are sent before any are read, more or less: few enough for the pipes between the programs."""
_RESERVED = str.maketrans(dict.fromkeys("[]{}^$/\\@<>\0", " "))


class Apertium:
    """Translates between English and Spanish. Thread-safe; a pipeline that fails is started anew, but not at once.

    Texts that wait at the same time go through together: a text alone wakes a dozen programs one after the other.
    """

    def __init__(self, modes: Path = MODES) -> None:
        self._modes = modes
        self._pipelines: dict[str, _Pipeline | None] = {}
        self._failed: dict[str, float] = {}
        self._waiting: dict[str, SimpleQueue[tuple[str, Future[str | None]]]] = {
            f"{source}-{target}": SimpleQueue() for source in CODES.values() for target in CODES.values()
        }
        self._lock = Lock()

    def translate(self, text: str, source: str, target: str) -> str | None:
        """`text` from `source` ("en" or "es") into `target`; None where Apertium cannot."""
        mode = f"{CODES[source]}-{CODES[target]}"
        own: Future[str | None] = Future()
        self._waiting[mode].put((text, own))
        while not own.done():
            with self._lock:
                if not own.done():
                    self._translate_waiting(mode)
        return own.result()

    def _translate_waiting(self, mode: str) -> None:
        batch: list[tuple[str, Future[str | None]]] = []
        characters = 0
        while not self._waiting[mode].empty() and characters < TOGETHER:
            batch.append(self._waiting[mode].get())
            characters += len(batch[-1][0])
        try:
            translated = self._translated(mode, [text for text, _ in batch])
        except BaseException as error:
            for _, future in batch:
                future.set_exception(error)
            return
        for number, (_, future) in enumerate(batch):
            future.set_result(translated[number] if translated is not None else None)

    def _translated(self, mode: str, texts: Sequence[str]) -> list[str] | None:
        rested = mode in self._failed and time.monotonic() - self._failed[mode] >= REST_S
        if mode not in self._pipelines or rested:
            self._failed.pop(mode, None)
            self._pipelines[mode] = _start(self._modes / f"{mode}.mode")
        pipeline = self._pipelines[mode]
        translated = pipeline.translate(texts) if pipeline else None
        if pipeline and translated is None:
            self._failed[mode] = time.monotonic()
            self._pipelines[mode] = None
        return translated

    def close(self) -> None:
        """End the programs."""
        with self._lock:
            for pipeline in self._pipelines.values():
                if pipeline is not None:
                    pipeline.close()
            self._pipelines.clear()


class _Pipeline:
    def __init__(self, stages: list[list[str]]) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        for stage in stages:
            before = self.processes[-1].stdout if self.processes else subprocess.PIPE
            self.processes.append(
                subprocess.Popen(stage, stdin=before, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            )
        atexit.register(self.close)

    def translate(self, texts: Sequence[str]) -> list[str] | None:
        """The texts in the other language; None, and the end of the programs, where one of them does not answer."""
        first, last = self.processes[0].stdin, self.processes[-1].stdout
        assert first is not None
        assert last is not None
        try:
            for text in texts:
                # "[]" is an empty format mark: the analysers take what stands before it as complete.
                first.write(f"{' '.join(text.translate(_RESERVED).split())}[]\n\0".encode())
            first.flush()
        except OSError:
            self.close()
            return None
        out = b""
        end = time.monotonic() + PATIENCE_S
        while out.count(b"\0") < len(texts):
            ready, _, _ = select.select([last], [], [], max(0.0, end - time.monotonic()))
            chunk = os.read(last.fileno(), 65536) if ready else b""
            if not chunk:
                self.close()
                return None
            out += chunk
        answers = out.split(b"\0")[: len(texts)]
        return [answer.decode(errors="replace").strip("\n").removesuffix("[]").strip() for answer in answers]

    def close(self) -> None:
        atexit.unregister(self.close)
        for process in self.processes:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
        self.processes.clear()


def _start(mode: Path) -> _Pipeline | None:
    """The pipeline that a mode file describes, each stage told to flush at NUL; None if it cannot be started."""
    try:
        line = mode.read_text(encoding="utf-8").strip().splitlines()[-1]
        stages = []
        for stage in line.split("|"):
            program, *arguments = shlex.split(stage.replace("$1", "-n").replace("$2", ""))
            stages.append([program, "-z", *arguments])
        return _Pipeline(stages)
    except (OSError, ValueError, IndexError):
        return None

"""What was asked in the chat: each question with what came of it, and nothing of who asked."""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from assistant.types import Answer
from assistant.workbench import journal

FILE = "asked.jsonl"
REMEMBERED = 4_096
"""Answers that can still be judged; later ones push the earliest out."""
NEAREST = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it was kept. `missing` are its terms that the documents lacked, `nearest` doc_ids.

    `narrowed` says that only some of the documents were asked.
    """

    id: str
    time: str
    question: str
    language: str
    abstained: bool
    missing: tuple[str, ...] = ()
    nearest: tuple[str, ...] = ()
    narrowed: bool = False


class Turns:
    """Gives each answered turn an id that nobody can guess, by which it can be judged, and keeps what was asked.

    `path` is where questions are kept; None keeps none. They are written behind the answers' backs, several at a time.
    Thread-safe.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._remembered: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._unwritten: list[dict[str, Any]] = []
        self._lock = Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="quipu-asked")
        self._last: Future[None] | None = None
        self._failed = False

    @property
    def recording(self) -> bool:
        """Whether questions are kept."""
        return self._path is not None

    def begin(self, answer: Answer) -> str:
        """The id of a turn that ended with this answer."""
        turn_id = secrets.token_urlsafe(12)
        kept = {
            "id": turn_id,
            "time": journal.now(),
            "question": answer.question,
            "language": answer.language,
            "abstained": answer.abstained,
            "missing": list(answer.missing_terms),
            "nearest": list(dict.fromkeys(hit.passage.doc_id for hit in answer.hits))[:NEAREST],
            "narrowed": bool(answer.where),
            "index": answer.index,
        }
        citations = [
            {"doc_id": c.doc_id, "title": c.title, "start": c.start, "end": c.end, "quote": c.quote}
            for c in answer.citations
        ]
        with self._lock:
            self._remembered[turn_id] = {**kept, "answer": answer.text, "citations": citations}
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
            if self._path is not None:
                self._unwritten.append(kept)
                self._last = self._writer.submit(self._write)
        return turn_id

    def get(self, turn_id: str) -> Mapping[str, Any] | None:
        """What is remembered of a turn: its question, answer and citations; None where it is too long ago."""
        with self._lock:
            return self._remembered.get(turn_id)

    def flush(self) -> None:
        """Wait until everything that was asked is on disk."""
        with self._lock:
            last = self._last
        if last is not None:
            last.result()

    def _write(self) -> None:
        with self._lock:
            waiting, self._unwritten = self._unwritten, []
        if not waiting or self._path is None:
            return
        try:
            journal.append(self._path, waiting)
            self._failed = False
        except journal.JournalError as error:
            if not self._failed:
                logger.warning("questions are answered but not kept: %s", error)
            self._failed = True


def read_asked(path: Path) -> list[Asked]:
    """Everything that was kept, in the order in which it was asked."""
    found = []
    for row in journal.rows(path):
        try:
            found.append(
                Asked(
                    str(row["id"]),
                    str(row["time"]),
                    str(row["question"]),
                    str(row["language"]),
                    row["abstained"] is True,
                    tuple(map(str, row["missing"])),
                    tuple(map(str, row["nearest"])),
                    row["narrowed"] is True,
                )
            )
        except (KeyError, TypeError):
            continue
    return found

"""Comparisons that pages run a few cells at a time, so that a visitor sees them come; the latest are kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from assistant.assistant import Assistant
from assistant.compare.grid import AT_ONCE, DOCUMENT, PUBLISHER, Cell, Comparer, Comparison
from assistant.compare.notes import Note, notes
from assistant.filters import Filter
from index.errors import QuestionError

A_STEP = 6
"""Cells that one request asks for."""
KEPT = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page wants compared. `offset` counts the subjects that are left out, the most promising first."""

    question: str
    by: str = DOCUMENT
    where: Filter = field(default_factory=Filter)
    offset: int = 0

    @classmethod
    def from_json(cls, asked: Mapping[str, object]) -> Wanted:
        """From `question`, `by`, `filter` and `offset`; QuestionError where the question is no text."""
        question, offset = asked.get("question"), asked.get("offset")
        if not isinstance(question, str):
            raise QuestionError("no question was sent")
        return cls(
            " ".join(question.split()),
            PUBLISHER if asked.get("by") == PUBLISHER else DOCUMENT,
            Filter.from_json(asked.get("filter")),
            offset if type(offset) is int and 0 <= offset < 1_000_000 else 0,
        )


class Running:
    """One comparison and the cells that it has so far. Thread-safe; a cell is asked for once."""

    def __init__(self, comparer: Comparer) -> None:
        self.comparer = comparer
        self._cells: list[Cell] = []
        self._coming = comparer.cells()
        self._lock = Lock()

    @property
    def total(self) -> int:
        """How many cells there will be."""
        return len(self.comparer.plan.asked)

    def upto(self, last: int) -> list[Cell]:
        """The first `last` cells, fewer where there are no more."""
        with self._lock:
            while len(self._cells) < min(last, self.total):
                self._cells.append(next(self._coming))
            return self._cells[:last]

    def whole(self) -> Comparison:
        """The comparison with all of its cells."""
        return Comparison(self.comparer.plan, tuple(self.upto(self.total)))

    def notes(self) -> tuple[Note, ...]:
        """The notes on figures from two subjects each."""
        return notes(self.whole().figures, across=True)


class Comparisons:
    """The latest comparisons of one server, by what they ask; those of an older generation are asked anew. Thread-safe."""

    def __init__(self, limit: int = AT_ONCE) -> None:
        self.limit = limit
        self._kept: OrderedDict[Wanted, Running] = OrderedDict()
        self._lock = Lock()

    def running(self, assistant: Assistant, wanted: Wanted) -> Running:
        """The comparison that is wanted, begun where it is not yet. Raises QuestionError and FilterError."""
        with self._lock:
            kept = self._kept.get(wanted)
            if kept is not None and kept.comparer.assistant is assistant:
                self._kept.move_to_end(wanted)
                return kept
        begun = Running(
            Comparer(
                assistant, wanted.question, wanted.by, wanted.where or None, limit=self.limit, offset=wanted.offset
            )
        )
        with self._lock:
            self._kept[wanted] = begun
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return begun

"""What measures question sets: a package that offers itself under the entry point `quipu.evaluators`, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

GROUP = "quipu.evaluators"

TextOf = Callable[[str], str | None]
"""The text of a document by its id; None where there is no such document."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run as it is shown: `value` with its interval `between`, over `questions` questions.

    `name` is the measure's own, `label` its words in English, `says` what it measures; `set_name` the set it is about.
    """

    set_name: str
    name: str
    label: str
    says: str
    value: str
    between: str
    questions: int
    tuned: bool


@dataclass(frozen=True, slots=True)
class Flip:
    """A question that one of two runs got right and the other did not."""

    id: str
    question: str


@dataclass(frozen=True, slots=True)
class Change:
    """One measure in two runs. `better` is None where nothing changed; `certain` says that it is more than noise."""

    name: str
    label: str
    before: str
    after: str
    difference: str
    better: bool | None
    certain: bool
    lost: tuple[Flip, ...]
    won: tuple[Flip, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All measures of a set on the questions that both runs asked; `notes` say what else differs."""

    set_name: str
    questions: int
    notes: tuple[str, ...]
    changes: tuple[Change, ...]


class Evaluator(Protocol):
    """What the page needs of a package that measures; a module of functions is one."""

    def problems(self, path: Path, text_of: TextOf, most: int) -> Sequence[str]:
        """What keeps the file from being a question set over these documents, each with its line; empty if nothing does."""
        ...

    def command(self, question_set: Path, index: Path, out: Path) -> Sequence[str]:
        """The command that measures the set and writes report.html into `out`.

        It prints an object a line: `{"stage", "done", "total"}`, or `{"error"}` before it ends with a code that is not 0.
        """
        ...

    def headline(self, out: Path) -> Sequence[Figure]:
        """The most telling figures of a run. Raises QuipuError."""
        ...

    def compare(self, before: Path, after: Path) -> Sequence[Comparison]:
        """Two runs side by side. Raises QuipuError if they share no question."""
        ...


def find_evaluator() -> Evaluator | None:
    """The installed evaluator; None where there is none, or where what it needs is not installed."""
    for point in entry_points(group=GROUP):
        try:
            return cast(Evaluator, point.load())
        except ImportError:
            continue
    return None

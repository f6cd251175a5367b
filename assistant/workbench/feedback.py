"""What people say of answers: a thumb up or down, and in their own words what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from assistant.workbench import journal
from index.errors import QuipuError

FILE = "feedback.jsonl"
LONGEST_CORRECTION = 4_000

Rating = Literal["up", "down"]


class FeedbackError(QuipuError):
    """What was said of an answer cannot be kept as it stands."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote of an answer: `document.text[start:end]` at the time."""

    doc_id: str
    title: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What was said last of one turn. `by` is the name that was logged in, empty without a login; `index` a generation."""

    turn: str
    time: str
    by: str
    rating: Rating
    correction: str
    question: str
    language: str
    abstained: bool
    answer: str
    citations: tuple[Quoted, ...]
    index: str


def keep(path: Path, turn: Mapping[str, Any], rating: object, correction: object = "", by: str = "") -> None:
    """Keep what was said of a turn, as `asked.Turns` remembers it; said again, it stands in the place of the former.

    An empty `rating` takes it back. Raises FeedbackError, and JournalError where it cannot be written.
    """
    if rating not in ("", *get_args(Rating)):
        raise FeedbackError(f"the rating is {rating!r}; expected up, down, or nothing to take it back")
    said = correction.strip() if isinstance(correction, str) else ""
    if len(said) > LONGEST_CORRECTION:
        raise FeedbackError(f"the correction has {len(said):,} characters; expected at most {LONGEST_CORRECTION:,}")
    about = {key: turn[key] for key in ("question", "language", "abstained", "answer", "citations", "index")}
    row = {"turn": turn["id"], "time": journal.now(), "by": by, "rating": rating, "correction": said, **about}
    journal.append(path, [row])


def read_feedback(path: Path) -> list[Feedback]:
    """What was said last of each turn, the latest first."""
    latest: dict[str, Feedback | None] = {}
    for row in journal.rows(path):
        try:
            turn = str(row["turn"])
            found = _feedback(row) if row["rating"] else None
        except (KeyError, TypeError, ValueError):
            continue
        latest.pop(turn, None)
        latest[turn] = found
    return [found for found in reversed(latest.values()) if found is not None]


def _feedback(row: Mapping[str, Any]) -> Feedback:
    if row["rating"] not in get_args(Rating):
        raise ValueError(row["rating"])
    return Feedback(
        turn=str(row["turn"]),
        time=str(row["time"]),
        by=str(row["by"]),
        rating=cast(Rating, row["rating"]),
        correction=str(row["correction"]),
        question=str(row["question"]),
        language=str(row["language"]),
        abstained=row["abstained"] is True,
        answer=str(row["answer"]),
        citations=tuple(
            Quoted(str(c["doc_id"]), str(c["title"]), int(c["start"]), int(c["end"]), str(c["quote"]))
            for c in row["citations"]
        ),
        index=str(row["index"]),
    )

"""What writing an answer gives: events as it goes, and the written answer at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assistant.types import Answer, Citation
from assistant.writing.verifier import MARKED, REPOINTED, STRUCK, Checked


@dataclass(frozen=True, slots=True)
class Started:
    """The question that is answered, rewritten if it was a follow-up, and the number of passages that the model is shown.

    `answer` is the extractive answer, which is shown where the model fails.
    """

    question: str
    rewritten: bool
    passages: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model has written of the sentence that it is at: not checked yet, and never to be shown as an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class SentenceChecked:
    """A sentence with its verdict; `numbers` are the markers of its citations in the answer, none if it was struck.

    `citations` are all of the answer so far.
    """

    sentence: Checked
    numbers: tuple[int, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """The end, always the last event."""

    written: WrittenAnswer


Event = Started | Draft | SentenceChecked | Finished


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """An answer, and how it came about.

    `answer` is the written one, or, where `fallback` says why, the extractive one. `sentences` is all that the model wrote, with
    verdicts. `note` is a line for the person beside a written answer (it was stopped, or reached its limit). `model` is a label
    without key or address. Times are seconds, `first` to the first piece of text; tokens are 0 where the server does not tell.
    """

    answer: Answer
    model: str
    question: str
    sentences: tuple[Checked, ...] = ()
    fallback: str = ""
    note: str = ""
    first: float = 0.0
    seconds: float = 0.0
    tokens_read: int = 0
    tokens_written: int = 0

    @property
    def by_model(self) -> bool:
        """Whether the answer is the model's."""
        return not self.fallback and bool(self.sentences)

    def to_json(self, question_id: str | None = None) -> dict[str, Any]:
        """The answer as `ask --json` prints it, and under `written` how it was written."""
        counts = {
            verdict: sum(one.verdict == verdict for one in self.sentences) for verdict in (STRUCK, REPOINTED, MARKED)
        }
        return {
            **self.answer.to_json(question_id),
            "written": {
                "model": self.model,
                "by_model": self.by_model,
                "question": self.question,
                "fallback": self.fallback or None,
                "note": self.note or None,
                "sentences": [one.to_json() for one in self.sentences],
                **counts,
                "tokens_read": self.tokens_read,
                "tokens_written": self.tokens_written,
                "seconds": round(self.seconds, 3),
                "seconds_to_first_text": round(self.first, 3),
            },
        }

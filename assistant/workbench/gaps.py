"""Gaps: what people ask and the documents do not say, sorted by subject, the most asked first."""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from assistant.question import fold
from assistant.workbench import journal
from assistant.workbench.asked import Asked
from assistant.workbench.clusters import BACKGROUND, Encode, clusters, label, word_counts

FILE = "gaps.jsonl"
MOST_QUESTIONS = 2_000
"""Different questions that are sorted: all pairs of them are compared."""
KEPT_VECTORS = 8_192
TOGETHER = 32
"""Questions that are encoded in one go: those who ask in the chat meanwhile wait no longer than for these."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A question that was refused, however it was capitalised, and how often; `last` is the time of the latest."""

    question: str
    language: str
    times: int
    last: str
    missing: tuple[str, ...]
    nearest: tuple[str, ...]

    @property
    def key(self) -> str:
        """What makes it the same question."""
        return question_key(self.question)


@dataclass(frozen=True, slots=True)
class Gap:
    """Refused questions about one subject. `terms` name it; `nearest` are the documents that come nearest, best first."""

    id: str
    terms: tuple[str, ...]
    questions: tuple[Refused, ...]
    nearest: tuple[str, ...]
    dismissed: bool

    @property
    def times(self) -> int:
        """How often its questions were asked."""
        return sum(question.times for question in self.questions)

    @property
    def last(self) -> str:
        """When one of its questions was asked last."""
        return max(question.last for question in self.questions)


def question_key(question: str) -> str:
    """The question without case, accents, punctuation and runs of white space."""
    return " ".join("".join(char if char.isalnum() else " " for char in fold(question)).split())


def refused(asked: Iterable[Asked]) -> list[Refused]:
    """The questions that were refused when they were asked last, of all documents; the most asked first.

    A question that has been answered since is no gap any more, and a refusal of some documents alone says nothing of the rest.
    """
    kept: OrderedDict[str, list[Asked]] = OrderedDict()
    for one in asked:
        key = question_key(one.question)
        if not key or (one.abstained and one.narrowed):
            continue
        if one.abstained:
            kept.setdefault(key, []).append(one)
        else:
            kept.pop(key, None)
    found = [
        Refused(ones[-1].question, ones[-1].language, len(ones), ones[-1].time, ones[-1].missing, ones[-1].nearest)
        for ones in kept.values()
    ]
    return sorted(found, key=lambda one: (one.times, one.last), reverse=True)


def find_gaps(
    questions: Sequence[Refused],
    encode: Encode,
    dismissed: Iterable[str] = (),
    known: Callable[[str], bool] = lambda _: False,
) -> list[Gap]:
    """The gaps, the most asked first, those asked last before others.

    `dismissed` are keys of questions; a gap is dismissed as long as most of its questions are. `known` tells whether
    the documents hold a term by now.
    """
    asked = list(questions[:MOST_QUESTIONS])
    if not asked:
        return []
    background = encode(BACKGROUND)
    rows = clusters(encode([one.question for one in asked]), background)
    everywhere = word_counts(one.question for one in asked)
    waved_off = set(dismissed)
    found = []
    for members in rows:
        own = [asked[row] for row in members]
        missing = [[term for term in one.missing if not known(term)] for one in own]
        terms = label([(one.question, one.times) for one in own], missing, everywhere)
        near: Counter[str] = Counter()
        for one in own:
            for place, doc_id in enumerate(one.nearest):
                near[doc_id] += one.times * (len(one.nearest) - place)
        off = sum(one.key in waved_off for one in own)
        found.append(
            Gap(
                gap_id([one.key for one in own]),
                terms,
                tuple(own),
                tuple(doc_id for doc_id, _ in near.most_common(2)),
                2 * off > len(own),
            )
        )
    return sorted(found, key=lambda gap: (gap.times, gap.last), reverse=True)


def gap_id(keys: Iterable[str]) -> str:
    """A short name for these questions together, the same for the same ones."""
    return hashlib.sha256("\n".join(sorted(keys)).encode("utf-8", "replace")).hexdigest()[:16]


def dismiss(path: Path, gap: Gap, *, by: str = "", undo: bool = False) -> None:
    """Note that nobody need look for documents on this gap, or with `undo` that somebody should. Raises JournalError."""
    journal.append(
        path,
        [{"time": journal.now(), "by": by, "dismissed": not undo, "questions": [one.key for one in gap.questions]}],
    )


def read_dismissed(path: Path) -> set[str]:
    """The keys of the questions that were dismissed and not called back."""
    keys: set[str] = set()
    for row in journal.rows(path):
        named = row.get("questions")
        if not isinstance(named, list):
            continue
        questions = {key for key in named if isinstance(key, str)}
        keys = keys | questions if row.get("dismissed") is True else keys - questions
    return keys


class Vectors:
    """Remembers the vectors of questions, so that a page that is looked at again costs no encoding. Thread-safe."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def encode(self, texts: Sequence[str], model: str, encode: Encode) -> NDArray[np.float32]:
        """The vectors of `texts` by the model of this name, `(texts, dim)`; `encode` is asked for those that are new."""
        with self._lock:
            found = {text: self._known[model, text] for text in texts if (model, text) in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        for start in range(0, len(new), TOGETHER):
            together = new[start : start + TOGETHER]
            found.update(zip(together, encode(together), strict=True))
        with self._lock:
            self._known.update({(model, text): found[text] for text in new})
            while len(self._known) > KEPT_VECTORS:
                self._known.popitem(last=False)
        return np.array([found[text] for text in texts])

"""The nouns of checking: a claim, the passage that it is held against, the windows of it, and how well one supports the claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.asked import Asked
from assistant.bridge import Translation
from assistant.writing.names import Name
from assistant.writing.quantities import Quantity
from assistant.writing.sources import Source
from index.embedding import Encoded
from index.stored import StoredPassage
from index.types import Sentence

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Claim:
    """A written sentence made ready: its figures, names, content words and vectors."""

    text: str
    language: str
    quantities: tuple[Quantity, ...]
    names: tuple[Name, ...]
    asked: Asked
    translation: Translation
    encoded: Encoded

    @property
    def content(self) -> NDArray[np.bool_]:
        """Which of its tokens belong to content words, `(n,)`."""
        content = np.zeros(len(self.encoded.tokens.spans) if self.encoded.tokens is not None else 0, dtype=bool)
        content[[row for word in self.asked.words for row in word.tokens]] = True
        return content


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage with the vectors of its tokens `(n, dim)`, where they start, and those of its sentences `(m, dim)`.

    `short_forms` are those of its document, as `mentions` says; `document` has the names of all of it.
    """

    stored: StoredPassage
    title: str
    language: str
    short_forms: tuple[tuple[str, str], ...]
    document: Source
    tokens: Floats
    starts: NDArray[np.int64]
    sentences: Floats

    @property
    def about(self) -> str:
        """The title and the headings, under which everything in the passage stands; a line in italics tells who wrote it."""
        headings = [part for part in self.stored.context.split(" > ") if part[:1] not in "*_"]
        return "\n".join([self.title, *headings])


@dataclass(frozen=True, slots=True)
class Aligned:
    """A claim against one passage.

    `similar` are the inner products of their tokens; `late[i]` how well sentence i covers the claim's content words;
    `figures[q][i]` and `names[n][i]` whether it holds a figure or name of the claim; `others[i]`
    whether it names what the claim does not; `rival_figures` and `rival_names` as `conflicts.Rivals`,
    `displaced` as `roles.displaced` says.
    """

    similar: Floats
    cosines: Floats
    late: NDArray[np.float64]
    figures: NDArray[np.bool_]
    names: NDArray[np.bool_]
    others: NDArray[np.bool_]
    rival_figures: float
    rival_names: float
    displaced: float


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences of a passage, in order, by their places in `passage.sentences`."""

    places: tuple[int, ...]

    def sentences(self, evidence: Evidence) -> tuple[Sentence, ...]:
        """The sentences themselves."""
        return tuple(evidence.stored.passage.sentences[i] for i in self.places)

    def text(self, evidence: Evidence) -> str:
        """Their text, a line each."""
        passage = evidence.stored.passage
        return "\n".join(
            passage.text[s.start - passage.start : s.end - passage.start] for s in self.sentences(evidence)
        )


@dataclass(frozen=True, slots=True)
class Support:
    """How well a window supports a claim.

    `missing` holds figures and names of the claim that the window lacks. `conflict` is empty, or says how the two contradict
    each other: `denial`, `opposite`, `figure` for one that the passage gives to something else, `name` where it
    names others, `aside` for a window that another one of the passage is nearer to the matter than. `probability` is of the
    meaning alone.
    """

    stored: StoredPassage
    window: Window
    missing: tuple[str, ...]
    conflict: str
    features: Mapping[str, float]
    probability: float
    supported: bool


def inside_of(evidence: Evidence, sentences: Sequence[Sentence]) -> NDArray[np.bool_]:
    """Which tokens of the passage begin in these sentences."""
    offset = evidence.stored.passage.start
    within = np.zeros(len(evidence.starts), dtype=bool)
    for sentence in sentences:
        # A token begins at the blank before its word.
        within |= (evidence.starts >= max(sentence.start - offset - 1, 0)) & (evidence.starts < sentence.end - offset)
    return within


def sentence_at(evidence: Evidence, place: int) -> tuple[int, int]:
    """Start and end, in the passage's text, of the sentence that holds a place; of the whole text if none does."""
    passage = evidence.stored.passage
    for sentence in passage.sentences:
        if sentence.start - passage.start <= place < sentence.end - passage.start:
            return sentence.start - passage.start, sentence.end - passage.start
    return 0, len(passage.text)

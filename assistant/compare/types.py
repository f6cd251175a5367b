"""The nouns of comparing: figure, scope, relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.compare.units import Unit
from assistant.compare.values import Value

SENTENCE, HEADING, TITLE = "sentence", "heading", "title"


@dataclass(frozen=True, slots=True)
class Source:
    """The document that a figure stands in, as it is named beside it."""

    doc_id: str
    title: str
    publisher: str = ""
    language: str = "en"
    date: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit as written, what it counts, and what narrows it.

    `document.text[start:end] == written`, and `[sentence_start, sentence_end)` is the sentence around it, `quote`.
    `claim` maps each concept of the clause (see `concepts`) to its word there, `noun` has those of what is counted with
    its adjectives, `head` those of its noun alone, `names` those that are names. `places` maps places to their words; `place_from` and `period_from` say where place and period were
    read: "sentence", "heading", "title" or nowhere (""). `doubtful` says why the figure can be misread, "" if it can not.
    `topic` has the concepts of the whole sentence, and of the one before it where it speaks of "those": a search goes by these.
    """

    source: Source
    start: int
    end: int
    written: str
    sentence_start: int
    sentence_end: int
    quote: str
    value: Value
    unit: Unit
    counted: str
    head: frozenset[str]
    claim: Mapping[str, str]
    noun: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    places: Mapping[str, str] = field(default_factory=dict)
    place_from: str = ""
    period: str = ""
    period_from: str = ""
    doubtful: str = ""
    topic: frozenset[str] = frozenset()

    @property
    def dimension(self) -> str:
        """What kind of thing the unit measures: see `units`."""
        return self.unit.dimension

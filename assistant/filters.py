"""Narrowing a question to some documents or sections; the filter decides which rows the search may find at all."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.question import fold
from assistant.sections import headings_at
from index.corpus import Corpus
from index.errors import UsageError
from index.types import Passage

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(?!\d)")
LIST_FIELDS = ("documents", "publishers", "languages", "headings")
DATE_FIELDS = ("since", "until")


class FilterError(UsageError):
    """A filter that cannot be applied: it names what the index does not hold, or leaves nothing to search.

    `reason` (nothing, document, publisher, language or date) and `values` say so again, for other languages than English.
    """

    def __init__(self, message: str, reason: str, **values: str | int) -> None:
        super().__init__(message)
        self.reason = reason
        self.values = values


@dataclass(frozen=True, slots=True)
class Filter:
    """What may be searched: of each field that is given one value must fit, and all fields together.

    `documents` are doc_ids, or patterns of them (`reports/*`); `publishers` are compared without case and accents;
    `languages` are ISO 639-1 codes; `since` and `until` are dates (2014, 2014-08 or 2014-08-18, both inclusive), and
    documents without a date lie outside them; `headings` are words that a heading above the passage holds.
    """

    documents: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    headings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is left out at all."""
        return any(getattr(self, name) for name in (*LIST_FIELDS, *DATE_FIELDS))

    def fits(self, passage: Passage, offset: int) -> bool:
        """Whether what stands at `offset` of the document, inside `passage`, may be quoted, as far as its headings go."""
        if not self.headings:
            return True
        path = fold("\n".join(headings_at(passage, offset)))
        return any(fold(wanted) in path for wanted in self.headings)

    def to_json(self) -> dict[str, Any]:
        """The fields that are given, as `ask --json` prints them."""
        given = {name: getattr(self, name) for name in (*LIST_FIELDS, *DATE_FIELDS)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items() if value}

    @classmethod
    def from_json(cls, content: object) -> Filter:
        """The filter that a browser or a file asks for; fields of another form than expected are left out."""
        if not isinstance(content, Mapping):
            return cls()
        lists: dict[str, tuple[str, ...]] = {}
        for name in LIST_FIELDS:
            values = content.get(name)
            texts = [_text(value) for value in values[:1000]] if isinstance(values, list) else []
            lists[name] = tuple(dict.fromkeys(text for text in texts if text))
        return cls(
            documents=lists["documents"],
            publishers=lists["publishers"],
            languages=lists["languages"],
            since=_text(content.get("since")),
            until=_text(content.get("until")),
            headings=lists["headings"],
        )


def _text(value: object) -> str:
    return value.encode("utf-8", "replace").decode("utf-8").strip()[:1000] if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Described:
    """What a filter can go by in one document."""

    doc_id: str
    title: str
    publisher: str
    language: str
    date: str


@dataclass(frozen=True)
class Facets:
    """What the filters of one generation go by, read once. Thread-safe."""

    corpus: Corpus
    documents: tuple[Described, ...] = field(default=())

    @classmethod
    def of(cls, corpus: Corpus) -> Facets:
        """Those of a corpus."""
        return cls(
            corpus,
            tuple(
                Described(
                    doc_id, title, metadata.get("publisher", "").strip(), language, metadata.get("date", "").strip()
                )
                for doc_id, title, language, metadata in corpus.described()
            ),
        )

    @cached_property
    def _sections(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], list[str]]:
        """The document of every passage `(passages,)`; passages and the numbers of their headings, `(n,)` each; the headings.

        A passage has those above it, one a line, and each that stands inside it.
        """
        documents, above, inside = self.corpus.sections()
        known: dict[str, int] = {}
        numbers = [known.setdefault(path, len(known)) for path in above]
        numbers += [known.setdefault(heading, len(known)) for _, heading in inside]
        rows = [*range(len(above)), *(row for row, _ in inside)]
        as_array = (
            np.array(documents, dtype=np.int64),
            np.array(rows, dtype=np.int64),
            np.array(numbers, dtype=np.int64),
        )
        return (*as_array, list(known))

    @property
    def document_of_row(self) -> NDArray[np.int64]:
        """Of every passage, in the order of rows, its document's place in `documents`, `(passages,)`."""
        return self._sections[0]

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """Every heading once, in the order of the index."""
        found = dict.fromkeys(part.strip("#*_= ") for path in self._sections[3] for part in path.split("\n"))
        return tuple(heading for heading in found if heading)

    def rows(self, where: Filter | None) -> NDArray[np.int64] | None:
        """The rows of passages that may be found, sorted; None where the filter leaves nothing out.

        Raises FilterError for what the index does not hold, and where nothing is left.
        """
        if not where:
            return None
        chosen = self.chosen(where)
        documents, passages, numbers, headings = self._sections
        allowed = chosen[documents]
        if where.headings:
            wanted = [fold(heading) for heading in where.headings]
            fitting = [
                number for number, path in enumerate(headings) if any(heading in fold(path) for heading in wanted)
            ]
            under = np.zeros(len(documents), dtype=np.bool_)
            under[passages[np.isin(numbers, fitting)]] = True
            allowed &= under
        rows = np.flatnonzero(allowed)
        if not len(rows):
            raise FilterError(
                f"the filter leaves nothing to search: none of the {len(self.documents):,} documents fits {describe(where)}",
                "nothing",
                n=len(self.documents),
            )
        return rows

    def fitting(self, where: Filter) -> int:
        """How many documents have a passage that fits; FilterError as for `rows`, but 0 where nothing is left."""
        if not where:
            return len(self.documents)
        if not where.headings:
            return int(self.chosen(where).sum())
        rows = self.rows(where)
        return len(np.unique(self._sections[0][rows])) if rows is not None else len(self.documents)

    def chosen(self, where: Filter) -> NDArray[np.bool_]:
        """Which documents fit all but the headings, `(documents,)`; FilterError for a name that none has."""
        since, until = bound(where.since, "since"), bound(where.until, "until")
        self._check(where)
        publishers = {fold(name) for name in where.publishers}
        languages = {name.lower() for name in where.languages}
        return np.array(
            [
                (not where.documents or any(_is_called(known.doc_id, name) for name in where.documents))
                and (not publishers or fold(known.publisher) in publishers)
                and (not languages or known.language.lower() in languages)
                and (not (since or until) or _dated_between(known.date, since, until))
                for known in self.documents
            ],
            dtype=np.bool_,
        )

    def _check(self, where: Filter) -> None:
        for name in where.documents:
            if not any(_is_called(known.doc_id, name) for known in self.documents):
                raise FilterError(
                    f"the index holds no document called {name!r}; quipu status lists what it holds",
                    "document",
                    name=name,
                )
        for kind, wanted, known in (
            ("publisher", where.publishers, [known.publisher for known in self.documents]),
            ("language", where.languages, [known.language for known in self.documents]),
        ):
            held = {fold(name): name for name in known if name}
            for name in wanted:
                if fold(name) not in held:
                    listed = ", ".join(sorted(held.values())[:12]) or "none"
                    raise FilterError(
                        f"the index holds no document with the {kind} {name!r}; it knows: {listed}", kind, name=name
                    )


def _is_called(doc_id: str, name: str) -> bool:
    return doc_id == name or (any(sign in name for sign in "*?[") and fnmatchcase(doc_id, name))


def bound(value: str, which: str) -> date | None:
    """The first day that a date may mean (for "since"), or the last one; FilterError if it is no date."""
    if not value:
        return None
    match = _DATE.fullmatch(value)
    days = span_of(value) if match else None
    if days is None:
        raise FilterError(
            f"the date {value!r} for {which} is not understood; expected 2014, 2014-08 or 2014-08-18",
            "date",
            name=value,
        )
    return days[0] if which == "since" else days[1]


def span_of(value: str) -> tuple[date, date] | None:
    """The first and last day that a date may mean, where `value` begins with one: a year, a month or a day."""
    match = _DATE.match(value)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        first = date(year, month or 1, day or 1)
        if day is not None:
            return first, first
        if month is not None:
            return first, date(year, month, monthrange(year, month)[1])
        return first, date(year, 12, 31)
    except ValueError:
        return None


def _dated_between(value: str, since: date | None, until: date | None) -> bool:
    days = span_of(value)
    return days is not None and (since is None or days[1] >= since) and (until is None or days[0] <= until)


def describe(where: Filter) -> str:
    """The filter in a few words, for messages and terminals."""
    parts = [
        f"{name} {' or '.join(values)}"
        for name, values in (
            ("document", where.documents),
            ("publisher", where.publishers),
            ("language", where.languages),
        )
        if values
    ]
    parts += [f"{name} {value}" for name, value in (("since", where.since), ("until", where.until)) if value]
    if where.headings:
        parts.append(f"under a heading with {' or '.join(map(repr, where.headings))}")
    return ", ".join(parts)

"""Cases: questions with what a right answer must quote, in a question set that `quipu eval` runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from assistant.assistant import checked
from assistant.question import expected_kind, fold
from assistant.workbench import journal
from index.errors import QuestionError, QuipuError
from index.types import Document

FILE = "cases.jsonl"
UNANSWERABLE = "unanswerable"
"""The type of a case that is to be refused; another is what its question asks for, such as number or place."""
MOST_CASES = 5_000
MOST_QUOTES = 5
LONGEST_QUOTE = 4_000
LONGEST_ANSWER = 4_000
MOST_MUSTS = 10
LONGEST_MUST = 300

_FIGURE = re.compile(r"(?:[$€£]\s?|US\$\s?|S/\s?)?\d+(?:[.,]\d+)*(?:\s?%)?")


class CaseError(QuipuError):
    """A case cannot be kept as it stands."""


class Documents(Protocol):
    """The documents that quotes are checked against."""

    def document(self, doc_id: str) -> Document:
        """The document with this id."""
        ...

    def doc_ids(self) -> Sequence[str]:
        """The ids of all documents."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a question set: `evidence` are verbatim quotes of `docs`, `must_include` stands in a right citation."""

    id: str
    question: str
    lang: str
    type: str
    answerable: bool
    docs: tuple[str, ...]
    evidence: tuple[str, ...]
    answer: str
    must_include: tuple[str, ...]


def case_of(request: Mapping[str, Any], documents: Documents, language: str) -> Case:
    """The case that a page asks for, its quotes found in their documents; its id is given when it is kept.

    `request` holds `question`, `answerable`, and for an answerable one `quotes` (a list of `{"doc", "quote"}`), `answer`
    (the first quote if empty) and `must_include` (a list). A quote that differs from its document in white space alone is
    taken as the document has it. `language` is the question's. Raises CaseError.
    """
    try:
        question = checked(_text(request.get("question")))
    except QuestionError as error:
        raise CaseError(str(error)) from None
    question = " ".join(question.split())
    if request.get("answerable") is False:
        return Case("", question, language, UNANSWERABLE, False, (), (), "", ())
    quotes = _quotes(request.get("quotes"), documents)
    evidence = tuple(quote for _, quote in quotes)
    answer = _text(request.get("answer")).strip() or evidence[0]
    if len(answer) > LONGEST_ANSWER:
        raise CaseError(f"the answer has {len(answer):,} characters; expected at most {LONGEST_ANSWER:,}")
    musts = _musts(request.get("must_include"), evidence)
    docs = tuple(dict.fromkeys(doc_id for doc_id, _ in quotes))
    return Case("", question, language, expected_kind(question), True, docs, evidence, answer, musts)


def _quotes(requested: object, documents: Documents) -> list[tuple[str, str]]:
    asked = [one for one in requested if isinstance(one, dict)] if isinstance(requested, list) else []
    if not asked:
        raise CaseError("choose the quote that answers the question, or say that the documents do not say this")
    if len(asked) > MOST_QUOTES:
        raise CaseError(f"there are {len(asked)} quotes; expected at most {MOST_QUOTES}")
    known = set(documents.doc_ids())
    found: dict[tuple[str, str], None] = {}
    for one in asked:
        doc_id, quote = _text(one.get("doc")), _text(one.get("quote"))
        if doc_id not in known:
            raise CaseError(f'"{doc_id}" is not a document of the index; choose the quote in another document')
        if len(quote) > LONGEST_QUOTE:
            raise CaseError(f"a quote has {len(quote):,} characters; choose at most {LONGEST_QUOTE:,}")
        verbatim = verbatim_in(quote, documents.document(doc_id).text)
        if verbatim is None:
            shown = " ".join(quote.split())[:80]
            raise CaseError(f'the quote "{shown}" does not stand verbatim in {doc_id}; choose it in the document')
        found[doc_id, verbatim] = None
    return list(found)


def verbatim_in(quote: str, text: str) -> str | None:
    """The characters of `text` that `quote` stands for, white space at its ends left out; None if it is not there.

    White space inside it may be of any kind: a selection in a browser, or a paste, does not keep it.
    """
    wanted = quote.strip()
    if not wanted or wanted in text:
        return wanted or None
    found = re.search(r"\s+".join(map(re.escape, wanted.split())), text)
    return found.group() if found else None


def _musts(requested: object, evidence: Sequence[str]) -> tuple[str, ...]:
    asked = requested if isinstance(requested, list) else []
    musts = tuple(dict.fromkeys(text for one in asked if (text := " ".join(_text(one).split()))))
    if len(musts) > MOST_MUSTS:
        raise CaseError(f"{len(musts)} things must be in the quote; expected at most {MOST_MUSTS}")
    quoted = [_flat(quote) for quote in evidence]
    for must in musts:
        if len(must) > LONGEST_MUST:
            raise CaseError(f"what must be in the quote has {len(must)} characters; expected at most {LONGEST_MUST}")
        if not any(_flat(must) in quote for quote in quoted):
            raise CaseError(f'"{must}" does not stand in the chosen quote; what must be cited has to be part of it')
    return musts


def _flat(text: str) -> str:
    return " ".join(fold(text).split())


def _text(value: object) -> str:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def figures(quote: str) -> list[str]:
    """The figures of a quote in order, each once."""
    return list(dict.fromkeys(found.group().strip() for found in _FIGURE.finditer(quote)))


def proposed_musts(quote: str, answer: str = "") -> list[str]:
    """What a right answer most likely has to cite of a quote: its figures that `answer` names too, else its one figure.

    Of a quote without figures it is the quote itself, if that is short. With several figures nobody can tell which was asked for.
    """
    found = figures(quote)
    if named := [figure for figure in found if figure in figures(answer)]:
        return named
    if found:
        return found if len(found) == 1 else []
    flat = " ".join(quote.split())
    return [flat] if len(flat) <= 60 else []


class Cases:
    """The question set of one index. Thread-safe, and safe beside other programs that use this class."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[Case]:
        """The cases in the order in which they were made."""
        return [case for row in journal.rows(self.path) if (case := _case(row)) is not None]

    def add(self, case: Case) -> Case:
        """Keep a case under an id of its own; a case with the same question gives up its place to it.

        Raises CaseError if there are too many, and JournalError.
        """
        with journal.locked(self.path):
            held = self.all()
            same = next((at for at, one in enumerate(held) if _flat(one.question) == _flat(case.question)), None)
            if same is None and len(held) >= MOST_CASES:
                raise CaseError(f"there are {MOST_CASES:,} cases already; remove some first")
            numbers = [int(one.id[5:]) for one in held if re.fullmatch(r"case-\d{1,9}", one.id)]
            case_id = f"case-{max(numbers, default=0) + 1:04d}" if same is None else held[same].id
            kept = Case(**{**asdict(case), "id": case_id})
            if same is None:
                held.append(kept)
            else:
                held[same] = kept
            journal.replace(self.path, map(asdict, held))
        return kept

    def remove(self, case_id: str) -> bool:
        """Drop a case; whether it was there."""
        with journal.locked(self.path):
            held = self.all()
            left = [case for case in held if case.id != case_id]
            if len(left) < len(held):
                journal.replace(self.path, map(asdict, left))
        return len(left) < len(held)


def vanished(cases: Iterable[Case], documents: Documents) -> set[str]:
    """The ids of the cases whose quotes do not stand in the documents any more, so that a run would fail on them."""
    known = set(documents.doc_ids())
    texts: dict[str, str] = {}

    def text(doc_id: str) -> str:
        if doc_id not in texts:
            texts[doc_id] = documents.document(doc_id).text
        return texts[doc_id]

    return {
        case.id
        for case in cases
        if any(doc_id not in known for doc_id in case.docs)
        or any(all(quote not in text(doc_id) for doc_id in case.docs) for quote in case.evidence)
    }


def _case(row: Mapping[str, Any]) -> Case | None:
    try:
        return Case(
            id=str(row["id"]),
            question=str(row["question"]),
            lang=str(row["lang"]),
            type=str(row["type"]),
            answerable=row["answerable"] is True,
            docs=tuple(map(str, row["docs"])),
            evidence=tuple(map(str, row["evidence"])),
            answer=str(row["answer"]),
            must_include=tuple(map(str, row["must_include"])),
        )
    except (KeyError, TypeError):
        return None

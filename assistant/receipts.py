"""Whether every quote of answers that were kept still stands where it was cited: lines of `ask --json`, or a file of receipts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.batch import json_lines, json_object
from assistant.export.receipts import FORMAT, VERSION, digest, text_digest
from assistant.quotes import CHANGED, GONE, MOVED, STANDS, VANISHED, Standing, standing
from index.corpus import Corpus
from index.errors import QuipuError, SourceError
from index.staleness import ChangedFile, changed_files
from index.store import live_folder, read_manifest
from index.types import Document, Manifest

SHOWN = 160
BEFORE = 40
"""Characters shown before the place where a quote changed."""
LARGEST = 200_000_000
"""Bytes of a file of receipts, at most."""


class ReceiptsError(QuipuError):
    """A file that should hold receipts was cut short or altered, or is of another version."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A quote that does not stand where it was cited.

    `place` names the file and the place in it. `now` is what became of the quote; `elsewhere` the documents that hold the same
    words. `unindexed` says that this is told from the source file, which changed after the index was built.
    """

    place: str
    question: str
    marker: int
    doc_id: str
    title: str
    start: int
    end: int
    quote: str
    now: Standing
    elsewhere: tuple[str, ...] = ()
    unindexed: bool = False

    def line(self) -> str:
        """The finding in one line, behind its place."""
        return f"{self.place}: {self.reason()}"

    def reason(self) -> str:
        """What became of the quote, in words."""
        also = f"; the same words stand in {', '.join(self.elsewhere)}" if self.elsewhere else ""
        if self.unindexed:
            also += " (in the source file as it is now; the index is older)"
        if self.now.status == GONE:
            gone = (
                "the source file is gone" if self.unindexed else f"the index holds no document called {self.doc_id!r}"
            )
            return gone + also
        if self.now.status == MOVED:
            return f"the quote moved within {self.doc_id} from {self.start} to {self.now.start}{also}"
        if self.now.status == CHANGED:
            then, now = _apart(self.quote, self.now.text)
            place = f"at {self.now.start}-{self.now.end}"
            return f"the quote is not in {self.doc_id} any more: {then!r}; {place} it says now: {now!r}{also}"
        text = f"the quote is not in {self.doc_id} any more: {_cut(self.quote)!r}"
        there = f"; at its place it says now: {_cut(self.now.text)!r}" if self.now.text.strip() else ""
        return f"{text}; nothing like it is there{there}{also}"

    def to_json(self) -> dict[str, Any]:
        """The finding for other programs."""
        now = None
        if self.now.status != GONE:
            now = {"start": self.now.start, "end": self.now.end, "text": self.now.text}
        return {
            "question": self.question, "marker": self.marker, "doc_id": self.doc_id, "title": self.title,
            "status": self.now.status, "start": self.start, "end": self.end, "quote": self.quote, "now": now,
            "elsewhere": list(self.elsewhere), "unindexed": self.unindexed,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the quotes looked at, those that do not stand, and what else a person should know.

    `wrong` are the findings as lines. `about` is what other programs are told beside that.
    """

    checked: int
    wrong: list[str]
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `quipu verify FILE --json` prints."""
        return {
            "checked": self.checked,
            "wrong": self.wrong,
            "findings": [finding.to_json() for finding in self.findings],
            "notes": self.notes,
            **self.about,
        }


def check_file(path: Path, index: Path) -> Checked:
    """Check a file of receipts, or of lines of `ask --json`, against the live generation of `index`.

    Receipts are checked against source files too that changed since the build. Raises SourceError for a file that holds
    neither, and ReceiptsError for receipts that were cut short, altered, or are of a later version.
    """
    content = _receipts(path)
    folder = live_folder(index)
    library = _Library(folder)
    try:
        return _check_answers(path, library) if content is None else _check_receipts(path, content, library)
    finally:
        library.corpus.close()


class _Library:
    """The documents of a generation, each read once."""

    def __init__(self, folder: Path) -> None:
        self.manifest: Manifest = read_manifest(folder)
        self.corpus = Corpus(folder / "corpus.sqlite")
        self._known: dict[str, Document | None] = {}

    def document(self, doc_id: str) -> Document | None:
        if doc_id not in self._known:
            try:
                self._known[doc_id] = self.corpus.document(doc_id)
            except SourceError:
                self._known[doc_id] = None
        return self._known[doc_id]

    def finding(
        self,
        place: str,
        question: str,
        citation: Mapping[str, Any],
        document: Document | None,
        *,
        unindexed: bool = False,
    ) -> Finding | None:
        """What is wrong with a citation, measured at this document; None where it stands."""
        quote, start, end = citation["quote"], citation["start"], citation["end"]
        now = standing(quote, start, end, document.text if document is not None else None)
        if now.status == STANDS:
            return None
        elsewhere: tuple[str, ...] = ()
        if quote and now.status in (CHANGED, VANISHED, GONE) and not unindexed:
            elsewhere = tuple(name for name in self.corpus.holding(quote) if name != citation["doc_id"])
        title = citation.get("title")
        known = title if isinstance(title, str) else ""
        return Finding(
            place, question, citation["marker"], citation["doc_id"], known, start, end, quote, now, elsewhere, unindexed
        )


# Lines of `ask --json`


def _check_answers(path: Path, library: _Library) -> Checked:
    lines = list(json_lines(path))
    checked = 0
    findings = []
    for number, line in lines:
        question, citations = _citations(line, path, number)
        for citation in citations:
            checked += 1
            place = f"{path}, line {number}, [{citation['marker']}]"
            if found := library.finding(place, question, citation, library.document(citation["doc_id"])):
                findings.append(found)
    return Checked(checked, [finding.line() for finding in findings], findings)


def _citations(line: str, path: Path, number: int) -> tuple[str, list[dict[str, Any]]]:
    content = json_object(line)
    citations = content.get("citations") if content is not None else None
    if content is None or not isinstance(citations, list) or not all(map(_is_citation, citations)):
        raise SourceError(
            f"{path}, line {number}: expected a line of `quipu ask --json`, with citations that have "
            "marker, doc_id, start, end and quote; or a file of receipts"
        )
    question = content.get("question")
    return question if isinstance(question, str) else "", citations


def _is_citation(content: object) -> bool:
    types = {"marker": int, "doc_id": str, "start": int, "end": int, "quote": str}
    return isinstance(content, dict) and all(type(content.get(name)) is kind for name, kind in types.items())


# Receipts


def _receipts(path: Path) -> dict[str, Any] | None:
    """The content of a file of receipts, proved whole; None for a file that is none."""
    try:
        if path.stat().st_size > LARGEST:
            raise ReceiptsError(f"{path} has {path.stat().st_size:,} bytes; receipts have at most {LARGEST:,}")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        # Reading its lines says what is wrong.
        return None
    named = f'"{FORMAT}"' in text[:200]
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        if named:
            where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise ReceiptsError(f"{path}: the receipts were cut short or damaged{where}; take a whole copy") from None
        return None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return None
    version = content.get("version")
    if version != VERSION:
        newer = type(version) is int and version > VERSION
        advice = "install a newer quipu" if newer else "take the conversation away again"
        raise ReceiptsError(f"{path}: the receipts have version {version!r}, expected {VERSION}; {advice}")
    found = content.get("receipts")
    if not isinstance(found, list) or not all(map(_is_receipt, found)):
        raise ReceiptsError(
            f"{path}: these are no whole receipts: some fields are missing or of another kind; take a whole copy"
        )
    for number, receipt in enumerate(found, start=1):
        if receipt.get("sha256") != digest(receipt):
            question = _cut(receipt["question"], 80)
            raise ReceiptsError(
                f"{path}: receipt {number} ({question!r}) was altered: its checksum differs; take a whole copy"
            )
    if content.get("sha256") != digest(content):
        raise ReceiptsError(f"{path}: the file was altered: its checksum differs; take a whole copy")
    return content


def _is_receipt(content: object) -> bool:
    if not isinstance(content, dict) or not isinstance(content.get("question"), str):
        return False
    citations, documents = content.get("citations"), content.get("documents")
    if not isinstance(citations, list) or not all(map(_is_citation, citations)) or not isinstance(documents, dict):
        return False
    return all(
        isinstance(documents.get(citation["doc_id"]), dict)
        and isinstance(documents[citation["doc_id"]].get("sha256"), str)
        for citation in citations
    )


def _check_receipts(path: Path, content: Mapping[str, Any], library: _Library) -> Checked:
    kept: list[dict[str, Any]] = content["receipts"]
    doc_ids = {citation["doc_id"] for receipt in kept for citation in receipt["citations"]}
    changed = changed_files(library.corpus, library.manifest, sorted(doc_ids))
    now = {doc_id: found for found in changed or () for doc_id in _of(found, doc_ids, library.corpus)}
    checked = 0
    findings: list[Finding] = []
    for number, receipt in enumerate(kept, start=1):
        for citation in receipt["citations"]:
            checked += 1
            doc_id = citation["doc_id"]
            place = f"{path}, {_cut(receipt['question'], 80)!r} ({number}), [{citation['marker']}]"
            found = library.finding(place, receipt["question"], citation, library.document(doc_id))
            if found is None and doc_id in now:
                document = now[doc_id].documents.get(doc_id)
                found = library.finding(place, receipt["question"], citation, document, unindexed=True)
            if found is not None:
                findings.append(found)
    about = {
        "receipts": len(kept),
        "stands": checked - len(findings),
        **{status: sum(f.now.status == status for f in findings) for status in (MOVED, CHANGED, VANISHED, GONE)},
        "index": library.manifest.generation,
    }
    notes = [*_texts(kept, findings, library), *_stale(changed, library.manifest)]
    return Checked(checked, [finding.line() for finding in findings], findings, notes, about)


def _of(found: ChangedFile, doc_ids: set[str], corpus: Corpus) -> list[str]:
    """Those of the documents that come from this file."""
    return [doc_id for doc_id in doc_ids if (file := corpus.file_of(doc_id)) is not None and file.name == found.name]


def _texts(kept: list[dict[str, Any]], findings: list[Finding], library: _Library) -> list[str]:
    """Notes on documents whose text is another one than it was, while every quote of it stands."""
    sums = {doc_id: about["sha256"] for receipt in kept for doc_id, about in receipt["documents"].items()}
    named = {finding.doc_id for finding in findings}
    return [
        f"the text of {doc_id} is not the same as it was when it was quoted; all its quotes stand"
        for doc_id, digest_then in sorted(sums.items())
        if doc_id not in named
        and (document := library.document(doc_id)) is not None
        and text_digest(document.text) != digest_then
    ]


def _stale(changed: list[ChangedFile] | None, manifest: Manifest) -> list[str]:
    if changed is None:
        return [f"the source folder {manifest.source} is not there; the quotes were checked against the index alone"]
    return [
        f"the source file {found.name} {found.what} since the index was built ({manifest.created}); run quipu build"
        for found in changed
    ]


def _apart(then: str, now: str) -> tuple[str, str]:
    """Two texts from shortly before the first character in which they differ, white space collapsed."""
    first, second = (" ".join(text.split()) for text in (then, now))
    if first == second:
        return _cut(first), f"{_cut(second)} (other white space)"
    same = next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    begin = first.rfind(" ", 0, same - BEFORE) + 1 if same > SHOWN - 2 * BEFORE else 0
    lead = "…" if begin else ""
    return lead + _cut(first[begin:]), lead + _cut(second[begin:])


def _cut(text: str, limit: int = SHOWN) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"

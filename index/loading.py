"""Files to documents: what each file's text is, and what is known about it.

The text of a .txt or .md file is the decoded file, nothing added, removed or translated, so that a character
offset means the same to Quipu and to any other program that decodes the file. Offsets into other formats count the
characters of the extracted text, which the index keeps.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from index.discovery import METADATA_FILE, SUFFIXES, Skipped, SourceFile, discover
from index.errors import SourceError
from index.extraction_cache import ExtractionCache
from index.formats.plain import decode
from index.formats.pool import Pool
from index.formats.types import Extracted, Outcome, Refused
from index.frontmatter import flat_fields, front_matter, front_matter_span, one_line, parse_yaml, plain_value
from index.language import document_language
from index.reading import read_file, read_text
from index.types import Document

__all__ = [
    "METADATA_FILE", "SUFFIXES", "Skipped", "SourceFile", "decode", "discover", "front_matter", "front_matter_span",
    "load", "read_documents", "read_metadata",
]  # fmt: skip

LONGEST_TITLE = 90
LOOK_AHEAD = 8
LOOK_AHEAD_BYTES = 64 << 20
_UNTITLED = frozenset({"xlsx", "csv"})


def read_metadata(source: Path) -> dict[str, dict[str, str]]:
    """What `metadata.yaml` beside the documents says of each: doc_id → field → value.

    Raises SourceError if the file is there and is not a mapping of file names to fields.
    """
    path = source / METADATA_FILE
    if not path.is_file():
        return {}
    try:
        content = parse_yaml(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {one_line(error)}") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(fields, dict) for fields in content.values()):
        raise SourceError(f"{path} is not as expected: it should map each file name to fields such as title and date")
    return {plain_value(name): flat_fields(fields) for name, fields in content.items()}


def read_documents(
    files: Iterable[SourceFile], metadata: Mapping[str, Mapping[str, str]], *, cache: Path | None = None
) -> Iterator[tuple[SourceFile, Document | Skipped]]:
    """Each file's documents, or why it has none, in the order of `files`.

    Files are read by worker processes under limits of time and memory, a few ahead of what is asked for, so that
    reading goes on while a caller works on what it got. Archives and mails give a document for each member, with
    doc_ids such as `archive.zip/inner.pdf`. A document that could be read in part is followed by a Skipped that says
    what is missing. `cache` is a folder in which extracted texts are kept by their file's content.
    """
    known = ExtractionCache(cache)
    pool = Pool()
    # Threads only wait for workers, and detect languages.
    threads = ThreadPoolExecutor(pool.size, thread_name_prefix="read")
    ahead: deque[tuple[SourceFile, int, Future[list[Document | Skipped]]]] = deque()
    try:
        for file in files:
            size = _size(file)
            while ahead and (
                len(ahead) >= LOOK_AHEAD + pool.size or size + sum(a[1] for a in ahead) > LOOK_AHEAD_BYTES
            ):
                yield from _next(ahead)
            ahead.append((file, size, threads.submit(_documents, file, metadata, pool, known)))
            while ahead and ahead[0][2].done():
                yield from _next(ahead)
        while ahead:
            yield from _next(ahead)
    finally:
        for _, _, waiting in ahead:
            waiting.cancel()
        pool.close()
        threads.shutdown(cancel_futures=True)
        pool.release()
        known.close()


def _next(
    ahead: deque[tuple[SourceFile, int, Future[list[Document | Skipped]]]],
) -> Iterator[tuple[SourceFile, Document | Skipped]]:
    file, _, future = ahead.popleft()
    for found in future.result():
        yield file, found


def _size(file: SourceFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0


def _documents(
    file: SourceFile, metadata: Mapping[str, Mapping[str, str]], pool: Pool, cache: ExtractionCache
) -> list[Document | Skipped]:
    found: list[Document | Skipped] = []
    for outcome in read_file(file, pool, cache):
        found += _found(file, outcome, metadata)
    return found


def _found(
    file: SourceFile, outcome: Outcome, metadata: Mapping[str, Mapping[str, str]]
) -> Iterator[Document | Skipped]:
    doc_id = f"{file.doc_id}/{outcome.inside}" if outcome.inside else file.doc_id
    if isinstance(outcome, Refused):
        yield Skipped(doc_id, outcome.reason)
        return
    yield _document(doc_id, outcome, metadata.get(doc_id, {}))
    if outcome.partly:
        yield Skipped(f"{doc_id} (in part)", outcome.partly)


def load(file: SourceFile, metadata: Mapping[str, str]) -> Document:
    """One text file, read in this process; raises SourceError with the reason if it cannot be read as text."""
    return _document(file.doc_id, read_text(file), metadata)


def _document(doc_id: str, extracted: Extracted, metadata: Mapping[str, str]) -> Document:
    """The document: `metadata` counts before what the file says of itself."""
    text = extracted.text
    plain = not extracted.metadata.get("format")
    span = front_matter_span(text) if plain else None
    fields = front_matter(text) if span else {}
    body = text[span.end :] if span else text
    known = {**extracted.metadata, **fields, **metadata}
    first = _title(body) if extracted.metadata.get("format") not in _UNTITLED else None
    title = known.get("title") or one_line(extracted.title)[:300] or first or Path(doc_id).stem
    language = known.get("language") or document_language(body if body.strip() else text)
    return Document(
        doc_id,
        text,
        title,
        language,
        {key: value for key, value in known.items() if key not in ("title", "language")},
        extracted.pages,
    )


def _title(body: str) -> str | None:
    """The first line, if it looks like a title: short, and not a sentence."""
    first = next((line.strip() for line in body[:10_000].lstrip("\ufeff").splitlines() if line.strip()), "")
    first = re.sub(r"^#+\s*|\s*#+$", "", first)
    if 0 < len(first) <= LONGEST_TITLE and not re.search(r"[.!?…:;,]$", first):
        return first
    return None

"""One file to its texts: the format is told from the bytes, then its module does the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from index.errors import SourceError
from index.formats import sniff
from index.formats.limits import LARGEST_TEXT_FILE, LONGEST_TEXT, MEGABYTE
from index.formats.types import Extracted, Outcome, Refused, RefusedError


def extract(file: BinaryIO, name: str, seconds: float, first: int = 0) -> Iterator[list[Outcome]]:
    """What is in `file`, part by part: an archive has one for each member, a mail for its text and each attachment.

    `name` tells plain-text formats apart; `seconds` is the time that a part has; parts before the `first` are left
    out. Never raises for what the file holds.
    """
    parts = _parts(file, name, seconds, 0, first)
    while True:
        try:
            yield next(parts)
        except StopIteration:
            return
        except Exception as error:
            yield [Refused(reason_of(error))]
            return


def documents_of(file: BinaryIO, name: str, seconds: float, depth: int) -> list[Outcome]:
    """What is in a member of an archive or an attachment, `depth` containers down."""
    return [
        replace(outcome, inside=f"{name}/{outcome.inside}" if outcome.inside else name)
        for part in _parts(file, name, seconds, depth, 0)
        for outcome in part
    ]


def attempt(read: Callable[[], list[Outcome]], inside: str = "") -> list[Outcome]:
    """What `read` gives, or the reason why it failed: one part never costs the others."""
    try:
        return [_bounded(outcome) for outcome in read()]
    except Exception as error:
        return [Refused(reason_of(error), inside)]


def reason_of(error: Exception) -> str:
    """Why a file gave nothing, from what was raised over it."""
    if isinstance(error, SourceError):
        return str(error)
    if isinstance(error, MemoryError):
        return "needs more memory than a file may have"
    if isinstance(error, RecursionError):
        return "is nested too deeply to be read"
    # Whatever a library lets out over a malformed file is that file's fault, and named as such.
    return " ".join(f"is damaged ({type(error).__name__}: {error}".split())[:200] + ")"


def _parts(file: BinaryIO, name: str, seconds: float, depth: int, first: int) -> Iterator[list[Outcome]]:
    kind = sniff.kind_of(file, name)
    if kind == sniff.ZIP:
        from index.formats.archive import extract_zip

        yield from extract_zip(file, seconds, depth, first)
    elif kind == sniff.MAIL:
        from index.formats.mail import extract_mail

        yield from extract_mail(_whole(file), seconds, depth, first)
    elif first == 0:
        yield [_bounded(_single(file, kind, seconds))]


def _single(file: BinaryIO, kind: str, seconds: float) -> Extracted:
    """The one document in a file that is no container."""
    if kind == sniff.PDF:
        from index.formats.pdf import extract_pdf

        return extract_pdf(file, seconds)
    if kind == sniff.DOCX:
        from index.formats.docx import extract_docx

        return extract_docx(file)
    if kind == sniff.XLSX:
        from index.formats.sheets import extract_xlsx

        return extract_xlsx(file)
    if kind == sniff.PPTX:
        from index.formats.pptx import extract_pptx

        return extract_pptx(file)
    if kind == sniff.EPUB:
        from index.formats.epub import extract_epub

        return extract_epub(file)
    data = _whole(file)
    if kind == sniff.HTML:
        from index.formats.html import extract_html

        return extract_html(data)
    if kind == sniff.CSV:
        from index.formats.sheets import extract_csv

        return extract_csv(data)
    return extract_text(data, kind)


def extract_text(data: bytes, kind: str) -> Extracted:
    """A text file: the decoded file, nothing added or dropped. Raises RefusedError if it is no text or has none."""
    from index.formats.plain import decode

    text = decode(data)
    if not text.replace("\ufeff", "").strip():
        raise RefusedError("holds no text")
    return Extracted(text, "", {})


def _whole(file: BinaryIO) -> bytes:
    """The bytes of a file in a format that is read at once."""
    data = file.read(LARGEST_TEXT_FILE + 1)
    if len(data) > LARGEST_TEXT_FILE:
        raise RefusedError(f"is larger than {LARGEST_TEXT_FILE // MEGABYTE} MB; split it into smaller files")
    return data


def _bounded(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Extracted) and len(outcome.text) > LONGEST_TEXT:
        return Refused(
            f"holds {len(outcome.text):,} characters; at most {LONGEST_TEXT:,} are read: split it", outcome.inside
        )
    return outcome

"""PDF, by pdfium: text in reading order with its pages, and which pages are pictures only."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, BinaryIO

from index.formats.limits import LONGEST_TEXT
from index.formats.pdf_layout import in_reading_order
from index.formats.pdf_lines import page_lines
from index.formats.pdf_paragraphs import assemble, body_size, heading_sizes, paragraphs
from index.formats.pdf_running import Page, split_footnotes, without_running
from index.formats.prose import vocabulary
from index.formats.types import Extracted, RefusedError
from index.types import Span

LEAST_CHARACTERS = 24
"""Fewer than these on a page that is a picture are a stamp or a page number, and the page counts as scanned."""
LEAST_PICTURE = 0.3
MOST_LINES = 20_000
_NO_TITLE = re.compile(
    r"(?:microsoft|untitled|sin t[íi]tulo|document\d*|documento?\s*\d*|.*\.(?:docx?|indd|pdf|xlsx?|pptx?|qxd|odt))\b.*",
    re.I,
)


def extract_pdf(file: BinaryIO, seconds: float) -> Extracted:
    """The document's text and pages, as far as it can be read within `seconds`.

    Raises RefusedError if it is encrypted or damaged. Scanned pages are listed, not recognised.
    """
    deadline = time.monotonic() + 0.6 * seconds
    document = open_pdf(file)
    try:
        count = len(document)
        pages: list[Page] = []
        scanned: list[int] = []
        characters = 0
        for number in range(count):
            if time.monotonic() > deadline or characters > LONGEST_TEXT:
                break
            lines, page = _read(document, number)
            characters += sum(len(line.text) for line in page.lines)
            if lines < LEAST_CHARACTERS and _is_picture(document, number):
                scanned.append(number + 1)
            pages.append(page)
        known = _metadata(document)
    except Exception as error:
        if isinstance(error, RefusedError | MemoryError):
            raise
        raise RefusedError(f"is damaged: {' '.join(str(error).split())[:120]}") from None
    finally:
        document.close()
    partly = (
        f"only the first {len(pages):,} of {count:,} pages were read in the time that a file has"
        if len(pages) < count
        else ""
    )
    text, spans = text_of(pages)
    if not text.strip() and not scanned:
        raise RefusedError("holds no text" + ("" if count else ": it has no pages"))
    title = known.pop("title", "")
    return Extracted(text, title, {"format": "pdf", **known}, spans, scanned=tuple(scanned), partly=partly)


def open_pdf(file: BinaryIO) -> Any:
    """The document; raises RefusedError if it is encrypted or no PDF that can be read."""
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(file, autoclose=False)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise RefusedError("is encrypted; save it without a password") from None
        raise RefusedError("is damaged: it cannot be opened as PDF") from None


def text_of(pages: Sequence[Page]) -> tuple[str, tuple[Span, ...]]:
    """Text and page spans of printed pages."""
    cleaned = without_running(pages)
    lines = [line for page in cleaned for line in page.lines]
    body = body_size(lines)
    parts = []
    for page in cleaned:
        rest, notes = split_footnotes(page, body)
        parts.append((in_reading_order(rest.lines), notes))
    words = vocabulary(line.text for line in lines)
    return assemble(paragraphs(parts, body, heading_sizes(lines, body)), len(pages), words)


def _read(document: Any, number: int) -> tuple[int, Page]:
    """How many characters a page has that can be read, and the page."""
    page = document[number]
    textpage = page.get_textpage()
    try:
        lines = page_lines(page, textpage)
        width, height = page.get_size()
    finally:
        textpage.close()
        page.close()
    if len(lines) > MOST_LINES:
        raise RefusedError(f"has {len(lines):,} lines of text on page {number + 1}; at most {MOST_LINES:,} are read")
    legible = sum(
        not char.isspace() and char != "\ufffd" and not "\ue000" <= char <= "\uf8ff"
        for line in lines
        for char in line.text
    )
    return legible, Page(tuple(lines), width, height)


def _is_picture(document: Any, number: int) -> bool:
    """Whether pictures cover much of the page."""
    import pypdfium2.raw as pdfium

    page = document[number]
    try:
        width, height = page.get_size()
        area = 0.0
        for found in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3):
            left, bottom, right, top = found.get_bounds()
            area += abs(right - left) * abs(top - bottom)
            if area > LEAST_PICTURE * width * height:
                return True
        return False
    finally:
        page.close()


def _metadata(document: Any) -> dict[str, str]:
    """Title, author and date, as far as the file gives them."""
    given = {key: " ".join(value.split()) for key, value in document.get_metadata_dict().items()}
    known = {}
    if (title := given.get("Title", "")) and not _NO_TITLE.fullmatch(title):
        known["title"] = title
    if author := given.get("Author"):
        known["author"] = author
    if date := re.match(r"D:(\d{4})(\d{2})(\d{2})", given.get("CreationDate", "")):
        known["date"] = "-".join(date.groups())
    return known

"""Pages of PDF files as they look, with the cited places boxed."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from assistant.chat.evidence import Mark
from index.types import Document

SCALE = 2.0
WIDEST = 1_600
"""Pixels of a rendered page's longer side, at most."""
_QUALITY = 82
_lock = Lock()
"""PDFium must not be entered by two threads."""


class Box(NamedTuple):
    """A rectangle on a page, in hundredths of its width and height from the upper left corner, and whose it is."""

    marker: int
    left: float
    top: float
    width: float
    height: float


class Page(NamedTuple):
    """A page as a JPEG image, its size in pixels, and the boxes around cited places."""

    image: bytes
    width: int
    height: int
    boxes: tuple[Box, ...]

    def to_json(self) -> dict[str, Any]:
        """What a browser needs to show it."""
        data = base64.b64encode(self.image).decode("ascii")
        boxes = [[box.marker, *(round(number, 3) for number in box[1:])] for box in self.boxes]
        return {"image": f"data:image/jpeg;base64,{data}", "width": self.width, "height": self.height, "boxes": boxes}


def has_pages(path: Path | None) -> bool:
    """Whether the pages of this original file can be shown."""
    return path is not None and path.suffix.lower() == ".pdf"


def page(path: Path, document: Document, number: int, marks: Sequence[Mark]) -> Page | None:
    """Page `number`, from 1, of a document's PDF; None where the file does not have the pages that were indexed."""
    if not 1 <= number <= len(document.pages):
        return None
    span = document.pages[number - 1]
    quotes = tuple(
        (mark.marker, document.text[max(mark.start, span.start) : min(mark.end, span.end)])
        for mark in marks
        if mark.start < span.end and span.start < mark.end
    )
    try:
        changed = path.stat().st_mtime_ns
        return _rendered(path, changed, len(document.pages), number, quotes)
    except OSError:
        return None


@lru_cache(maxsize=64)
def _rendered(path: Path, _changed: int, pages: int, number: int, quotes: tuple[tuple[int, str], ...]) -> Page | None:
    import pypdfium2 as pdfium

    with _lock:
        try:
            pdf = pdfium.PdfDocument(path)
        except pdfium.PdfiumError:
            return None
        try:
            if len(pdf) != pages:
                return None
            sheet = pdf[number - 1]
            width, height = sheet.get_size()
            scale = min(SCALE, WIDEST / max(width, height, 1.0))
            image = sheet.render(scale=scale).to_pil().convert("RGB")
            boxes = tuple(box for marker, quote in quotes for box in _boxes(sheet, marker, quote, width, height))
        except pdfium.PdfiumError:
            return None
        finally:
            pdf.close()
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return Page(file.getvalue(), image.width, image.height, boxes)


def _boxes(sheet: Any, marker: int, quote: str, width: float, height: float) -> list[Box]:
    """Where the characters of `quote` stand on the page, white space apart; empty if they do not."""
    import pypdfium2.raw as raw

    text = sheet.get_textpage()
    codes = [raw.FPDFText_GetUnicode(text, i) for i in range(text.count_chars())]
    places = [i for i, code in enumerate(codes) if code > 32 and not chr(min(code, 0x10FFFF)).isspace()]
    held = "".join(chr(min(codes[i], 0x10FFFF)) for i in places)
    wanted = "".join(quote.split())
    at = held.find(wanted) if wanted else -1
    if at < 0:
        return []
    first, last = places[at], places[at + len(wanted) - 1]
    found = []
    for i in range(text.count_rects(first, last - first + 1)):
        left, bottom, right, top = text.get_rect(i)
        found.append(
            Box(
                marker,
                100 * left / width,
                100 * (1 - top / height),
                100 * (right - left) / width,
                100 * (top - bottom) / height,
            )
        )
    return found

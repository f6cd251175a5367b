"""Pieces of pages in reading order to the paragraphs, headings, items, tables and notes of a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from index.formats.pdf_layout import Piece, Table
from index.formats.pdf_lines import Line
from index.formats.pdf_running import Note, with_marks
from index.formats.prose import join_lines, mended
from index.types import Span

LARGER = 1.12
LONGEST_HEADING = 200
_BULLET = re.compile(r"[•◦▪■□●○‣⁃∙·➢➤❖✓\uf0b7\uf0a7\uf0d8\uf076\uf0fc]\s*")
_DASH = re.compile(r"[-–—]\s+(?=\S)")
_NUMBERED = re.compile(r"(?:\d{1,3}[.)]|[a-zA-Z][.)]|\([a-z0-9]{1,3}\)|[ivxIVX]{1,5}[.)])\s+\S")
_ENDS = re.compile(r"[.!?…:;][\"'”’»)\]]*$")


@dataclass(slots=True)
class Paragraph:
    """A block of text: its lines, with the page that each stands on, and what it is.

    `kind` is text, heading, item, table or note; `level` a heading's depth from 1.
    """

    kind: str
    lines: list[tuple[int, str]] = field(default_factory=list)
    level: int = 0
    last: Line | None = None
    first: Line | None = None
    full: float = 0.0


def body_size(lines: Iterable[Line]) -> float:
    """The size in which most characters are set, to half a point."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(2 * line.size) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def heading_sizes(lines: Iterable[Line], body: float) -> list[float]:
    """The sizes above the body's in which headings are set, largest first, five at most."""
    sizes: Counter[float] = Counter()
    for line in lines:
        if line.size > LARGER * body and any(c.isalpha() for c in line.text):
            sizes[round(2 * line.size) / 2] += 1
    return sorted(sizes, reverse=True)[:5]


def paragraphs(
    pages: Sequence[tuple[Sequence[Piece], Sequence[Note]]], body: float, sizes: list[float]
) -> list[Paragraph]:
    """The document's paragraphs in order; `pages` gives each page's pieces in reading order and its footnotes.

    A page's notes stand behind its last whole paragraph, so that one that runs over to the next page is not torn.
    """
    out: list[Paragraph] = []
    marks = frozenset(note.mark for _, notes in pages for note in notes)
    for number, (pieces, notes) in enumerate(pages, start=1):
        first = len(out)
        for piece in pieces:
            if isinstance(piece, Table):
                out.append(Paragraph("table", [(number, with_marks(piece.text, marks))]))
                continue
            _take(out, piece, with_marks(piece.text, marks), number, body, sizes)
        made = [
            Paragraph("note", [(number, f"[^{note.mark}]: {with_marks(join_lines(note.lines), marks)}")])
            for note in notes
        ]
        runs_on = len(out) > max(first, 0) and out[-1].kind in ("text", "item") and not _ends(out[-1])
        # Not before a paragraph that began on an earlier page: its notes would leave their page.
        at = len(out) - 1 if runs_on and out[-1].lines[0][0] == number else len(out)
        out[at:at] = made
    return out


def _ends(paragraph: Paragraph) -> bool:
    return bool(_ENDS.search(paragraph.lines[-1][1]))


def _take(out: list[Paragraph], line: Line, text: str, page: int, body: float, sizes: list[float]) -> None:
    level = _level(line, body, sizes)
    last = _open_paragraph(out)
    bullet = _BULLET.match(text)
    if bullet and bullet.end() == len(text):
        out.append(Paragraph("item", [(page, "- ")], last=line, first=line))
        return
    bullet = bullet or _DASH.match(text)
    if bullet:
        text = "- " + text[bullet.end() :]
    starts_item = bool(bullet or _NUMBERED.match(text))
    if last is not None and not (starts_item and not level) and _same(last, line, page, level, text, body):
        _append(last, page, text)
        last.last = line
        last.full = max(last.full, line.right)
        return
    kind = "heading" if level else "item" if starts_item else "text"
    out.append(Paragraph(kind, [(page, text)], level, line, line, line.right))


def _open_paragraph(out: list[Paragraph]) -> Paragraph | None:
    """The paragraph that a line may continue: the last one, notes aside."""
    for paragraph in reversed(out):
        if paragraph.kind == "table":
            return None
        if paragraph.kind != "note":
            return paragraph
    return None


def _append(paragraph: Paragraph, page: int, text: str) -> None:
    paragraph.lines.append((page, text))


def _level(line: Line, body: float, sizes: list[float]) -> int:
    size = round(2 * line.size) / 2
    if len(line.text) > LONGEST_HEADING or not any(c.isalpha() for c in line.text):
        return 0
    if line.size > LARGER * body and size in sizes:
        return min(6, sizes.index(size) + 1)
    plain = not line.text.endswith((".", ",", ";", ":")) and len(line.text) <= 90 and not _BULLET.match(line.text)
    if line.bold and plain and line.size >= 0.95 * body:
        return min(6, len(sizes) + 1)
    return 0


def _same(last: Paragraph, line: Line, page: int, level: int, text: str, body: float) -> bool:
    """Whether the line continues the paragraph."""
    before = last.last
    if before is None:
        return False
    if (last.kind == "heading") != bool(level) or (level and level != last.level):
        # A paragraph may begin in bold, or hold a bold line: only the size parts it from a heading.
        bold_run = level and last.kind != "heading" and abs(line.size - body) < 0.05 * body
        if not (bold_run and not _ends(last) and 0 < before.base - line.base < 1.5 * body):
            return False
    size = max(before.size, line.size)
    if abs(before.size - line.size) > 0.12 * size:
        return False
    if last.lines[-1][1] == "- ":
        return True
    down = before.base - line.base
    if last.lines[-1][0] != page or down < -0.5 * size:
        # The next column or page: on with the sentence, if it was not over.
        return (
            not level
            and not _ends(last)
            and (text[:1].islower() or (_fills(last, before) and text[:1].isalnum() and not text[:1].isupper()))
        )
    if abs(down) <= 0.5 * size:
        return True
    if down > 1.75 * size or (last.lines and down > 1.3 * _leading(last, size)):
        return False
    indent = line.left - (last.first.left if last.first and len(last.lines) == 1 else before.left)
    starts = indent > 0.8 * size and _ends(last) and last.kind == "text"
    return not starts


def _leading(paragraph: Paragraph, size: float) -> float:
    """Height of a line of the paragraph."""
    if paragraph.first is None or paragraph.last is None or len(paragraph.lines) < 2:
        return 1.2 * size
    pages = {page for page, _ in paragraph.lines}
    high = paragraph.first.base - paragraph.last.base
    return max(high / (len(paragraph.lines) - 1), size) if len(pages) == 1 and high > 0 else 1.2 * size


def _fills(paragraph: Paragraph, line: Line) -> bool:
    return line.right > paragraph.full - 2 * line.size


def assemble(blocks: Sequence[Paragraph], pages: int, words: frozenset[str]) -> tuple[str, tuple[Span, ...]]:
    """The text of the paragraphs and the span of each page in it; a page without text has an empty span."""
    starts = [-1] * (pages + 1)
    parts: list[str] = []
    size = 0
    for number, block in enumerate(blocks):
        if number:
            tight = block.kind == "item" and blocks[number - 1].kind == "item"
            parts.append("\n" if tight else "\n\n")
            size += len(parts[-1])
        begun, text = size, "#" * block.level + " " if block.kind == "heading" else ""
        for page, line in block.lines:
            text, more = mended(text, line, words) if not text.endswith(("# ", "- ")) else (text, line)
            if starts[page - 1] < 0:
                starts[page - 1] = begun if not text else begun + len(text) + len(more) - len(more.lstrip())
            text += more
        parts.append(text)
        size = begun + len(text)
    following = size
    for page in range(pages - 1, -1, -1):
        if starts[page] < 0:
            starts[page] = following
        following = starts[page]
    starts[pages] = size
    if pages:
        starts[0] = 0
    return "".join(parts), tuple(Span(starts[page], starts[page + 1]) for page in range(pages))

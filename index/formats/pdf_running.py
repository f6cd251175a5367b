"""What a page carries around its text: running headers and footers, page numbers, footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from index.formats.pdf_layout import by_row
from index.formats.pdf_lines import LOWERED, RAISED, Line

EDGE_ROWS = 3
EDGE_SHARE = 0.13
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:p[áa]g(?:ina|e|s)?\.?|page|folio)?[\W_]*(?:\d{1,4}|[ivxlc]{1,7})[\W_]*(?:(?:de|of|/)\s*\d{1,4})?[\W_]*",
    re.I,
)
_BEFORE_MARK = re.compile(r"(?:[^\W\d_]{3}|[.,;:!?)\]»”\"'])$")
_NOTE_START = re.compile(rf"[{RAISED}]?\(?(\d{{1,3}}|[*†‡§]{{1,3}})\)?[{LOWERED}]?[.)]?\s*(?=\S)")


@dataclass(frozen=True, slots=True)
class Page:
    """A page's lines and its size in points."""

    lines: tuple[Line, ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote: its mark and its lines."""

    mark: str
    lines: tuple[str, ...]


def without_running(pages: Sequence[Page]) -> list[Page]:
    """The pages without lines that return at their edges from page to page; the first page with one keeps it.

    Page numbers go everywhere, if there are at least two pages.
    """
    if len(pages) < 2:
        return list(pages)
    edges = [_edge_lines(page) for page in pages]
    seen: Counter[str] = Counter()
    for edge in edges:
        seen.update({_key(line) for line in edge})
    wanted = 2 if len(pages) < 4 else max(3, round(0.3 * len(pages)))
    kept: set[str] = set()
    out = []
    for page, edge in zip(pages, edges, strict=True):
        drop: set[int] = set()
        for line in edge:
            key = _key(line)
            if _PAGE_NUMBER.fullmatch(line.text):
                drop.add(id(line))
            elif seen[key] >= wanted:
                if key in kept:
                    drop.add(id(line))
                kept.add(key)
        out.append(Page(tuple(line for line in page.lines if id(line) not in drop), page.width, page.height))
    return out


def _edge_lines(page: Page) -> list[Line]:
    """Lines of the first and last rows of the page that stand at its upper or lower edge."""
    rows = by_row(page.lines)
    upper = [row for row in rows[:EDGE_ROWS] if row[0].base > (1 - EDGE_SHARE) * page.height]
    lower = [row for row in rows[-EDGE_ROWS:] if row[0].base < EDGE_SHARE * page.height]
    return [line for row in (*upper, *lower) for line in row]


def _key(line: Line) -> str:
    """What returns from page to page: the words, figures aside, and the height on the page, to about a line."""
    words = re.sub(r"\d+", "#", line.text.casefold())
    return f"{' '.join(words.split())} {round(line.base / 8)}"


def split_footnotes(page: Page, body: float) -> tuple[Page, list[Note]]:
    """The page without its footnotes, and these; `body` is the size of the document's running text.

    Footnotes stand below everything else, smaller, and begin with a figure or a sign.
    """
    rows = by_row(page.lines)
    first = len(rows)
    while first and all(line.size < 0.93 * body for line in rows[first - 1]):
        first -= 1
    while first < len(rows) and not _NOTE_START.match(rows[first][0].text):
        first += 1
    # A page in small print from its top on has no body to which notes could belong.
    if first == len(rows) or first == 0 or rows[first][0].base > 0.6 * page.height:
        return page, []
    notes: list[Note] = []
    for row in rows[first:]:
        text = " ".join(line.text for line in row)
        start = _NOTE_START.match(text)
        if start and (not notes or _follows(notes[-1].mark, start.group(1)) or text.startswith(RAISED)):
            notes.append(Note(start.group(1), (text[start.end() :],)))
        else:
            last = notes.pop()
            notes.append(Note(last.mark, (*last.lines, text)))
    taken = {id(line) for row in rows[first:] for line in row}
    return Page(tuple(line for line in page.lines if id(line) not in taken), page.width, page.height), notes


def _follows(last: str, mark: str) -> bool:
    return (mark.isdigit() and last.isdigit() and int(mark) == int(last) + 1) or not mark.isdigit()


def with_marks(text: str, marks: frozenset[str]) -> str:
    """Raised figures as `[^1]` where the document has a footnote of that number, as plain figures elsewhere."""

    def shown(match: re.Match[str]) -> str:
        # Behind a word or its full stop: the raised figure of a unit or a formula is none.
        follows = _BEFORE_MARK.search(match.string, max(0, match.start() - 4), match.start())
        return f"[^{match.group(1)}]" if match.group(1) in marks and follows else match.group(1)

    text = re.sub(rf"\s?{RAISED}(\d+){LOWERED}", shown, text)
    return text.replace(RAISED, "").replace(LOWERED, "")

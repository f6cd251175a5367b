"""A whole document as HTML: every character of its text, cited places marked, headings as an outline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.chat.evidence import Mark, highlighted, meta_html, source_html, title_html
from assistant.chat.library import Library
from assistant.chat.markup import escape, language_attribute
from assistant.chat.pages import Page, has_pages, page
from assistant.chat.strings import text, translated, translated_attribute
from index.types import Document, Passage, Span

MAX_MARKS = 500
LONG = 200_000
"""Characters from which a browser lays out only the lines in sight."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in a document's text, and its depth from 1."""

    offset: int
    depth: int
    text: str


def document_html(library: Library, request: Mapping[str, object], language: str) -> str:
    """The document that a browser asks for, with the places that it wants marked.

    `request` holds `doc` (a document id) and `marks`, a list of `[marker, start, end]`; marker 0 stands for a
    found passage. Places outside the text are left out. Raises KeyError for a document that is not there.
    """
    doc_id = request.get("doc")
    if not isinstance(doc_id, str) or doc_id not in library.doc_ids():
        raise KeyError(doc_id)
    document = library.document(doc_id)
    marks = valid_marks(request.get("marks"), len(document.text))
    found = headings(document.text, library.passages(doc_id))
    return (
        f'<header class="q-reader-head"><h2 id="q-reader-title" tabindex="-1" dir="auto" '
        f"{language_attribute(document.language)}>{title_html(document, language)}</h2>"
        f"{meta_html(document, None, language)}{source_html(document, language)}</header>"
        f"{_outline_html(found, language)}"
        f"{text_html(document, marks, found, pages=_page_starts(document, language, has_pages(library.source_file(doc_id))))}"
    )


def page_image(library: Library, request: Mapping[str, object]) -> Page | None:
    """The page that a browser asks to see: `doc`, `page` (from 1) and the `marks` to box.

    None where the original file is gone or has other pages. Raises KeyError for a document that is not there.
    """
    doc_id, number = request.get("doc"), request.get("page")
    if not isinstance(doc_id, str) or doc_id not in library.doc_ids():
        raise KeyError(doc_id)
    path = library.source_file(doc_id)
    if path is None or not has_pages(path) or type(number) is not int:
        return None
    document = library.document(doc_id)
    return page(path, document, number, valid_marks(request.get("marks"), len(document.text)))


def valid_marks(requested: object, length: int) -> list[Mark]:
    """The well-formed `[marker, start, end]` of `requested` that lie inside a text of `length` characters."""
    result = []
    for item in requested[:MAX_MARKS] if isinstance(requested, list) else []:
        if isinstance(item, list) and len(item) == 3 and all(type(number) is int for number in item):
            marker, start, end = item
            if 0 <= start < end <= length and marker >= 0:
                result.append(Mark(start, end, marker))
    return result


def headings(document_text: str, passages: Iterable[Passage]) -> list[Heading]:
    """The headings of the passages, where each stands at the beginning of a line of the text."""
    result: list[Heading] = []
    previous: tuple[str, ...] = ()
    cursor = 0
    for passage in passages:
        for depth, words in enumerate(passage.headings, start=1):
            if passage.headings[:depth] == previous[:depth]:
                continue
            place = _line_with(words, document_text, cursor, passage.end)
            if place is not None:
                result.append(Heading(place.start, depth, words))
                cursor = place.end
        previous = passage.headings
    return result


def _line_with(words: str, document_text: str, start: int, end: int) -> Span | None:
    """The first place in the range where `words` fill a line but for signs such as # and *.

    White space between the words may be of any length.
    """
    if not words.strip():
        return None
    pattern = re.compile(r"[^\S\n]+".join(map(re.escape, words.split())))
    for found in pattern.finditer(document_text, start, end):
        line_start = document_text.rfind("\n", 0, found.start()) + 1
        line_end = document_text.find("\n", found.end())
        after = document_text[found.end() : line_end if line_end >= 0 else None]
        if not f"{document_text[line_start : found.start()]}{after}".strip("#*_= \t\r"):
            return Span(*found.span())
    return None


def _page_starts(document: Document, language: str, rendered: bool) -> dict[int, str]:
    """What stands before the first line of each page: its number, and a button where the page can be shown as printed.

    It holds no characters of its own: the text of the reader is that of the document.
    """
    starts: dict[int, str] = {}
    for number, span in enumerate(document.pages, start=1):
        label = escape(text(language, "page_n", n=number))
        if rendered:
            inner = (
                f'<button type="button" class="q-page-button" data-page="{number}" aria-expanded="false" '
                f"{translated_attribute(language, 'label', 'show_page', n=number)} "
                f"{translated_attribute(language, 'title', 'show_page', n=number)}></button>"
            )
        else:
            inner = ""
        starts[span.start] = (
            starts.get(span.start, "")
            + f'<div class="q-page" id="q-page-{number}" role="group" aria-label="{label}" data-label="{label}">{inner}</div>'
        )
    return starts


def text_html(
    document: Document, marks: Sequence[Mark], found: Sequence[Heading], *, pages: Mapping[int, str] | None = None
) -> str:
    """The text line by line; the characters of the element are exactly those of the document.

    Lines that one mark spans stay together, so that each mark is one element. `pages` is HTML to be put before the line that
    holds each offset.
    """
    waiting = sorted((pages or {}).items(), reverse=True)
    at = {heading.offset: heading for heading in found}
    offsets = sorted(at)
    parts: list[str] = []
    position = 0
    for line in _lines(document.text, marks):
        while position < len(offsets) and offsets[position] < line.start:
            position += 1
        while waiting and waiting[-1][0] < line.end:
            parts.append(waiting.pop()[1])
        if position < len(offsets) and offsets[position] < line.end:
            heading = at[offsets[position]]
            content = _heading_html(document.text, line, heading, marks)
            parts.append(
                f'<div class="q-line q-heading" role="heading" aria-level="{min(heading.depth + 2, 6)}" '
                f'id="q-heading-{heading.offset}" dir="auto" tabindex="-1">{content}</div>'
            )
            continue
        blank = "" if document.text[line.start : line.end].strip() else " q-blank"
        parts.append(f'<div class="q-line{blank}" dir="auto">{highlighted(document.text, line, marks)}</div>')
    size = " q-long" if len(document.text) >= LONG else ""
    return f'<div class="q-document{size}" {language_attribute(document.language)}>{"".join(parts)}</div>'


def _heading_html(document_text: str, line: Span, heading: Heading, marks: Sequence[Mark]) -> str:
    """The heading's line, with the signs before its words (such as ###) kept but not shown."""
    if any(mark.start < heading.offset and line.start < mark.end for mark in marks):
        return highlighted(document_text, line, marks)
    signs = escape(document_text[line.start : heading.offset])
    words = highlighted(document_text, Span(heading.offset, line.end), marks)
    return f'<span class="q-bracket">{signs}</span>{words}'


def _lines(document_text: str, marks: Sequence[Mark]) -> list[Span]:
    """The lines of the text, each with its line feed, joined where a mark runs over a line's end."""
    ranges = sorted((mark.start, mark.end) for mark in marks)
    result: list[Span] = []
    start = end = reach = 0
    following = iter(ranges)
    waiting = next(following, None)
    while end < len(document_text):
        end = document_text.find("\n", end) + 1 or len(document_text)
        while waiting is not None and waiting[0] < end:
            reach = max(reach, waiting[1])
            waiting = next(following, None)
        if reach <= end:
            result.append(Span(start, end))
            start = end
    return result


def _outline_html(found: Sequence[Heading], language: str) -> str:
    if len(found) < 2:
        return ""
    entries = "".join(
        f'<li class="q-depth-{min(heading.depth, 4)}"><button type="button" class="q-outline" '
        f'data-heading="q-heading-{heading.offset}" dir="auto">{escape(heading.text)}</button></li>'
        for heading in found
    )
    return (
        f'<details class="q-contents"><summary>{translated(language, "outline")}</summary><ul>{entries}</ul></details>'
    )

"""A text's structure: headings, paragraphs, list items, statistics cards, front matter, as spans.

Web pages saved as text come with broken lines, figures torn from their captions and headings without marks.
Blocks mend what they can by *grouping* lines; no character is ever changed or dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from index.frontmatter import front_matter_span
from index.types import Span

HEADING, PARAGRAPH, ITEM, CARD, FIELD = "heading", "paragraph", "item", "card", "field"
LONGEST_HEADING = 110
LONGEST_CAPITALS = 240
LONGEST_ITEM = 80
LONGEST_LINE = 110
SHORT_HEADING = 2
# What str.strip() takes off, and the byte order mark, which programs leave wherever they join files.
_EDGES = "".join(chr(c) for c in range(0x3001) if chr(c).isspace()) + "\ufeff"

_MARKDOWN_HEADING = re.compile(r"(#{1,6})\s+\S")
_BULLET = re.compile(r"\s*(?:[-*+•·▪–—]|\d{1,3}[.)]|[a-zA-Z][.)]|\([a-z0-9]{1,3}\))\s+\S")
_FIGURE = re.compile(
    r"[#$€£~<>]?\s?(?:S/\.?\s?|US\$\s?)?"
    r"\d[\d.,  ]*\s?(?:%|\+|(?:million|billion|thousand|millones|mil)\b\+?|[kKmMbB]\b\+?)*",
    re.I,
)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]*_]*$")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FIELD = re.compile(r"[A-Za-z_][\w .-]*:")


@dataclass(frozen=True, slots=True)
class Block:
    """A span of the text and what it is. `level` is a heading's depth from 1; 0 for an unmarked heading."""

    kind: str
    start: int
    end: int
    level: int = 0
    lead_in: bool = False


def split_blocks(text: str) -> list[Block]:
    """Blocks of `text` in order, in exactly one of which every character lies that is not white space.

    Byte order marks and the dashes around the front matter are in none. `lead_in` is set on a paragraph or heading whose list follows, be it items or headed sections.
    """
    front = front_matter_span(text)
    blocks = list(_fields(text, front)) if front else []
    lines = list(_lines(text, front.end if front else 0))
    blocks += _classify(text, lines)
    blocks = _mend(text, blocks)
    return _mark_lists(text, blocks)


def _lines(text: str, start: int) -> Iterator[Span]:
    """Spans of the lines from `start`, trimmed of white space and byte order marks; blank lines have no width."""
    for match in _LINE.finditer(text, start):
        line = match.group()
        left = len(line) - len(line.lstrip(_EDGES))
        width = len(line.strip(_EDGES))
        begin = match.start() + (left if width else 0)
        yield Span(begin, begin + width)


def _fields(text: str, front: Span) -> Iterator[Block]:
    """One block a top-level field of the front matter, with its continuation lines and list."""
    start = end = None
    for line in _lines(text[: front.end], front.start):
        raw = text[line.start : line.end]
        if not raw or raw == "---":
            continue
        indented = line.start > 0 and text[line.start - 1] in " \t"
        if start is None or (not indented and _FIELD.match(raw) and not raw.startswith("- ")):
            if start is not None and end is not None:
                yield Block(FIELD, start, end)
            start = line.start
        end = line.end
    if start is not None and end is not None:
        yield Block(FIELD, start, end)


def _classify(text: str, lines: list[Span]) -> list[Block]:
    blocks: list[Block] = []
    paragraph: list[Span] = []

    def close() -> None:
        if paragraph:
            blocks.append(Block(PARAGRAPH, paragraph[0].start, paragraph[-1].end))
            paragraph.clear()

    for n, line in enumerate(lines):
        raw = text[line.start : line.end]
        if not raw:
            close()
            continue
        marked = _MARKDOWN_HEADING.match(raw)
        if marked:
            close()
            blocks.append(Block(HEADING, line.start, line.end, level=len(marked.group(1))))
        elif _BULLET.match(raw):
            close()
            blocks.append(Block(ITEM, line.start, line.end))
        elif not paragraph and blocks and blocks[-1].kind == ITEM and n and lines[n - 1].end > lines[n - 1].start:
            blocks[-1] = replace(blocks[-1], end=line.end)
        elif _is_heading(raw) and _stands_alone(text, lines, n):
            close()
            if n and raw.isupper() and blocks and blocks[-1].end == lines[n - 1].end and blocks[-1].kind == HEADING:
                blocks[-1] = replace(blocks[-1], end=line.end)
            else:
                blocks.append(Block(HEADING, line.start, line.end))
        else:
            paragraph.append(line)
    close()
    return blocks


def _stands_alone(text: str, lines: list[Span], n: int) -> bool:
    """Whether line n has a blank line or the text's edge above and below; capitals may run over several lines."""
    capitals = text[lines[n].start : lines[n].end].isupper()

    def clear(m: int) -> bool:
        if m < 0 or m == len(lines):
            return True
        raw = text[lines[m].start : lines[m].end]
        return not raw or (capitals and raw.isupper())

    return clear(n - 1) and clear(n + 1)


def _is_heading(raw: str) -> bool:
    """Whether an unmarked line reads like a heading: short, begins with a capital or figure, no full stop."""
    if raw.isupper() and len(raw) > 3:
        return len(raw) <= LONGEST_CAPITALS
    if len(raw) > LONGEST_HEADING or not (raw[0].isupper() or raw[0].isdigit() or raw[0] in "¿¡'\"“‘*_"):
        return False
    return not re.search(r"[.!?…,;][\"'”’)]*$", raw) and not raw.endswith(":") and len(raw.split()) <= 14


def _mend(text: str, blocks: list[Block]) -> list[Block]:
    """Join figures to their captions, and a paragraph to the continuation that a blank line tore off."""
    mended: list[Block] = []
    for block in blocks:
        raw = text[block.start : block.end]
        last = mended[-1] if mended else None
        if last is not None:
            before = text[last.start : last.end]
            caption = (
                last.kind in (HEADING, PARAGRAPH)
                and _FIGURE.fullmatch(before) is not None
                and block.kind in (HEADING, PARAGRAPH)
                and _FIGURE.fullmatch(raw) is None
                and len(raw) <= 300
            )
            torn = (
                last.kind in (PARAGRAPH, ITEM)
                and block.kind == PARAGRAPH
                and not _SENTENCE_END.search(before)
                and not before.endswith(":")
                and (raw[0].islower() or before.count("(") > before.count(")"))
            )
            if caption or torn:
                mended[-1] = Block(CARD if caption else last.kind, last.start, block.end)
                continue
        mended.append(block)
    return mended


def _mark_lists(text: str, blocks: list[Block]) -> list[Block]:
    """Mark what leads into a list; short lines after a colon are its items even without bullets."""
    out = list(blocks)
    for i, block in enumerate(out):
        raw = text[block.start : block.end]
        if block.kind not in (PARAGRAPH, HEADING) or i + 1 == len(out):
            continue
        if out[i + 1].kind == ITEM and (raw.endswith(":") or block.kind == HEADING):
            out[i] = replace(block, lead_in=True)
        elif raw.endswith(":") and block.kind == PARAGRAPH:
            j = i + 1
            while j < len(out) and _may_be_item(text, out[j]):
                j += 1
            if j > i + 2:
                out[i + 1 : j] = [replace(item, kind=ITEM) for item in out[i + 1 : j]]
                out[i] = replace(block, lead_in=True)
            elif out[i + 1].kind == HEADING:
                out[i] = replace(block, lead_in=True)
        elif block.kind == HEADING and not block.level:
            j = _end_of_lines(text, out, i)
            if j > i + 2:
                out[i + 1 : j] = [replace(item, kind=ITEM) for item in out[i + 1 : j]]
                out[i] = replace(block, lead_in=True)
    return out


def _end_of_lines(text: str, blocks: list[Block], heading: int) -> int:
    """Where the list under an unmarked heading ends: a run of one-line paragraphs, or of headings without text between.

    A heading of one or two words above longer headings leads them ("VIDEOS"); the next heading as short ends the list.
    """

    def one_line(block: Block) -> bool:
        return (
            block.kind == PARAGRAPH
            and block.end - block.start <= LONGEST_LINE
            and "\n" not in text[block.start : block.end]
        )

    def words(block: Block) -> int:
        return len(text[block.start : block.end].split())

    fits = one_line
    if words(blocks[heading]) <= SHORT_HEADING:
        longer = blocks[heading + 1].kind == HEADING and words(blocks[heading + 1]) > SHORT_HEADING
        if longer:

            def fits(block: Block) -> bool:
                return block.kind == HEADING and not block.level and words(block) > SHORT_HEADING

    j = heading + 1
    while j < len(blocks) and fits(blocks[j]):
        j += 1
    if fits is not one_line and j < len(blocks) and blocks[j].kind not in (HEADING, ITEM):
        return heading + 1
    return j


def _may_be_item(text: str, block: Block) -> bool:
    """Whether an unmarked short line can be an item: no heading in capitals, no `label: value`."""
    raw = text[block.start : block.end]
    return (
        block.kind == HEADING and not block.level and len(raw) <= LONGEST_ITEM and not raw.isupper() and ": " not in raw
    )

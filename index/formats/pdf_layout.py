"""A page's lines in the order in which they are read: columns one after the other, tables by row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from index.formats.pdf_lines import Line
from index.formats.tables import header_line, header_row, named_row, plain_row

DEEPEST = 6
LEAST_LINES = 3
LONG_CELL = 6
"""Words from which on a cell is taken for a line of a column of prose."""
_LEADER = re.compile(r"\s*(?:\.\s?){4,}\s*")


@dataclass(frozen=True, slots=True)
class Table:
    """A table's lines of text, and its extent on the page."""

    text: str
    left: float
    right: float
    base: float
    size: float


Piece = Line | Table


def in_reading_order(lines: Sequence[Line], depth: int = 0) -> list[Piece]:
    """Lines and tables in reading order."""
    lines = sorted(lines, key=lambda line: (-line.base, line.left))
    if len(lines) < LEAST_LINES or depth == DEEPEST:
        return list(lines)
    gutter = _gutter(lines, prose=True)
    pieces = _tables(lines, strict=gutter is not None)
    if any(isinstance(piece, Table) for piece in pieces):
        return _around_tables(pieces, depth)
    if gutter is None:
        gutter = _gutter(lines, prose=False)
        if gutter is None:
            return list(lines)
    return _by_columns(lines, gutter, depth)


def _around_tables(pieces: list[Piece], depth: int) -> list[Piece]:
    """Tables where they stand, and what is between them in reading order."""
    out: list[Piece] = []
    between: list[Line] = []
    for piece in pieces:
        if isinstance(piece, Table):
            out += in_reading_order(between, depth + 1) if between else []
            between = []
            out.append(piece)
        else:
            between.append(piece)
    return out + (in_reading_order(between, depth + 1) if between else [])


def _gutter(lines: Sequence[Line], prose: bool) -> float | None:
    """Where a strip without text parts two columns that stand side by side; None if nothing does.

    With `prose`, both sides must have lines of several words, as tables do not.
    """
    size = median(line.size for line in lines)
    best, best_score = None, 0.0
    for at in sorted({line.right for line in lines}):
        left = [line for line in lines if line.right <= at + 0.1]
        right = [line for line in lines if line.left > at + 0.1]
        if len(left) < LEAST_LINES or len(right) < LEAST_LINES:
            continue
        edge = min(line.left for line in right)
        if edge - at < 0.6 * size:
            continue
        spanning = [line for line in lines if line.right > at + 0.1 and line.left <= at + 0.1]
        shared = min(left[0].top, right[0].top) - max(left[-1].base, right[-1].base)
        # Lines over the strip end the columns; many of them among the columns mean that there are none.
        among = [
            line
            for line in spanning
            if max(left[-1].base, right[-1].base) < line.base < min(left[0].base, right[0].base)
        ]
        if shared < 2 * size or len(among) > 0.2 * min(len(left), len(right)):
            continue
        if prose and not all(median(len(line.text.split()) for line in side) >= 4 for side in (left, right)):
            continue
        if not prose and any(len(side) < LEAST_LINES for side in (left, right)):
            continue
        score = shared * min(edge - at, 3 * size) * min(len(left), len(right))
        if score > best_score:
            best, best_score = (at + edge) / 2, score
    return best


def _by_columns(lines: Sequence[Line], gutter: float, depth: int) -> list[Piece]:
    out: list[Piece] = []
    left: list[Line] = []
    right: list[Line] = []

    def close() -> None:
        nonlocal out
        for side in (left, right):
            if side:
                out += in_reading_order(side, depth + 1)
                side.clear()

    for line in lines:
        if line.right <= gutter:
            left.append(line)
        elif line.left >= gutter:
            right.append(line)
        else:
            close()
            out.append(line)
    close()
    return out


def _tables(lines: Sequence[Line], strict: bool) -> list[Piece]:
    """The lines, top down, with runs of rows of aligned cells made tables; `strict` beside columns of prose."""
    rows = by_row(lines)
    out: list[Piece] = []
    at = 0
    while at < len(rows):
        end = _table_end(rows, at, strict)
        if end is not None:
            out.append(_table(rows[at:end]))
            at = end
        else:
            out += rows[at]
            at += 1
    return out


def by_row(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines on one baseline together, top down, each row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -line.base):
        if rows and abs(rows[-1][0].base - line.base) < 0.35 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _table_end(rows: list[list[Line]], at: int, strict: bool) -> int | None:
    """Where the table that begins with row `at` ends; None if none begins there.

    A row of long cells alone is no row of a table but of columns of prose; if `strict`, so is one with any long cell.
    """

    def is_prose(row: list[Line]) -> bool:
        long = [len(cell.text.split()) > LONG_CELL for cell in row]
        return any(long) if strict else all(long)

    if len(rows[at]) < 2 or is_prose(rows[at]):
        return None
    width = len(rows[at])
    end = at + 1
    cells = list(rows[at])
    misses = 0
    while end < len(rows):
        row = rows[end]
        gap = rows[end - 1][0].base - row[0].base
        if gap > 4.0 * row[0].size or is_prose(row):
            break
        if len(row) < 2:
            # One cell alone: the rest of a cell above it, or the end of the table.
            slots = _slots(cells)
            fits = any(slot[0] - 2 <= row[0].left and row[0].right <= slot[1] + 12 for slot in slots)
            misses += 1
            if not fits or gap > 1.6 * row[0].size or misses > 2:
                break
        else:
            misses = 0
            cells += row
            width = max(width, len(row))
        end += 1
    while end > at and len(rows[end - 1]) < 2 and misses > 2:
        end -= 1
    full = [row for row in rows[at:end] if len(row) >= 2]
    if len(full) < LEAST_LINES:
        return None
    slots = _slots(cells)
    if len(slots) < 2 or len(slots) < 0.6 * width:
        return None
    long = [cell for cell in cells if len(cell.text.split()) > LONG_CELL]
    return end if len(long) <= 0.25 * len(cells) else None


def _slots(cells: Sequence[Line]) -> list[tuple[float, float]]:
    """The columns of a table: the strips of the page that its cells share."""
    slots: list[tuple[float, float]] = []
    for left, right in sorted((cell.left, cell.right) for cell in cells):
        if slots and left < slots[-1][1] - 1:
            slots[-1] = (slots[-1][0], max(right, slots[-1][1]))
        else:
            slots.append((left, right))
    return slots


def _table(rows: list[list[Line]]) -> Table:
    cells = [cell for row in rows for cell in row]
    slots = _slots([cell for row in rows if len(row) > 1 for cell in row])
    grid: list[list[str]] = []
    bases: list[float] = []
    gaps = [above[0].base - below[0].base for above, below in pairwise(rows)]
    tight = min(gaps, default=0) * 1.15
    for number, row in enumerate(rows):
        texts = [""] * len(slots)
        for cell in row:
            middle = (cell.left + cell.right) / 2
            slot = min(range(len(slots)), key=lambda at: abs((slots[at][0] + slots[at][1]) / 2 - middle))
            slot = next((n for n, (first, last) in enumerate(slots) if first - 1 <= middle <= last + 1), slot)
            texts[slot] = f"{texts[slot]} {_LEADER.sub(' ', cell.text).strip()}".strip()
        # A row without its first cell, close under the last one, is the rest of that one's cells.
        continues = grid and not texts[0] and bases[-1] - row[0].base <= tight and gaps and max(gaps) > tight
        if continues or (grid and len(row) == 1 and len(rows[number - 1]) > 1 and not texts[0]):
            grid[-1] = [f"{above} {below}".strip() for above, below in zip(grid[-1], texts, strict=True)]
        else:
            grid.append(texts)
        bases.append(row[0].base)
    at = header_row(grid)
    if at is None:
        text = "\n".join("- " + plain_row(row) for row in grid)
    else:
        text = "\n".join([header_line(grid[at]), *(named_row(row, grid[at]) for row in grid[at + 1 :])])
    return Table(
        text,
        min(cell.left for cell in cells),
        max(cell.right for cell in cells),
        rows[-1][0].base,
        median(cell.size for cell in cells),
    )

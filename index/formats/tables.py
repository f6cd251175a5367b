"""Tables as text: every row a line that names its columns, so that it can be cited alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SEPARATOR = " | "
_NUMBER = re.compile(r"[-+(]?\s*(?:[$€£]|S/\.?|US\$)?\s*\d[\d.,\s]*\s*(?:%|[A-Za-z]{1,3})?\)?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*")
LONGEST_NAME = 80


def clean(cell: str) -> str:
    """A cell's text on one line."""
    return " ".join(cell.split())


def is_value(cell: str) -> bool:
    """Whether a cell holds a number or a date, and so is no column's name."""
    return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))


def header_row(rows: Sequence[Sequence[str]], within: int = 1) -> int | None:
    """Index of the row that names the columns, among the first `within` rows that hold anything; None without one.

    It fills as good as every column with short words, all different, no number among them, and rows stand below it.
    """
    width = max((sum(bool(cell) for cell in row) for row in rows[:200]), default=0)
    seen = 0
    for number, row in enumerate(rows[:-1]):
        filled = [cell for cell in row if cell]
        if not filled:
            continue
        seen += 1
        if seen > within:
            return None
        if (
            len(filled) >= 2
            and len(filled) >= 0.6 * width
            and len({cell.casefold() for cell in filled}) == len(filled)
            and all(len(cell) <= LONGEST_NAME and not is_value(cell) for cell in filled)
        ):
            return number
    return None


def named_row(row: Sequence[str], names: Sequence[str]) -> str:
    """A row's line: `- Region: Ucayali | Hectares: 1,200`; empty cells are left out, an empty row gives an empty line."""
    cells = []
    for at, cell in enumerate(row):
        if cell:
            name = names[at] if at < len(names) else ""
            cells.append(f"{name.rstrip(':')}: {cell}" if name else cell)
    return "- " + SEPARATOR.join(cells) if cells else ""


def plain_row(row: Iterable[str]) -> str:
    """A row of a table whose columns have no names."""
    return SEPARATOR.join(cell for cell in row if cell)


def header_line(names: Iterable[str]) -> str:
    """The line above the rows: the columns' names, with the colon of a lead-in."""
    return SEPARATOR.join(name for name in names if name).rstrip(":") + ":"


def table_text(rows: Sequence[Sequence[str]], names_at: int | None = None) -> str:
    """A table's lines; `names_at` is the row of the columns' names, found if it is not given."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    cleaned = [row for row in cleaned if any(row)]
    if not cleaned:
        return ""
    at = names_at if names_at is not None else header_row(cleaned)
    if at is None or at >= len(cleaned) - 1:
        if max(map(len, cleaned)) == 1:
            return "\n\n".join(row[0] for row in cleaned)
        return "\n".join("- " + plain_row(row) for row in cleaned)
    lines = [plain_row(row) for row in cleaned[:at]]
    lines.append(header_line(cleaned[at]))
    lines += [named_row(row, cleaned[at]) for row in cleaned[at + 1 :]]
    return "\n".join(lines)

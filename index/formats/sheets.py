"""Spreadsheets: every row a line that names its columns, on the line of its own number under the sheet's heading.

Row r of a sheet stands r lines below the sheet's heading, row r of a CSV file on line r: `index.places` counts on it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, BinaryIO

from index.formats.limits import LONGEST_TEXT
from index.formats.package import ZIP_ERRORS, check_office, core_properties, opened
from index.formats.plain import decode
from index.formats.tables import clean, header_line, header_row, named_row, plain_row
from index.formats.types import Extracted, RefusedError

LOOKED_AT = 200
HEADER_WITHIN = 10
WIDEST = 1_000
LONGEST_CELL = 20_000
MOST_EMPTY = 100_000
_DELIMITERS = ",;\t|"


def extract_csv(data: bytes) -> Extracted:
    """A CSV or TSV file; the delimiter is told by its first lines."""
    text = decode(data).removeprefix("\ufeff")
    if not text.strip():
        raise RefusedError("holds no text")
    if first := re.match(r"sep=(.)\r?\n", text):
        delimiter, text = first.group(1), text[first.end() :]
    else:
        delimiter = _delimiter(text)
    csv.field_size_limit(LONGEST_CELL * 50)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines, partly = sheet_lines(([cell[:LONGEST_CELL] for cell in row] for row in rows), LONGEST_TEXT)
    except csv.Error as error:
        raise RefusedError(f"is damaged: {error}") from None
    return Extracted("\n".join(lines), "", {"format": "csv"}, partly=partly)


def _delimiter(text: str) -> str:
    """The delimiter that cuts the first lines into the same number of cells, more than one; a comma if none does."""
    best, score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        try:
            sample = islice(csv.reader(io.StringIO(text[:20_000], newline=""), delimiter=delimiter), 30)
            widths = [len(row) for row in sample if row]
        except csv.Error:
            continue
        usual = max(set(widths), key=widths.count, default=1)
        if usual > 1 and (found := (widths.count(usual) / len(widths), usual)) > score:
            best, score = delimiter, found
    return best


def extract_xlsx(file: BinaryIO) -> Extracted:
    """All sheets of a workbook, each under a heading with its name; hidden ones too."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with opened(file) as archive:
        check_office(archive)
        known = core_properties(archive)
    file.seek(0)
    parts: list[str] = []
    left, partly = LONGEST_TEXT, ""
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            lines, cut = sheet_lines(_rows(sheet), left)
            if any(lines):
                parts.append("\n".join([f"# {clean(sheet.title)}", *lines]))
                left -= len(parts[-1])
            if cut:
                partly = f"sheet {sheet.title!r}: {cut}"
                break
    except (InvalidFileException, *ZIP_ERRORS, KeyError, AttributeError, TypeError, IndexError, SyntaxError) as error:
        raise RefusedError(f"is damaged: {' '.join(str(error).split())[:120]}") from None
    if not parts:
        raise RefusedError("holds no text")
    title = known.pop("title", "")
    return Extracted("\n\n".join(parts), title, {"format": "xlsx", **known}, partly=partly)


def sheet_lines(rows: Iterable[Sequence[str]], limit: int) -> tuple[list[str], str]:
    """A line for every row, empty for an empty one, until `limit` characters; and what was left out, if anything.

    Empty rows at the end are dropped. What names the columns is looked for in the first ten filled rows.
    """
    iterator = iter(rows)
    first = [[clean(cell) for cell in row[:WIDEST]] for row in islice(iterator, LOOKED_AT)]
    at = header_row(first, HEADER_WITHIN)
    names = first[at] if at is not None else []
    lines: list[str] = []
    filled = size = 0
    for number, row in enumerate(_chain(first, iterator)):
        if at is None or number < at:
            line = plain_row(row)
            if at is None and sum(map(bool, row)) > 1:
                line = "- " + line
        elif number == at:
            line = header_line(names)
        else:
            line = named_row(row, names)
        size += len(line) + 1
        if size > limit or number - filled > MOST_EMPTY:
            return lines[:filled], f"only the first {filled:,} rows were read; split it to have the rest"
        lines.append(line)
        if line:
            filled = number + 1
    return lines[:filled], ""


def _chain(first: list[list[str]], rest: Iterator[Sequence[str]]) -> Iterator[list[str]]:
    yield from first
    for row in rest:
        yield [clean(cell) for cell in row[:WIDEST]]


def _rows(sheet: Any) -> Iterator[list[str]]:
    """Rows from the sheet's row 1, as text as the sheet shows it."""
    for row in sheet.iter_rows():
        yield [shown(cell.value, getattr(cell, "number_format", "")) for cell in row[:WIDEST]]


def shown(value: object, number_format: str) -> str:
    """A cell as a reader of the sheet sees it: dates in ISO 8601, thousands and per cent as the format asks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if not isinstance(value, int | float):
        return str(value)[:LONGEST_CELL]
    pattern = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]|_.', "", number_format.split(";")[0])
    places = len(found.group(1)) if (found := re.search(r"\.(0+)", pattern)) else 0
    try:
        if "%" in pattern:
            return f"{value * 100:.{places}f}%"
        if re.search(r"[#0],[#0]", pattern):
            return f"{value:,.{places}f}"
        if re.fullmatch(r"\s*0*\.0+\s*", pattern):
            return f"{value:.{places}f}"
    except (OverflowError, ValueError):
        return str(value)[:LONGEST_CELL]
    return (
        str(int(value))
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        else f"{value:.15g}"
        if isinstance(value, float)
        else str(value)[:LONGEST_CELL]
    )

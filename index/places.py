"""Where a person finds a character of a document: page, slide, or sheet and row."""

from __future__ import annotations

import re
from typing import NamedTuple

from index.types import Document

_SHEET = re.compile(r"^# (.*)$", re.MULTILINE)


class Place(NamedTuple):
    """What is known of a place; `row` counts from 1, as the spreadsheet's own rows do."""

    slide: int | None = None
    sheet: str | None = None
    row: int | None = None

    def to_json(self) -> dict[str, str | int]:
        """The fields that are known."""
        return {name: value for name, value in self._asdict().items() if value is not None}


NOWHERE = Place()


def place_at(document: Document, offset: int) -> Place:
    """The slide, or the sheet and row, that holds the character at `offset`; nothing for other formats.

    Rows are told by counting lines, on which `index.formats.sheets` lays them out.
    """
    kind = document.metadata.get("format")
    if kind == "pptx":
        return Place(slide=document.page_at(offset))
    if kind == "csv":
        return Place(row=document.text.count("\n", 0, offset) + 1)
    if kind == "xlsx":
        sheet, start = None, 0
        for heading in _SHEET.finditer(document.text, 0, min(len(document.text), offset + 200)):
            if heading.start() > offset:
                break
            sheet, start = heading.group(1), heading.end()
        row = document.text.count("\n", start, offset) if offset > start else None
        return Place(sheet=sheet, row=row or None)
    return NOWHERE

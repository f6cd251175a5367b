"""A comparison and figures as JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from assistant.compare.grid import COPY, STATED, Cell, Comparison
from assistant.compare.notes import Group, Note
from assistant.compare.types import Figure
from assistant.compare.wording import conversion, differing, sentence

COLUMNS = (
    "subject", "doc_id", "publisher", "date", "status", "confidence", "quote", "start", "end", "page", "headings", "figures", "more_quotes",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def comparison_json(comparison: Comparison, notes: Sequence[Note], language: str) -> dict[str, Any]:
    """A comparison as `quipu compare --json` prints it."""
    plan = comparison.plan
    return {
        "question": plan.question,
        "by": plan.by,
        "language": plan.language,
        "asked": len(comparison.cells),
        "offset": plan.offset,
        "subjects": len(plan.subjects),
        "cells": [cell_json(cell, language) for cell in comparison.cells],
        "notes": [note_json(note, language) for note in notes],
        "index": plan.index,
        **({"filter": plan.where.to_json()} if plan.where else {}),
    }


def cell_json(cell: Cell, language: str) -> dict[str, Any]:
    """One cell."""
    return {
        "subject": cell.subject.label,
        "doc_ids": list(cell.subject.doc_ids),
        "publisher": cell.subject.publisher,
        "date": cell.subject.date,
        "status": cell.status,
        "confidence": round(cell.confidence, 4),
        "citation": cell.citation.to_json() if cell.citation else None,
        "more": cell.more,
        "figures": [figure_json(figure, language) for figure in cell.figures],
        **({"copy_of": cell.subject.copy_of} if cell.status == COPY else {}),
    }


def figure_json(figure: Figure, language: str) -> dict[str, Any]:
    """A figure as written, with what was read of it; `converted` is a help, never what the document says."""
    return {
        "doc_id": figure.source.doc_id,
        "title": figure.source.title,
        "start": figure.start,
        "end": figure.end,
        "written": figure.written,
        "quote": figure.quote,
        "quote_start": figure.sentence_start,
        "quote_end": figure.sentence_end,
        "value": figure.value.number,
        "bound": figure.value.bound,
        "unit": figure.unit.code,
        "kind": figure.dimension,
        "converted": conversion(figure, language),
        "counted": figure.counted,
        "places": sorted(set(figure.places.values())),
        "period": figure.period,
    }


def note_json(note: Note, language: str) -> dict[str, Any]:
    """A note with both figures."""
    return {
        "kind": note.kind,
        "text": sentence(note, language),
        "differs": [
            {"aspect": d.aspect, "left": d.left, "right": d.right} for d in note.relation.differences
        ] if differing(note, language) else [],
        "left": figure_json(note.left, language),
        "right": figure_json(note.right, language),
    }  # fmt: skip


def groups_json(groups: Sequence[Group], term: str, language: str, index: str) -> dict[str, Any]:
    """Groups of figures as `quipu figures --json` prints them."""
    return {
        "term": term,
        "groups": [
            {
                "kind": group.dimension,
                "counted": group.counted,
                "documents": group.documents,
                "figures": [figure_json(figure, language) for figure in group.figures],
                "notes": [note_json(note, language) for note in group.notes],
            }
            for group in groups
        ],
        "index": index,
    }


def comparison_csv(comparison: Comparison) -> str:
    """The grid as CSV with a heading row; a cell that a spreadsheet would take for a formula is quoted by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cell in comparison.cells:
        citation = cell.citation
        row: list[object] = [
            cell.subject.label,
            citation.doc_id if citation else "; ".join(cell.subject.doc_ids),
            cell.subject.publisher,
            cell.subject.date,
            f"copy of {cell.subject.copy_of}" if cell.status == COPY else cell.status,
            f"{cell.confidence:.4f}",
            *(
                (citation.quote, citation.start, citation.end, citation.page or "", " > ".join(citation.headings))
                if citation
                else ("",) * 5
            ),
            "; ".join(" ".join(figure.written.split()) for figure in cell.figures),
            cell.more if cell.status == STATED else "",
        ]
        writer.writerow([_harmless(value) for value in row])
    return out.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

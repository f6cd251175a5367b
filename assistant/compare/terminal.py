"""Comparisons and figures for a person at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.compare.grid import COPY, NOT_STATED, Comparison
from assistant.compare.notes import Group, Note
from assistant.compare.relations import AGREE, CONFLICT
from assistant.compare.types import Figure
from assistant.compare.wording import as_written, differing, sentence
from assistant.filters import describe
from assistant.terminal import note as tell
from assistant.terminal import one_line

if TYPE_CHECKING:
    from rich.console import Console

PAIRS_SHOWN = 12
_STYLES = {CONFLICT: "bold red", AGREE: "green"}
_SAYS = {
    "en": {
        "not stated": "not stated",
        "copy": "the same as {}",
        "pairs": "… and {} more pairs",
        "none": "No figures found{}.",
    },
    "es": {
        "not stated": "no consta",
        "copy": "igual que {}",
        "pairs": "… y {} pares más",
        "none": "No se hallaron cifras{}.",
    },
}


def print_comparison(found: Comparison, notes: Sequence[Note]) -> None:
    """The grid, those that say something first, and the notes on their figures."""
    from rich.text import Text

    console = _console()
    plan = found.plan
    says = _SAYS[plan.language]
    if plan.where:
        console.print(Text(one_line(f"Only: {describe(plan.where)}"), style="dim"))
    for cell in found.stated:
        citation = cell.citation
        assert citation is not None
        page = f", p. {citation.page}" if citation.page is not None else ""
        console.print(Text.assemble((one_line(cell.subject.label), "bold"), (f"  {cell.confidence:.0%}", "dim")))
        console.print(Text(f"  {one_line(citation.quote)}"))
        place = one_line(f"{citation.doc_id}:{citation.start}-{citation.end}{page}")
        console.print(Text(f"  {place}", style="dim"))
    for cell in found.cells:
        if cell.status in (NOT_STATED, COPY):
            said = says["copy"].format(cell.subject.copy_of) if cell.status == COPY else says["not stated"]
            console.print(Text.assemble((one_line(cell.subject.label), "bold"), (f"  {one_line(said)}", "yellow")))
    if len(found.cells) < len(plan.subjects):
        first, last = plan.offset + 1, plan.offset + len(found.cells)
        more = f"; --offset {last} goes on" if last < len(plan.subjects) else ""
        tell(f"asked {first:,} to {last:,} of {len(plan.subjects):,}{more}")
    if notes:
        console.print()
        _print_notes(notes, plan.language)


def print_groups(groups: Sequence[Group], term: str, language: str) -> None:
    """Figures, a line each with what narrows it, and below each group what is said of them."""
    from rich.text import Text

    console = _console()
    if not groups:
        about = f" ({one_line(term)})" if term else ""
        console.print(_SAYS[language]["none"].format(about))
        return
    for group in groups:
        console.print(Text(f"{group.counted or group.dimension}", style="bold"))
        for figure in group.figures:
            _print_figure(figure, language)
        if group.notes:
            _print_notes(group.notes, language)
        console.print()


def _print_figure(figure: Figure, language: str) -> None:
    from rich.text import Text

    console = _console()
    scope = [
        " ".join(figure.counted.split()) if figure.dimension != "count" else "",
        ", ".join(figure.places.values()),
        figure.period,
    ]
    console.print(
        Text.assemble(
            (f"  {one_line(as_written(figure, language))}", "cyan"),
            f"  {one_line(' · '.join(part for part in scope if part))}",
            (f"  {one_line(figure.source.title)}  {one_line(figure.source.doc_id)}:{figure.start}-{figure.end}", "dim"),
        )
    )
    console.print(Text(f"      {one_line(figure.quote)}"))


def _print_notes(notes: Sequence[Note], language: str) -> None:
    from rich.text import Text

    console = _console()
    for note in notes[:PAIRS_SHOWN]:
        console.print(Text(f"  {one_line(sentence(note, language))}", style=_STYLES.get(note.kind, "")))
        for aspect, left, right in differing(note, language):
            console.print(Text("      " + one_line(f"{aspect}: {left} / {right}"), style="dim"))
    if len(notes) > PAIRS_SHOWN:
        console.print(Text("  " + _SAYS[language]["pairs"].format(len(notes) - PAIRS_SHOWN), style="dim"))


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())

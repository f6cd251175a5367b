"""Figures as tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.compare import SetComparison
from eval.failures import failures
from eval.measures import BASELINE_MEASURES, GROUPS, LATENCY_PARTS, MEASURES
from eval.results import Estimates, Results, SetResult
from eval.words import TUNED, between, difference, figure

PRINTED_FLIPS = 20
PIPE_WIDTH = 140


def open_console() -> Console:
    """Standard output, never so narrow in a pipe that figures would be cut."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def print_results(results: Results, console: Console) -> None:
    """For each set: every measure with its interval, the baselines beside it, latency, and the gap of languages."""
    for result in results.sets:
        mark = f" ({TUNED})" if result.tuned else ""
        console.print(f"[bold]{escape(result.name)}[/bold]{mark}, {len(result.questions)} questions", highlight=False)
        console.print(_measures_table(result))
        if result.baselines:
            console.print(_baselines_table(result))
        if any(MEASURES[name].milliseconds for name in result.measures):
            console.print(_latency_table(result))
        if result.language_gap:
            console.print(_gap_table("English minus Spanish", result.language_gap))
        if result.written:
            console.print(_written_table(result))
        failed = len(failures(result))
        console.print(f"{failed} of {len(result.questions)} questions failed in some way.\n", highlight=False)
    for gap in results.gaps:
        mark = f" ({TUNED})" if gap.tuned else ""
        console.print(_gap_table(f"{escape(gap.english)} minus {escape(gap.spanish)}{mark}", gap.differences))


def print_comparison(comparisons: Sequence[SetComparison], console: Console) -> None:
    """What changed between two runs, in sentences, with the questions that flipped."""
    for comparison in comparisons:
        console.print(f"[bold]{escape(comparison.name)}[/bold], {comparison.questions} questions", highlight=False)
        for note in comparison.notes:
            console.print(f"  {escape(note)}", style="dim", highlight=False)
        changed = [found for found in comparison.measures if found.difference.value or found.lost or found.won]
        if not changed:
            console.print("Nothing changed: every question scored the same.")
        for found in changed:
            console.print(escape(found.verdict()), highlight=False, soft_wrap=True)
            for word, flips in (("lost", found.lost), ("won", found.won)):
                for flip in flips[:PRINTED_FLIPS]:
                    console.print(
                        f"    {word} {escape(flip.id)}  {escape(flip.question)}", highlight=False, soft_wrap=True
                    )
                if len(flips) > PRINTED_FLIPS:
                    console.print(f"    … and {len(flips) - PRINTED_FLIPS} more {word}; --json lists all", style="dim")
        console.print()


def _table(*columns: str, title: str | None = None) -> Table:
    """An empty table, its first column for names and the others for figures."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="", padding=(0, 1))
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", no_wrap=bool(place))
    return table


def _measures_table(result: SetResult) -> Table:
    table = _table("measure", "value", "95% interval", "n")
    groups = [
        [m for m in MEASURES.values() if m.group == group and m.name in result.measures and not m.milliseconds]
        for group in GROUPS
    ]
    for group in filter(None, groups):
        for measure in group:
            found = result.measures[measure.name]
            table.add_row(measure.label, figure(measure, found.value), between(measure, found), str(found.n))
        table.add_section()
    return table


def _baselines_table(result: SetResult) -> Table:
    table = _table("beside baselines", "Quipu", *(base.name for base in result.baselines))
    for name in BASELINE_MEASURES:
        measure = MEASURES[name]
        bases = [base for base in result.baselines if name in base.measures and name in base.differences]
        if name in result.measures and len(bases) == len(result.baselines):
            values = [figure(measure, base.measures[name].value) for base in bases]
            gains = [escape(difference(measure, base.differences[name])) for base in bases]
            table.add_row(measure.label, figure(measure, result.measures[name].value), *values)
            table.add_row("  Quipu minus it", "", *gains, style="dim")
    return table


def _latency_table(result: SetResult) -> Table:
    table = _table("latency", "p50", "95% interval", "p95", "95% interval")
    for part in LATENCY_PARTS:
        names = [f"latency_{part}_p50", f"latency_{part}_p95"]
        if all(name in result.measures for name in names):
            found = [(MEASURES[name], result.measures[name]) for name in names]
            cells = [cell for m, e in found for cell in (figure(m, e.value), between(m, e))]
            table.add_row(part, *cells)
    return table


def _written_table(result: SetResult) -> Table:
    from eval.writing import shown

    written = result.written or {}
    table = _table("beside written answers", "extractive", escape(str(written.get("model", ""))))
    for row in written.get("rows", ()):
        table.add_row(row["label"], *(shown(row[side]) for side in ("extractive", "written")))
    return table


def _gap_table(title: str, gaps: Estimates) -> Table:
    table = _table("measure", "difference \\[95% interval]", title=title)
    for name, estimate in gaps.items():
        table.add_row(MEASURES[name].label, escape(difference(MEASURES[name], estimate)))
    return table

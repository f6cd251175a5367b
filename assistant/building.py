"""Running a build for the command line: its gates, how it is stopped, and what is said of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from index.errors import QuipuError, UsageError

if TYPE_CHECKING:
    from index.build import BuildReport, Gate
    from index.embedding import Embedder

NAMED = 8


def run_build(
    source: Path,
    index: Path,
    *,
    model: str | None = None,
    wait: bool = False,
    keep: int | None = None,
    gates: Sequence[Path] = (),
    gate_tolerance: float = 0.02,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    embedder: Embedder | None = None,
) -> BuildReport:
    """Build with progress on stderr. Ctrl-C and SIGTERM end it cleanly, with a line that says what is kept."""
    from assistant.terminal import note, progress_bars
    from index.build import build_index
    from index.generations import KEPT
    from index.lock import FOREVER
    from index.models import DEFAULT_MODEL

    try:
        with stoppable(), progress_bars() as progress:
            return build_index(
                source,
                index,
                model=model or DEFAULT_MODEL,
                embedder=embedder,
                include=include,
                exclude=exclude,
                progress=progress,
                say=note,
                wait=FOREVER if wait else 0.0,
                keep=KEPT if keep is None else keep,
                gate=gate_of(gates, gate_tolerance, note, progress) if gates else None,
            )
    except KeyboardInterrupt:
        raise QuipuError(
            "the build was stopped; the index is as it was, and what was encoded is kept: "
            "run quipu build again to go on from there"
        ) from None


def run_repair(index: Path) -> str:
    """Repair an index with progress on stderr; gives a line that says what was done."""
    from assistant.terminal import note, progress_bars
    from index.repair import repair

    with stoppable(), progress_bars() as progress:
        report = repair(index, progress=progress, say=note)
    if report is None or report.unchanged:
        return "the index was whole; nothing was repaired"
    return f"repaired: {report.encoded} texts encoded anew, {report.reused} reused (generation {report.generation})"


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM do what ctrl-C does, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def gate_of(
    sets: Sequence[Path], tolerance: float, say: Callable[[str], None], progress: Callable[[str, int, int], None]
) -> Gate:
    """The gate over question sets that another package offers under the entry point `quipu.gates`."""
    for path in sets:
        if not path.is_file():
            raise UsageError(f"{path}: not found; expected a question set (.jsonl)")
    points = list(entry_points(group="quipu.gates", name="questions"))
    if not points:
        raise QuipuError("this installation has no evaluation, which --gate needs; run pip install 'quipu[eval]'")
    make: Any = points[0].load()
    gate: Gate = make(sets, tolerance=tolerance, say=say, progress=progress)
    return gate


def print_changes(report: BuildReport) -> None:
    """What a build added, changed and removed, for a person, on stderr."""
    from assistant.terminal import note, one_line

    for verb in ("added", "changed", "removed"):
        names: tuple[str, ...] = getattr(report.changes, verb)
        if names:
            shown = ", ".join(one_line(name) for name in names[:NAMED])
            more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
            note(f"{verb} {len(names):,}: {shown}{more}")


def changes_json(report: BuildReport) -> dict[str, Any]:
    """The same for another program."""
    changes = report.changes
    return {
        "added": list(changes.added),
        "changed": list(changes.changed),
        "removed": list(changes.removed),
        "kept": changes.unchanged,
    }


def print_report(report: BuildReport) -> None:
    """One line on stdout that sums up a build, and on stderr what changed and what was skipped."""
    counts = f"{report.documents} documents, {report.passages} passages, {report.sentences} sentences"
    if report.unchanged:
        click.echo(f"unchanged: {counts} (generation {report.generation})")
    else:
        if report.changes.unchanged:
            print_changes(report)
        click.echo(
            f"built: {counts}; {report.encoded} texts encoded, {report.reused} reused (generation {report.generation})"
        )
    print_left_out(report)


def print_left_out(report: BuildReport) -> None:
    """What a build skipped and which near-duplicates it found, for a person, on stderr."""
    from assistant.terminal import note

    for duplicate in report.duplicates:
        note(f"{duplicate.other!r} is nearly the same as {duplicate.kept!r}, which is cited for both")
    for skipped in report.skipped:
        note(f"skipped {skipped.doc_id!r}: {skipped.reason}")
    if report.skipped:
        some = "1 file was" if len(report.skipped) == 1 else f"{len(report.skipped):,} files were"
        note(f"{some} skipped; the rest is searchable")

"""What the commands print: tables and colours on a terminal, plain text in a pipe, progress on stderr."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from assistant.filters import describe
from assistant.sections import below_title
from assistant.types import Answer, Citation, Hit

PREVIEW = 320
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def note(line: str) -> None:
    """A line for the person, on stderr."""
    click.echo(plain(line), err=True)


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A function `(stage, done, total)` that draws a bar a stage on stderr, with its rate and the time that is left.

    Silent where stderr is no terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from index.progress import Meter, pace

    columns = (
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}
        meter = Meter()

        def told(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, pace="")
            bars.update(tasks[stage], completed=done, total=total, pace=pace(meter.measure(stage, done, total)))

        yield told


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner on stderr while something takes seconds; silent where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def plain(text: str) -> str:
    """The text without control characters but tabs and line breaks: a document must not steer the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """White space collapsed, no control characters."""
    return plain(" ".join(text.split()))


def print_answer(answer: Answer) -> None:
    """An answer with its sources below, for a person."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    if answer.where:
        console.print(Text(one_line(f"Only: {describe(answer.where)}"), style="dim"))
        console.print()
    if answer.abstained:
        console.print(Text(plain(answer.text), style="yellow"))
        for hit in answer.hits[:3]:
            console.print()
            console.print(Text(one_line(hit.passage.passage_id), style="dim"))
            console.print(Text("  " + _cut(hit.passage.text)))
        return
    for citation in answer.citations:
        console.print(Text.assemble(one_line(citation.quote), (f" [{citation.marker}]", "bold cyan")))
    console.print()
    for citation in answer.citations:
        place = " › ".join([citation.title, *below_title(citation.title, citation.headings)])
        page = _place(citation)
        console.print(
            Text.assemble(
                (f"[{citation.marker}] ", "bold cyan"),
                f"{one_line(place)}{page}  ",
                (one_line(f"{citation.doc_id}:{citation.start}-{citation.end}"), "dim"),
            )
        )


def _place(citation: Citation) -> str:
    """Page, slide, or sheet and row, behind a comma; and the names under which the same document is there again."""
    place = citation.place
    if place.slide is not None:
        where = f", slide {place.slide}"
    elif citation.page is not None:
        where = f", p. {citation.page}"
    else:
        where = f", row {place.row}" if place.row is not None else ""
    return where + (f" (also as {one_line(', '.join(citation.also_in))})" if citation.also_in else "")


def print_hits(hits: Sequence[Hit]) -> None:
    """Ranked passages: a table on a terminal, tab-separated lines in a pipe."""
    if not sys.stdout.isatty():
        for hit in hits:
            passage = hit.passage
            click.echo(f"{hit.rank}\t{hit.score:.4f}\t{one_line(passage.passage_id)}\t{one_line(passage.text)}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 1, 0))
    for heading in ("rank", "score", "place", "passage"):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("rank", "score") else "left")
    for hit in hits:
        place = f"{one_line(hit.passage.doc_id)}\n{hit.passage.start}-{hit.passage.end}"
        table.add_row(str(hit.rank), f"{hit.score:.3f}", Text(place, style="dim"), Text(_cut(hit.passage.text)))
    Console().print(table)


def _cut(text: str) -> str:
    flat = one_line(text)
    return flat if len(flat) <= PREVIEW else flat[: PREVIEW - 1].rsplit(" ", 1)[0] + "…"

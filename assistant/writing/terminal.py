"""A written answer on a terminal, sentence by sentence as each is checked; ctrl-C stops the model, not the program."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from assistant.filters import Filter
from assistant.sections import below_title
from assistant.terminal import note, one_line, print_answer
from assistant.types import Answer
from assistant.writing.followup import Turn
from assistant.writing.streaming import Stop
from assistant.writing.translation import Translated, translate
from assistant.writing.types import Finished, SentenceChecked, Started, WrittenAnswer
from assistant.writing.writer import Writer


def print_written(
    writer: Writer,
    question: str,
    k: int,
    history: Sequence[Turn] = (),
    *,
    translated: bool = False,
    where: Filter | None = None,
) -> WrittenAnswer:
    """Write and print one answer as it comes; with `translated`, its quotes in the question's language beside the originals."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    stop = Stop()
    with _stopping(stop):
        for event in writer.write(question, k, history, stop, where=where):
            if isinstance(event, Started):
                if event.rewritten:
                    note(f"asked as: {one_line(event.question)}")
            elif isinstance(event, SentenceChecked):
                _print_sentence(console, event)
            elif isinstance(event, Finished):
                written = event.written
    if not written.by_model:
        if written.sentences:
            console.print()
        if written.fallback:
            note(written.fallback)
        print_answer(written.answer)
    else:
        console.print()
        _print_sources(console, written.answer)
        if written.note:
            note(written.note)
    if translated:
        with _stopping(stop):
            for found in translations(written.answer, writer, stop):
                console.print(
                    Text.assemble(
                        (f"[{found.marker}] ", "bold cyan"),
                        one_line(found.text),
                        ("  (translated by the model; the original is the citation)", "dim"),
                    )
                )
    return written


def translations(answer: Answer, writer: Writer, stop: Stop | None = None) -> Iterator[Translated]:
    """The quotes of an answer in the question's language, as far as they are in another and the model is faithful."""
    for citation in answer.citations:
        if stop is not None and stop.stopped:
            return
        found = translate(citation, answer.language, writer.model, writer.settings, stop)
        if found is not None:
            yield found


def _print_sentence(console: Any, event: SentenceChecked) -> None:
    from rich.text import Text

    text = one_line(event.sentence.text)
    if event.numbers:
        markers = " ".join(f"[{number}]" for number in event.numbers)
        console.print(Text.assemble(text, (f" {markers}", "bold cyan")))
    else:
        console.print(Text.assemble(("✗ ", "red"), (text, "strike dim"), (f"  ({event.sentence.reason})", "red")))


def _print_sources(console: Any, answer: Answer) -> None:
    from rich.text import Text

    for citation in answer.citations:
        place = " › ".join([citation.title, *below_title(citation.title, citation.headings)])
        page = f", p. {citation.page}" if citation.page is not None else ""
        console.print(
            Text.assemble(
                (f"[{citation.marker}] ", "bold cyan"),
                f"“{one_line(citation.quote)}” ",
                (f"{one_line(place)}{page}  {one_line(f'{citation.doc_id}:{citation.start}-{citation.end}')}", "dim"),
            )
        )


@contextmanager
def _stopping(stop: Stop) -> Iterator[None]:
    """Ctrl-C asks the model to stop; a second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(_signal: int, _frame: Any) -> None:
        if stop.stopped:
            raise KeyboardInterrupt
        stop.stop()
        click.echo(err=True)

    before = signal.signal(signal.SIGINT, asked)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

"""`quipu ask --llm`: one question, or a file of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from assistant.assistant import Assistant
from assistant.batch import read_lines
from assistant.export_option import Taken
from assistant.filters import Filter
from assistant.terminal import note, one_line, progress_bars
from assistant.writing.config import LlmSettings
from assistant.writing.followup import Turn
from assistant.writing.terminal import print_written, translations
from assistant.writing.writer import Writer
from index.errors import QuestionError, QuipuError


def ask_one(
    assistant: Assistant,
    settings: LlmSettings,
    question: str,
    k: int,
    *,
    as_json: bool,
    after: Sequence[str] = (),
    translated: bool = False,
    taken: Taken,
    where: Filter | None = None,
) -> None:
    """Answer one question; `after` are the earlier ones of the conversation.

    With `translated`, quotes in another language are shown, or given under `translations`, in the question's.
    """
    writer = Writer(assistant, settings)
    history = [Turn(earlier) for earlier in after]
    if as_json:
        written = writer.ask(question, k, history, where=where)
        content = written.to_json()
        if translated:
            content["translations"] = [one.to_json() for one in translations(written.answer, writer)]
        click.echo(json.dumps(content, ensure_ascii=False))
    else:
        written = print_written(writer, question, k, history, translated=translated, where=where)
    taken.add(written.answer, written_by=written.model if written.by_model else "")


def ask_all(
    assistant: Assistant,
    settings: LlmSettings,
    questions: Path,
    k: int,
    *,
    as_json: bool,
    taken: Taken,
    where: Filter | None = None,
) -> None:
    """Answer every question of a file in order. Raises QuipuError at the end if some could not be asked."""
    wanted = read_lines(questions, "question", "id")
    writer = Writer(assistant, settings)
    failed = 0
    with progress_bars() as progress:
        for done, (question_id, text) in enumerate(wanted, start=1):
            try:
                if as_json:
                    written = writer.ask(text, k, where=where)
                    click.echo(json.dumps(written.to_json(question_id), ensure_ascii=False))
                else:
                    click.echo(f"\n{one_line(question_id)}  {one_line(text)}")
                    written = print_written(writer, text, k, where=where)
                taken.add(written.answer, written_by=written.model if written.by_model else "")
            except QuestionError as error:
                failed += 1
                note(f"{question_id}: {error}")
                if as_json:
                    click.echo(json.dumps(assistant.refuse(text, str(error)).to_json(question_id), ensure_ascii=False))
            progress("writing", done, len(wanted))
    if failed:
        raise QuipuError(f"{failed} of {len(wanted)} questions could not be asked; each is named above")

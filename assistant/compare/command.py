"""`quipu compare` and `quipu figures`: documents side by side."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.filter_options import filter_options
from assistant.options import FOLDER, index_dir_of, index_option
from index.errors import QuipuError

if TYPE_CHECKING:
    from assistant.filters import Filter


@click.command()
@click.argument("question")
@index_option
@click.option(
    "--by",
    type=click.Choice(["document", "publisher"]),
    default="document",
    show_default=True,
    help="Whom to ask: each document, or each publisher's documents together.",
)
@click.option(
    "--limit",
    default=100,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How many to ask, the most promising first.",
)
@click.option(
    "--offset", default=0, type=click.IntRange(0), metavar="N", help="Leave out the first N, to go on after --limit."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "csv_file", type=FOLDER, metavar="FILE", help="Write the grid to FILE as CSV; - for stdout.")
@filter_options
def compare(
    question: str,
    index_dir: Path | None,
    by: str,
    limit: int,
    offset: int,
    as_json: bool,
    csv_file: Path | None,
    where: Filter | None,
) -> None:  # fmt: skip
    """Ask QUESTION of every document; show one cited quote each, or 'not stated'."""
    if as_json and str(csv_file) == "-":
        raise click.UsageError("--json and --csv - both print to stdout; choose one, or give --csv a file")
    question = _askable(question)
    assistant = _open(index_dir)
    try:
        from assistant.compare.export import comparison_csv, comparison_json
        from assistant.compare.grid import Comparer, Comparison
        from assistant.compare.notes import notes
        from assistant.compare.terminal import print_comparison
        from assistant.terminal import progress_bars

        comparer = Comparer(assistant, question, by, where, limit=limit, offset=offset)
        plan = comparer.plan
        if offset >= len(plan.subjects):
            raise click.UsageError(f"--offset {offset:,} leaves nothing: there are {len(plan.subjects):,} to ask")
        cells = []
        with progress_bars() as progress:
            for cell in comparer.cells():
                cells.append(cell)
                progress("asking", len(cells), len(plan.asked))
        found = Comparison(plan, tuple(cells))
        noted = notes(found.figures, across=True)
    finally:
        assistant.close()
    if csv_file is not None:
        _write_csv(csv_file, comparison_csv(found))
    if as_json:
        click.echo(json.dumps(comparison_json(found, noted, plan.language), ensure_ascii=False))
    elif str(csv_file) != "-":
        print_comparison(found, noted)


@click.command()
@click.argument("term", default="")
@index_option
@click.option("--conflicts", is_flag=True, help="Only groups in which documents contradict each other.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@filter_options
def figures(term: str, index_dir: Path | None, conflicts: bool, as_json: bool, where: Filter | None) -> None:
    """Lay the figures that the documents give side by side, all or those about TERM, and say which agree or conflict."""
    from assistant.batch import valid_text

    term = valid_text(term).strip()
    assistant = _open(index_dir)
    try:
        from assistant.compare.export import groups_json
        from assistant.compare.relations import CONFLICT
        from assistant.compare.survey import survey
        from assistant.compare.terminal import print_groups
        from assistant.terminal import progress_bars

        with progress_bars() as progress:
            found = survey(assistant, term, where, progress)
        generation = assistant.generation_id
    finally:
        assistant.close()
    if conflicts:
        found = tuple(group for group in found if any(note.kind == CONFLICT for note in group.notes))
    language = _language(term)
    if as_json:
        click.echo(json.dumps(groups_json(found, term, language, generation), ensure_ascii=False))
    else:
        print_groups(found, term, language)


def _askable(question: str) -> str:
    from assistant.assistant import checked
    from assistant.batch import valid_text

    question = valid_text(question)
    checked(question)
    return question


def _open(index_dir: Path | None) -> Any:
    from assistant.terminal import waiting

    with waiting("opening the index and the model …"):
        from assistant.assistant import Assistant

        return Assistant.open(index_dir_of(index_dir))


def _write_csv(place: Path, content: str) -> None:
    try:
        # With a byte order mark, spreadsheets read the accents right; in a pipe it would be in the way.
        with click.open_file(str(place), "w", encoding="utf-8" if str(place) == "-" else "utf-8-sig") as out:
            out.write(content.replace("\r\n", "\n"))
    except OSError as error:
        raise QuipuError(f"the grid could not be written to {place}: {error.strerror}") from None


def _language(term: str) -> str:
    """The language to speak in: the term's where it is long enough to tell, else that of the terminal."""
    from index.language import question_language

    if len(term.split()) > 2 or not term.isascii():
        return question_language(term)
    return "es" if (os.environ.get("LC_ALL") or os.environ.get("LANG", "")).startswith("es") else "en"

"""The command line: each command parses, calls one function and prints.

Machine output goes to stdout, everything else to stderr. Exit codes: 0 done; 1 the work failed; 2 wrong usage.
"""

from __future__ import annotations

import errno
import io
import json
import os
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.export_option import Taken, export_option
from assistant.filter_options import filter_options
from assistant.llm_options import llm_options, llm_settings
from assistant.options import FOLDER, build_options, index_option
from assistant.options import index_dir_of as _folder
from assistant.show import show
from assistant.user_commands import user
from index.errors import QuestionError, QuipuError, UsageError

if TYPE_CHECKING:
    from assistant.filters import Filter

LATER = {
    "watch": "assistant.index_commands:watch",
    "generations": "assistant.index_commands:generations",
    "rollback": "assistant.index_commands:rollback",
    "compare": "assistant.compare.command:compare",
    "figures": "assistant.compare.command:figures",
}
"""Commands that stand in modules of their own, by name."""


class _Commands(click.Group):
    """The commands of this module, and those that other packages offer under the entry point `quipu.commands`."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(
            {*super().list_commands(context), *LATER, *(p.name for p in entry_points(group="quipu.commands"))}
        )

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        found = super().get_command(context, name)
        if found is None and name in LATER:
            module, _, attribute = LATER[name].partition(":")
            found = getattr(import_module(module), attribute)
        if found is None:
            for point in entry_points(group="quipu.commands", name=name):
                command: click.Command = point.load()
                return command
        return found

    def invoke(self, context: click.Context) -> Any:
        from assistant.terminal import one_line

        try:
            return super().invoke(context)
        except (UsageError, QuestionError) as error:
            raise click.UsageError(one_line(str(error))) from None
        except QuipuError as error:
            raise click.ClickException(one_line(str(error))) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            place = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(one_line(f"{place}{error.strerror or error}")) from None
        except MemoryError:
            raise click.ClickException(
                "there is not enough memory; close other programs or index fewer documents"
            ) from None


def _open(index_dir: Path | None) -> Any:
    from assistant.terminal import waiting

    with waiting("opening the index and the model …"):
        from assistant.assistant import Assistant

        return Assistant.open(_folder(index_dir))


def _askable(question: str) -> str:
    """The question as valid text; QuestionError before any model is loaded if it cannot be asked."""
    from assistant.assistant import checked
    from assistant.batch import valid_text

    question = valid_text(question)
    checked(question)
    return question


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="quipu", message="quipu %(version)s")
def cli() -> None:
    """Ask a folder of documents; follow every sentence of the answer to the exact characters it came from.

    \b
    quipu build                      index the folder seeds/
    quipu ask "Who funded Prevent?"  ask, with cited sentences
    quipu chat                       ask in the browser
    """  # noqa: D301 - click wants the character itself


@cli.command()
@click.argument("source", type=FOLDER, default=Path("seeds"))
@index_option
@click.option(
    "--model",
    default=None,
    metavar="NAME",
    help="multilingual-e5-small, all-MiniLM-L6-v2, a folder or a hub name.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if a file could not be read.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@build_options
def build(source: Path, index_dir: Path | None, model: str | None, strict: bool, as_json: bool, **options: Any) -> None:
    """Index the documents in SOURCE (seeds/ if not given); a .quipuignore there leaves files out."""
    from assistant.building import changes_json, print_left_out, print_report, run_build

    report = run_build(source, _folder(index_dir), model=model, **options)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "index": report.generation,
                    "unchanged": report.unchanged,
                    "documents": report.documents,
                    "passages": report.passages,
                    "sentences": report.sentences,
                    "encoded": report.encoded,
                    "reused": report.reused,
                    **changes_json(report),
                    "skipped": [{"doc_id": skipped.doc_id, "reason": skipped.reason} for skipped in report.skipped],
                    "duplicates": [{"doc_id": d.other, "cited_as": d.kept} for d in report.duplicates],
                },
                ensure_ascii=False,
            )
        )
        print_left_out(report)
    else:
        print_report(report)
    if report.skipped and strict:
        raise click.exceptions.Exit(1)


@cli.command()
@click.argument("query", required=False)
@index_option
@click.option("-k", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many results.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--queries", type=FOLDER, metavar="FILE", help="Search every query of a JSONL file with _id and text.")
@click.option("--run", type=FOLDER, metavar="OUT", help="Where the TREC run of --queries goes; - for stdout.")
@filter_options
def search(
    query: str | None,
    index_dir: Path | None,
    k: int,
    as_json: bool,
    queries: Path | None,
    run: Path | None,
    where: Filter | None,
) -> None:
    """Find the passages nearest to QUERY."""
    if (query is None) == (queries is None):
        raise click.UsageError("give either a QUERY or --queries FILE")
    if queries is not None:
        if run is None:
            raise click.UsageError("--queries needs --run OUT, the file for the TREC run")
        _search_all(queries, run, index_dir, k, where)
        return
    assert query is not None
    from assistant.terminal import print_hits

    query = _askable(query)
    assistant = _open(index_dir)
    try:
        hits = assistant.search(query, k, where)
        if as_json:
            content = {
                "query": query,
                "hits": [hit.to_json() for hit in hits],
                "index": assistant.manifest.generation,
                **({"filter": where.to_json()} if where else {}),
            }
            click.echo(json.dumps(content, ensure_ascii=False))
        else:
            print_hits(hits)
    finally:
        assistant.close()


def _search_all(queries: Path, run: Path, index_dir: Path | None, k: int, where: Filter | None) -> None:
    from assistant.batch import read_lines, run_lines
    from assistant.terminal import note, progress_bars

    wanted = read_lines(queries, "text", "_id")
    assistant = _open(index_dir)
    failed = 0
    try:
        with (
            progress_bars() as progress,
            click.open_file(str(run), "w", encoding="utf-8", atomic=str(run) != "-") as out,
        ):
            for done, (query_id, text) in enumerate(wanted, start=1):
                try:
                    # A document may fill several ranks with its passages, so all candidates are looked at.
                    hits = assistant.search(text, 1000, where)
                except QuestionError as error:
                    failed += 1
                    note(f"{query_id}: {error}")
                    continue
                for line in run_lines(query_id, hits, k):
                    out.write(line + "\n")
                progress("searching", done, len(wanted))
    except OSError as error:
        raise QuipuError(f"the run could not be written to {run}: {error.strerror}") from None
    finally:
        assistant.close()
    if failed:
        raise QuipuError(f"{failed} of {len(wanted)} queries could not be searched; each is named above")


@cli.command()
@click.argument("question", required=False)
@index_option
@click.option(
    "-k",
    default=10,
    show_default=True,
    type=click.IntRange(1, 100),
    help="How many passages to show behind the answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one answer a line.")
@click.option(
    "--questions", type=FOLDER, metavar="FILE", help="Answer every question of a JSONL file with id and question."
)
@filter_options
@click.option(
    "--after", multiple=True, metavar="QUESTION", help="An earlier question that this one follows; may be repeated."
)
@click.option("--translate", is_flag=True, help="Show quotes translated beside the originals; with --llm.")
@export_option
@llm_options
def ask(
    question: str | None,
    index_dir: Path | None,
    k: int,
    as_json: bool,
    questions: Path | None,
    where: Filter | None,
    after: tuple[str, ...],
    translate: bool,
    exports: tuple[Path, ...],
    llm: str | None,
    llm_url: str | None,
    llm_name: str | None,
    llm_set: tuple[str, ...],
) -> None:
    """Answer QUESTION with cited sentences, or say that the documents do not."""
    if (question is None) == (questions is None):
        raise click.UsageError("give either a QUESTION or --questions FILE")
    settings = llm_settings(llm, llm_url, llm_name, llm_set)
    if settings is None and translate:
        raise click.UsageError("--translate needs a language model; give --llm")
    if questions is not None and (after or translate):
        raise click.UsageError("--after and --translate are for one QUESTION, not for a file of them")
    taken = Taken(exports)
    if settings is not None:
        from assistant.writing.asking import ask_all, ask_one

        question = _askable(question) if question is not None else None
        assistant = _open(index_dir)
        try:
            if questions is not None:
                ask_all(assistant, settings, questions, k, as_json=as_json, where=where, taken=taken)
            elif question is not None:
                ask_one(
                    assistant,
                    settings,
                    question,
                    k,
                    as_json=as_json,
                    after=after,
                    translated=translate,
                    where=where,
                    taken=taken,
                )
            taken.write(assistant)
        finally:
            assistant.close()
        return
    if questions is not None:
        _ask_all(questions, index_dir, k, as_json, where, taken)
        return
    assert question is not None
    from assistant.terminal import print_answer

    question = _after(_askable(question), after)
    assistant = _open(index_dir)
    try:
        answer = assistant.ask(question, k, where)
        taken.add(answer)
        taken.write(assistant)
    finally:
        assistant.close()
    if as_json:
        click.echo(json.dumps(answer.to_json(), ensure_ascii=False))
    else:
        print_answer(answer)


def _after(question: str, earlier: tuple[str, ...]) -> str:
    """The question as it stands by itself after earlier ones; says so where that is another."""
    if not earlier:
        return question
    from assistant.followup import standing_after
    from assistant.terminal import note, one_line

    standing = standing_after(question, earlier)
    if standing != question:
        note(f"asked as: {one_line(standing)}")
    return standing


def _ask_all(
    questions: Path, index_dir: Path | None, k: int, as_json: bool, where: Filter | None, taken: Taken
) -> None:
    from assistant.batch import read_lines
    from assistant.terminal import note, one_line, print_answer, progress_bars

    wanted = read_lines(questions, "question", "id")
    assistant = _open(index_dir)
    failed = 0
    try:
        with progress_bars() as progress:
            for done, (question_id, text) in enumerate(wanted, start=1):
                try:
                    answer = assistant.ask(text, k, where)
                except QuestionError as error:
                    failed += 1
                    note(f"{question_id}: {error}")
                    if as_json:
                        click.echo(
                            json.dumps(assistant.refuse(text, str(error)).to_json(question_id), ensure_ascii=False)
                        )
                    continue
                taken.add(answer)
                if as_json:
                    click.echo(json.dumps(answer.to_json(question_id), ensure_ascii=False))
                else:
                    click.echo(f"\n{one_line(question_id)}  {one_line(text)}")
                    print_answer(answer)
                progress("asking", done, len(wanted))
        taken.write(assistant)
    finally:
        assistant.close()
    if failed:
        raise QuipuError(f"{failed} of {len(wanted)} questions could not be asked; each is named above")


@cli.command()
@index_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve on.")
@click.option(
    "--port",
    default=None,
    type=click.IntRange(1, 65535),
    help="The port; the first free one from 7860 if not given.",
)
@click.option(
    "--users",
    "users_file",
    type=FOLDER,
    metavar="FILE",
    help="Ask for a name and a password; quipu user add makes FILE.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0),
    metavar="N",
    help="Questions that one visitor may ask in a minute, 0 for any number.  [0 on this machine alone, else 30]",
)
@click.option(
    "--uploads/--no-uploads",
    default=None,
    help="Whether documents may be added and removed in the browser.  [yes on this machine alone or with --users]",
)
@llm_options
@click.option(
    "--record/--no-record",
    default=True,
    show_default=True,
    help="Keep the questions, without who asked, in the index's folder for the page of gaps.",
)
@click.option(
    "--sets",
    type=FOLDER,
    multiple=True,
    metavar="DIR",
    help="A folder of question sets that may be run in the browser.",
)
def chat(
    index_dir: Path | None,
    host: str,
    port: int | None,
    users_file: Path | None,
    rate: float | None,
    uploads: bool | None,
    llm: str | None,
    llm_url: str | None,
    llm_name: str | None,
    llm_set: tuple[str, ...],
    record: bool,
    sets: tuple[Path, ...],
) -> None:
    """Open the chat; the address is printed once it answers."""
    from assistant.terminal import note, waiting

    settings = llm_settings(llm, llm_url, llm_name, llm_set)
    users = None
    if users_file is not None:
        from assistant.chat.users import UsersError, read_users

        users = read_users(users_file)
        if not users:
            raise UsersError(f"the file of users {users_file} names nobody; quipu user add NAME --users {users_file}")
    with waiting("opening the index and the model …"):
        from assistant.live import LiveAssistant

        assistant = LiveAssistant(_folder(index_dir))
    try:
        from assistant.chat.app import serve

        serve(
            assistant,
            host,
            port,
            users=users,
            questions_a_minute=rate,
            index=_folder(index_dir),
            uploads=uploads,
            llm=settings,
            record=record,
            sets=sets,
            on_ready=lambda address: note(f"Quipu answers on {address}  (ctrl-C ends it)"),
        )
    finally:
        assistant.close()


@cli.command()
@index_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(index_dir: Path | None, as_json: bool) -> None:
    """Say what the index holds."""
    from assistant.terminal import one_line
    from index.inspection import inspect

    found = inspect(_folder(index_dir))
    if as_json:
        click.echo(json.dumps(found.to_json(), ensure_ascii=False))
        return
    for name, value in found.lines():
        click.echo(f"{name:<12} {one_line(value)}")


cli.add_command(show)


@cli.command()
@click.argument("answers", required=False, type=FOLDER)
@index_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--repair", "repaired", is_flag=True, help="Make anew from the sources what is damaged, then check.")
def verify(answers: Path | None, index_dir: Path | None, as_json: bool, repaired: bool) -> None:
    """Check the whole index, or every quote in ANSWERS against its document.

    ANSWERS is a file of receipts that was taken away from the chat, or holds lines of `ask --json`.
    """
    from assistant.terminal import note, one_line

    if repaired:
        if answers is not None:
            raise click.UsageError("--repair is for the index; leave out ANSWERS")
        from assistant.building import run_repair

        note(run_repair(_folder(index_dir)))
    if answers is None:
        from index.inspection import check

        checked_things, wrong = check(_folder(index_dir))
        content: dict[str, Any] = {"checked": checked_things, "wrong": wrong}
    else:
        from assistant.receipts import check_file

        found = check_file(answers, _folder(index_dir))
        checked_things, wrong, content = found.checked, found.wrong, found.to_json()
        for line in found.notes:
            note(one_line(line))
    if as_json:
        click.echo(json.dumps(content, ensure_ascii=False))
    else:
        for line in wrong:
            click.echo(one_line(line))
        click.echo(f"{checked_things} checked, {len(wrong)} wrong")
    if wrong:
        raise click.exceptions.Exit(1)


cli.add_command(user)


def main() -> None:
    """Run the command line; a broken pipe or ctrl-C ends it quietly."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # JSON in a pipe is UTF-8 whatever the locale; a terminal that cannot show a letter shows its code.
            if stream.isatty():
                stream.reconfigure(errors="backslashreplace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        cli(prog_name="quipu")
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
    except Exception as error:
        if os.environ.get("QUIPU_DEBUG"):
            raise
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        click.echo(f"Error: quipu failed in a way it should not ({reason}); set QUIPU_DEBUG=1 to see where", err=True)
        raise SystemExit(1) from None

"""`quipu show`: the text of a document as the index keeps it, so that a quote can be checked without the original."""

from __future__ import annotations

import json
from pathlib import Path

import click

from index.errors import SourceError

CONTEXT = 400


@click.command()
@click.argument("doc_id")
@click.option(
    "--index", "index_dir", type=click.Path(path_type=Path), metavar="DIR",
    help="Where the index is.  [QUIPU_INDEX, else .index]",
)  # fmt: skip
@click.option("--at", type=click.IntRange(0), metavar="START", help="Only what stands around this character.")
@click.option(
    "--end", type=click.IntRange(1), metavar="END", help="With --at: exactly the characters from START to END."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with metadata and pages.")
def show(doc_id: str, index_dir: Path | None, at: int | None, end: int | None, as_json: bool) -> None:
    """Print the text that the index keeps of DOC_ID; offsets in citations count its characters."""
    from assistant.terminal import note, one_line, plain
    from index.corpus import Corpus
    from index.places import place_at
    from index.store import index_folder, live_folder

    if end is not None and (at is None or end <= at):
        raise click.UsageError("--end needs --at START, and lies behind it")
    corpus = Corpus(live_folder(index_folder(index_dir)) / "corpus.sqlite")
    try:
        document = corpus.document(doc_id)
    finally:
        corpus.close()
    text = document.text
    if at is not None and at >= len(text):
        raise SourceError(f"{doc_id!r} has {len(text):,} characters; --at {at:,} lies behind its end")
    start, stop = 0, len(text)
    if at is not None:
        start, stop = (at, end) if end is not None else _around(text, at)
    page = document.page_at(at or 0) if at is not None else None
    place = place_at(document, at).to_json() if at is not None else {}
    if as_json:
        content = {
            "doc_id": document.doc_id, "title": document.title, "language": document.language,
            "metadata": dict(document.metadata), "pages": document.pages, "start": start, "end": min(stop, len(text)),
            "page": page, "place": place, "text": text[start:stop],
        }  # fmt: skip
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    where = [f"{document.title} ({document.doc_id}:{start}-{min(stop, len(text))})"]
    if page is not None:
        where.append(f"page {page}")
    where += [f"{name} {value}" for name, value in place.items() if name != "slide"]
    note(one_line(", ".join(where)))
    click.echo(plain(text[start:stop]))


def _around(text: str, at: int) -> tuple[int, int]:
    """Whole lines around `at`, some hundred characters before and behind."""
    start = text.rfind("\n", 0, max(0, at - CONTEXT)) + 1
    stop = text.find("\n", min(len(text), at + CONTEXT))
    return start, len(text) if stop < 0 else stop

"""The commands that keep an index: watch, generations, rollback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from assistant.options import FOLDER, build_options, index_dir_of, index_option


@click.command()
@click.argument("source", type=FOLDER, default=Path("seeds"))
@index_option
@click.option("--model", default=None, metavar="NAME", help="The embedding model, as for build.")
@click.option(
    "--quiet-for", default=1.5, show_default=True, type=click.FloatRange(0.05, 3600), metavar="SECONDS",
    help="How long the folder must be quiet before it is built.",
)  # fmt: skip
@build_options
def watch(source: Path, index_dir: Path | None, model: str | None, quiet_for: float, **options: Any) -> None:
    """Build SOURCE now and whenever it changes, until ctrl-C."""
    from assistant.building import print_report, run_build
    from assistant.terminal import note
    from index.embedding import Embedder, open_embedder
    from index.errors import QuipuError
    from index.models import DEFAULT_MODEL
    from index.watching import changes

    index = index_dir_of(index_dir)
    opened: list[Embedder] = []
    note(f"watching {source}  (ctrl-C ends it)")
    try:
        for _ in changes(source, leave_out=index, quiet_for=quiet_for):
            try:
                opened = opened or [open_embedder(model or DEFAULT_MODEL, note)]
                print_report(run_build(source, index, model=model, embedder=opened[0], **options))
            except QuipuError as error:
                if isinstance(error.__context__, KeyboardInterrupt):
                    raise
                # What is wrong now may be right after the next change.
                note(f"Error: {error}")
    except KeyboardInterrupt:
        note("watching ended")


@click.command()
@index_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def generations(index_dir: Path | None, as_json: bool) -> None:
    """List the generations that are kept, the newest first; * marks the live one."""
    from assistant.terminal import one_line
    from index.generations import generations as kept_generations

    found = kept_generations(index_dir_of(index_dir))
    if as_json:
        click.echo(json.dumps([_json(kept) for kept in found], ensure_ascii=False))
        return
    for kept in found:
        mark = "*" if kept.live else " "
        if kept.manifest is None:
            click.echo(f"{mark} {kept.name}  damaged: {one_line(kept.fault or '')}")
            continue
        m = kept.manifest
        fault = f"  damaged: {one_line(kept.fault)}" if kept.fault else ""
        click.echo(
            f"{mark} {kept.name}  {m.created}  {m.documents:,} documents, {m.passages:,} passages, "
            f"{kept.size / 1e6:,.1f} MB  {m.model_name}{fault}"
        )


def _json(kept: Any) -> dict[str, Any]:
    m = kept.manifest
    about = {} if m is None else {
        "created": m.created, "source": m.source, "model": m.model_name, "documents": m.documents,
        "passages": m.passages, "sentences": m.sentences, "parent": m.parent,
    }  # fmt: skip
    return {"generation": kept.name, "live": kept.live, "bytes": kept.size, "fault": kept.fault, **about}


@click.command()
@click.argument("generation", required=False)
@index_option
@click.option("--wait", is_flag=True, help="Wait if a build is running, instead of giving up.")
def rollback(generation: str | None, index_dir: Path | None, wait: bool) -> None:
    """Make an earlier GENERATION live again; the one before the live one if none is named."""
    from index.generations import rollback as go_back
    from index.lock import FOREVER

    name = go_back(index_dir_of(index_dir), generation, wait=FOREVER if wait else 0.0)
    click.echo(f"the generation {name} is live; the next build of changed sources makes a new one")

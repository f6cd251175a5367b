"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
FOLDER = click.Path(path_type=Path)


def index_option(command: F) -> F:
    """The option --index, which every command has."""
    return click.option(
        "--index", "index_dir", type=FOLDER, metavar="DIR", help="Where the index is.  [QUIPU_INDEX, else .index]"
    )(command)


def index_dir_of(option: Path | None) -> Path:
    """The folder of the index, by the option, the environment or the default."""
    from index.store import index_folder

    return index_folder(option)


def build_options(command: F) -> F:
    """The options of every command that builds."""
    for option in (
        click.option(
            "--gate-tolerance", default=0.02, show_default=True, type=click.FloatRange(0, 1),
            help="The share of questions that the new index may lose.",
        ),
        click.option(
            "--gate", "gates", multiple=True, type=FOLDER, metavar="SET",
            help="Publish only if the questions of SET (.jsonl) are answered no worse than before.",
        ),
        click.option("--keep", default=None, type=click.IntRange(1), metavar="N", help="Generations to keep.  [2]"),
        click.option(
            "--exclude", multiple=True, metavar="PATTERN",
            help="Leave out what matches; gitignore's syntax, may be repeated.",
        ),
        click.option(
            "--include", multiple=True, metavar="PATTERN", help="Only files that match, such as '*.pdf'; may be repeated.",
        ),
        click.option("--wait", is_flag=True, help="Wait if another build is running, instead of giving up."),
    ):  # fmt: skip
        command = option(command)
    return command

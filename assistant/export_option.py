"""`ask --export FILE`: the answers of a command as a document or as receipts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from index.errors import UsageError

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.export.types import Answered
    from assistant.types import Answer

F = TypeVar("F", bound=Callable[..., Any])


def export_option(command: F) -> F:
    """The option --export."""
    return click.option(
        "--export", "exports", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Write the answer with numbered sources to FILE.docx, .pdf or .md, or as receipts to FILE.json; may be repeated.",
    )(command)  # fmt: skip


class Taken:
    """The answers that go into the files of --export, in the order in which they came.

    Raises UsageError for a file whose name asks for no format, before anything is asked.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._answered: list[Answered] = []
        if not paths:
            return
        from assistant.export.files import format_of
        from assistant.export.types import ExportError

        for path in paths:
            try:
                format_of(path)
            except ExportError as error:
                raise UsageError(str(error)) from None

    def add(self, answer: Answer, written_by: str = "") -> None:
        """Take an answer along."""
        if not self._paths:
            return
        from assistant.export.gathering import now
        from assistant.export.types import Answered

        self._answered.append(Answered(answer, now(), verbatim=not written_by, written_by=written_by))

    def write(self, assistant: Assistant) -> None:
        """Write every file, in the language of the first question. Raises ExportError where one cannot be written."""
        if not self._paths or not self._answered:
            return
        from assistant.export.files import write
        from assistant.export.gathering import gather, provenance
        from assistant.terminal import note

        language = self._answered[0].answer.language
        export = gather(self._answered, assistant, language, provenance(assistant.manifest))
        for path in self._paths:
            write(export, path)
            note(f"written to {path}")

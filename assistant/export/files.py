"""The formats of an export: their names, and how each is made."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from assistant.export.types import Export, ExportError


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its suffix (without the dot) and its media type."""

    suffix: str
    media_type: str


FORMATS = {
    one.suffix: one
    for one in (
        Format("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        Format("pdf", "application/pdf"),
        Format("md", "text/markdown; charset=utf-8"),
        Format("json", "application/json"),
    )
}


def format_of(path: Path) -> Format:
    """The format that a file's name asks for. Raises ExportError for another."""
    found = FORMATS.get(path.suffix.lower().lstrip("."))
    if found is None:
        wanted = ", ".join(f".{suffix}" for suffix in FORMATS)
        raise ExportError(f"{path}: what to export is told by the name's end; expected {wanted}")
    return found


def exported(export: Export, wanted: Format) -> bytes:
    """The file's content."""
    if wanted.suffix == "json":
        from assistant.export.receipts import receipts_text

        return receipts_text(export).encode("utf-8")
    from assistant.export.outline import outline

    made = outline(export)
    if wanted.suffix == "md":
        from assistant.export.markdown import markdown

        return markdown(made).encode("utf-8")
    if wanted.suffix == "docx":
        from assistant.export.docx import docx

        return docx(made)
    from assistant.export.pdf import pdf

    return pdf(made)


def write(export: Export, path: Path) -> None:
    """Write the file as its name asks, whole or not at all. Raises ExportError where it cannot be written."""
    content = exported(export, format_of(path))
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                file.write(content)
                file.flush()
                mask = os.umask(0)
                os.umask(mask)
                os.chmod(file.name, 0o666 & ~mask)  # noqa: PTH101
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}") from None

"""What a file is, by its first bytes; its name decides only among formats that are plain text."""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

from index.formats.types import RefusedError

TEXT, MARKDOWN, HTML, PDF, DOCX, PPTX, XLSX, CSV, EPUB, MAIL, ZIP = (
    "text", "markdown", "html", "pdf", "docx", "pptx", "xlsx", "csv", "epub", "mail", "zip",
)  # fmt: skip
BY_SUFFIX = {
    ".txt": TEXT, ".text": TEXT, ".md": MARKDOWN, ".markdown": MARKDOWN, ".html": HTML, ".htm": HTML, ".xhtml": HTML,
    ".pdf": PDF, ".docx": DOCX, ".docm": DOCX, ".pptx": PPTX, ".pptm": PPTX, ".ppsx": PPTX, ".xlsx": XLSX,
    ".xlsm": XLSX, ".csv": CSV, ".tsv": CSV, ".epub": EPUB, ".eml": MAIL, ".zip": ZIP,
}  # fmt: skip
PLAIN = frozenset({TEXT, MARKDOWN, HTML, CSV, MAIL})

_HEAD = 4096
_FOREIGN = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old or encrypted Office file; save it as .docx, .xlsx or .pptx without a password",
    b"{\\rtf": "a Rich Text file; save it as .docx",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"II*\x00": "a picture",
    b"MM\x00*": "a picture",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it or save it as .zip",
    b"Rar!\x1a\x07": "a RAR archive; unpack it or save it as .zip",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
_HTML_START = re.compile(rb"\s*(?:<!--.*?-->\s*)*(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE\s+html|<html[\s>])", re.I | re.DOTALL)


def kind_of(file: BinaryIO, name: str) -> str:
    """The format of `file`, which is left at its start. Raises RefusedError for what is no format that is read."""
    head = file.read(_HEAD)
    file.seek(0)
    if not head:
        raise RefusedError("holds no text: it is empty (zero bytes)")
    named = BY_SUFFIX.get(PurePosixPath(name).suffix.lower())
    if named in PLAIN and b"\0" not in head and _reads_as_text(head):
        # A page saved under a name of plain text is still a page; a text about PDF or about programs is still a text.
        return HTML if named in (TEXT, CSV) and _HTML_START.match(head) else str(named)
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _kind_of_zip(file)
    for magic, found in _FOREIGN.items():
        if head.startswith(magic):
            raise RefusedError(f"is {found}" + _though(named))
    if named in PLAIN:
        return str(named)
    if b"\0" not in head and _HTML_START.match(head):
        return HTML
    raise RefusedError(
        f"is damaged or something else: it does not begin as a {(named or 'document').upper()} file does"
    )


def _though(named: str | None) -> str:
    return f", not {named if named in PLAIN else named.upper()} as its name says" if named else ""


def _reads_as_text(head: bytes) -> bool:
    return not head.startswith((b"%PDF-", b"{\\rtf", b"\xff\xd8\xff", b"\x1f\x8b", b"Rar!", b"MZ\x90"))


def _kind_of_zip(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            marked = b""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                marked = archive.read("mimetype").strip()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise RefusedError(f"is damaged: its zip container cannot be opened ({error or 'cut short'})") from None
    finally:
        file.seek(0)
    if marked == b"application/epub+zip" or "META-INF/container.xml" in names:
        return EPUB
    if marked.startswith(b"application/vnd.oasis.opendocument"):
        raise RefusedError("is an OpenDocument file; save it as .docx, .xlsx or .pptx")
    if "[Content_Types].xml" in names:
        for folder, kind in (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX)):
            if any(name.startswith(folder) for name in names):
                return kind
    return ZIP

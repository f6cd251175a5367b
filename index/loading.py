"""Files to documents: which files count, how their bytes become text, and what is known about them.

The text of a .txt or .md file is the decoded file, nothing added, removed or translated, so that a character
offset means the same to Quipu and to any other program that decodes the file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from index.errors import SourceError
from index.language import document_language
from index.types import Document, Span

SUFFIXES = frozenset({".txt", ".text", ".md", ".markdown"})
METADATA_FILE = "metadata.yaml"
VERSION = 1
"""Goes up when the same bytes give another text, title or metadata; every file is then read again."""
LONGEST_TITLE = 90
_WESTERN = frozenset("áéíóúüñÁÉÍÓÚÜÑàèìòùâêîôûãõäëïöçßÀÈÂÊÎÔÛÃÕÄÖÇ¿¡ºª°«»“”‘’–—…•·€£§´©®™½¼\N{NO-BREAK SPACE}")
FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be indexed: its path and the doc_id that it will have."""

    path: Path
    doc_id: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out, and the reason in words."""

    doc_id: str
    reason: str


def discover(source: Path, leave_out: Path | None = None) -> Iterator[SourceFile | Skipped]:
    """Files below `source` in the order of their doc_ids.

    Hidden files, the metadata file and what stands in the folder `leave_out` do not count. Raises SourceError if `source` is not a readable folder.
    """
    if not source.exists():
        raise SourceError(f"the source folder {source} does not exist; give the folder that holds the documents")
    if not source.is_dir():
        raise SourceError(f"{source} is a file; expected a folder that holds documents")
    unreadable: list[OSError] = []
    for path in _walk(source, leave_out, unreadable):
        relative = path.relative_to(source)
        if any(part.startswith(".") for part in relative.parts):
            continue
        # A file name is bytes; those that are no UTF-8 are shown by their codes, as the index holds only text.
        doc_id = os.fsencode(relative.as_posix()).decode("utf-8", "backslashreplace")
        if doc_id == METADATA_FILE:
            continue
        if path.is_symlink() and (reason := _fault_of_link(path, source)):
            yield Skipped(doc_id, reason)
        elif path.is_dir():
            continue
        elif not path.is_file():
            yield Skipped(doc_id, "not a regular file")
        elif path.suffix.lower() not in SUFFIXES:
            found = path.suffix or "without a suffix"
            yield Skipped(doc_id, f"the format {found} is not read; expected {', '.join(sorted(SUFFIXES))}")
        else:
            yield SourceFile(path, doc_id)
    for error in unreadable:
        if Path(error.filename) == source:
            raise SourceError(f"the source folder {source} cannot be read: {error.strerror}")
        yield Skipped(Path(error.filename).relative_to(source).as_posix(), f"cannot be read: {error.strerror}")


def _walk(source: Path, leave_out: Path | None, unreadable: list[OSError]) -> list[Path]:
    """Everything below `source` but what hidden folders hold, sorted; links to folders are not followed."""
    paths: list[Path] = []
    closed = leave_out.resolve() if leave_out is not None else None
    for folder, folders, files in os.walk(source, onerror=unreadable.append):
        paths += [Path(folder, name) for name in (*files, *folders)]
        folders[:] = [n for n in folders if not n.startswith(".") and Path(folder, n).resolve() != closed]
    return sorted(paths, key=lambda path: path.relative_to(source).as_posix())


def _fault_of_link(path: Path, source: Path) -> str | None:
    """Why a symbolic link is left out; None if it is read as a file or leads to a folder that is walked anyway."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a link that leads nowhere"
    return None if target.is_relative_to(source.resolve()) else "a link that leads out of the source folder"


def read_metadata(source: Path) -> dict[str, dict[str, str]]:
    """What `metadata.yaml` beside the documents says of each: doc_id → field → value.

    Raises SourceError if the file is there and is not a mapping of file names to fields.
    """
    path = source / METADATA_FILE
    if not path.is_file():
        return {}
    try:
        content = _yaml(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {_one_line(error)}") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(fields, dict) for fields in content.values()):
        raise SourceError(f"{path} is not as expected: it should map each file name to fields such as title and date")
    return {_plain(name): _flat(fields) for name, fields in content.items()}


def read_documents(
    files: Iterable[SourceFile], metadata: Mapping[str, Mapping[str, str]], *, cache: Path | None = None
) -> Iterator[tuple[SourceFile, Document | Skipped]]:
    """What `files` hold: each file's documents or the reason why there is none, in the order of `files`.

    What belongs to one file comes in one run. `metadata` says what is known of each doc_id. `cache` is a folder in
    which extracted texts may be kept between builds.
    """
    for file in files:
        try:
            yield file, load(file, metadata.get(file.doc_id, {}))
        except SourceError as error:
            yield file, Skipped(file.doc_id, str(error))


def load(file: SourceFile, metadata: Mapping[str, str]) -> Document:
    """Read one text file; raises SourceError with the reason if it cannot be read as text."""
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}") from None
    text = decode(data)
    if not text.replace("\ufeff", "").strip():
        raise SourceError("holds no text")
    span = front_matter_span(text)
    fields = front_matter(text) if span else {}
    body = text[span.end :] if span else text
    known = {**fields, **metadata}
    title = known.get("title") or _title(body) or Path(file.doc_id).stem
    language = known.get("language") or document_language(body if body.strip() else text)
    return Document(
        file.doc_id, text, title, language, {k: v for k, v in known.items() if k not in ("title", "language")}
    )


def decode(data: bytes) -> str:
    """Text of the bytes: UTF-8, else the likeliest other encoding. Raises SourceError if there is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _western(data) or _guessed(data)
    if "\0" in text:
        raise SourceError("is not text: it holds NUL bytes; expected a text file")
    return text


def _western(data: bytes) -> str | None:
    """Text of bytes that read well as Windows-1252, of which Latin-1 is a part; None if they do not.

    Guessing by letter statistics fails on a few Spanish words, where this cannot: among plain letters there are
    some with the accents of western Europe, and nothing else.
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    others = [c for c in text if not (c.isascii() and (c.isprintable() or c in "\t\n\r\f"))]
    letters = sum(c.isalpha() for c in text)
    accented = sum(c.isalpha() for c in others)
    return text if _WESTERN.issuperset(others) and 4 * accented <= letters else None


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    try:
        guess = from_bytes(data).best()
        text = data.decode(guess.encoding) if guess is not None else None
        if text is not None:
            text.encode("utf-8")
            return text
    except UnicodeError:
        pass
    raise SourceError("is not text in any known encoding; save it as UTF-8")


def front_matter_span(text: str) -> Span | None:
    """Where the YAML front matter stands, its `---` lines included; None without one."""
    match = FRONT_MATTER.match(text)
    return Span(match.start(), match.end()) if match else None


def front_matter(text: str) -> dict[str, str]:
    """The front matter as flat strings; empty if there is none or it is not valid YAML."""
    match = FRONT_MATTER.match(text)
    if not match:
        return {}
    try:
        content = _yaml(match.group(1))
    except ValueError:
        return {}
    return _flat(content) if isinstance(content, dict) else {}


def _yaml(text: str) -> Any:
    """What YAML `text` holds; ValueError if it is not valid."""
    try:
        return yaml.safe_load(text)
    except Exception as error:
        # For malformed scalars PyYAML lets out whatever its constructors raise, from KeyError to RecursionError.
        raise ValueError(_one_line(error)) from None


def _flat(fields: Mapping[Any, Any]) -> dict[str, str]:
    """Fields whose value is a single word or number, or a list of them; empty ones and deeper ones left out."""
    flat = {}
    for key, value in fields.items():
        values = [_plain(v) for v in (value if isinstance(value, list) else [value])]
        if text := "; ".join(v for v in values if v):
            flat[_plain(key)] = text
    return flat


def _plain(value: object) -> str:
    """A scalar as one line of valid text; empty for anything else."""
    if not isinstance(value, str | int | float | date):
        return ""
    try:
        return _one_line(value).encode("utf-8", "replace").decode()
    except ValueError:  # a number of more than 4,300 digits
        return ""


def _title(body: str) -> str | None:
    """The first line, if it looks like a title: short, and not a sentence."""
    first = next((line.strip() for line in body.lstrip("\ufeff").splitlines() if line.strip()), "")
    first = re.sub(r"^#+\s*|\s*#+$", "", first)
    if 0 < len(first) <= LONGEST_TITLE and not re.search(r"[.!?…:;,]$", first):
        return first
    return None


def _one_line(value: object) -> str:
    return " ".join(str(value).split())

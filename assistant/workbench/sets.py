"""The question sets that a page offers: the cases, those that were uploaded, and those in a named folder or beside the source.

A browser names a set by its key; no path ever comes from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.workbench import cases, journal
from index.errors import QuipuError

FOLDER = "sets"
LARGEST = 4 * 1024 * 1024
"""Bytes of a question set, at most: some ten thousand questions."""
MOST_QUESTIONS = 10_000
MOST_UPLOADED = 50
MOST_FOUND = 100
PROBLEMS_SHOWN = 20

Place = Literal["cases", "uploaded", "found"]
Problems = Callable[[Path], Sequence[str]]
"""What keeps a file from being a question set; empty for a good one."""


class SetFileError(QuipuError):
    """A file cannot be taken as a question set. `problems` names what is wrong with its lines."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class SetFile:
    """A question set on disk: `key` names it to a browser, `questions` are its lines that are not blank."""

    key: str
    name: str
    place: Place
    path: Path
    questions: int


def neighbours(source: Path) -> list[Path]:
    """Where sets stand beside a source folder of documents, as far as there are such folders."""
    beside = source.parent
    places = (beside / "eval" / "sets", beside / "questions", beside / "sets")
    return [place for place in places if place.is_dir() and place != source]


def find_sets(workbench: Path, folders: Iterable[Path] = ()) -> list[SetFile]:
    """All sets: the cases first, then those that were uploaded, then those found in `folders`, each by name."""
    found = []
    own = workbench / cases.FILE
    if count := _questions(own):
        found.append(SetFile("cases", own.stem, "cases", own, count))
    found += [_file(path, "uploaded", f"uploaded/{path.name}") for path in _files(workbench / FOLDER)]
    for number, folder in enumerate(folders):
        found += [_file(path, "found", f"found/{number}/{path.name}") for path in _files(folder)]
    return found


def _files(folder: Path) -> list[Path]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".jsonl" and path.is_file())
    except OSError:
        return []
    return [path for path in paths[:MOST_FOUND] if _questions(path)]


def _file(path: Path, place: Place, key: str) -> SetFile:
    return SetFile(key, path.stem, place, path, _questions(path))


def _questions(path: Path) -> int:
    """The number of questions of a file that looks like a question set; 0 for any other."""
    try:
        if path.stat().st_size > LARGEST:
            return 0
        lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
        first = json.loads(lines[0]) if lines else None
    except (OSError, ValueError, RecursionError):
        return 0
    looks = isinstance(first, dict) and {"id", "question", "answerable"} <= first.keys()
    return len(lines) if looks else 0


def keep_upload(workbench: Path, name: str, content: bytes, problems: Problems) -> SetFile:
    """Keep an uploaded set under its file's name, in the place of one of the same name.

    Raises SetFileError, with every problem of its lines up to PROBLEMS_SHOWN, and JournalError.
    """
    stem = re.sub(r"[^\w.-]+", "-", Path(name.replace("\\", "/")).name.removesuffix(".jsonl")).strip("-.")[:60]
    if not name.lower().endswith(".jsonl") or not stem:
        raise SetFileError(f'"{name[:80]}" is not a question set; expected a file whose name ends in .jsonl')
    if len(content) > LARGEST:
        raise SetFileError(f"the file has {len(content):,} bytes; expected at most {LARGEST:,}: split it in two")
    lines = sum(1 for line in content.split(b"\n") if line.strip())
    if lines > MOST_QUESTIONS:
        raise SetFileError(f"the file has {lines:,} questions; expected at most {MOST_QUESTIONS:,}: split it in two")
    folder = workbench / FOLDER
    path = folder / f"{stem}.jsonl"
    with journal.locked(path):
        if not path.exists() and len(list(folder.glob("*.jsonl"))) >= MOST_UPLOADED:
            raise SetFileError(f"there are {MOST_UPLOADED} uploaded sets already; remove one first")
        checking = folder / "checking"
        checking.mkdir(exist_ok=True)
        staged = checking / path.name
        try:
            staged.write_bytes(content)
            found = problems(staged)
            if found:
                raise SetFileError(f"{path.name} was not kept", found)
            staged.replace(path)
            journal.sync_folder(folder)
        finally:
            staged.unlink(missing_ok=True)
    return _file(path, "uploaded", f"uploaded/{path.name}")


def remove_upload(workbench: Path, key: str) -> bool:
    """Drop an uploaded set; whether it was there. Runs of it stay."""
    known = {one.key: one for one in find_sets(workbench) if one.place == "uploaded"}
    if key not in known:
        return False
    with journal.locked(known[key].path):
        known[key].path.unlink(missing_ok=True)
    return True

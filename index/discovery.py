"""Which files of a folder are documents: hidden ones and those that `.quipuignore` names are none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import SourceError
from index.formats.sniff import BY_SUFFIX

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES = frozenset(BY_SUFFIX)
METADATA_FILE = "metadata.yaml"
IGNORE_FILE = ".quipuignore"
LARGEST_IGNORE_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be indexed: its path and the doc_id that it will have."""

    path: Path
    doc_id: str

    @property
    def source(self) -> Path:
        """The source folder, below which `doc_id` is the path."""
        return self.path.parents[len(Path(self.doc_id).parts) - 1]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was left out, and the reason in words."""

    doc_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """The patterns that decide: those of the command line, and those of each folder's ignore file above."""

    include: GitIgnoreSpec | None
    exclude: GitIgnoreSpec | None
    ignores: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def leaves_out(self, relative: str, folder: bool) -> bool:
        name = relative + "/" if folder else relative
        if self.exclude is not None and self.exclude.match_file(name):
            return True
        # As in Git, the nearest file that has a word on it decides.
        for prefix, spec in reversed(self.ignores):
            verdict = spec.check_file(name.removeprefix(prefix)).include
            if verdict is not None:
                if verdict:
                    return True
                break
        return not folder and self.include is not None and not self.include.match_file(name)


def discover(
    source: Path, leave_out: Path | None = None, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Iterator[SourceFile | Skipped]:
    """Files below `source` in the order of their doc_ids, one at a time.

    Hidden files, the metadata file, what stands in the folder `leave_out`, and what a `.quipuignore` (in gitignore's
    syntax, in any folder) or a pattern of `exclude` names do not count; with `include`, only files that one of its
    patterns names do. Links to folders are not followed. Raises SourceError if `source` is not a readable folder, or
    a pattern is none.
    """
    if not source.exists():
        raise SourceError(f"the source folder {source} does not exist; give the folder that holds the documents")
    if not source.is_dir():
        raise SourceError(f"{source} is a file; expected a folder that holds documents")
    choice = _Choice(_spec(include, "--include"), _spec(exclude, "--exclude"))
    closed = leave_out.resolve() if leave_out is not None else None
    yield from _walk(source, source.resolve(), closed, choice)


def _walk(source: Path, root: Path, closed: Path | None, choice: _Choice) -> Iterator[SourceFile | Skipped]:
    """Depth first without recursion, since folders may be nested deeper than Python's stack."""
    stack: list[Iterator[tuple[Path, str, bool, _Choice]]] = [_entries(source, "", choice, root)]
    while stack:
        try:
            path, relative, folder, chosen = next(stack[-1])
        except StopIteration:
            stack.pop()
            continue
        except OSError as error:
            stack.pop()
            place = Path(error.filename)
            if place == source:
                raise SourceError(f"the source folder {source} cannot be read: {error.strerror}") from None
            yield Skipped(doc_id_of(place.relative_to(source).as_posix()), f"cannot be read: {error.strerror}")
            continue
        if folder:
            if path.resolve() != closed:
                stack.append(_entries(path, relative + "/", chosen, root))
            continue
        if found := _found(path, relative, root):
            yield found


def _entries(folder: Path, prefix: str, choice: _Choice, root: Path) -> Iterator[tuple[Path, str, bool, _Choice]]:
    """What stands in a folder and is not left out, in the order in which the doc_ids below it sort."""
    if (ignore := _ignore_file(folder, prefix, root)) is not None:
        choice = _Choice(choice.include, choice.exclude, (*choice.ignores, (prefix, ignore)))
    with os.scandir(folder) as scan:
        listed = sorted(
            (entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name)
            for entry in scan
            if not entry.name.startswith(".")
        )
    for name in listed:
        is_folder = name.endswith("/")
        relative = prefix + name.rstrip("/")
        if relative != METADATA_FILE and not choice.leaves_out(relative, is_folder):
            yield folder / name, relative, is_folder, choice


def _found(path: Path, relative: str, root: Path) -> SourceFile | Skipped | None:
    doc_id = doc_id_of(relative)
    try:
        if path.is_symlink() and (reason := _fault_of_link(path, root)):
            return Skipped(doc_id, reason)
        if path.is_dir():
            return None
        if not path.is_file():
            return Skipped(doc_id, "not a regular file")
    except OSError as error:
        return Skipped(doc_id, f"cannot be read: {error.strerror}")
    if doc_id != relative and doc_id in os.listdir(path.parent):  # noqa: PTH208
        return Skipped(doc_id, "has a name that is no UTF-8 and is written as another file's name; rename it")
    if path.suffix.lower() not in SUFFIXES:
        found = path.suffix or "without a suffix"
        return Skipped(doc_id, f"the format {doc_id_of(found)} is not read; expected {', '.join(sorted(SUFFIXES))}")
    return SourceFile(path, doc_id)


def doc_id_of(relative: str) -> str:
    """A path as a doc_id: a file's name is bytes, and those that are no UTF-8 are shown by their codes."""
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def _fault_of_link(path: Path, root: Path) -> str | None:
    """Why a symbolic link is left out; None if it is read as a file or leads to a folder that is walked anyway."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a link that leads nowhere"
    return None if target.is_relative_to(root) else "a link that leads out of the source folder"


def _ignore_file(folder: Path, prefix: str, root: Path) -> GitIgnoreSpec | None:
    path = folder / IGNORE_FILE
    try:
        if not path.is_file() or not path.resolve().is_relative_to(root) or path.stat().st_size > LARGEST_IGNORE_FILE:
            return None
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return None
    return _spec(lines, prefix + IGNORE_FILE)


def _spec(patterns: Sequence[str], where: str) -> GitIgnoreSpec | None:
    if not patterns:
        return None
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as error:
        raise SourceError(f"{where} holds a pattern that is none in gitignore's syntax: {error}") from None

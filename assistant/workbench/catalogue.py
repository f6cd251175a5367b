"""Every document of an index and of its source folder, with what became of it and what the next build would do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from threading import Lock

from index.corpus import Corpus, Listed, StoredFile
from index.discovery import METADATA_FILE
from index.duplicates import DUPLICATE_OF
from index.errors import QuipuError
from index.formats.sniff import BY_SUFFIX
from index.intake import same
from index.loading import Skipped, SourceFile, discover, read_metadata
from index.sources import Source, Stamps, scan, stamp_of
from index.store import current_generation, live_folder, read_manifest
from index.types import Manifest

SCANNED_EVERY = 10.0
"""Seconds for which a look at the source folder holds."""
IN_PART = " (in part)"


class Status(StrEnum):
    """What became of a document or file."""

    SEARCHABLE = "searchable"
    PART = "part"
    COPY = "copy"
    EARLIER = "earlier"
    FAILED = "failed"
    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"


WAITING = frozenset({Status.NEW, Status.CHANGED, Status.REMOVED})
"""What the next build takes in."""
TROUBLE = frozenset({Status.PART, Status.EARLIER, Status.FAILED})
"""What could not be read, or not wholly."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list: a document, or a file that no document was made of.

    `file` is the source file that it stands in; `indexed` says that the index holds its text. `reason` is why it could not be
    read (wholly), `copy_of` the document that is cited for it.
    """

    doc_id: str
    file: str
    title: str
    kind: str
    language: str
    pages: int
    passages: int
    date: str
    status: Status
    indexed: bool
    reason: str = ""
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """The source folder as it stands: `files` by name, and what is left out of it.

    `fault` says why it cannot be looked into; it is empty where it can.
    """

    path: Path
    files: Mapping[str, Source]
    skipped: tuple[Skipped, ...] = ()
    fault: str = ""
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Catalogued:
    """The live generation's manifest, its source folder, and an entry for every document and file."""

    manifest: Manifest
    folder: Folder
    entries: tuple[Entry, ...]

    def count(self, statuses: Iterable[Status]) -> int:
        """How many entries have one of these statuses."""
        wanted = frozenset(statuses)
        return sum(entry.status in wanted for entry in self.entries)


class Catalogue:
    """The documents of one index. Thread-safe; what does not change is read once."""

    def __init__(self, index: Path) -> None:
        self._index = index
        self._lock = Lock()
        self._stored: tuple[str, Manifest, list[Listed], list[StoredFile]] | None = None
        self._folder: tuple[float, str, Folder] | None = None
        self._metadata: tuple[object, dict[str, dict[str, str]]] = (None, {})
        self._made: tuple[object, object, Catalogued] | None = None

    def read(self) -> Catalogued:
        """The list as it is now; raises as `index.store.read_manifest` does where the index cannot be read."""
        with self._lock:
            stored = self._read_stored()
            folder = self._read_folder(stored[1])
            if self._made is None or self._made[0] is not stored or self._made[1] is not folder:
                made = Catalogued(stored[1], folder, tuple(entries(stored[2], stored[3], folder)))
                self._made = (stored, folder, made)
            return self._made[2]

    def look_again(self) -> None:
        """Something was added to the source folder, or taken from it."""
        with self._lock:
            self._folder = None

    def _read_stored(self) -> tuple[str, Manifest, list[Listed], list[StoredFile]]:
        name = current_generation(self._index) or ""
        if self._stored is None or self._stored[0] != name:
            folder = live_folder(self._index)
            manifest = read_manifest(folder)
            corpus = Corpus(folder / "corpus.sqlite")
            try:
                self._stored = (name, manifest, corpus.listed(), list(corpus.files()))
            finally:
                corpus.close()
        return self._stored

    def _read_folder(self, manifest: Manifest) -> Folder:
        now = time.monotonic()
        known = self._folder
        if known is None or known[1] != manifest.generation or now - known[0] > SCANNED_EVERY:
            self._folder = known = (now, manifest.generation, self._scan(manifest))
        return known[2]

    def _scan(self, manifest: Manifest) -> Folder:
        source = Path(manifest.source)
        try:
            found = list(discover(source, self._index, manifest.include, manifest.exclude))
            files = [file for file in found if isinstance(file, SourceFile)]
            stamp = stamp_of(source / METADATA_FILE)
            if self._metadata[0] != stamp or stamp is None:
                self._metadata = (stamp, read_metadata(source))
            sources = scan(files, self._metadata[1], _stamps(self._index))
        except QuipuError as error:
            return Folder(source, {}, fault=str(error))
        except OSError as error:
            return Folder(source, {}, fault=f"the source folder {source} cannot be read: {error.strerror}")
        skipped = tuple(file for file in found if isinstance(file, Skipped))
        return Folder(source, {s.file.doc_id: s for s in sources}, skipped, writable=os.access(source, os.W_OK))


class _ReadOnlyStamps(Stamps):
    def save(self, learned: Sequence[object]) -> None:
        """Nothing is remembered where nothing can be written."""


def _stamps(index: Path) -> Stamps:
    place = index / "cache"
    return Stamps(place) if os.access(index, os.W_OK) else _ReadOnlyStamps(place)


def entries(listed: Sequence[Listed], files: Sequence[StoredFile], folder: Folder) -> list[Entry]:
    """The documents of an index, then the files that no document was made of; a folder that cannot be read says nothing."""
    stored = {file.name: file for file in files}
    reasons = {doc_id: reason for file in files for doc_id, reason in file.skipped}
    known = {one.doc_id for one in listed}
    result = [_indexed(one, stored.get(one.file), reasons, folder) for one in listed]
    for file in files:
        moved = _moved(file, folder)
        for doc_id, reason in file.skipped:
            if doc_id not in known and doc_id.removesuffix(IN_PART) not in known:
                result.append(_unread(doc_id, file.name, moved or Status.FAILED, reason))
    result += [_unread(name, name, Status.NEW, "") for name in folder.files if name not in stored]
    result += [_unread(one.doc_id, one.doc_id, Status.FAILED, one.reason) for one in folder.skipped]
    return result


def _indexed(one: Listed, file: StoredFile | None, reasons: Mapping[str, str], folder: Folder) -> Entry:
    reason = reasons.get(one.doc_id, "") or reasons.get(one.doc_id + IN_PART, "")
    copy_of = one.metadata.get(DUPLICATE_OF, "")
    status = Status.SEARCHABLE
    if moved := _moved(file, folder) if file is not None else None:
        status = moved
    elif one.doc_id in reasons:
        status = Status.EARLIER
    elif copy_of:
        status = Status.COPY
    elif reason:
        status = Status.PART
    return Entry(
        one.doc_id, one.file, one.title, kind_of(one.doc_id, one.metadata.get("format", "")), one.language, one.pages,
        one.passages, one.metadata.get("date", ""), status, True, reason, copy_of,
    )  # fmt: skip


def _unread(doc_id: str, file: str, status: Status, reason: str) -> Entry:
    name = PurePosixPath(doc_id).name or doc_id
    return Entry(doc_id, file, name, kind_of(doc_id, ""), "", 0, 0, "", status, False, reason)


def _moved(file: StoredFile, folder: Folder) -> Status | None:
    """Whether the file has changed or gone since it was indexed."""
    if folder.fault:
        return None
    source = folder.files.get(file.name)
    if source is None:
        return Status.REMOVED
    # What is read again at every build, since it failed for a reason that may pass, has not changed for that.
    return None if same(file, source) or not file.content else Status.CHANGED


def kind_of(doc_id: str, kind: str) -> str:
    """The format of a document, as `index.formats.sniff` names it: by what was found in it, else by its name; "" if unknown."""
    return kind or BY_SUFFIX.get(PurePosixPath(doc_id.removesuffix(IN_PART)).suffix.lower(), "")

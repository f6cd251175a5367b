"""Zip archives: every member that is a document, also in archives within."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO

from index.formats.limits import DEEPEST_ARCHIVE
from index.formats.package import fault_of, opened, read_member
from index.formats.sniff import BY_SUFFIX
from index.formats.types import Outcome, RefusedError


def extract_zip(file: BinaryIO, seconds: float, depth: int = 0, first: int = 0) -> Iterator[list[Outcome]]:
    """What each member gives, in the order of their names, from the `first` on. Nothing is unpacked to disk."""
    from index.formats.extract import attempt

    if depth >= DEEPEST_ARCHIVE:
        raise RefusedError(f"is an archive inside {depth} others; at most {DEEPEST_ARCHIVE} are opened")
    with opened(file) as archive:
        members = _members(archive)
        if not members:
            raise RefusedError("is an archive without documents")
        for name, member in members[first:]:
            yield attempt(partial(_member, archive, name, member, seconds, depth), name)


def _member(archive: zipfile.ZipFile, name: str, member: zipfile.ZipInfo, seconds: float, depth: int) -> list[Outcome]:
    from index.formats.extract import documents_of

    if fault := fault_of(member):
        raise RefusedError(fault)
    if PurePosixPath(name).suffix.lower() not in BY_SUFFIX:
        raise RefusedError(f"the format {PurePosixPath(name).suffix or 'without a suffix'} is not read")
    return documents_of(io.BytesIO(read_member(archive, member)), name, seconds, depth + 1)


def _members(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """Members by the names that they get, each name once; folders, hidden files and macOS's own are none.

    A name is only ever a label: nothing is written to the place that it says.
    """
    named: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        parts = [part for part in member.filename.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        if member.is_dir() or not parts or parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts):
            continue
        name = "/".join(parts)
        copies = 1
        while name in named:
            copies += 1
            name = f"{'/'.join(parts)} ({copies})" + PurePosixPath(parts[-1]).suffix
        named[name] = member
    return sorted(named.items())

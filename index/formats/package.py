"""Zip containers, opened with care: nothing is unpacked to disk, and no member before its size is known."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from index.formats.limits import HIGHEST_RATIO, LARGEST_MEMBER, LARGEST_UNPACKED, MEGABYTE, MOST_MEMBERS
from index.formats.types import RefusedError

_DECLARATION = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.I)
_WIDE_DECLARATION = re.compile(rb"<\x00!\x00|\x00<\x00!")
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


@contextmanager
def opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """The container, its directory checked; raises RefusedError for a bomb or a damaged one."""
    try:
        archive = zipfile.ZipFile(file)
    except ZIP_ERRORS as error:
        raise RefusedError(f"is damaged: its zip container cannot be opened ({error or 'cut short'})") from None
    with archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise RefusedError(f"holds {len(members):,} members; at most {MOST_MEMBERS:,} are read: split it")
        total = sum(member.file_size for member in members)
        if total > LARGEST_UNPACKED:
            raise RefusedError(
                f"unpacks to {total // MEGABYTE:,} MB; at most {LARGEST_UNPACKED // MEGABYTE:,} MB are read: split it"
            )
        yield archive


def fault_of(member: zipfile.ZipInfo) -> str | None:
    """Why a member is not unpacked; None if it may be."""
    if member.flag_bits & 1:
        return "is encrypted; save it without a password"
    if member.file_size > LARGEST_MEMBER:
        return f"unpacks to {member.file_size // MEGABYTE:,} MB; at most {LARGEST_MEMBER // MEGABYTE:,} MB are read"
    if member.file_size > MEGABYTE and member.file_size > HIGHEST_RATIO * max(1, member.compress_size):
        return f"unpacks to {member.file_size // max(1, member.compress_size):,} times its size: taken for a zip bomb"
    return None


def read_member(archive: zipfile.ZipFile, wanted: str | zipfile.ZipInfo) -> bytes:
    """The bytes of one member; raises RefusedError if it is missing, damaged, encrypted or a bomb."""
    try:
        member = archive.getinfo(wanted) if isinstance(wanted, str) else wanted
    except KeyError:
        raise RefusedError(f"is damaged: its part {wanted} is missing") from None
    name = member.filename
    if fault := fault_of(member):
        raise RefusedError(f"has a part {name} that {fault}")
    try:
        with archive.open(member) as opened_member:
            # The directory may lie about sizes: never more than it says.
            data = opened_member.read(member.file_size + 1)
    except ZIP_ERRORS as error:
        raise RefusedError(f"is damaged: its part {name} cannot be unpacked ({error or 'cut short'})") from None
    if len(data) > member.file_size:
        raise RefusedError(f"is damaged: its part {name} is larger than its directory says")
    return data


def check_office(archive: zipfile.ZipFile) -> None:
    """Refuse an Office package with a bomb, or with declarations in its XML, which Office never writes."""
    for member in archive.infolist():
        if fault := fault_of(member):
            raise RefusedError(f"has a part {member.filename} that {fault}")
        if member.filename.lower().endswith((".xml", ".rels")):
            try:
                with archive.open(member) as part:
                    head = part.read(4096)
            except ZIP_ERRORS as error:
                raise RefusedError(
                    f"is damaged: its part {member.filename} cannot be unpacked ({error or 'cut short'})"
                ) from None
            if _DECLARATION.search(head) or _WIDE_DECLARATION.search(head):
                raise RefusedError(f"declares XML entities in {member.filename}, which no Office program does")


def core_properties(archive: zipfile.ZipFile) -> dict[str, str]:
    """Title, author, publisher and date of an Office file, as far as it has them."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    found: dict[str, str] = {}
    for part, fields in (
        ("docProps/core.xml", {"title": "title", "creator": "author", "created": "date", "modified": "modified"}),
        ("docProps/app.xml", {"Company": "publisher"}),
    ):
        if part not in archive.NameToInfo:
            continue
        try:
            root = fromstring(read_member(archive, part))
        except (ParseError, DefusedXmlException, RefusedError, ValueError):
            continue
        for element in root.iter():
            name = fields.get(str(element.tag).rpartition("}")[2])
            value = " ".join((element.text or "").split())
            if name and value:
                found[name] = value[:10] if name in ("date", "modified") else value
    if "date" not in found and "modified" in found:
        found["date"] = found["modified"]
    found.pop("modified", None)
    return found

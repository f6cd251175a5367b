"""Electronic books: their chapters in reading order."""

from __future__ import annotations

import posixpath
import zipfile
from typing import Any, BinaryIO
from urllib.parse import unquote

from index.formats.html import markup_of, parse
from index.formats.limits import LONGEST_TEXT
from index.formats.markup import render
from index.formats.package import opened, read_member
from index.formats.types import Extracted, RefusedError

_FIELDS = {"creator": "author", "publisher": "publisher", "date": "date"}


def extract_epub(file: BinaryIO) -> Extracted:
    """The book's text. Raises RefusedError if it is damaged, encrypted or holds none."""
    with opened(file) as archive:
        package = _package_path(archive)
        root = _xml(read_member(archive, package), package)
        folder = posixpath.dirname(package)
        paths = [posixpath.normpath(posixpath.join(folder, unquote(href))) for href in _spine(root)]
        encrypted = _encrypted(archive)
        parts: list[str] = []
        missing: list[str] = []
        size = 0
        for path in paths:
            if path in encrypted:
                raise RefusedError("is encrypted; only a book without copy protection can be read")
            try:
                tree = parse(markup_of(read_member(archive, path)))
            except RefusedError:
                missing.append(posixpath.basename(path))
                continue
            text = render(tree.find("body") if tree.find("body") is not None else tree) if tree is not None else ""
            size += len(text)
            if size > LONGEST_TEXT:
                missing.append(posixpath.basename(path))
                break
            if text.strip():
                parts.append(text.strip())
    if not parts:
        raise RefusedError("holds no text" + (f"; {len(missing)} of its chapters are damaged" if missing else ""))
    fields: dict[str, str] = {}
    title = ""
    for element in root.iter():
        name = _local(element)
        value = " ".join((element.text or "").split())
        if name == "title" and value and not title:
            title = value
        elif name in _FIELDS and value and _FIELDS[name] not in fields:
            fields[_FIELDS[name]] = value[:10] if name == "date" else value
    partly = f"{len(missing)} of {len(paths)} chapters could not be read: {', '.join(missing[:3])}" if missing else ""
    return Extracted("\n\n".join(parts), title, {"format": "epub", **fields}, partly=partly)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _xml(data: bytes, name: str) -> Any:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return fromstring(data)
    except DefusedXmlException:
        raise RefusedError(f"declares XML entities in {name}, which no book does") from None
    except (ParseError, ValueError) as error:
        raise RefusedError(f"is damaged: {name} is no XML ({error})") from None


def _package_path(archive: zipfile.ZipFile) -> str:
    container = _xml(read_member(archive, "META-INF/container.xml"), "META-INF/container.xml")
    for element in container.iter():
        if _local(element) == "rootfile" and element.get("full-path"):
            return posixpath.normpath(unquote(str(element.get("full-path"))))
    raise RefusedError("is damaged: its container names no package")


def _spine(root: Any) -> list[str]:
    """The chapters' addresses in reading order, the table of contents aside."""
    manifest = {
        item.get("id"): item
        for item in root.iter()
        if _local(item) == "item" and item.get("href") and "html" in (item.get("media-type") or "html")
    }
    order = [manifest.get(item.get("idref")) for item in root.iter() if _local(item) == "itemref"]
    chapters = [item for item in order if item is not None] or list(manifest.values())
    return [str(item.get("href")) for item in chapters if "nav" not in (item.get("properties") or "").split()]


def _encrypted(archive: zipfile.ZipFile) -> frozenset[str]:
    """Members that copy protection has made unreadable; fonts are often in it too and do not matter."""
    name = "META-INF/encryption.xml"
    if name not in archive.NameToInfo:
        return frozenset()
    root = _xml(read_member(archive, name), name)
    return frozenset(unquote(e.get("URI") or "") for e in root.iter() if _local(e) == "CipherReference")

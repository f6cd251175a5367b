"""Removed documents, kept until somebody deletes them for good.

    <index>/workbench/trash/<id>/about.json     name below the source folder, when, why
    <index>/workbench/trash/<id>/file           the document

`about.json` is written first: what has no file was never removed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from index.errors import QuipuError

REMOVED, REPLACED = "removed", "replaced"
_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{6}")


class TrashError(QuipuError):
    """Something that cannot be moved to the trash or back; `key` names the words that say why."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Removed:
    """A removed document: its name below the source folder, its size in bytes, when (ISO 8601 in UTC), and REMOVED or REPLACED."""

    trash_id: str
    name: str
    size: int
    when: str
    why: str = REMOVED


def remove(trash: Path, source: Path, name: str, why: str = REMOVED) -> Removed:
    """Move the file `name` of the source folder to the trash; TrashError if it is not there or cannot be moved."""
    path = within(source, name)
    if path.is_symlink():
        raise TrashError("link", f"{name} is a link; remove it in the folder itself")
    if not path.is_file():
        raise TrashError("gone", f"{name} is not in the source folder any more")
    now = datetime.now(UTC)
    removed = Removed(
        f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}", name, path.stat().st_size, now.isoformat("T", "seconds"), why
    )
    place = trash / removed.trash_id
    try:
        place.mkdir(parents=True)
        (place / "about.json").write_text(json.dumps(asdict(removed), ensure_ascii=True), encoding="utf-8")
        _move(path, place / "file")
    except OSError as error:
        if not (place / "file").exists():
            shutil.rmtree(place, ignore_errors=True)
        raise TrashError("cannot_move", f"{name} could not be moved to the trash: {error.strerror}") from None
    return removed


def removed_documents(trash: Path) -> list[Removed]:
    """What the trash holds, the latest first."""
    found = []
    for about in trash.glob("*/about.json"):
        try:
            removed = Removed(**json.loads(about.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            continue
        if removed.trash_id == about.parent.name and (about.parent / "file").is_file():
            found.append(removed)
    return sorted(found, key=lambda removed: removed.trash_id, reverse=True)


def restore(trash: Path, source: Path, trash_id: str) -> str:
    """Move a document back to where it was; gives its name. TrashError if another file stands there by now."""
    removed = next((one for one in removed_documents(trash) if one.trash_id == trash_id), None)
    if removed is None:
        raise TrashError("gone", "the trash does not hold that document any more")
    target = within(source, removed.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() or target.is_symlink():
            raise TrashError("taken", f"another file is called {removed.name} by now; remove or rename that one first")
        _move(trash / trash_id / "file", target)
    except OSError as error:
        raise TrashError("cannot_move", f"{removed.name} could not be moved back: {error.strerror}") from None
    shutil.rmtree(trash / trash_id, ignore_errors=True)
    return removed.name


def delete(trash: Path, trash_id: str) -> bool:
    """Delete a document for good; whether it was there."""
    place = trash / trash_id
    if not _ID.fullmatch(trash_id) or not place.is_dir():
        return False
    (place / "file").unlink(missing_ok=True)
    shutil.rmtree(place, ignore_errors=True)
    return True


def within(source: Path, name: str) -> Path:
    """The path of `name` below the source folder; TrashError if it leads anywhere else, also by a link."""
    relative = PurePosixPath(name)
    path = source / relative
    if relative.is_absolute() or ".." in relative.parts or not path.parent.resolve().is_relative_to(source.resolve()):
        raise TrashError("gone", f"{name} does not stand in the source folder")
    return path


def _move(source: Path, target: Path) -> None:
    """Move a file that may go to another file system: it is at one place whole, or at both, never at none."""
    try:
        os.rename(source, target)  # noqa: PTH104
    except OSError:
        staging = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            shutil.copy2(source, staging)
            staging.replace(target)
        finally:
            staging.unlink(missing_ok=True)
        source.unlink()

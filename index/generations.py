"""The generations that an index keeps: listing them, going back to one, sweeping what is no longer kept."""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from index.errors import IndexDamagedError, IndexMissingError, QuipuError
from index.lock import build_lock
from index.store import current_generation, damages, publish, read_manifest
from index.types import Manifest

KEPT = 2
"""Generations that are kept unless the user says otherwise: the live one and the one before it."""

STAMP = "%Y%m%dT%H%M%S%f"
"""What generations are named by: to the microsecond, so that names sort in the order of creation."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A generation on disk. `manifest` is None and `fault` says why if it cannot be read; `size` is in bytes."""

    name: str
    live: bool
    size: int
    manifest: Manifest | None
    fault: str | None = None


def generations(index: Path) -> list[Kept]:
    """The generations of `index`, the newest first; IndexMissingError if there is none."""
    live = current_generation(index)
    found = []
    for folder in _finished(index):
        try:
            manifest = read_manifest(folder)
        except QuipuError as error:
            found.append(Kept(folder.name, folder.name == live, 0, None, str(error)))
            continue
        size = sum(size for size, _ in manifest.files.values())
        fault = next(iter(damages(folder, manifest, thorough=False)), None)
        found.append(Kept(folder.name, folder.name == live, size, manifest, fault))
    if not found:
        raise IndexMissingError(f"there is no index at {index}; run quipu build, or name another place with --index")
    return found[::-1]


def rollback(index: Path, to: str | None = None, *, wait: float = 0.0) -> str:
    """Make an earlier generation live again: `to`, or the newest whole one before the live one; gives its name.

    Raises IndexMissingError if there is none, IndexDamagedError if it is not whole.
    """
    if not index.is_dir():
        raise IndexMissingError(f"there is no index at {index}; run quipu build, or name another place with --index")
    with build_lock(index, wait=wait):
        live = current_generation(index) or ""
        names = [folder.name for folder in _finished(index)]
        if to is not None and to not in names:
            raise IndexMissingError(f"there is no generation {to!r}; quipu generations lists those that are kept")
        wanted = [to] if to is not None else [name for name in reversed(names) if name < live or live not in names]
        reason = "there is no earlier generation to go back to; quipu build --keep N keeps more of them"
        for name in wanted:
            folder = index / "generations" / name
            try:
                wrong = damages(folder, read_manifest(folder), thorough=True)
            except QuipuError as error:
                wrong = [str(error)]
            if not wrong:
                publish(index, name)
                return name
            reason = f"the generation {name} is damaged: {wrong[0]}"
        raise (IndexDamagedError if wanted else IndexMissingError)(reason)


def new_name(index: Path) -> str:
    """A name for a new generation that sorts behind those that are there, even if the clock has gone backwards."""
    now = datetime.now(UTC)
    for folder in (index / "generations").glob("*/manifest.json"):
        with suppress(ValueError, OverflowError):
            made = datetime.strptime(folder.parent.name.partition("-")[0], STAMP).replace(tzinfo=UTC)
            now = max(now, made + timedelta(microseconds=1))
    return f"{now:{STAMP}}-{secrets.token_hex(3)}"


def sweep(index: Path, keep: int) -> None:
    """Remove unfinished generations, and all but the live one and the newest, `keep` in all."""
    live = current_generation(index)
    names = [folder.name for folder in _finished(index) if folder.name != live]
    kept = {live, *(names[1 - keep :] if keep > 1 else ())}
    for folder in (index / "generations").glob("*"):
        if folder.name not in kept:
            # First what makes it a generation: one that was removed by half is none.
            (folder / "manifest.json").unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
    for staging in index.glob("*.tmp"):
        staging.unlink(missing_ok=True)


def _finished(index: Path) -> list[Path]:
    """Folders of the generations that were written to their end, the oldest first."""
    found = (path.parent for path in (index / "generations").glob("*/manifest.json"))
    return sorted(found, key=lambda folder: folder.name)

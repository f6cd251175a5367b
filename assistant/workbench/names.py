"""Names of files that come from elsewhere, made safe to be written below a folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from index.errors import QuipuError

LONGEST_BYTES = 180
"""Bytes of one part of a path; file systems allow 255."""
DEEPEST = 8
_JOINERS = "\u200c\u200d"
_SIGNS = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class NameRefusedError(QuipuError):
    """A name that no document may have; `key` names the words that say why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def safe_name(given: str) -> PurePosixPath:
    r"""A path below a folder for a file that is called `given` elsewhere, where `/` and `\` part folders.

    Signs that steer or cannot be seen are dropped, those that some systems forbid become `_`, long parts are cut before
    their suffix. Raises NameRefusedError for a name that leads out of the folder, is hidden, empty, or too deep.
    """
    raw = re.split(r"[/\\]", given)
    if ".." in raw:
        raise NameRefusedError("refused_name")
    parts = [part for part in (_safe_part(part) for part in raw if part not in ("", ".")) if part]
    if not parts:
        raise NameRefusedError("refused_name")
    if any(part.startswith(".") for part in parts):
        raise NameRefusedError("refused_hidden")
    if len(parts) > DEEPEST:
        raise NameRefusedError("refused_deep")
    return PurePosixPath(*parts)


def _safe_part(part: str) -> str:
    text = unicodedata.normalize("NFC", part)
    kept = "".join(c for c in text if c in _JOINERS or c.isspace() or not unicodedata.category(c).startswith("C"))
    shown = " ".join(_SIGNS.sub("_", kept).split()).rstrip(". ")
    if _RESERVED.fullmatch(shown):
        shown = f"_{shown}"
    suffix = PurePosixPath(shown).suffix if len(PurePosixPath(shown).suffix.encode()) <= 20 else ""
    stem = shown[: len(shown) - len(suffix)] if suffix else shown
    room = LONGEST_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + suffix


def visible_name(name: str) -> str:
    """The name with signs that cannot be seen, or that turn the writing round, as their codes: `⟨U+202E⟩`."""
    return "".join(
        f"⟨U+{ord(c):04X}⟩" if unicodedata.category(c).startswith("C") and c not in _JOINERS else c for c in name
    )


def same_name(folder: Path, name: str) -> str | None:
    """The name by which a file or folder called `name` stands in `folder`, whatever its case or Unicode form; None if none does."""
    wanted = _folded(name)
    try:
        return next((path.name for path in folder.iterdir() if _folded(path.name) == wanted), None)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def numbered(name: PurePosixPath) -> Iterator[PurePosixPath]:
    """`report (2).pdf`, `report (3).pdf` and so on, for a name that is taken."""
    for number in range(2, 1_000):
        yield name.with_name(f"{name.stem} ({number}){name.suffix}")

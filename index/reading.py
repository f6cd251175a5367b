"""Files to extracted texts: opened within the source folder, read by workers, cached by content."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from index.discovery import SourceFile
from index.errors import SourceError
from index.extraction_cache import ExtractionCache, extraction_key
from index.formats import VERSION, ocr, sniff
from index.formats.extract import extract_text
from index.formats.limits import (
    LARGEST_FILE,
    LARGEST_TEXT_FILE,
    LONGEST_TEXT,
    MEGABYTE,
    ocr_seconds_for,
    seconds_for,
)
from index.formats.pool import Pool
from index.formats.types import Extracted, Outcome, Refused, RefusedError

READ_HERE = MEGABYTE
"""Bytes up to which a plain text in UTF-8 is decoded at once, since nothing in it can do harm."""

_CHANGED = "changes while it is read; build again when it is at rest"
_MAY_PASS = (
    # Time, memory and a reader that ended: a machine that is less busy, or another release of a library, may do better.
    "was given up after", "could not be read: its reader", "needs more memory", "in the time that a file has",
    "OCR ran out of time", "took too long", "tesseract failed", "was not read: the build ended",
    # What the system said when the file was opened.
    "cannot be read: ", _CHANGED,
)  # fmt: skip
_TRIES = 2


@dataclass(frozen=True, slots=True)
class _State:
    """What shows that a file has changed."""

    device: int
    inode: int
    size: int
    modified: int


def reader_version() -> str:
    """What the text of a file depends on besides its bytes: the extractor's version, and what OCR there is."""
    return " ".join((str(VERSION), ocr.version(), *ocr.languages()))


def read_file(file: SourceFile, pool: Pool, cache: ExtractionCache) -> list[Outcome]:
    """The documents in a file, or why there are none. Never raises for what the file is."""
    try:
        for _ in range(_TRIES):
            descriptor = _open(file)
            try:
                before = _state(descriptor)
                outcomes = _read(descriptor, before, file, pool, cache)
                if _state(descriptor) == before:
                    return outcomes
            finally:
                os.close(descriptor)
    except RefusedError as error:
        return [Refused(str(error))]
    except OSError as error:
        return [Refused(f"cannot be read: {error.strerror}")]
    return [Refused(_CHANGED)]


def read_text(file: SourceFile) -> Extracted:
    """A small text file, decoded in this process; raises SourceError with the reason if it cannot be."""
    try:
        descriptor = _open(file)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as opened:
        kind = sniff.kind_of(opened, file.doc_id)
        return extract_text(opened.read(LARGEST_TEXT_FILE), kind)


def _open(file: SourceFile) -> int:
    """The file, open for reading: a regular one inside the source folder, whatever stands on the path by now."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    root = os.path.realpath(file.source)
    real = os.path.realpath(file.path)
    descriptor = os.open(real, flags)
    try:
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode):
            raise RefusedError("not a regular file")
        # A folder on the way may have become a link since the path was resolved: where the system tells, ask again.
        with suppress(OSError):
            real = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        if not Path(real).is_relative_to(root):
            raise RefusedError("a link that leads out of the source folder")
        if opened.st_size > LARGEST_FILE:
            raise RefusedError(
                f"is {opened.st_size // MEGABYTE:,} MB large; at most {LARGEST_FILE // MEGABYTE:,} MB are read: split it"
            )
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _state(descriptor: int) -> _State:
    found = os.fstat(descriptor)
    return _State(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _read(descriptor: int, state: _State, file: SourceFile, pool: Pool, cache: ExtractionCache) -> list[Outcome]:
    suffix = file.path.suffix.lower()
    named = sniff.BY_SUFFIX.get(suffix)
    if named in sniff.PLAIN and state.size > LARGEST_TEXT_FILE:
        raise RefusedError(
            f"is {state.size // MEGABYTE:,} MB of text; at most {LONGEST_TEXT:,} characters are read: split it"
        )
    if named in (sniff.TEXT, sniff.MARKDOWN) and state.size <= READ_HERE and (here := _read_here(descriptor, suffix)):
        return here
    content = _sha256(descriptor)
    key = extraction_key(content, suffix)
    outcomes = cache.get(key)
    if outcomes is None:
        outcomes = pool.extract(_at_start(descriptor), f"file{suffix}", seconds_for(state.size))
        if _lasting(outcomes):
            cache.put(key, outcomes)
    return [
        _recognised(outcome, descriptor, content, suffix, pool, cache)
        if isinstance(outcome, Extracted) and outcome.scanned and not outcome.inside
        else outcome
        for outcome in outcomes
    ]


def _read_here(descriptor: int, suffix: str) -> list[Outcome] | None:
    """A plain text in UTF-8, decoded at once; None for anything else."""
    data = os.pread(descriptor, READ_HERE + 1, 0)
    if not data or len(data) > READ_HERE:
        return None
    try:
        data.decode("utf-8")
        with os.fdopen(os.dup(_at_start(descriptor)), "rb") as opened:
            kind = sniff.kind_of(opened, f"file{suffix}")
        if kind not in (sniff.TEXT, sniff.MARKDOWN):
            return None
        return [extract_text(data, kind)]
    except UnicodeDecodeError:
        return None
    except SourceError as error:
        return [Refused(str(error))]


def _sha256(descriptor: int) -> bytes:
    with os.fdopen(os.dup(_at_start(descriptor)), "rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def _at_start(descriptor: int) -> int:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def may_pass(reason: str) -> bool:
    """Whether a file that was left out, or was read in part, for this reason may do better on another day."""
    return any(words in reason for words in _MAY_PASS)


def _lasting(outcomes: Sequence[Outcome]) -> bool:
    """Whether another try would give the same."""
    return not any(may_pass(o.reason if isinstance(o, Refused) else o.partly) for o in outcomes)


def _recognised(
    outcome: Extracted, descriptor: int, content: bytes, suffix: str, pool: Pool, cache: ExtractionCache
) -> Outcome:
    """The document with its scanned pages recognised, if tesseract is there; else with a word that they are not."""
    count = len(outcome.scanned)
    which = "all of its pages" if count == len(outcome.pages) else f"page{'s' * (count > 1)} {_ranges(outcome.scanned)}"
    languages = ocr.languages()
    if not languages:
        advice = "install tesseract-ocr, with the languages of your documents, and build again"
        fault = f"needs OCR: {which} {'are pictures' if count > 1 else 'is a picture'} without text; {advice}"
        return replace(outcome, partly=fault) if outcome.text.strip() else Refused(fault)
    key = extraction_key(content, suffix, f"ocr {ocr.version()} {'+'.join(languages)}")
    found = cache.get(key)
    if found is None:
        found = pool.extract(_at_start(descriptor), f"file{suffix}", ocr_seconds_for(count), outcome.scanned)
        if _lasting(found):
            cache.put(key, found)
    seen = found[0]
    if isinstance(seen, Refused):
        fault = f"needs OCR, which failed: {seen.reason}"
        return replace(outcome, partly=fault) if outcome.text.strip() else Refused(fault)
    return ocr.merged(outcome, seen)


def _ranges(numbers: Sequence[int]) -> str:
    """Page numbers in words: `3, 5–9`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)

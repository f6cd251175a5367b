"""How much of a file is read, and for how long."""

from __future__ import annotations

MEGABYTE = 1 << 20

SECONDS = 10.0
SECONDS_A_MEGABYTE = 2.0
LONGEST_SECONDS = 120.0
OCR_SECONDS = 30.0
OCR_SECONDS_A_PAGE = 20.0
OCR_LONGEST_SECONDS = 1_800.0
MEMORY = 768 * MEGABYTE
LEAST_MEMORY = 320 * MEGABYTE

LARGEST_TEXT_FILE = 64 * MEGABYTE
LARGEST_FILE = 1_024 * MEGABYTE
LONGEST_TEXT = 16_000_000
"""Characters of one document's text."""

LARGEST_UNPACKED = 256 * MEGABYTE
LARGEST_MEMBER = 128 * MEGABYTE
MOST_MEMBERS = 5_000
HIGHEST_RATIO = 200
"""Unpacked size over packed size of a member above which it is taken for a bomb (if it is over a megabyte)."""
DEEPEST_ARCHIVE = 3


def memory_for(workers: int) -> int:
    """Bytes of address space that each of so many workers may have; about 115 MB of them are Python and its libraries."""
    return max(LEAST_MEMORY, MEMORY // workers)


def seconds_for(size: int) -> float:
    """Time to extract a file of `size` bytes: ten seconds, and more for a large one."""
    return min(SECONDS + SECONDS_A_MEGABYTE * max(0, size / MEGABYTE - 1), LONGEST_SECONDS)


def ocr_seconds_for(pages: int) -> float:
    """Time to recognise so many scanned pages."""
    return min(OCR_SECONDS + OCR_SECONDS_A_PAGE * pages, OCR_LONGEST_SECONDS)

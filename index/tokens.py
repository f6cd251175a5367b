"""Token vectors of all passages, in files that generations share.

A passage's tokens take some 33 KB, a hundred times its text. So they stand in segments that are never changed: a
generation links the segments of the one before it (hard links; the files are one) and adds a small one for what is
new. Segments that are mostly unused, or small beside the new one, are written together.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from index.arrays import load_array
from index.errors import IndexDamagedError
from index.quantise import token_dtype

FOLDER = "tokens"
PLACE = np.dtype([("segment", "<u2"), ("start", "<u8"), ("count", "<u4"), ("crc", "<u4")])
"""Where the tokens of a passage are: rows `[start, start + count)` of a segment, and the CRC-32 of their bytes."""
LEAST_USED = 0.5
MERGED_BELOW = 2


class Tokens:
    """Packed tokens of the passages of one generation, read from disk when asked for. Thread-safe.

    `tokens[first:last]` gives the rows of one passage, counted over all passages in order; `offsets`, int64
    `(passages + 1,)`, says where each begins. Every passage is checked against its checksum when it is read. The
    segments in `without` are left closed.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        places: NDArray[np.void],
        dim: int,
        without: Collection[str] = (),
    ) -> None:
        self.dim = dim
        self.dtype = token_dtype(dim)
        self.places = places
        self.names = names
        self.offsets = np.zeros(len(places) + 1, dtype=np.int64)
        np.cumsum(places["count"], out=self.offsets[1:])
        self._files: dict[str, tuple[int, int]] = {}
        try:
            rows = [0 if name in without else self._opened(folder / FOLDER / name) for name in self.names]
            self.sizes = dict(enumerate(rows))
            if not without:
                self._check(rows)
        except BaseException:
            self.close()
            raise

    def _opened(self, path: Path) -> int:
        """Open a segment; gives its rows."""
        try:
            mapped = load_array(path)
            if not isinstance(mapped, np.memmap) or mapped.dtype != self.dtype or mapped.ndim != 1:
                raise ValueError(f"found {mapped.dtype}, expected {self.dtype}")
            self._files[path.name] = (os.open(path, os.O_RDONLY | os.O_CLOEXEC), int(mapped.offset))
        except (OSError, ValueError) as error:
            raise IndexDamagedError(f"tokens/{path.name} cannot be opened: {error}; run quipu build") from None
        return len(mapped)

    def _check(self, rows: Sequence[int]) -> None:
        known = np.array([*rows, 0], dtype=np.uint64)
        segment = np.minimum(self.places["segment"], len(rows))
        if (self.places["start"] + self.places["count"] > known[segment]).any():
            raise IndexDamagedError("token_places.npy points outside the tokens; run quipu build")

    def __len__(self) -> int:
        """Tokens of all passages."""
        return int(self.offsets[-1])

    def __getitem__(self, wanted: slice) -> NDArray[np.void]:
        """The tokens `[first, last)`, which must be those of one passage, or none."""
        first, last, step = wanted.indices(len(self))
        if step != 1 or last <= first:
            return np.zeros(0, dtype=self.dtype)
        row = int(np.searchsorted(self.offsets, first, side="right")) - 1
        if (first, last) != (int(self.offsets[row]), int(self.offsets[row + 1])):
            raise IndexError(f"tokens {first}:{last} are not those of one passage")
        return np.frombuffer(self.raw(row), dtype=self.dtype)

    def raw(self, row: int) -> bytes:
        """The bytes of a passage's tokens; IndexDamagedError if they are not those that were written."""
        return self.of([row])[0].tobytes()

    def of(self, rows: Sequence[int]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        """The tokens of passages one after the other, and where those of each begin and the last end, `(passages + 1,)`.

        IndexDamagedError if they are not those that were written.
        """
        places = self.places[np.asarray(rows, dtype=np.int64)]
        bounds = np.zeros(len(places) + 1, dtype=np.int64)
        np.cumsum(places["count"], out=bounds[1:])
        size = self.dtype.itemsize
        data = bytearray(int(bounds[-1]) * size)
        into = memoryview(data)
        at = 0
        for segment, start, count, crc in places.tolist():
            if not count:
                continue
            descriptor, offset = self._files[self.names[segment]]
            part = into[at : at + count * size]
            at += count * size
            if os.preadv(descriptor, [part], offset + start * size) != len(part) or zlib.crc32(part) != crc:
                raise IndexDamagedError(f"tokens/{self.names[segment]} is damaged; run quipu verify --repair")
        return np.frombuffer(data, dtype=self.dtype), bounds

    def close(self) -> None:
        """Close the files."""
        while self._files:
            os.close(self._files.popitem()[1][0])


def segment_names(files: Iterable[str]) -> list[str]:
    """Names of a generation's segments among the names of its files, in the order that places count them."""
    return sorted(name.removeprefix(f"{FOLDER}/") for name in files if name.startswith(f"{FOLDER}/"))


class SegmentWriter:
    """Writes a new segment row after row; the header gets its count at the end."""

    def __init__(self, path: Path, dim: int) -> None:
        self.dtype = token_dtype(dim)
        self.rows = 0
        path.parent.mkdir(exist_ok=True)
        self._file: BinaryIO = path.open("wb")
        self._head()

    def _head(self) -> None:
        # numpy pads the header so that a larger count fits into the same place.
        header = {"descr": npy.dtype_to_descr(self.dtype), "fortran_order": False, "shape": (self.rows,)}
        npy.write_array_header_1_0(self._file, header)

    def add(self, data: bytes) -> tuple[int, int, int]:
        """Append the bytes of a passage's tokens; gives their first row, their number and their CRC-32."""
        first, count = self.rows, len(data) // self.dtype.itemsize
        self._file.write(data)
        self.rows += count
        return first, count, zlib.crc32(data)

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._file.seek(0)
                self._head()
        finally:
            self._file.close()


def kept_segments(used: Mapping[int, int], sizes: Mapping[int, int], added: int) -> set[int]:
    """Which earlier segments stay as they are, given the rows in use of each, its size, and the rows that are new.

    One that is less than half in use, or not much larger than what is written anyway, is written together with it:
    so the number of segments grows with the logarithm of the size, and no more than half of a segment is waste.
    """
    kept = set()
    for segment in sorted(used, key=lambda s: (used[s], s)):
        if used[segment] < LEAST_USED * sizes[segment] or used[segment] <= MERGED_BELOW * added:
            added += used[segment]
        else:
            kept.add(segment)
    return kept


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or a copy where the file system has no hard links."""
    target.parent.mkdir(exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

"""What the measurements of growth share: memory of the process, size on disk, exact neighbours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

QUERIES = 200
NEIGHBOURS = 10
BLOCK = 50_000


def memory(field: str = "VmRSS") -> float:
    """Memory of this process in MB: VmRSS now, VmHWM at its peak, RssAnon without what is mapped from files."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


def reset_peak() -> None:
    """Let the peak of memory begin anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def load_libraries() -> None:
    """Load what takes memory whatever the size."""
    import faiss
    import tantivy

    assert faiss
    assert tantivy


def size_on_disk(folder: Path) -> float:
    """MB that the files below `folder` take, each file once however many links it has."""
    files = {(s.st_ino, s.st_blocks * 512) for path in folder.rglob("*") if path.is_file() for s in [path.stat()]}
    return sum(size for _, size in files) / 1e6


def exact_neighbours(
    queries: NDArray[np.float32], vectors: Callable[[NDArray[np.int64]], NDArray[np.float32]], count: int
) -> NDArray[np.int64]:
    """The ten nearest rows of each query by comparing all, `(queries, 10)`."""
    scores = np.full((len(queries), 0), 0, dtype=np.float32)
    rows = np.zeros((len(queries), 0), dtype=np.int64)
    for first in range(0, count, BLOCK):
        block = vectors(np.arange(first, min(first + BLOCK, count)))
        scores = np.concatenate([scores, queries @ block.T], axis=1)
        own = np.broadcast_to(np.arange(first, first + len(block)), (len(queries), len(block)))
        rows = np.concatenate([rows, own], axis=1)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :NEIGHBOURS]
        scores, rows = np.take_along_axis(scores, best, axis=1), np.take_along_axis(rows, best, axis=1)
    return rows

"""Nearest passages by inner product of unit vectors (FAISS); the index type follows the size."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError

FLAT_UP_TO = 200_000
HNSW_LINKS = 32
HNSW_BUILD = 200
HNSW_SEARCH = 128


class Neighbours(NamedTuple):
    """Rows `(n,)` int64 and inner products `(n,)` float32, best first."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


def write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write an index over unit `vectors` of shape `(n, dim)`: exact while that is fast, else a graph (HNSW).

    Raises OSError.
    """
    import faiss

    n, dim = vectors.shape
    index: Any
    if n <= FLAT_UP_TO:
        index = faiss.IndexFlatIP(dim)
    else:
        kind: Any = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexHNSWSQ(dim, kind, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = HNSW_BUILD
        index.train(vectors)
    index.add(vectors)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(str(error).splitlines()[0]) from None


class VectorIndex:
    """A written FAISS index, open for reading. Thread-safe."""

    def __init__(self, path: Path) -> None:
        import faiss

        try:
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise IndexDamagedError(
                f"{path.name} cannot be opened: {str(error).splitlines()[0]}; run quipu build"
            ) from None
        if hasattr(self._index, "hnsw"):
            self._index.hnsw.efSearch = HNSW_SEARCH
        self.count = int(self._index.ntotal)
        self.dim = int(self._index.d)

    def search(self, vector: NDArray[np.float32], n: int) -> Neighbours:
        """The `n` nearest rows to a unit `vector` of shape `(dim,)`."""
        scores, rows = self._index.search(vector.reshape(1, -1), min(n, self.count))
        known = rows[0] >= 0
        return Neighbours(rows[0][known], scores[0][known])

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Stored vectors of `rows`, shape `(len(rows), dim)`."""
        found: NDArray[np.float32] = self._index.reconstruct_batch(rows)
        return found

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
EXACT_UP_TO = 20_000
"""Rows that may be found, up to which all of them are compared: a graph finds few of them where most are left out."""


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

    def search(self, vector: NDArray[np.float32], n: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        """The `n` nearest rows to a unit `vector` of shape `(dim,)`, of the rows `allowed` (sorted) or of all."""
        if allowed is not None and len(allowed) <= EXACT_UP_TO and hasattr(self._index, "hnsw"):
            return self._nearest_of(vector, n, allowed)
        within = self.count if allowed is None else len(allowed)
        scores, rows = self._index.search(vector.reshape(1, -1), min(n, within), params=self._parameters(allowed))
        known = rows[0] >= 0
        return Neighbours(rows[0][known], scores[0][known])

    def _nearest_of(self, vector: NDArray[np.float32], n: int, allowed: NDArray[np.int64]) -> Neighbours:
        scores = self.vectors(allowed) @ vector
        best = np.argsort(-scores, kind="stable")[:n]
        return Neighbours(allowed[best], scores[best])

    def _parameters(self, allowed: NDArray[np.int64] | None) -> Any:
        """What FAISS is told to look at only `allowed` rows; None for all."""
        if allowed is None:
            return None
        import faiss as module

        # What FAISS takes from Python (arrays, keywords) is made at run time; its type stubs know only the C++ side.
        faiss: Any = module
        chosen = np.zeros(self.count, dtype=np.bool_)
        chosen[allowed] = True
        selector = faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))
        if hasattr(self._index, "hnsw"):
            return faiss.SearchParametersHNSW(sel=selector, efSearch=HNSW_SEARCH)
        return faiss.SearchParameters(sel=selector)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Stored vectors of `rows`, shape `(len(rows), dim)`."""
        found: NDArray[np.float32] = self._index.reconstruct_batch(rows)
        return found

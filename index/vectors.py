"""Nearest passages by inner product of unit vectors (FAISS); the index type follows the size.

The rules, and what they rest on (384 dimensions, one core, generated vectors around topics; `make bench-scale`):

| passages | type | measured at 100,000 |
|---|---|---|
| up to 300,000 | flat, 16-bit: every vector is compared | exact, 4 ms |
| more | inverted lists over 16-bit vectors, 4 √n lists, 1 in 16 of them searched | recall@10 1.000, 1 ms |

Vectors come from the encoder's cache in 16 bits, so that 16 bits here lose nothing and halve what is read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError

FLAT_UP_TO = 300_000
LISTS_PER_ROOT = 4
SEARCHED_OF = 16
TRAINED_PER_LIST = 40
TRAINING_ROUNDS = 8
BLOCK = 8_192
EXACT_UP_TO = 20_000
"""Rows that may be found, up to which all of them are compared: few lists hold them where most are left out."""


class Neighbours(NamedTuple):
    """Rows `(n,)` int64 and inner products `(n,)` float32, best first."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


def new_index(vectors: NDArray[np.floating[Any]]) -> Any:
    """An empty FAISS index of the type that fits `vectors`, `(n, dim)`, trained on a sample of them."""
    import faiss

    n, dim = vectors.shape
    bits: Any = faiss.ScalarQuantizer.QT_fp16
    index: Any
    if n <= FLAT_UP_TO:
        index = faiss.IndexScalarQuantizer(dim, bits, faiss.METRIC_INNER_PRODUCT)
        index.is_trained = True
        return index
    lists = int(LISTS_PER_ROOT * n**0.5)
    coarse: Any = faiss.IndexFlatIP(dim)
    index = faiss.IndexIVFScalarQuantizer(coarse, dim, lists, bits, faiss.METRIC_INNER_PRODUCT, False)
    coarse.this.disown()
    index.own_fields = True
    index.cp.niter = TRAINING_ROUNDS
    index.cp.max_points_per_centroid = TRAINED_PER_LIST
    index.nprobe = max(1, lists // SEARCHED_OF)
    step = max(1, n // (lists * TRAINED_PER_LIST))
    index.train(np.ascontiguousarray(vectors[::step], dtype=np.float32))
    return index


def write_vectors(path: Path, vectors: NDArray[np.floating[Any]]) -> None:
    """Write an index over unit `vectors` of shape `(n, dim)`, which may be a memory map: it is read in blocks.

    Raises OSError.
    """
    import faiss

    index = new_index(vectors)
    for first in range(0, len(vectors), BLOCK):
        index.add(np.ascontiguousarray(vectors[first : first + BLOCK], dtype=np.float32))
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
            if isinstance(self._index, faiss.IndexIVF):
                self._index.make_direct_map()
        except RuntimeError as error:
            raise IndexDamagedError(
                f"{path.name} cannot be opened: {str(error).splitlines()[0]}; run quipu build"
            ) from None
        self._one_thread: Callable[[], None] = partial(faiss.omp_set_num_threads, 1)
        self.count = int(self._index.ntotal)
        self.dim = int(self._index.d)

    def search(self, vector: NDArray[np.float32], n: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        """The `n` nearest rows to a unit `vector` of shape `(dim,)`, of the rows `allowed` (sorted) or of all."""
        if allowed is not None and len(allowed) <= EXACT_UP_TO and hasattr(self._index, "nprobe"):
            return self._nearest_of(vector, n, allowed)
        within = self.count if allowed is None else len(allowed)
        # One query is no work for two threads, which would wait for each other; the setting is the calling thread's.
        self._one_thread()
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
        if hasattr(self._index, "nprobe"):
            return faiss.SearchParametersIVF(sel=selector, nprobe=self._index.nprobe)
        return faiss.SearchParameters(sel=selector)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Stored vectors of `rows`, shape `(len(rows), dim)`."""
        found: NDArray[np.float32] = self._index.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return found

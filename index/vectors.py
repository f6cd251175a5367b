"""Nearest passages by inner product of unit vectors (FAISS); the index type follows the size.

The rules, and what they rest on (384 dimensions, one core; vectors of generated texts, which stand in no clusters that
would help: the hardest of those tried; `make bench-scale`):

| passages | type | measured at 100,000 |
|---|---|---|
| up to 50,000 | flat, 16-bit: every vector is compared | exact, 8.7 ms |
| more | every vector compared in four bits a pair of numbers, the best of them again in 16 bits | recall@10 .9995, 2.6 ms |

Inverted lists were tried and left: on those same vectors they have to search half of all lists for recall@10 of .98, and
take longer than this does, while on vectors around clear topics one list in sixteen finds all. How real texts lie between
the two is not known beforehand; comparing all of them, coarsely, does not depend on it.

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

FLAT_UP_TO = 50_000
NUMBERS_A_CODE = 2
CODE_BITS = 4
TRAINED_ON = 20_000
COMPARED_AGAIN = 1_000
COMPARED_AGAIN_OF = 500
"""The coarse comparison's best that are compared again: 1,000, or one in 500 where that is more."""
BLOCK = 8_192


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
    coarse: Any = faiss.IndexPQFastScan(dim, dim // NUMBERS_A_CODE, CODE_BITS, faiss.METRIC_INNER_PRODUCT)
    coarse.train(np.ascontiguousarray(vectors[:: max(1, n // TRAINED_ON)], dtype=np.float32))
    fine: Any = faiss.IndexScalarQuantizer(dim, bits, faiss.METRIC_INNER_PRODUCT)
    fine.is_trained = True
    index = faiss.IndexRefine(coarse, fine)
    for part in (coarse, fine):
        part.this.disown()
    index.own_fields = index.own_refine_index = True
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
        import faiss as module

        faiss: Any = module
        try:
            self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
            refined = isinstance(self._index, faiss.IndexRefine)
            self._coarse = faiss.downcast_index(self._index.base_index) if refined else None
            self._fine = faiss.downcast_index(self._index.refine_index) if refined else self._index
        except RuntimeError as error:
            raise IndexDamagedError(
                f"{path.name} cannot be opened: {str(error).splitlines()[0]}; run quipu build"
            ) from None
        self._one_thread: Callable[[], None] = partial(faiss.omp_set_num_threads, 1)
        self.count = int(self._index.ntotal)
        self.dim = int(self._index.d)
        coarse = self._coarse.ntotal if self._coarse is not None else self.count
        if not isinstance(self._fine, faiss.IndexScalarQuantizer) or not coarse == self._fine.ntotal == self.count:
            raise IndexDamagedError(
                f"{path.name} is not of a type that is made here; run quipu build into a new folder"
            )

    def search(self, vector: NDArray[np.float32], n: int, allowed: NDArray[np.int64] | None = None) -> Neighbours:
        """The `n` nearest rows to a unit `vector` of shape `(dim,)`, of the rows `allowed` (sorted) or of all."""
        # One query is no work for two threads, which would wait for each other; the setting is the calling thread's.
        self._one_thread()
        if allowed is None and self._coarse is not None:
            return self._nearest(vector, n)
        within = self.count if allowed is None else len(allowed)
        scores, rows = self._fine.search(vector.reshape(1, -1), min(n, within), params=self._parameters(allowed))
        known = rows[0] >= 0
        return Neighbours(rows[0][known], scores[0][known])

    def _nearest(self, vector: NDArray[np.float32], n: int) -> Neighbours:
        """Those that are nearest coarsely, compared again."""
        import faiss as module

        faiss: Any = module
        again = min(max(COMPARED_AGAIN, self.count // COMPARED_AGAIN_OF, n), self.count)
        found = min(n, again)
        # One call for both comparisons: reading the vectors out for numpy to compare takes twice as long.
        compared = faiss.IndexRefineSearchParameters(k_factor=again / found)
        scores, rows = self._index.search(vector.reshape(1, -1), found, params=compared)
        known = rows[0] >= 0
        return Neighbours(rows[0][known], scores[0][known])

    def _parameters(self, allowed: NDArray[np.int64] | None) -> Any:
        """What FAISS is told to look at only `allowed` rows; None for all."""
        if allowed is None:
            return None
        import faiss as module

        # What FAISS takes from Python (arrays, keywords) is made at run time; its type stubs know only the C++ side.
        faiss: Any = module
        chosen = np.zeros(self.count, dtype=np.bool_)
        chosen[allowed] = True
        return faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little")))

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Stored vectors of `rows`, shape `(len(rows), dim)`."""
        found: NDArray[np.float32] = self._fine.reconstruct_batch(np.ascontiguousarray(rows, dtype=np.int64))
        return found

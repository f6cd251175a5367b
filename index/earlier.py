"""What a build takes over from an earlier generation: whole files that did not change, and vectors of known texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.arrays import load_array
from index.corpus import Corpus, StoredFile
from index.errors import QuipuError
from index.store import current_generation, damaged_files, lexical_numbers, read_manifest
from index.tokens import PLACE, Tokens, segment_names
from index.types import Document, Manifest
from index.vectors import VectorIndex

Keys = NDArray[np.uint64]
"""Keys of texts, `(n, 2)`: the 16 bytes of each as two numbers."""
NEEDED = ("corpus.sqlite", "keys.npy", "token_places.npy")


class Earlier:
    """An earlier generation, open to take over from.

    `files` are its source files by name; whole ones are taken over only if they became passages by the `same_recipe`.
    What stands in a damaged file is not offered. `lexical` is the folder of its BM25 files, None if one is damaged;
    `numbers[i]` the number under which passage i stands there.
    """

    def __init__(self, folder: Path, manifest: Manifest, recipe: str, damaged: Mapping[str, str]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.same_recipe = manifest.recipe == recipe
        self.damaged = bool(damaged)
        self.lexical = None if any(name.startswith("lexical") for name in damaged) else folder / "lexical"
        self._corpus = Corpus(folder / "corpus.sqlite")
        try:
            self.files: dict[str, StoredFile] = {file.name: file for file in self._corpus.files()}
            self.keys: Keys = load_array(folder / "keys.npy")
            places = load_array(folder / "token_places.npy")
            count = manifest.passages
            if self.keys.shape != (count + manifest.sentences, 2) or places.shape != (count,) or places.dtype != PLACE:
                raise QuipuError("its counts differ")
            numbers = lexical_numbers(folder, manifest) if self.lexical is not None else None
            self.numbers = np.arange(count) if numbers is None else numbers
            self._passages = _Lookup(self.keys[:count])
            self._sentences = _Lookup(self.keys[count:])
            self.vectors = None if "passages.faiss" in damaged else VectorIndex(folder / "passages.faiss")
            self.sentences = None if "sentences.npy" in damaged else load_array(folder / "sentences.npy")
            lost = {name.removeprefix("tokens/") for name in damaged if name.startswith("tokens/")}
            self.tokens = Tokens(folder, segment_names(manifest.files), places, manifest.dim, without=lost)
            segments = np.array([name not in lost for name in self.tokens.names] + [False])
            self._whole = segments[np.minimum(places["segment"], len(segments) - 1)] | (places["count"] == 0)
        except BaseException:
            self._corpus.close()
            raise

    def offers(self, passages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of its passage rows whose vectors can be taken over; -1 in place of the others."""
        if self.vectors is None:
            return np.full_like(passages, -1)
        return np.where((passages >= 0) & self._whole[passages], passages, -1)

    def find_passages(self, keys: Keys) -> NDArray[np.int64]:
        """Rows of the passages with these keys, `(n,)`; -1 where there is none."""
        return self.offers(self._passages.find(keys))

    def find_sentences(self, keys: Keys) -> NDArray[np.int64]:
        """Rows of the sentences with these keys, `(n,)`; -1 where there is none."""
        return np.full(len(keys), -1) if self.sentences is None else self._sentences.find(keys)

    def documents_of(self, file: StoredFile) -> Iterator[Document]:
        """The documents of one of its files."""
        for doc_id in self._corpus.doc_ids_of(file):
            yield self._corpus.document(doc_id)

    def close(self) -> None:
        """Close the files."""
        self.tokens.close()
        self._corpus.close()


class _Lookup:
    """Finds keys among those of an array; sorts them when first asked."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._order: NDArray[np.int64] | None = None
        self._sorted = np.zeros(0, dtype=np.uint64)

    def find(self, keys: Keys) -> NDArray[np.int64]:
        """Rows of `keys`, `(n,)`; -1 where there is none."""
        if not len(self._keys) or not len(keys):
            return np.full(len(keys), -1)
        if self._order is None:
            self._order = np.argsort(self._keys[:, 0], kind="stable")
            self._sorted = self._keys[self._order, 0]
        place = np.minimum(np.searchsorted(self._sorted, keys[:, 0]), len(self._sorted) - 1)
        rows = self._order[place]
        # Two keys that share their first half are one in 10^12 indexes; the second is then encoded anew.
        return np.where((self._keys[rows] == keys).all(axis=1), rows, -1)


def as_keys(data: bytes | bytearray) -> Keys:
    """Keys as they stand in `keys.npy`, from their bytes one after the other."""
    return np.frombuffer(data, dtype="<u8").reshape(-1, 2)


def open_earlier(
    index: Path, recipe: str, model_sha256: str, *, thorough: bool, say: Callable[[str], None]
) -> Earlier | None:
    """The live generation, else the newest that can serve; None if there is none of this model."""
    generations = index / "generations"
    live = current_generation(index)
    names = sorted((path.parent.name for path in generations.glob("*/manifest.json")), reverse=True)
    for name in sorted(names, key=lambda name: name != live):
        folder = generations / name
        try:
            manifest = read_manifest(folder)
            if manifest.model_sha256 != model_sha256:
                continue
            damaged = damaged_files(folder, manifest, thorough=thorough)
            if not damaged.keys() & set(NEEDED):
                return Earlier(folder, manifest, recipe, damaged)
            say(f"the generation {name} is damaged and not taken over")
        except QuipuError:
            continue
    return None

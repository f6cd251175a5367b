"""Looking at an index from outside: what it holds, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import load_array
from index.corpus import Corpus
from index.earlier import as_keys
from index.errors import IndexDamagedError, QuipuError
from index.store import Generation, damages, live_folder, open_generation, read_manifest
from index.texts import texts_of
from index.types import Manifest

BLOCK = 4_096
UNIT_WITHIN = 0.01


@dataclass(frozen=True, slots=True)
class Inspection:
    """The live generation's manifest, its size in bytes, and `(doc_id, title, language)` of its documents."""

    index: Path
    manifest: Manifest
    size: int
    documents: tuple[tuple[str, str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """What `quipu status --json` prints."""
        m = self.manifest
        return {
            "index": m.generation,
            "path": str(self.index),
            "format_version": m.format_version,
            "created": m.created,
            "source": m.source,
            "model": m.model_name,
            "model_sha256": m.model_sha256,
            "documents": m.documents,
            "passages": m.passages,
            "sentences": m.sentences,
            "bytes": self.size,
            "doc_ids": [doc_id for doc_id, _, _ in self.documents],
        }

    def lines(self) -> Iterator[tuple[str, str]]:
        """What `quipu status` prints: name and value."""
        m = self.manifest
        yield "index", f"{self.index} (generation {m.generation})"
        yield "created", m.created
        yield "source", m.source
        yield "model", m.model_name
        yield "size", f"{self.size / 1e6:.1f} MB"
        yield "holds", f"{m.documents:,} documents, {m.passages:,} passages, {m.sentences:,} sentences"
        for doc_id, title, language in self.documents[:50]:
            yield "", f"{doc_id}  {title} ({language})"
        if len(self.documents) > 50:
            yield "", f"… and {len(self.documents) - 50:,} more"


def inspect(index: Path) -> Inspection:
    """Look at the live generation; raises as `index.store.open_generation` does."""
    folder = live_folder(index)
    manifest = read_manifest(folder)
    corpus = Corpus(folder / "corpus.sqlite")
    try:
        documents = tuple(corpus.overview())
    finally:
        corpus.close()
    return Inspection(index, manifest, sum(size for size, _ in manifest.files.values()), documents)


def check(index: Path) -> tuple[int, list[str]]:
    """Check every checksum and invariant; gives the number of things checked, and a line for each wrong one."""
    folder = live_folder(index)
    manifest = read_manifest(folder)
    wrong = damages(folder, manifest, thorough=True)
    checked = len(manifest.files)
    if wrong:
        return checked, wrong
    try:
        generation = open_generation(index)
    except QuipuError as error:
        return checked, [str(error)]
    try:
        for found in (_texts(generation), _vectors(generation), _words(generation)):
            for fault in found:
                checked += 1
                if fault:
                    wrong.append(fault)
    finally:
        generation.close()
    return checked, wrong


def _texts(generation: Generation) -> Iterator[str]:
    """For every passage and sentence, whether it is its document's text in its place, and its row and key the right ones."""
    keys = load_array(generation.folder / "keys.npy")
    passages, sentences = 0, generation.manifest.passages
    first_sentence = 0
    for doc_id in generation.corpus.doc_ids():
        document = generation.corpus.document(doc_id)
        for stored in generation.corpus.passages_at(generation.corpus.rows_of(doc_id)):
            passage = stored.passage
            if document.text[passage.start : passage.end] != passage.text:
                yield f"{passage.passage_id}: the passage is not the document's text at its offsets"
            elif (stored.row, stored.first_sentence) != (passages, first_sentence):
                yield f"{passage.passage_id}: the passage or its sentences stand in the wrong row"
            else:
                yield ""
            for s in passage.sentences:
                outside = not passage.start <= s.start < s.end <= passage.end
                yield (
                    f"{doc_id}:{s.start}-{s.end}: the sentence lies outside its passage {passage.passage_id}"
                    if outside
                    else ""
                )
            texts = list(texts_of([passage], [stored.context], generation.manifest.model_sha256))
            own = np.concatenate([keys[passages : passages + 1], keys[sentences : sentences + len(texts) - 1]])
            same = np.array_equal(own, as_keys(b"".join(text.key for text in texts)))
            yield "" if same else f"{passage.passage_id}: its vectors belong to another text"
            passages += 1
            sentences += len(texts) - 1
            first_sentence += len(texts) - 1


def _vectors(generation: Generation) -> Iterator[str]:
    """For every block of vectors, whether all have length 1; for every passage, whether its tokens are those written."""
    count = generation.manifest.passages
    for first in range(0, count, BLOCK):
        yield _lengths(generation.vectors.vectors(np.arange(first, min(first + BLOCK, count))), "passages.faiss", first)
    for first in range(0, len(generation.sentences), BLOCK):
        yield _lengths(generation.sentences[first : first + BLOCK].astype(np.float32), "sentences.npy", first)
    for row in range(count):
        try:
            generation.tokens.raw(row)
            yield ""
        except IndexDamagedError as error:
            yield f"tokens of passage {row}: {error}"


def _lengths(vectors: NDArray[np.float32], name: str, first: int) -> str:
    wrong = np.flatnonzero(~(np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT_WITHIN))
    return f"{name}: row {first + int(wrong[0])} is no unit vector" if len(wrong) else ""


def _words(generation: Generation) -> Iterator[str]:
    """Whether the lexical index holds every row once."""
    rows = generation.lexical.rows()
    yield "" if rows == list(range(generation.manifest.passages)) else "lexical: not every passage is there once"

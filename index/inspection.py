"""Looking at an index from outside: what it holds, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.corpus import Corpus
from index.errors import QuipuError
from index.store import damages, live_folder, open_generation, read_manifest
from index.types import Manifest


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
        for doc_id in generation.corpus.doc_ids():
            document = generation.corpus.document(doc_id)
            for passage in generation.corpus.passages_of(doc_id):
                checked += 1 + len(passage.sentences)
                if document.text[passage.start : passage.end] != passage.text:
                    wrong.append(f"{passage.passage_id}: the passage is not the document's text at its offsets")
                wrong += [
                    f"{doc_id}:{s.start}-{s.end}: the sentence lies outside its passage {passage.passage_id}"
                    for s in passage.sentences
                    if not passage.start <= s.start < s.end <= passage.end
                ]
    finally:
        generation.close()
    return checked, wrong

"""Indexes of BEIR corpora, in the user's cache: built on first use and kept up as any index is.

One folder holds a corpus under a model: `source/` with a text file for each entry, and `index/`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from eval.beir import CorpusEntry, read_corpus
from eval.errors import SetError
from index.models import cache_folder

LAYOUT = "1"

Build = Callable[[Path, Path], object]
"""Builds the index of a source folder, or does nothing where it stands: `(source, index_dir)`."""


def corpus_index(folder: Path, model: str, build: Build, *, half: bool = False) -> Path:
    """The index of the corpus of a BEIR folder, built if need be; with `half`, of the half that is kept.

    Sets over the same corpus share one index, wherever they stand. `build` decides whether an index that stands
    already is still what it should be.
    """
    checksum = hashlib.sha256((folder / "corpus.jsonl").read_bytes()).hexdigest()
    with _place(checksum, model, "half" if half else "whole") as place:
        source = place / "source"
        if not source.is_dir():
            _write_source(folder, source, half=half)
        build(source, place / "index")
    return place / "index"


def folder_index(documents: Path, model: str, build: Build) -> Path:
    """The index of a folder of documents, built or brought up to date."""
    with _place(str(documents.resolve()), model) as place:
        build(documents, place / "index")
    return place / "index"


@contextmanager
def _place(*what: str) -> Iterator[Path]:
    """The folder in the user's cache for what is named so, locked while it is worked on."""
    place = cache_folder() / "eval" / hashlib.sha256("\n".join((LAYOUT, *what)).encode()).hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_suffix(".lock")):
        yield place


def kept(doc_id: str) -> bool:
    """Whether a document is in the half that is kept when half of the passages are removed."""
    return hashlib.sha256(doc_id.encode()).digest()[0] < 128


def _write_source(folder: Path, source: Path, *, half: bool) -> None:
    """Write the files beside their place and move them there at once, so that `source` is whole if it is there."""
    entries: list[CorpusEntry] = [entry for entry in read_corpus(folder) if not half or kept(entry.doc_id)]
    if not entries:
        raise SetError(f"{folder / 'corpus.jsonl'}: holds no document to index")
    staging = source.with_name("source.tmp")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for entry in entries:
        (staging / entry.doc_id).write_text(entry.as_file(), encoding="utf-8", newline="")
    staging.rename(source)

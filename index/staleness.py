"""Whether source files are still what the index was built from, and what they say now where they are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.corpus import Corpus
from index.errors import SourceError
from index.loading import SourceFile, read_documents, read_metadata
from index.types import Document, Manifest


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A source file that is not what it was at the build: its name, what happened in words, and its documents as they are now.

    `documents` is empty where the file is gone or cannot be read any more.
    """

    name: str
    what: str
    documents: dict[str, Document]


def changed_files(corpus: Corpus, manifest: Manifest, doc_ids: Iterable[str]) -> list[ChangedFile] | None:
    """The source files of these documents that changed since the build, each read anew; None where the source is not there.

    Documents that the index does not hold count for nothing.
    """
    source = Path(manifest.source)
    if not source.is_dir():
        return None
    stored = {file.name: file for file in map(corpus.file_of, doc_ids) if file is not None}
    found = []
    for name, file in sorted(stored.items()):
        path = source / name
        try:
            with path.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").digest()
        except FileNotFoundError:
            found.append(ChangedFile(name, "is gone", {}))
            continue
        except (OSError, ValueError) as error:
            found.append(ChangedFile(name, f"cannot be read ({getattr(error, 'strerror', None) or error})", {}))
            continue
        if content != file.content:
            found.append(ChangedFile(name, "has changed", _read(SourceFile(path, name), source)))
    return found


def _read(file: SourceFile, source: Path) -> dict[str, Document]:
    try:
        metadata = read_metadata(source)
    except SourceError:
        metadata = {}
    return {
        document.doc_id: document for _, document in read_documents([file], metadata) if isinstance(document, Document)
    }

"""The index on disk: immutable generations, one of them live.

    .index/
      CURRENT                    name of the live generation, replaced atomically
      generations/<id>/          immutable once published
        manifest.json            written last, with sizes and sha256 of the rest
        corpus.sqlite            documents, passages, sentence spans, metadata
        passages.faiss           unit vectors of passages, inner product
        sentences.npy            float16 (sentences, dim), memory-mapped
        tokens.npy               four-bit token vectors of all passages, memory-mapped
        token_offsets.npy        int64 (passages + 1,): tokens of passage i are rows offsets[i]:offsets[i+1]
        lexical/                 BM25, English and Spanish stemming
      cache/                     embeddings by content
      build.lock

Nothing is changed in place: a reader keeps the generation that it opened, and a crash leaves the live one whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.corpus import Corpus
from index.errors import IndexDamagedError, IndexFormatError, IndexMissingError
from index.lexical import LexicalIndex
from index.models import sha256_of
from index.quantise import token_dtype
from index.types import Manifest
from index.vectors import VectorIndex

FORMAT_VERSION = 1
DEFAULT_INDEX = Path(".index")
HASHED_ON_OPEN = 64_000_000
_GENERATION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")


def index_folder(option: Path | None) -> Path:
    """Where the index is: the option, else QUIPU_INDEX, else `.index`."""
    if option is not None:
        return option
    return Path(os.environ["QUIPU_INDEX"]) if os.environ.get("QUIPU_INDEX") else DEFAULT_INDEX


@dataclass(slots=True)
class Generation:
    """One generation, open for reading. `sentences` and `tokens` are memory-mapped."""

    folder: Path
    manifest: Manifest
    corpus: Corpus
    vectors: VectorIndex
    lexical: LexicalIndex
    sentences: NDArray[np.float16]
    tokens: NDArray[np.void]
    token_offsets: NDArray[np.int64]

    def close(self) -> None:
        """Close what holds files open."""
        self.corpus.close()


def current_generation(index: Path) -> str | None:
    """Id of the live generation; None if there is none."""
    try:
        name = (index / "CURRENT").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
    return name or None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`, which makes the generation complete; its own checksum stands in it too."""
    path = folder / "manifest.json"
    content = asdict(manifest)
    with path.open("w", encoding="utf-8") as file:
        json.dump({**content, "sha256": _checksum(content)}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _checksum(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation; IndexDamagedError or IndexFormatError if it cannot serve."""
    path = folder / "manifest.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format_version"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexDamagedError(f"{path} is missing or damaged ({type(error).__name__}); run quipu build") from None
    if version != FORMAT_VERSION:
        newer = isinstance(version, int) and version > FORMAT_VERSION
        advice = "install a newer quipu, or run quipu build" if newer else "run quipu build"
        raise IndexFormatError(f"the index has format {version!r}, expected {FORMAT_VERSION}; {advice}")
    if content.pop("sha256", None) != _checksum(content):
        raise IndexDamagedError(f"{path} was altered (its checksum differs); run quipu build")
    try:
        content["files"] = {name: (int(size), str(digest)) for name, (size, digest) in content["files"].items()}
        return Manifest(**content)
    except (TypeError, ValueError, AttributeError):
        raise IndexDamagedError(f"{path} does not have the expected fields; run quipu build") from None


def file_checksums(folder: Path) -> dict[str, tuple[int, str]]:
    """`(size, sha256)` of every file below `folder` but the manifest; lock files do not count."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, sha256_of(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json" and not path.name.endswith(".lock")
    }


def publish(index: Path, generation: str) -> None:
    """Make `generation` the live one, atomically."""
    staging = index / "CURRENT.tmp"
    with staging.open("w", encoding="utf-8") as file:
        file.write(generation + "\n")
        file.flush()
        os.fsync(file.fileno())
    staging.replace(index / "CURRENT")
    _sync_folder(index)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def live_folder(index: Path) -> Path:
    """Folder of the live generation; IndexMissingError if there is none."""
    name = current_generation(index)
    if name is None:
        raise IndexMissingError(f"there is no index at {index}; run quipu build, or name another place with --index")
    folder = index / "generations" / name
    if not _GENERATION.fullmatch(name) or not folder.is_dir():
        raise IndexDamagedError(
            f"{index / 'CURRENT'} names the generation {name[:80]!r}, which is not there; run quipu build"
        )
    return folder


def damages(folder: Path, manifest: Manifest, *, thorough: bool) -> list[str]:
    """What is wrong with a generation's files, a line each; empty if nothing is.

    Sizes are always compared; checksums of files up to 64 MB, or of all if `thorough`.
    """
    found = []
    for name, (size, digest) in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            found.append(f"{name} is missing")
        elif path.stat().st_size != size:
            found.append(f"{name} has {path.stat().st_size} bytes, expected {size}")
        elif thorough or size <= HASHED_ON_OPEN:
            try:
                if sha256_of(path) != digest:
                    found.append(f"{name} was altered (its checksum differs)")
            except OSError as error:
                found.append(f"{name} cannot be read: {error.strerror}")
    return found


def open_generation(index: Path) -> Generation:
    """Open the live generation of `index` after checking it.

    Raises IndexMissingError, IndexFormatError or IndexDamagedError.
    """
    folder = live_folder(index)
    manifest = read_manifest(folder)
    if wrong := damages(folder, manifest, thorough=False):
        raise IndexDamagedError(f"the index at {index} is damaged: {wrong[0]}; run quipu build to make it anew")
    corpus = Corpus(folder / "corpus.sqlite")
    try:
        generation = Generation(
            folder,
            manifest,
            corpus,
            VectorIndex(folder / "passages.faiss"),
            LexicalIndex(folder / "lexical"),
            _load(folder / "sentences.npy"),
            _load(folder / "tokens.npy"),
            _load(folder / "token_offsets.npy"),
        )
        _check_counts(generation)
    except BaseException:
        corpus.close()
        raise
    return generation


def _load(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise IndexDamagedError(f"{path.name} cannot be opened: {error}; run quipu build") from None
    return array


def _check_counts(generation: Generation) -> None:
    m = generation.manifest
    offsets = generation.token_offsets
    checks = [
        ("documents in corpus.sqlite", generation.corpus.documents, m.documents),
        ("passages in corpus.sqlite", generation.corpus.passages, m.passages),
        ("sentences in corpus.sqlite", generation.corpus.sentences, m.sentences),
        ("vectors in passages.faiss", generation.vectors.count, m.passages),
        ("passages in the lexical index", generation.lexical.count, m.passages),
        ("shape of sentences.npy", generation.sentences.shape, (m.sentences, m.dim)),
        ("type of tokens.npy", generation.tokens.dtype, token_dtype(m.dim)),
        ("rows of tokens.npy", len(generation.tokens), m.tokens),
        ("rows of token_offsets.npy", len(offsets), m.passages + 1),
        ("last of token_offsets.npy", int(offsets[-1]) if len(offsets) else 0, m.tokens),
    ]
    for what, found, expected in checks:
        if found != expected:
            raise IndexDamagedError(
                f"the index is damaged: {what}: found {found}, expected {expected}; run quipu build"
            )

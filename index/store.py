"""The index on disk: immutable generations, one of them live.

    .index/
      CURRENT                    name of the live generation, replaced atomically
      generations/<id>/          immutable once published
        manifest.json            written last, with sizes and sha256 of the rest
        corpus.sqlite            source files, documents, passages, sentence spans, metadata
        passages.faiss           unit vectors of passages, inner product
        sentences.npy            float16 (sentences, dim), memory-mapped
        tokens/*.npy             four-bit token vectors of passages, in segments that generations share
        token_places.npy         where the tokens of passage i are, and their CRC-32
        keys.npy                 keys of the texts of all passages, then of all sentences
        lexical/                 BM25, English and Spanish stemming, in segments that generations may share
        lexical_numbers.npy      under which number passage i stands in lexical/; left out where that is i
      cache/                     embeddings by content; hashes of the source files as last seen
      build.lock, build.json     who is building, and how far it is

Nothing is changed in place: a reader keeps the generation that it opened, and a crash leaves the live one whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import load_array
from index.corpus import Corpus
from index.errors import IndexDamagedError, IndexFormatError, IndexMissingError
from index.lexical import LexicalIndex
from index.models import sha256_of
from index.tokens import FOLDER as TOKENS
from index.tokens import PLACE, Tokens, segment_names
from index.types import Manifest
from index.vectors import VectorIndex

FORMAT_VERSION = 2
CARRIED_ON_VERSION = 3
"""The format of a generation with numbers in its lexical index, which readers of format 2 would take for rows."""
LEXICAL_NUMBERS = "lexical_numbers.npy"
DEFAULT_INDEX = Path(".index")
HASHED_ON_OPEN = 1_000_000_000
OPENED_AGAIN = 10
_GENERATION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")


def index_folder(option: Path | None) -> Path:
    """Where the index is: the option, else QUIPU_INDEX, else `.index`."""
    if option is not None:
        return option
    return Path(os.environ["QUIPU_INDEX"]) if os.environ.get("QUIPU_INDEX") else DEFAULT_INDEX


@dataclass(slots=True)
class Generation:
    """One generation, open for reading. `sentences` is memory-mapped, `tokens` are read when asked for.

    `tokens[token_offsets[i] : token_offsets[i + 1]]` are those of passage i.
    """

    folder: Path
    manifest: Manifest
    corpus: Corpus
    vectors: VectorIndex
    lexical: LexicalIndex
    sentences: NDArray[np.float16]
    tokens: Tokens

    @property
    def token_offsets(self) -> NDArray[np.int64]:
        """Where the tokens of each passage begin, counted over all passages; shape `(passages + 1,)`."""
        return self.tokens.offsets

    def close(self) -> None:
        """Close what holds files open."""
        self.tokens.close()
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
    if version not in (FORMAT_VERSION, CARRIED_ON_VERSION):
        newer = isinstance(version, int) and version > CARRIED_ON_VERSION
        advice = "install a newer quipu, or run quipu build" if newer else "run quipu build"
        raise IndexFormatError(f"the index has format {version!r}, expected {FORMAT_VERSION}; {advice}")
    if content.pop("sha256", None) != _checksum(content):
        raise IndexDamagedError(f"{path} was altered (its checksum differs); run quipu build")
    try:
        content["files"] = {name: (int(size), str(digest)) for name, (size, digest) in content["files"].items()}
        for patterns in ("include", "exclude"):
            content[patterns] = tuple(str(pattern) for pattern in content.get(patterns, ()))
        return Manifest(**content)
    except (TypeError, ValueError, AttributeError):
        raise IndexDamagedError(f"{path} does not have the expected fields; run quipu build") from None


def file_checksums(folder: Path, known: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """`(size, sha256)` of every file below `folder` but the manifest; lock files do not count.

    Segments of token vectors that the generation before had are in `known`, and not read again.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "manifest.json" and not path.name.endswith(".lock"):
            name, size = path.relative_to(folder).as_posix(), path.stat().st_size
            shared = name.startswith(f"{TOKENS}/") and name in known and known[name][0] == size
            found[name] = known[name] if shared else (size, sha256_of(path))
    return found


def seal(folder: Path) -> None:
    """Make everything below `folder` survive a power cut."""
    for path in sorted(folder.rglob("*"), reverse=True):
        _sync(path)
    _sync(folder)
    _sync(folder.parent)


def publish(index: Path, generation: str) -> None:
    """Make `generation`, which is sealed, the live one, atomically.

    Once the name is in place nothing fails any more: a folder whose entries could not be flushed may at worst, after a
    power cut, still name the generation before, which is there.
    """
    staging = index / "CURRENT.tmp"
    with staging.open("w", encoding="utf-8") as file:
        file.write(generation + "\n")
        file.flush()
        os.fsync(file.fileno())
    staging.replace(index / "CURRENT")
    with suppress(OSError):
        _sync(index)


def _sync(path: Path) -> None:
    """Write a file's content, or a folder's entries, from the system's memory to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def live_folder(index: Path) -> Path:
    """Folder of the live generation; IndexMissingError if there is none."""
    name = current_generation(index)
    others = any((index / "generations").glob("*/manifest.json"))
    advice = (
        "run quipu rollback to make the newest one that is whole live, or quipu build" if others else "run quipu build"
    )
    if name is None and others:
        raise IndexDamagedError(f"{index / 'CURRENT'}, which names the live generation, is missing or empty; {advice}")
    if name is None:
        from index.lock import being_built

        what_to_do = being_built(index) or "run quipu build, or name another place with --index"
        raise IndexMissingError(f"there is no index at {index}; {what_to_do}")
    folder = index / "generations" / name
    if not _GENERATION.fullmatch(name) or not folder.is_dir():
        raise IndexDamagedError(f"{index / 'CURRENT'} names the generation {name[:80]!r}, which is not there; {advice}")
    return folder


def damages(folder: Path, manifest: Manifest, *, thorough: bool) -> list[str]:
    """What is wrong with a generation's files, a line each; empty if nothing is. See `damaged_files`."""
    return [f"{name} {reason}" for name, reason in damaged_files(folder, manifest, thorough=thorough).items()]


def damaged_files(folder: Path, manifest: Manifest, *, thorough: bool) -> dict[str, str]:
    """The damaged files of a generation with what is wrong.

    Sizes are always compared. Checksums are too, but for token vectors, each of which is checked when it is read, and
    files of more than 1 GB; if `thorough`, for these as well.
    """
    found = {}
    for name, (size, digest) in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            found[name] = "is missing"
        elif path.stat().st_size != size:
            found[name] = f"has {path.stat().st_size} bytes, expected {size}"
        elif thorough or (size <= HASHED_ON_OPEN and not name.startswith(f"{TOKENS}/")):
            try:
                if sha256_of(path) != digest:
                    found[name] = "was altered (its checksum differs)"
            except OSError as error:
                found[name] = f"cannot be read: {error.strerror}"
    return found


def open_generation(index: Path) -> Generation:
    """Open the live generation of `index` after checking it.

    Raises IndexMissingError, IndexFormatError or IndexDamagedError.
    """
    for _ in range(OPENED_AGAIN):
        name = current_generation(index)
        try:
            return open_folder(live_folder(index))
        except IndexDamagedError:
            # A build may have put another generation in its place, and swept this one, in between.
            if current_generation(index) == name:
                raise
    return open_folder(live_folder(index))


def open_folder(folder: Path) -> Generation:
    """Open a generation, live or not, after checking it. Raises IndexFormatError or IndexDamagedError."""
    manifest = read_manifest(folder)
    if wrong := damages(folder, manifest, thorough=False):
        raise IndexDamagedError(
            f"the index at {folder.parent.parent} is damaged: {wrong[0]}; "
            "run quipu verify --repair, or quipu build to make it anew"
        )
    corpus = Corpus(folder / "corpus.sqlite")
    tokens: Tokens | None = None
    try:
        places = load_array(folder / "token_places.npy")
        if places.dtype != PLACE or places.ndim != 1:
            raise IndexDamagedError("token_places.npy is not as expected; run quipu build")
        tokens = Tokens(folder, segment_names(manifest.files), places, manifest.dim)
        generation = Generation(
            folder,
            manifest,
            corpus,
            VectorIndex(folder / "passages.faiss"),
            LexicalIndex(folder / "lexical", lexical_numbers(folder, manifest)),
            load_array(folder / "sentences.npy"),
            tokens,
        )
        check_counts(generation)
    except BaseException:
        if tokens is not None:
            tokens.close()
        corpus.close()
        raise
    return generation


def lexical_numbers(folder: Path, manifest: Manifest) -> NDArray[np.int64] | None:
    """The number of every passage in the lexical index, `(passages,)`; None where it is its row. IndexDamagedError."""
    if manifest.format_version != CARRIED_ON_VERSION:
        return None
    numbers = load_array(folder / LEXICAL_NUMBERS)
    if numbers.dtype != np.int64 or numbers.shape != (manifest.passages,):
        raise IndexDamagedError(f"{LEXICAL_NUMBERS} is not as expected; run quipu build")
    return np.array(numbers)


def check_counts(generation: Generation) -> None:
    """IndexDamagedError if the files of a generation do not hold as many rows as its manifest says."""
    m = generation.manifest
    checks = [
        ("documents in corpus.sqlite", generation.corpus.documents, m.documents),
        ("passages in corpus.sqlite", generation.corpus.passages, m.passages),
        ("sentences in corpus.sqlite", generation.corpus.sentences, m.sentences),
        ("vectors in passages.faiss", generation.vectors.count, m.passages),
        ("passages in the lexical index", generation.lexical.count, m.passages),
        ("shape of sentences.npy", generation.sentences.shape, (m.sentences, m.dim)),
        ("passages in token_places.npy", len(generation.tokens.places), m.passages),
        ("tokens", len(generation.tokens), m.tokens),
    ]
    for what, found, expected in checks:
        if found != expected:
            raise IndexDamagedError(
                f"the index is damaged: {what}: found {found}, expected {expected}; run quipu build"
            )

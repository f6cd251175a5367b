"""From a folder of documents to a new live generation."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from index import chunking
from index.cache import EmbeddingCache, cache_key, discard
from index.corpus import Corpus, CorpusWriter
from index.duplicates import Duplicate, duplicates_in, mark_duplicates
from index.embedding import Embedder, open_embedder
from index.errors import IndexDamagedError, IndexFormatError, IndexMissingError, QuipuError, SourceError
from index.lexical import write_lexical
from index.loading import Skipped, SourceFile, discover, read_documents, read_metadata
from index.models import DEFAULT_MODEL, resolve
from index.quantise import quantise, token_dtype
from index.reading import reader_version
from index.sentences import readable
from index.store import (
    FORMAT_VERSION,
    current_generation,
    damages,
    file_checksums,
    live_folder,
    publish,
    read_manifest,
    write_manifest,
)
from index.types import Manifest
from index.vectors import write_vectors

Progress = Callable[[str, int, int], None]
WINDOW = 256
KEPT_GENERATIONS = 2


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `encoded` and `reused` count texts (passages and sentences)."""

    generation: str
    unchanged: bool
    documents: int
    passages: int
    sentences: int
    encoded: int
    reused: int
    skipped: tuple[Skipped, ...]
    duplicates: tuple[Duplicate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Text:
    """A text to be embedded, under its key in the cache."""

    key: bytes
    text: str
    with_tokens: bool


def build_index(
    source: Path,
    index: Path,
    *,
    model: str = DEFAULT_MODEL,
    embedder: Embedder | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    progress: Progress = lambda _stage, _done, _total: None,
    say: Callable[[str], None] = lambda _: None,
) -> BuildReport:
    """Index the documents below `source` into `index` and make the new generation live.

    If nothing has changed since the live generation was made, nothing is written. An index below `source` is not
    taken for documents. `include` and `exclude` are patterns in gitignore's syntax. `progress` is called with a stage, what is done and the total. Raises SourceError, ModelError, or QuipuError if another build holds the lock.
    """
    found = list(discover(source, leave_out=index, include=include, exclude=exclude))
    files = [file for file in found if isinstance(file, SourceFile)]
    skipped = [file for file in found if isinstance(file, Skipped)]
    if not files:
        listed = f" ({len(skipped)} files are in formats that are not read)" if skipped else ""
        raise SourceError(
            f"the source folder {source} holds no documents{listed}; expected .txt, .md, .html, .pdf, .docx, .xlsx or another format that is read"
        )
    metadata = read_metadata(source)
    try:
        index.mkdir(parents=True, exist_ok=True)
        with FileLock(index / "build.lock", timeout=0):
            name, sha256 = (embedder.name, embedder.sha256) if embedder else _identity(model, say)
            fingerprint = _fingerprint(files, metadata, sha256)
            if report := _unchanged(index, fingerprint, skipped):
                return report
            ready = embedder or open_embedder(model, say)
            try:
                return _build(source, index, files, metadata, skipped, ready, name, fingerprint, progress)
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError:
                    raise
                # SQLite's word for a malformed file; of what is older than this build only the cache is read.
                say("the cache of embeddings was damaged; it is made anew")
                discard(index / "cache")
                return _build(source, index, files, metadata, skipped, ready, name, fingerprint, progress)
    except Timeout:
        raise QuipuError(f"another build is writing to {index}; wait for it to end, then try again") from None
    except (OSError, sqlite3.Error) as error:
        raise QuipuError(
            f"the index at {index} could not be written: {error}; the live generation is untouched"
        ) from None


def _identity(model: str, say: Callable[[str], None]) -> tuple[str, str]:
    source = resolve(model, say)
    return source.name, source.sha256


def _fingerprint(files: Iterable[SourceFile], metadata: dict[str, dict[str, str]], model_sha256: str) -> str:
    digest = hashlib.sha256(f"{FORMAT_VERSION} {chunking.VERSION} {model_sha256} {reader_version()}".encode())
    digest.update(json.dumps(metadata, sort_keys=True, ensure_ascii=False).encode())
    for file in files:
        digest.update(f"\0{file.doc_id}\0".encode("utf-8", "surrogateescape"))
        try:
            with file.path.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
        except OSError:
            digest.update(b"unreadable")
    return digest.hexdigest()


def _unchanged(index: Path, fingerprint: str, skipped: Sequence[Skipped]) -> BuildReport | None:
    """A report on the live generation if it was made from the same sources and is whole."""
    try:
        folder = live_folder(index)
        manifest = read_manifest(folder)
    except (IndexMissingError, IndexDamagedError, IndexFormatError):
        return None
    if manifest.source_sha256 != fingerprint or damages(folder, manifest, thorough=True):
        return None
    unreadable = [Skipped(doc_id, reason) for doc_id, reason in _read_skipped(folder)]
    return BuildReport(
        manifest.generation,
        True,
        manifest.documents,
        manifest.passages,
        manifest.sentences,
        0,
        manifest.passages + manifest.sentences,
        (*skipped, *unreadable),
        tuple(duplicates_in(folder / "corpus.sqlite")),
    )


def _build(
    source: Path,
    index: Path,
    files: Sequence[SourceFile],
    metadata: dict[str, dict[str, str]],
    skipped: list[Skipped],
    embedder: Embedder,
    model_name: str,
    fingerprint: str,
    progress: Progress,
) -> BuildReport:
    # To the microsecond, so that names sort in the order of creation.
    generation = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    folder = index / "generations" / generation
    _sweep(index)
    folder.mkdir(parents=True)
    cache = EmbeddingCache(index / "cache", embedder.dim)
    try:
        unreadable = _write_corpus(folder / "corpus.sqlite", files, metadata, embedder, progress, index / "cache")
        duplicates = tuple(mark_duplicates(folder / "corpus.sqlite"))
        corpus = Corpus(folder / "corpus.sqlite")
        try:
            encoded, total = _embed(corpus, cache, embedder, progress)
            tokens = _write_vectors(folder, corpus, cache, embedder, progress)
            _write_lexical(folder, corpus, progress)
            counts = (corpus.documents, corpus.passages, corpus.sentences)
        finally:
            corpus.close()
        (folder / "skipped.json").write_text(json.dumps([[s.doc_id, s.reason] for s in unreadable]), encoding="utf-8")
        manifest = Manifest(
            FORMAT_VERSION,
            generation,
            current_generation(index),
            datetime.now(UTC).isoformat(timespec="seconds"),
            str(source.resolve()),
            fingerprint,
            model_name,
            embedder.sha256,
            embedder.dim,
            {
                "version": chunking.VERSION,
                "target_tokens": chunking.TARGET_TOKENS,
                "max_tokens": chunking.MAX_TOKENS,
            },
            *counts,
            tokens,
            file_checksums(folder),
        )
        write_manifest(folder, manifest)
        publish(index, generation)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        cache.close()
    _sweep(index)
    return BuildReport(generation, False, *counts, encoded, total - encoded, (*skipped, *unreadable), duplicates)


def _write_corpus(
    path: Path,
    files: Sequence[SourceFile],
    metadata: dict[str, dict[str, str]],
    embedder: Embedder,
    progress: Progress,
    cache: Path,
) -> list[Skipped]:
    """Load and split every file; returns those that could not be read."""
    writer = CorpusWriter(path)
    skipped = []
    read: set[str] = set()
    try:
        for file, found in read_documents(files, metadata, cache=cache):
            if isinstance(found, Skipped):
                skipped.append(found)
            else:
                passages = chunking.split_passages(found, embedder.count_tokens)
                contexts = [chunking.context_of(passage, found) for passage in passages]
                writer.add(found, passages, contexts)
            read.add(file.doc_id)
            progress("reading", len(read), len(files))
    finally:
        writer.close()
    if not writer.passages:
        reason = f"; {skipped[0].doc_id} {skipped[0].reason}" if skipped else ""
        raise SourceError(f"none of the {len(files)} files could be read{reason}")
    return skipped


def embedded_text(corpus_text: str, context: str) -> str:
    """What is encoded for a passage: its headings, then its text without link targets and tags."""
    return context + readable(corpus_text)


def _texts(corpus: Corpus, embedder: Embedder) -> Iterator[_Text]:
    for stored in corpus.all_passages():
        passage = stored.passage
        text = embedded_text(passage.text, stored.context)
        yield _Text(cache_key(embedder.sha256, "passage", text), text, True)
        for sentence in passage.sentences:
            text = sentence_text(passage.text[sentence.start - passage.start : sentence.end - passage.start])
            yield _Text(cache_key(embedder.sha256, "sentence", text), text, False)


def sentence_text(text: str) -> str:
    """What is encoded for a sentence: its text without link targets and tags, white space collapsed."""
    return " ".join(readable(text).split())


def _embed(corpus: Corpus, cache: EmbeddingCache, embedder: Embedder, progress: Progress) -> tuple[int, int]:
    """Encode what the cache lacks, a window of similar lengths at a time; returns (encoded, all texts)."""
    total = corpus.passages + corpus.sentences
    done = encoded = 0
    window: dict[bytes, _Text] = {}

    def flush() -> None:
        nonlocal encoded, done
        missing = cache.missing(list(window))
        for with_tokens in (True, False):
            batch = [text for key, text in window.items() if key in missing and text.with_tokens == with_tokens]
            results = embedder.encode([text.text for text in batch], "passage", tokens=with_tokens)
            cache.put(
                (
                    text.key,
                    result.vector,
                    None
                    if result.tokens is None
                    else quantise(
                        result.tokens.vectors, np.minimum(result.tokens.spans[:, 0], 65535).astype(np.uint16)
                    ),
                )
                for text, result in zip(batch, results, strict=True)
            )
        encoded += len(missing)
        window.clear()
        progress("embedding", done, total)

    for text in _texts(corpus, embedder):
        window[text.key] = text
        done += 1
        if len(window) >= WINDOW:
            flush()
    flush()
    return encoded, total


def _write_vectors(folder: Path, corpus: Corpus, cache: EmbeddingCache, embedder: Embedder, progress: Progress) -> int:
    """Write the vector files from the cache; returns the number of tokens."""
    dim = embedder.dim
    passages = np.empty((corpus.passages, dim), dtype=np.float32)
    sentences = np.lib.format.open_memmap(
        folder / "sentences.npy", mode="w+", dtype=np.float16, shape=(corpus.sentences, dim)
    )
    offsets = np.zeros(corpus.passages + 1, dtype=np.int64)
    raw = folder / "tokens.raw"
    p = s = 0
    with raw.open("wb") as file:
        for text in _texts(corpus, embedder):
            if text.with_tokens:
                passages[p] = cache.vector(text.key)
                rows = cache.tokens(text.key)
                file.write(rows.tobytes())
                offsets[p + 1] = offsets[p] + len(rows)
                p += 1
                if p % 100 == 0 or p == corpus.passages:
                    progress("writing vectors", p, corpus.passages)
            else:
                sentences[s] = cache.vector(text.key)
                s += 1
    sentences.flush()
    del sentences
    np.save(folder / "token_offsets.npy", offsets)
    _raw_to_npy(raw, folder / "tokens.npy", token_dtype(dim), int(offsets[-1]))
    passages /= np.maximum(np.linalg.norm(passages, axis=1, keepdims=True), 1e-12)
    write_vectors(folder / "passages.faiss", passages)
    return int(offsets[-1])


def _raw_to_npy(raw: Path, path: Path, dtype: np.dtype[np.void], rows: int) -> None:
    """Give raw rows a .npy header, streaming."""
    with path.open("wb") as out, raw.open("rb") as data:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows,)}
        np.lib.format.write_array_header_1_0(out, header)
        shutil.copyfileobj(data, out)
    raw.unlink()


def _write_lexical(folder: Path, corpus: Corpus, progress: Progress) -> None:
    def texts() -> Iterator[str]:
        for done, stored in enumerate(corpus.all_passages(), start=1):
            yield embedded_text(stored.passage.text, stored.context)
            if done % 100 == 0 or done == corpus.passages:
                progress("indexing words", done, corpus.passages)

    write_lexical(folder / "lexical", texts())


def _sweep(index: Path) -> None:
    """Remove unfinished generations, and all but the live one and the one before it."""
    generations = index / "generations"
    if not generations.is_dir():
        return
    live = current_generation(index)
    whole = sorted((f for f in generations.iterdir() if (f / "manifest.json").is_file()), key=lambda f: f.name)
    keep = {folder.name for folder in whole[-KEPT_GENERATIONS:]} | {live}
    for folder in generations.iterdir():
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)


def _read_skipped(folder: Path) -> list[tuple[str, str]]:
    content = json.loads((folder / "skipped.json").read_text(encoding="utf-8"))
    return [(str(doc_id), str(reason)) for doc_id, reason in content]

"""From a folder of documents to a new live generation."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import chunking
from index.assembly import sources_of, write_keys, write_passages, write_sentences, write_tokens
from index.cache import EmbeddingCache, discard, size_of
from index.corpus import AT_ONCE, Corpus
from index.duplicates import Duplicate, duplicates_in, mark_duplicates
from index.earlier import Earlier, open_earlier
from index.embedding import Embedder, open_embedder
from index.errors import IndexDamagedError, IndexFormatError, IndexMissingError, QuipuError, SourceError
from index.generations import KEPT, new_name, sweep
from index.intake import Changes, Intake, Taken
from index.lexical import write_lexical
from index.lexical_update import can_carry_on, carry_on, numbers_for
from index.loading import Skipped, SourceFile, discover, read_metadata
from index.lock import build_lock
from index.models import DEFAULT_MODEL, resolve
from index.progress import Progress
from index.reading import reader_version
from index.sources import Source, Stamps, fingerprint, scan
from index.store import (
    CARRIED_ON_VERSION,
    FORMAT_VERSION,
    LEXICAL_NUMBERS,
    current_generation,
    damages,
    file_checksums,
    live_folder,
    publish,
    read_manifest,
    seal,
    write_manifest,
)
from index.texts import embedded_text
from index.types import Manifest

CACHE_KEPT = 500_000_000
"""Bytes up to which the cache stays after a build. What a larger one holds is in the live generation, by key; there it
is a second copy of several gigabytes, while a small one makes it cheap to go back to earlier texts."""

Gate = Callable[[Path, Path | None, Embedder], None]
"""Judges a finished generation before it goes live: its folder, the live one's (None if there is none that can be
opened), and the embedder of both. Raises QuipuError to refuse it."""


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
    changes: Changes
    duplicates: tuple[Duplicate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """What a build is about, as far as it was known before the model was loaded."""

    source: Path
    index: Path
    sources: Sequence[Source]
    metadata: Mapping[str, Mapping[str, str]]
    model_name: str
    recipe: str
    fingerprint: str
    thorough: bool
    keep: int
    gate: Gate | None
    progress: Progress
    say: Callable[[str], None]
    include: tuple[str, ...]
    exclude: tuple[str, ...]


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
    wait: float = 0.0,
    keep: int = KEPT,
    gate: Gate | None = None,
    thorough: bool = False,
) -> BuildReport:
    """Index the documents below `source` into `index` and make the new generation live.

    If nothing has changed since the live generation was made, nothing is written. An index below `source` is not
    taken for documents; `include` and `exclude` are patterns in gitignore's syntax. Only files that are new or changed are read, only texts that are new are encoded. `progress`
    is called with a stage, what is done and the total. `wait` is how many seconds to wait for another build to end,
    without end if negative; `keep` how many generations stay on disk. `gate` may refuse the new generation before it
    goes live. `thorough` checks every byte of what stands there, and makes damaged parts anew.

    Raises SourceError, ModelError, or QuipuError if another build holds the lock.
    """
    found = list(discover(source, leave_out=index, include=include, exclude=exclude))
    files = [file for file in found if isinstance(file, SourceFile)]
    skipped = [file for file in found if isinstance(file, Skipped)]
    if not files:
        listed = f" ({len(skipped)} files are in formats that are not read)" if skipped else ""
        raise SourceError(
            f"the source folder {source} holds no documents{listed}; expected .txt, .md, .html, .pdf, .docx, .xlsx or another"
            " format that is read"
        )
    metadata = read_metadata(source)
    try:
        index.mkdir(parents=True, exist_ok=True)
        with build_lock(index, wait=wait, say=say) as recorded:
            name, sha256 = (embedder.name, embedder.sha256) if embedder else _identity(model, say)
            recipe = f"{FORMAT_VERSION} {chunking.VERSION} {sha256} {reader_version()}"
            sources = scan(files, metadata, Stamps(index / "cache"))
            work = _Work(
                source, index, sources, metadata, name, recipe, fingerprint(recipe, sources), thorough,
                max(keep, 1), gate, recorded(progress), say, tuple(include), tuple(exclude),
            )  # fmt: skip
            if report := _unchanged(work, skipped):
                sweep(index, work.keep)
                return report
            ready = embedder or open_embedder(model, say)
            try:
                return _build(work, skipped, ready)
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError:
                    raise
                # SQLite's word for a malformed file; of what is older than this build, the cache is not checked.
                say("the cache of embeddings was damaged; it is made anew")
                discard(index / "cache")
                return _build(work, skipped, ready)
    except (OSError, sqlite3.Error) as error:
        raise QuipuError(
            f"the index at {index} could not be written: {error}; the live generation is untouched"
        ) from None


def _identity(model: str, say: Callable[[str], None]) -> tuple[str, str]:
    source = resolve(model, say)
    return source.name, source.sha256


def _unchanged(work: _Work, skipped: Sequence[Skipped]) -> BuildReport | None:
    """A report on the live generation if it was made from the same sources and is whole."""
    try:
        folder = live_folder(work.index)
        manifest = read_manifest(folder)
        if manifest.source_sha256 != work.fingerprint or damages(folder, manifest, thorough=work.thorough):
            return None
        corpus = Corpus(folder / "corpus.sqlite")
        try:
            unreadable = [Skipped(*pair) for file in corpus.files() for pair in file.skipped]
        finally:
            corpus.close()
    except (IndexMissingError, IndexDamagedError, IndexFormatError):
        return None
    counts = (manifest.documents, manifest.passages, manifest.sentences)
    return BuildReport(
        manifest.generation, True, *counts, 0, manifest.passages + manifest.sentences, (*skipped, *unreadable),
        Changes(unchanged=len(work.sources)), tuple(duplicates_in(folder / "corpus.sqlite")),
    )  # fmt: skip


def _build(work: _Work, skipped: Sequence[Skipped], embedder: Embedder) -> BuildReport:
    generation = new_name(work.index)
    folder = work.index / "generations" / generation
    sweep(work.index, work.keep)
    folder.mkdir(parents=True)
    cache = EmbeddingCache(work.index / "cache", embedder.dim)
    earlier = open_earlier(work.index, work.recipe, embedder.sha256, thorough=work.thorough, say=work.say)
    try:
        taken = Intake(work.sources, work.metadata, embedder, earlier, cache, work.progress).write(
            folder / "corpus.sqlite", work.index / "cache"
        )
        duplicates = tuple(mark_duplicates(folder / "corpus.sqlite", work.index / "cache"))
        manifest = _write(work, folder, embedder, earlier, cache, taken)
        if work.gate is not None:
            work.gate(folder, _openable(work.index), embedder)
        seal(folder)
        publish(work.index, generation)
    except BaseException:
        if current_generation(work.index) != generation:
            with suppress(OSError):
                (folder / "manifest.json").unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        with suppress(sqlite3.Error):
            cache.close()
        if earlier is not None:
            earlier.close()
    # The new generation is live: what cannot be tidied up now, the next build tidies up.
    with suppress(OSError, sqlite3.Error):
        sweep(work.index, work.keep)
        if size_of(work.index / "cache") > CACHE_KEPT:
            discard(work.index / "cache")
    return BuildReport(
        generation, False, manifest.documents, manifest.passages, manifest.sentences, taken.encoded,
        manifest.passages + manifest.sentences - taken.encoded, (*skipped, *taken.skipped), taken.changes,
        duplicates,
    )  # fmt: skip


def _write(
    work: _Work, folder: Path, embedder: Embedder, earlier: Earlier | None, cache: EmbeddingCache, taken: Taken
) -> Manifest:
    """Write every file of the generation but the corpus, the manifest last."""
    dim = embedder.dim
    passages, sentences = taken.passages, taken.sentences
    passage_sources, sentence_sources = sources_of(passages, sentences, earlier)
    tokens = write_tokens(
        folder, passages, passage_sources, earlier, cache, dim,
        lambda done, total: work.progress("writing vectors", done, total),
    )  # fmt: skip
    write_sentences(folder, sentences, sentence_sources, earlier, cache, dim)
    write_passages(folder, passages, passage_sources, earlier, cache, dim)
    write_keys(folder, passages, sentences)
    carried_on = _write_words(work, folder, passage_sources, earlier)
    manifest = Manifest(
        CARRIED_ON_VERSION if carried_on else FORMAT_VERSION,
        folder.name,
        current_generation(work.index),
        datetime.now(UTC).isoformat(timespec="seconds"),
        str(work.source.resolve()),
        taken.fingerprint(work.recipe),
        work.model_name,
        embedder.sha256,
        dim,
        {
            "version": chunking.VERSION,
            "target_tokens": chunking.TARGET_TOKENS,
            "max_tokens": chunking.MAX_TOKENS,
        },
        taken.documents,
        len(passages),
        len(sentences),
        tokens,
        file_checksums(folder, earlier.manifest.files if earlier is not None else {}),
        work.recipe,
        work.include,
        work.exclude,
    )
    write_manifest(folder, manifest)
    return manifest


def _write_words(work: _Work, folder: Path, sources: NDArray[np.int64], earlier: Earlier | None) -> bool:
    """Write the BM25 files; tells whether they were carried on from the earlier ones, under the numbers there."""
    corpus = Corpus(folder / "corpus.sqlite")
    try:
        if earlier is not None and earlier.lexical is not None and not work.thorough:
            numbers, new = numbers_for(sources, earlier.numbers)
            if can_carry_on(earlier.lexical, numbers, earlier.numbers):
                gone = np.setdiff1d(earlier.numbers, numbers)
                added = ((int(numbers[row]), text) for row, text in _lexical_texts_at(corpus, new, work.progress))
                carry_on(folder / "lexical", earlier.lexical, gone, added)
                np.save(folder / LEXICAL_NUMBERS, numbers)
                return True
        write_lexical(folder / "lexical", _lexical_texts(corpus, work.progress))
        return False
    finally:
        corpus.close()


def _lexical_texts_at(corpus: Corpus, rows: NDArray[np.int64], progress: Progress) -> Iterator[tuple[int, str]]:
    for first in range(0, len(rows), AT_ONCE):
        for stored in corpus.passages_at(rows[first : first + AT_ONCE].tolist()):
            yield stored.row, embedded_text(stored.passage.text, stored.context)
        progress("indexing words", min(first + AT_ONCE, len(rows)), len(rows))


def _lexical_texts(corpus: Corpus, progress: Progress) -> Iterator[str]:
    for done, (text, context) in enumerate(corpus.embedded_passages(), start=1):
        yield embedded_text(text, context)
        if done % 100 == 0 or done == corpus.passages:
            progress("indexing words", done, corpus.passages)


def _openable(index: Path) -> Path | None:
    """Folder of the live generation if it is whole."""
    try:
        folder = live_folder(index)
        return None if damages(folder, read_manifest(folder), thorough=False) else folder
    except (IndexMissingError, IndexDamagedError, IndexFormatError):
        return None

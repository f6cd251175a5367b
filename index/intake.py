"""Taking in the source files: what did not change is taken over, the rest is read, split and encoded as it comes.

Reading and encoding take turns document by document, so that no more than a window of texts is in memory, and so that
readers in other processes work while the model does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.assembly import Rows
from index.cache import EmbeddingCache
from index.chunking import context_of, split_passages
from index.corpus import Corpus, StoredFile
from index.corpus_writer import CorpusWriter
from index.earlier import Earlier
from index.embedding import Embedder
from index.encoding import Encoding
from index.errors import SourceError
from index.loading import Skipped, read_documents
from index.progress import Progress
from index.reading import may_pass
from index.sources import Source, fingerprint, stamp_of
from index.texts import Text, texts_of
from index.types import Document


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of the source files that are new, changed and gone since the generation before; the number that stayed.

    What could not be read is neither new nor changed.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0


@dataclass(slots=True)
class Taken:
    """What was taken in: the rows of passages and sentences, what was left out, how many texts were encoded."""

    sources: list[Source] = field(default_factory=list)
    passages: Rows = field(default_factory=Rows)
    sentences: Rows = field(default_factory=Rows)
    skipped: list[Skipped] = field(default_factory=list)
    documents: int = 0
    encoded: int = 0
    changes: Changes = field(default_factory=Changes)

    def fingerprint(self, recipe: str) -> str:
        """The name of what was really read: a file that changed meanwhile counts as not yet known."""
        return fingerprint(recipe, self.sources)


class Intake:
    """Fills the corpus of a new generation from the source files and from the earlier generation."""

    def __init__(
        self,
        sources: Sequence[Source],
        metadata: Mapping[str, Mapping[str, str]],
        embedder: Embedder,
        earlier: Earlier | None,
        cache: EmbeddingCache,
        progress: Progress,
    ) -> None:
        self._sources = sources
        self._metadata = metadata
        self._embedder = embedder
        self._earlier = earlier
        self._encoding = Encoding(cache, earlier, embedder, self._encoded)
        self._progress = progress
        self._taken = Taken()
        self._stored = {source.file.doc_id: self._stored_file(source) for source in sources}
        self._to_read = [source for source in sources if self._stored[source.file.doc_id] is None]
        self._bytes = sum(source.stamp.size for source in self._to_read if source.stamp is not None)
        self._bytes_read = 0
        self._texts = 0
        self._unread: set[str] = set()

    def _stored_file(self, source: Source) -> StoredFile | None:
        """The file as the earlier generation has it, if it can be taken over whole."""
        earlier = self._earlier
        stored = earlier.files.get(source.file.doc_id) if earlier is not None and earlier.same_recipe else None
        return stored if stored is not None and same(stored, source) else None

    def write(self, path: Path, extracted: Path) -> Taken:
        """Write the corpus to `path`, and what it needs into the cache; `extracted` may keep extracted texts.

        Raises SourceError if nothing at all could be read.
        """
        taken = self._taken
        writer = CorpusWriter(path, self._earlier.folder / "corpus.sqlite" if self._earlier is not None else None)
        try:
            self._write(writer, extracted)
        finally:
            writer.close()
        if not writer.passages:
            reason = f"; {taken.skipped[0].doc_id} {taken.skipped[0].reason}" if taken.skipped else ""
            raise SourceError(f"none of the {len(self._sources)} files could be read{reason}")
        self._encoding.flush()
        if self._earlier is not None and self._earlier.damaged:
            self._make_good(path)
        taken.documents, taken.encoded = writer.documents, self._encoding.encoded
        taken.changes = self._changes()
        if self._to_read:
            self._progress("embedding", taken.encoded, taken.encoded)
        return taken

    def _write(self, writer: CorpusWriter, extracted: Path) -> None:
        read = read_documents((source.file for source in self._to_read), self._metadata, cache=extracted)
        following = next(read, None)
        run: list[int] = []
        files_read = 0
        for source in self._sources:
            stored = self._stored[source.file.doc_id]
            if stored is not None:
                if run and stored.row != run[-1] + 1:
                    self._take_over(writer, run)
                    run = []
                run.append(stored.row)
                self._taken.skipped += [Skipped(*pair) for pair in stored.skipped]
                self._taken.sources.append(source)
                continue
            if run:
                self._take_over(writer, run)
                run = []
            self._bytes_read += source.stamp.size if source.stamp is not None else 0
            documents, skipped = 0, []
            while following is not None and following[0].doc_id == source.file.doc_id:
                found = following[1]
                if isinstance(found, Document):
                    reason = self._add(writer, found)
                    documents += not reason
                    if reason:
                        skipped.append(Skipped(found.doc_id, reason))
                else:
                    skipped.append(found)
                following = next(read, None)
            if not documents:
                self._unread.add(source.file.doc_id)
                skipped = self._keep_earlier(writer, source, skipped)
            # Without its content a file never counts as unchanged: the next build reads it again.
            again = any(may_pass(s.reason) for s in skipped) or stamp_of(source.file.path) != source.stamp
            content = b"" if again else source.content
            writer.end_file(source.file.doc_id, content, source.about, [(s.doc_id, s.reason) for s in skipped])
            self._taken.sources.append(replace(source, content=content))
            self._taken.skipped += skipped
            files_read += 1
            self._progress("reading", files_read, len(self._to_read))
        if run:
            self._take_over(writer, run)

    def _take_over(self, writer: CorpusWriter, run: Sequence[int]) -> None:
        """Take over the earlier files in rows `run`, which are adjacent."""
        assert self._earlier is not None
        passages, sentences = writer.take_over(run[0], run[-1])
        count = self._earlier.manifest.passages
        self._taken.passages.take_over(passages, self._earlier.keys[:count])
        self._taken.sentences.take_over(sentences, self._earlier.keys[count:])

    def _add(self, writer: CorpusWriter, document: Document) -> str:
        """Split a document, store it and encode it; gives the reason if it cannot be added."""
        passages = split_passages(document, self._embedder.count_tokens)
        contexts = [context_of(passage, document) for passage in passages]
        try:
            writer.add(document, passages, contexts)
        except SourceError as error:
            return str(error)
        texts = list(texts_of(passages, contexts, self._embedder.sha256))
        for text in texts:
            (self._taken.passages if text.with_tokens else self._taken.sentences).add(text.key)
        self._texts += len(texts)
        self._encoding.add(texts)
        return ""

    def _keep_earlier(self, writer: CorpusWriter, source: Source, skipped: Sequence[Skipped]) -> list[Skipped]:
        """Keep what was searchable of a file that was read once and cannot be read now."""
        earlier = self._earlier
        stored = earlier.files.get(source.file.doc_id) if earlier is not None else None
        if earlier is None or stored is None or not stored.documents:
            return list(skipped)
        kept = [document for document in earlier.documents_of(stored) if not self._add(writer, document)]
        advice = "its earlier version stays searchable; delete the file to remove it"
        return [Skipped(s.doc_id, f"{s.reason}; {advice}") for s in skipped] if kept else list(skipped)

    def _make_good(self, path: Path) -> None:
        """Encode what was taken over and whose vectors are damaged."""
        corpus = Corpus(path)
        try:
            self._encoding.add(_all_texts(corpus, self._embedder.sha256))
            self._encoding.flush()
        finally:
            corpus.close()

    def _changes(self) -> Changes:
        stored = self._earlier.files if self._earlier is not None else {}
        names = [source.file.doc_id for source in self._sources]
        read = [name for name in names if name not in self._unread]
        unchanged = {
            source.file.doc_id
            for source in self._sources
            if source.file.doc_id in stored and same(stored[source.file.doc_id], source)
        }
        return Changes(
            tuple(name for name in read if name not in stored),
            tuple(name for name in read if name in stored and name not in unchanged),
            tuple(sorted(stored.keys() - set(names))),
            len(unchanged),
        )

    def _encoded(self, encoded: int) -> None:
        """Tell how much is encoded; the total is what is known, and for files not yet read as much as bytes suggest."""
        expected = self._texts * self._bytes / self._bytes_read if self._bytes_read else self._texts
        seen = max(self._encoding.seen, 1)
        ahead = max(expected - self._encoding.seen, 0) * encoded / seen
        self._progress("embedding", encoded, encoded + self._encoding.waiting + round(ahead))


def same(stored: StoredFile, source: Source) -> bool:
    """Whether a source file is as it was when it was stored: in content, and in what is known about it."""
    return bool(source.content) and (stored.content, stored.about) == (source.content, source.about)


def _all_texts(corpus: Corpus, model_sha256: str) -> Iterator[Text]:
    for stored in corpus.all_passages():
        yield from texts_of([stored.passage], [stored.context], model_sha256)

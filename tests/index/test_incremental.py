"""A build reads, splits and encodes only what changed, and the index is the same as one built from nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from index import build as building
from index import intake, sources
from index.build import BuildReport, build_index
from index.embedding import Encoded
from index.inspection import check
from index.loading import Skipped, SourceFile, read_documents
from index.store import open_generation
from index.testing import HashEmbedder
from index.types import Document

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]


class Counting(HashEmbedder):
    """Remembers what it encoded and counted."""

    def __init__(self, sha256: str = "a" * 64) -> None:
        super().__init__(sha256=sha256)
        self.encoded: list[str] = []
        self.counted = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        self.counted += len(texts)
        return super().count_tokens(texts)

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        self.encoded += texts
        return super().encode(texts, kind, tokens=tokens, done=done)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that builds have read."""
    names: list[str] = []

    def told(
        files: Iterable[SourceFile], metadata: Mapping[str, Mapping[str, str]], *, cache: Path | None = None
    ) -> Iterator[tuple[SourceFile, Document | Skipped]]:
        for found in read_documents(files, metadata, cache=cache):
            names.append(found[0].doc_id)
            yield found

    monkeypatch.setattr(intake, "read_documents", told)
    return names


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def build(source: Path, index: Path) -> tuple[BuildReport, Counting]:
    embedder = Counting()
    return build_index(source, index, embedder=embedder), embedder


def content(index: Path) -> dict[str, object]:
    """What a reader finds in the live generation, row by row."""
    generation = open_generation(index)
    stored = list(generation.corpus.all_passages())
    vectors = generation.vectors.vectors(np.arange(len(stored)))
    found = {
        "documents": [generation.corpus.document(doc_id) for doc_id in generation.corpus.doc_ids()],
        "passages": stored,
        "vectors": vectors.tolist(),
        "sentences": np.asarray(generation.sentences).tolist(),
        "tokens": [generation.tokens.raw(row) for row in range(len(stored))],
        "keys": np.load(generation.folder / "keys.npy").tolist(),
        "words": [generation.lexical.search(["school"], "en", 1000)],
    }
    generation.close()
    return found


def many(count: int) -> dict[str, str]:
    return {
        f"{n:04d}.txt": f"Village {n} has a school.\n\nIts port was built in {1900 + n % 100} by hand."
        for n in range(count)
    }


def test_one_document_of_a_thousand_changed_is_the_only_one_read_and_encodes_only_its_new_texts(
    write_folder: WriteFolder, index: Path, read: list[str]
) -> None:
    source = write_folder(many(1_000))
    build(source, index)
    read.clear()
    path = source / "0500.txt"
    path.write_text(path.read_text(encoding="utf-8") + "\n\nIts bridge fell in 2009.", encoding="utf-8")
    report, embedder = build(source, index)
    assert read == ["0500.txt"]
    assert sorted(embedder.encoded) == sorted([path.read_text(encoding="utf-8"), "Its bridge fell in 2009."])
    assert report.changes == intake.Changes(changed=("0500.txt",), unchanged=999)
    assert (report.encoded, report.reused) == (2, report.passages + report.sentences - 2)
    assert check(index)[1] == []


def test_what_was_added_changed_removed_and_kept_is_told_and_the_index_is_as_if_built_anew(
    write_folder: WriteFolder, index: Path, tmp_path: Path
) -> None:
    source = write_folder(many(60))
    build(source, index)
    for number in (0, 17, 18, 59):
        (source / f"{number:04d}.txt").unlink()
    for number in (1, 30, 58):
        (source / f"{number:04d}.txt").write_text(f"A new school {number} was opened.", encoding="utf-8")
    (source / "0010b.txt").write_text("Another school stands here.", encoding="utf-8")
    (source / "zz.txt").write_text("The last school.", encoding="utf-8")
    report, _ = build(source, index)
    assert report.changes.added == ("0010b.txt", "zz.txt")
    assert report.changes.changed == ("0001.txt", "0030.txt", "0058.txt")
    assert report.changes.removed == ("0000.txt", "0017.txt", "0018.txt", "0059.txt")
    assert report.changes.unchanged == 53
    build(source, tmp_path / "anew")
    assert content(index) == content(tmp_path / "anew")
    assert check(index)[1] == []


def test_many_small_changes_leave_few_token_segments_and_the_same_index(
    write_folder: WriteFolder, index: Path, tmp_path: Path
) -> None:
    source = write_folder(many(40))
    build(source, index)
    for number in range(25):
        (source / f"{number:04d}.txt").write_text(f"Change {number} at the school.", encoding="utf-8")
        build(source, index)
    generation = open_generation(index)
    assert len(generation.tokens.names) <= 6
    used = int(generation.tokens.places["count"].sum())
    assert used >= 0.5 * sum(generation.tokens.sizes.values())
    generation.close()
    build(source, tmp_path / "anew")
    assert content(index) == content(tmp_path / "anew")


def test_token_vectors_of_unchanged_documents_are_one_file_in_both_generations(
    write_folder: WriteFolder, index: Path
) -> None:
    source = write_folder(many(40))
    first, _ = build(source, index)
    (source / "new.txt").write_text("A new one.", encoding="utf-8")
    second, _ = build(source, index)
    segment = f"tokens/{first.generation}.npy"
    inodes = {(index / "generations" / r.generation / segment).stat().st_ino for r in (first, second)}
    assert len(inodes) == 1


def test_a_moved_document_is_read_but_its_vectors_are_taken_over(write_folder: WriteFolder, index: Path) -> None:
    source = write_folder({**many(5), "a.txt": "The school of Nauta was opened in 1950."})
    build(source, index)
    building.discard(index / "cache")
    (source / "a.txt").rename(source / "b.txt")
    report, embedder = build(source, index)
    assert embedder.encoded == []
    assert (report.changes.added, report.changes.removed) == (("b.txt",), ("a.txt",))


def test_without_the_cache_vectors_come_from_the_live_generation(write_folder: WriteFolder, index: Path) -> None:
    source = write_folder(many(20))
    build(source, index)
    building.discard(index / "cache")
    (source / "metadata.yaml").write_text("0003.txt: {publisher: Town hall}", encoding="utf-8")
    report, embedder = build(source, index)
    assert (embedder.encoded, report.changes.changed) == ([], ("0003.txt",))
    assert check(index)[1] == []


def test_a_large_cache_is_dropped_once_all_of_it_is_live(
    write_folder: WriteFolder, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "CACHE_KEPT", 1_000)
    source = write_folder(many(20))
    build(source, index)
    assert not list((index / "cache").glob("embeddings*"))
    (source / "0003.txt").write_text("Only this is new.", encoding="utf-8")
    _, embedder = build(source, index)
    assert set(embedder.encoded) == {"Only this is new."}
    assert check(index)[1] == []


def test_a_touched_file_is_hashed_and_not_read(write_folder: WriteFolder, index: Path, read: list[str]) -> None:
    source = write_folder(many(5))
    build(source, index)
    read.clear()
    os.utime(source / "0002.txt")
    report, embedder = build(source, index)
    assert report.unchanged
    assert (read, embedder.counted) == ([], 0)


def test_a_file_whose_size_and_times_stayed_is_not_even_opened(
    write_folder: WriteFolder, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SETTLED_NS", 0)
    source = write_folder(many(5))
    time.sleep(0.02)
    build(source, index)
    hashed: list[Path] = []
    monkeypatch.setattr(sources, "_hashed", lambda path: hashed.append(path) or b"")
    assert build(source, index)[0].unchanged
    assert hashed == []


def test_a_change_within_the_clock_tick_of_the_last_build_is_seen(write_folder: WriteFolder, index: Path) -> None:
    source = write_folder({"a.txt": "The law is of 2011."})
    build(source, index)
    before = (source / "a.txt").stat()
    (source / "a.txt").write_text("The law is of 2015.", encoding="utf-8")
    os.utime(source / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    report, _ = build(source, index)
    assert report.changes.changed == ("a.txt",)


def test_a_damaged_memory_of_file_times_is_forgotten(write_folder: WriteFolder, index: Path) -> None:
    source = write_folder(many(3))
    build(source, index)
    (index / "cache" / "files.sqlite").write_bytes(b"nonsense" * 500)
    assert build(source, index)[0].unchanged


def test_a_document_that_cannot_be_read_any_more_stays_searchable_and_is_named(
    write_folder: WriteFolder, index: Path
) -> None:
    source = write_folder({**many(4), "law.txt": "The law of 1997 is in force."})
    build(source, index)
    (source / "law.txt").write_bytes(b"\x00\x01\x02")
    for _ in range(2):
        report, embedder = build(source, index)
        assert embedder.encoded == []
        (skipped,) = report.skipped
        assert skipped.doc_id == "law.txt"
        assert "its earlier version stays searchable; delete the file to remove it" in skipped.reason
        generation = open_generation(index)
        assert generation.corpus.document("law.txt").text == "The law of 1997 is in force."
        generation.close()
    assert report.unchanged
    (source / "law.txt").write_text("The law of 1997 was replaced.", encoding="utf-8")
    report, _ = build(source, index)
    assert (report.changes.changed, report.skipped) == (("law.txt",), ())
    (source / "law.txt").unlink()
    report, _ = build(source, index)
    assert report.changes.removed == ("law.txt",)
    assert report.documents == 4


def test_a_new_file_that_cannot_be_read_is_skipped_and_not_called_added(write_folder: WriteFolder, index: Path) -> None:
    source = write_folder(many(3))
    build(source, index)
    (source / "broken.txt").write_bytes(b"\x00\x01\x02")
    (source / "new.txt").write_text("The law of 1997 is in force.", encoding="utf-8")
    report, _ = build(source, index)
    assert [skipped.doc_id for skipped in report.skipped] == ["broken.txt"]
    assert report.changes == intake.Changes(added=("new.txt",), unchanged=3)


def test_a_file_that_changes_while_it_is_read_is_read_again_by_the_next_build(
    write_folder: WriteFolder, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_folder({"a.txt": "First version.", "b.txt": "Another."})

    def late(
        files: Iterable[SourceFile], metadata: Mapping[str, Mapping[str, str]], *, cache: Path | None = None
    ) -> Iterator[tuple[SourceFile, Document | Skipped]]:
        for found in read_documents(files, metadata, cache=cache):
            if found[0].doc_id == "a.txt":
                (source / "a.txt").write_text("Second version, longer.", encoding="utf-8")
            yield found

    with monkeypatch.context() as patched:
        patched.setattr(intake, "read_documents", late)
        build(source, index)
    report, _ = build(source, index)
    assert not report.unchanged
    generation = open_generation(index)
    assert generation.corpus.document("a.txt").text == "Second version, longer."
    generation.close()
    assert build(source, index)[0].unchanged


@pytest.mark.parametrize("partly", [True, False])
def test_a_file_that_failed_for_a_reason_that_may_pass_is_tried_again(
    write_folder: WriteFolder, index: Path, monkeypatch: pytest.MonkeyPatch, partly: bool
) -> None:
    source = write_folder({"a.txt": "The whole file.", "b.txt": "Another.", "c.bin": b"\x00"})

    def busy(
        files: Iterable[SourceFile], metadata: Mapping[str, Mapping[str, str]], *, cache: Path | None = None
    ) -> Iterator[tuple[SourceFile, Document | Skipped]]:
        for file, found in read_documents(files, metadata, cache=cache):
            if file.doc_id != "a.txt":
                yield file, found
            elif partly:
                yield file, Document("a.txt", "The whole", "a", "en")
                yield file, Skipped("a.txt (in part)", "OCR ran out of time after 1 of 2 scanned pages")
            else:
                yield file, Skipped("a.txt", "was given up after 60 seconds")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "read_documents", busy)
        for _ in range(2):
            report, _ = build(source, index)
            assert not report.unchanged
            assert "a.txt" in report.skipped[-1].doc_id
    report, _ = build(source, index)
    assert report.changes.changed == ("a.txt",)
    assert not any("a.txt" in skipped.doc_id for skipped in report.skipped)
    generation = open_generation(index)
    assert generation.corpus.document("a.txt").text == "The whole file."
    generation.close()
    assert build(source, index)[0].unchanged


def test_a_file_that_holds_several_documents_is_taken_over_with_all_of_them(
    write_folder: WriteFolder, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parts(
        files: Iterable[SourceFile], metadata: Mapping[str, Mapping[str, str]], *, cache: Path | None = None
    ) -> Iterator[tuple[SourceFile, Document | Skipped]]:
        for file in files:
            for number, line in enumerate(file.path.read_text(encoding="utf-8").splitlines()):
                doc_id = f"{file.doc_id}/{number}"
                yield file, Skipped(doc_id, "bad") if line == "bad" else Document(doc_id, line, doc_id, "en")

    monkeypatch.setattr(intake, "read_documents", parts)
    source = write_folder(
        {"a.txt": "One house.\nTwo houses.", "b.txt": "Three.\nbad\nFour.", "c.txt": "bad", "d.txt": "5 d."}
    )
    build(source, index)
    (source / "a.txt").write_text("One house.", encoding="utf-8")
    report, embedder = build(source, index)
    assert embedder.encoded == []
    assert [(s.doc_id, s.reason) for s in report.skipped] == [("b.txt/1", "bad"), ("c.txt/0", "bad")]
    generation = open_generation(index)
    assert generation.corpus.doc_ids() == ("a.txt/0", "b.txt/0", "b.txt/2", "d.txt/0")
    generation.close()
    assert build(source, index)[0].unchanged


def test_another_model_takes_nothing_over(write_folder: WriteFolder, index: Path) -> None:
    source = write_folder(many(3))
    build(source, index)
    other = Counting("b" * 64)
    report = build_index(source, index, embedder=other)
    assert len(other.encoded) == report.encoded > 0
    assert check(index)[1] == []


def test_other_rules_for_passages_take_over_vectors_of_texts_that_stay(
    write_folder: WriteFolder, index: Path, monkeypatch: pytest.MonkeyPatch, read: list[str]
) -> None:
    source = write_folder(many(6))
    build(source, index)
    building.discard(index / "cache")
    read.clear()
    monkeypatch.setattr(building.chunking, "VERSION", 999)
    report, embedder = build(source, index)
    assert (len(read), embedder.encoded, report.unchanged) == (6, [], False)

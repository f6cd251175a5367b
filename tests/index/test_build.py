"""A build: what it writes, what it reuses, and that it never harms the live generation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from index.build import BuildReport, build_index
from index.cache import EmbeddingCache
from index.embedding import Encoded
from index.errors import QuipuError, SourceError
from index.inspection import check, inspect
from index.lexical import terms
from index.store import current_generation, open_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
FILES = {
    "ríos/marañón.txt": "El río Marañón nace en los Andes. 🌊\n\nMide 1.737 km de largo.",
    "mining.md": "# Gold mining\n\nIllegal gold is mined in two ways:\n\n- by barge\n- by hand",
    "law.txt": "---\nclient: Señor Núñez\n---\nThe forest law was approved in 2011.",
}


class CountingEmbedder(HashEmbedder):
    """Remembers what it encoded; fails at text number `fails_at`."""

    def __init__(self, fails_at: int | None = None, sha256: str = "a" * 64) -> None:
        super().__init__(sha256=sha256)
        self.texts: list[str] = []
        self.fails_at = fails_at

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        self.texts += texts
        if self.fails_at is not None and len(self.texts) >= self.fails_at:
            raise RuntimeError("the power went out")
        return super().encode(texts, kind, tokens=tokens, done=done)


def files_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and time of change of every file but the lock and what is remembered of the source files' times."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("build.lock", "files.sqlite")
    }


@pytest.fixture
def source(write_folder: WriteFolder) -> Path:
    return write_folder(FILES)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "índice 1"


def build(source: Path, index: Path) -> tuple[BuildReport, list[str]]:
    """The report, and the texts that were encoded."""
    embedder = CountingEmbedder()
    return build_index(source, index, embedder=embedder), embedder.texts


def test_what_was_written_is_read_back_with_every_letter(source: Path, index: Path) -> None:
    report, _ = build(source, index)
    generation = open_generation(index)
    corpus = generation.corpus
    assert corpus.doc_ids() == tuple(sorted(FILES))
    for doc_id, text in FILES.items():
        assert corpus.document(doc_id).text == text
        for passage in corpus.passages_of(doc_id):
            assert text[passage.start : passage.end] == passage.text
    assert corpus.document("law.txt").metadata == {"client": "Señor Núñez"}
    assert corpus.passages_of("mining.md")[0].headings == ("Gold mining",)
    kinds = [s.kind for s in corpus.passages_of("mining.md")[0].sentences]
    assert kinds == ["heading", "lead", "item", "item"]
    assert generation.sentences.shape == (report.sentences, 64)
    assert generation.manifest.generation == report.generation == current_generation(index)
    generation.close()


def test_row_i_is_the_same_passage_in_every_file(source: Path, index: Path) -> None:
    build(source, index)
    generation = open_generation(index)
    embedder = HashEmbedder()
    sentence_row = 0
    for stored in generation.corpus.all_passages():
        passage = stored.passage
        own_words = [w for w in terms(passage.text, "en") if generation.lexical.document_frequency(w, "en") == 1]
        assert own_words
        assert generation.lexical.search(own_words[:1], "en", 5)[0].row == stored.row
        own = generation.vectors.vectors([stored.row])[0]
        query = embedder.encode([passage.text], "query")[0].vector
        assert float(own @ query) > 0.8
        first, last = generation.token_offsets[stored.row : stored.row + 2]
        starts = generation.tokens[first:last]["at"].astype(int) - stored.context_length
        words = [passage.text[at:].split()[0] for at in starts if at >= 0]
        assert words
        assert stored.first_sentence == sentence_row
        for sentence in passage.sentences:
            text = " ".join(generation.corpus.document(passage.doc_id).text[sentence.start : sentence.end].split())
            expected = embedder.encode([text], "passage")[0].vector
            assert float(generation.sentences[sentence_row].astype("f4") @ expected) > 0.999
            sentence_row += 1
    generation.close()


def test_an_unchanged_build_writes_nothing_and_encodes_nothing(source: Path, index: Path) -> None:
    first, _ = build(source, index)
    before = files_of(index)
    second, encoded = build(source, index)
    assert (second.unchanged, second.generation, second.encoded, encoded) == (True, first.generation, 0, [])
    assert files_of(index) == before


def test_only_the_texts_of_a_changed_document_are_encoded_again(source: Path, index: Path) -> None:
    first, all_texts = build(source, index)
    (source / "law.txt").write_text(FILES["law.txt"] + "\n\nIt was amended in 2015.", encoding="utf-8")
    second, encoded = build(source, index)
    # The passage has grown and is new; of its sentences, one is.
    assert sorted(encoded) == sorted(
        ["The forest law was approved in 2011.\n\nIt was amended in 2015.", "It was amended in 2015."]
    )
    assert second.encoded == 2
    assert second.reused == second.passages + second.sentences - 2
    assert first.encoded == len(all_texts)
    assert second.generation != first.generation


def test_a_document_that_went_away_is_no_longer_found(source: Path, index: Path) -> None:
    build(source, index)
    (source / "law.txt").unlink()
    _, encoded = build(source, index)
    generation = open_generation(index)
    assert generation.corpus.doc_ids() == ("mining.md", "ríos/marañón.txt")
    assert encoded == []
    generation.close()


def test_changed_metadata_makes_a_new_generation_without_encoding(source: Path, index: Path) -> None:
    build(source, index)
    (source / "metadata.yaml").write_text("law.txt: {publisher: El Peruano}", encoding="utf-8")
    report, encoded = build(source, index)
    assert (report.unchanged, encoded) == (False, [])
    generation = open_generation(index)
    assert generation.corpus.document("law.txt").metadata["publisher"] == "El Peruano"
    generation.close()


def test_a_new_title_is_put_before_the_passages_of_its_document_alone(source: Path, index: Path) -> None:
    build(source, index)
    (source / "metadata.yaml").write_text("law.txt: {title: La ley}", encoding="utf-8")
    _, encoded = build(source, index)
    assert encoded
    assert all(text.startswith("La ley\n") for text in encoded)
    assert ("law.txt", "La ley", "en") in inspect(index).documents


def test_an_open_reader_keeps_its_generation(source: Path, index: Path) -> None:
    build(source, index)
    reader = open_generation(index)
    for number in range(4):
        (source / "law.txt").write_text(f"Version {number} of the law.", encoding="utf-8")
        build(source, index)
    assert reader.corpus.document("law.txt").text == FILES["law.txt"]
    assert np.isfinite(reader.sentences).all()
    assert reader.sentences.sum() == reader.sentences.sum()
    reader.close()
    assert len(list((index / "generations").iterdir())) == 2


def test_a_failing_build_leaves_the_live_generation_and_its_work_is_not_lost(source: Path, index: Path) -> None:
    build(source, index)
    before = {name: value for name, value in files_of(index).items() if not name.startswith("cache")}
    more = "\n\n".join(f"Village number {n} lies on the river and has a school of its own." for n in range(400))
    (source / "more.txt").write_text(more, encoding="utf-8")
    failing = CountingEmbedder(fails_at=300)
    with pytest.raises(RuntimeError, match="power"):
        build_index(source, index, embedder=failing)
    assert {name: value for name, value in files_of(index).items() if not name.startswith("cache")} == before
    report, encoded = build(source, index)
    assert not report.unchanged
    finished = set(failing.texts) - set(encoded)
    assert len(finished) > 100, "the windows that were finished are reused"
    assert check(index)[1] == []


def test_a_generation_left_by_a_killed_build_is_swept(source: Path, index: Path) -> None:
    report, _ = build(source, index)
    half = index / "generations" / "20990101T000000-abcdef"
    half.mkdir()
    (half / "corpus.sqlite").write_bytes(b"half")
    (source / "law.txt").write_text("Changed.", encoding="utf-8")
    build(source, index)
    assert not half.exists()
    assert (index / "generations" / report.generation).exists(), "the one before the live one is kept"


def test_a_second_builder_is_told_to_wait(source: Path, index: Path) -> None:
    index.mkdir()
    with FileLock(index / "build.lock"), pytest.raises(QuipuError, match="another build is writing"):
        build(source, index)


def test_of_two_builds_at_once_one_is_told_to_wait_and_the_index_is_whole(source: Path, index: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Slow(CountingEmbedder):
        def encode(self, *arguments: object, **options: object) -> list[Encoded]:
            inside.set()
            assert go_on.wait(20)
            return super().encode(*arguments, **options)  # type: ignore[arg-type]

    first = threading.Thread(target=build_index, args=(source, index), kwargs={"embedder": Slow()})
    first.start()
    assert inside.wait(20)
    try:
        with pytest.raises(QuipuError, match="another build"):
            build(source, index)
    finally:
        go_on.set()
        first.join(20)
    assert check(index)[1] == []


def test_a_damaged_generation_is_built_anew_from_the_cache(source: Path, index: Path) -> None:
    first, _ = build(source, index)
    (index / "generations" / first.generation / "sentences.npy").write_bytes(b"")
    second, encoded = build(source, index)
    assert (second.unchanged, encoded) == (False, [])
    assert check(index)[1] == []


@pytest.mark.parametrize("damage", ["garbage", "middle"])
def test_a_damaged_cache_is_made_anew(source: Path, index: Path, damage: str) -> None:
    (source / "more.txt").write_text("\n\n".join(f"Sentence number {n} is here." for n in range(300)), encoding="utf-8")
    build(source, index)
    path = index / "cache" / "embeddings.sqlite"
    data = path.read_bytes()
    path.write_bytes(b"garbage" * 99 if damage == "garbage" else data[:8192] + b"\xff" * (len(data) - 8192))
    (source / "law.txt").write_text("Changed.", encoding="utf-8")
    report, encoded = build(source, index)
    assert not report.unchanged
    assert "Changed." in encoded
    assert check(index)[1] == []


def test_files_that_cannot_be_read_are_named_and_the_rest_is_indexed(source: Path, index: Path) -> None:
    (source / "empty.txt").write_bytes(b"")
    (source / "zip.txt").write_bytes(bytes(range(256)) * 8)
    (source / "scan.pdf").write_bytes(b"%PDF")
    for unchanged in (False, True):
        report, _ = build(source, index)
        assert report.unchanged == unchanged
        assert report.documents == 3
        assert {s.doc_id for s in report.skipped} == {"empty.txt", "zip.txt", "scan.pdf"}


def test_a_text_file_past_the_limit_is_named_with_the_limit_and_the_rest_is_indexed(
    source: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reading.LARGEST_TEXT_FILE", 3 << 20)
    (source / "huge.txt").write_text("The log of the port. " * 300_000, encoding="utf-8")
    report, encoded = build(source, index)
    assert report.documents == 3
    assert {s.doc_id: s.reason for s in report.skipped} == {
        "huge.txt": "is 6 MB of text; at most 16,000,000 characters are read: split it"
    }
    assert not any("log of the port" in text for text in encoded)


@pytest.mark.parametrize("files", [{}, {"a.odt": "x"}, {".hidden.txt": "x"}])
def test_a_folder_without_documents_is_refused_and_nothing_is_made(
    write_folder: WriteFolder, index: Path, files: Mapping[str, str]
) -> None:
    with pytest.raises(SourceError, match="holds no documents"):
        build(write_folder(files), index)
    assert not index.exists()


def test_a_folder_of_unreadable_documents_is_refused_and_the_live_index_stays(
    source: Path, index: Path, write_folder: WriteFolder
) -> None:
    report, _ = build(source, index)
    with pytest.raises(SourceError, match=r"none of the 1 files could be read; a\.txt holds no text"):
        build(write_folder({"a.txt": " "}), index)
    assert current_generation(index) == report.generation
    assert check(index)[1] == []


def test_an_index_folder_that_is_a_file_is_a_clear_error(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("x", encoding="utf-8")
    with pytest.raises(QuipuError, match="could not be written"):
        build(source, place)


def test_the_index_may_stand_inside_the_source(source: Path) -> None:
    first, _ = build(source, source / "index")
    second, _ = build(source, source / "index")
    assert second.unchanged
    assert second.documents == first.documents == 3
    assert second.skipped == ()


def test_a_title_in_broken_yaml_or_odd_names_do_not_stop_a_build(source: Path, index: Path) -> None:
    (source / "b.txt").write_text('---\ntitle: "\\ud800 broken"\n---\nThe body of b.', encoding="utf-8")
    (source / os.fsdecode(b"caf\xe9.txt")).write_text("Coffee grows in Jaén.", encoding="utf-8")
    report, _ = build(source, index)
    assert report.documents == 5
    assert r"caf\xe9.txt" in [d[0] for d in inspect(index).documents]
    assert build(source, index)[0].unchanged


def test_progress_ends_each_stage_at_its_total(source: Path, index: Path) -> None:
    last: dict[str, tuple[int, int]] = {}
    build_index(
        source,
        index,
        embedder=HashEmbedder(),
        progress=lambda stage, done, all_: last.update({stage: (done, all_)}),
    )
    assert set(last) == {"reading", "embedding", "writing vectors", "indexing words"}
    assert all(done == total for done, total in last.values())


@pytest.mark.skipif(not shutil.which("prlimit"), reason="needs prlimit of util-linux to stand in for a full disk")
def test_a_disk_that_is_full_is_a_clear_error_and_the_live_generation_stays(source: Path, index: Path) -> None:
    report, _ = build(source, index)
    (source / "law.txt").write_text("\n\n".join(f"Article {n} is about forests." for n in range(800)), encoding="utf-8")
    program = (
        "import sys, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from pathlib import Path; from index.build import build_index; from index.errors import QuipuError\n"
        "from index.testing import HashEmbedder\n"
        "try: build_index(Path(sys.argv[1]), Path(sys.argv[2]), embedder=HashEmbedder(sha256='a' * 64))\n"
        "except QuipuError as error: print('CLEAR', error)\n"
    )
    for limit in (60_000, 250_000):
        done = subprocess.run(
            ["prlimit", f"--fsize={limit}", sys.executable, "-c", program, str(source), str(index)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.startswith("CLEAR"), done.stderr[-2000:]
        assert current_generation(index) == report.generation
        assert check(index)[1] == []


def test_the_cache_outlives_its_generations(source: Path, index: Path) -> None:
    build(source, index)
    shutil.rmtree(index / "generations")
    (index / "CURRENT").unlink()
    _, encoded = build(source, index)
    assert encoded == []
    cache = EmbeddingCache(index / "cache", 64)
    cache.close()

"""BM25 segments that generations share: searches find what an index built anew would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from index import lexical_update
from index.build import build_index
from index.errors import IndexDamagedError, IndexFormatError, QuipuError
from index.generations import rollback
from index.inspection import check
from index.lexical import LexicalIndex
from index.lexical_update import can_carry_on, carry_on, numbers_for, remnants
from index.store import CARRIED_ON_VERSION, FORMAT_VERSION, LEXICAL_NUMBERS, open_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_update, "SHARED_FROM", 20)


def many(count: int) -> dict[str, str | bytes]:
    return {
        f"{n:04d}.txt": f"Village {n} has a school.\n\nIts port was built in {1900 + n % 100}." for n in range(count)
    }


def build(source: Path, index: Path, **options: bool) -> None:
    build_index(source, index, embedder=HashEmbedder(), **options)


def found(index: Path, *words: str) -> dict[str, list[str]]:
    """Texts found for each word, with the rows' own words looked up through the corpus; and each word's frequency."""
    generation = open_generation(index)
    try:
        out = {}
        for word in words:
            hits = generation.lexical.search([word], "en", 1000)
            out[word] = sorted(generation.corpus.passage(hit.row).passage.text for hit in hits)
            assert generation.lexical.document_frequency(word, "en") == len(out[word])
        return out
    finally:
        generation.close()


def segments(index: Path) -> dict[str, int]:
    generation = open_generation(index)
    generation.close()
    return {path.name: path.stat().st_ino for path in (generation.folder / "lexical").glob("*.idx")}


def version(index: Path) -> int:
    generation = open_generation(index)
    generation.close()
    return generation.manifest.format_version


def test_a_small_change_shares_the_segments_and_finds_what_an_index_built_anew_finds(
    write_folder: WriteFolder, tmp_path: Path
) -> None:
    source, index = write_folder(many(200)), tmp_path / "index"
    build(source, index)
    before = segments(index)
    (source / "0003.txt").unlink()
    (source / "0100.txt").write_text("The village got a lighthouse.", encoding="utf-8")
    (source / "0050b.txt").write_text("A school on a hill.", encoding="utf-8")
    build(source, index)
    assert version(index) == CARRIED_ON_VERSION
    assert before.items() <= segments(index).items()
    build(source, tmp_path / "anew")
    assert version(tmp_path / "anew") == FORMAT_VERSION
    words = ("school", "villag", "lighthous", "hill", "1903", "2000", "mongolia")
    assert found(index, *words) == found(tmp_path / "anew", *words)
    assert check(index)[1] == []


def test_a_word_that_only_deleted_passages_held_is_unknown(write_folder: WriteFolder, tmp_path: Path) -> None:
    source, index = write_folder({**many(100), "x.txt": "A zeppelin landed."}), tmp_path / "index"
    build(source, index)
    assert found(index, "zeppelin") == {"zeppelin": ["A zeppelin landed."]}
    (source / "x.txt").unlink()
    build(source, index)
    assert version(index) == CARRIED_ON_VERSION
    assert found(index, "zeppelin") == {"zeppelin": []}


def test_searches_among_some_rows_find_only_these(write_folder: WriteFolder, tmp_path: Path) -> None:
    source, index = write_folder(many(100)), tmp_path / "index"
    build(source, index)
    (source / "0000.txt").write_text("A school comes first now, and a long text that makes two.", encoding="utf-8")
    build(source, index)
    generation = open_generation(index)
    assert generation.manifest.format_version == CARRIED_ON_VERSION
    for allowed in ([0], [0, 5, 6, 99], list(range(0, 100, 2))):
        hits = generation.lexical.search(["school"], "en", 1000, np.array(allowed))
        assert sorted(hit.row for hit in hits) == allowed
    generation.close()


def test_many_changes_never_leave_many_remnants_or_segments(write_folder: WriteFolder, tmp_path: Path) -> None:
    source, index = write_folder(many(120)), tmp_path / "index"
    build(source, index)
    versions = set()
    for n in range(30):
        (source / f"{n:04d}.txt").write_text(f"Change {n} at the school.", encoding="utf-8")
        build(source, index)
        generation = open_generation(index)
        generation.close()
        versions.add(generation.manifest.format_version)
        assert remnants(generation.folder / "lexical") * lexical_update.REMNANTS_OF <= 120
        assert len(segments(index)) <= 12
    assert versions == {FORMAT_VERSION, CARRIED_ON_VERSION}
    build(source, tmp_path / "anew")
    assert found(index, "school", "chang", "5", "port") == found(tmp_path / "anew", "school", "chang", "5", "port")


def test_an_earlier_generation_is_untouched_and_can_go_live_again(write_folder: WriteFolder, tmp_path: Path) -> None:
    source, index = write_folder(many(100)), tmp_path / "index"
    build(source, index)
    before = found(index, "school", "port", "lighthous")
    (source / "0007.txt").write_text("A lighthouse.", encoding="utf-8")
    build(source, index)
    rollback(index)
    assert found(index, "school", "port", "lighthous") == before
    assert check(index)[1] == []
    build(source, index)
    assert found(index, "lighthous") == {"lighthous": ["A lighthouse."]}


def test_a_damaged_lexical_index_is_written_anew_and_not_carried_on(write_folder: WriteFolder, tmp_path: Path) -> None:
    source, index = write_folder(many(100)), tmp_path / "index"
    build(source, index)
    (source / "0007.txt").write_text("A lighthouse.", encoding="utf-8")
    build(source, index)
    generation = open_generation(index)
    generation.close()
    for name in (LEXICAL_NUMBERS, "lexical/meta.json"):
        path = generation.folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(IndexDamagedError):
            open_generation(index)
        path.write_bytes(whole)
    (generation.folder / LEXICAL_NUMBERS).write_bytes(b"")
    build(source, index)
    assert version(index) == FORMAT_VERSION
    assert found(index, "lighthous") == {"lighthous": ["A lighthouse."]}


def test_a_thorough_build_writes_all_anew(write_folder: WriteFolder, tmp_path: Path) -> None:
    source, index = write_folder(many(100)), tmp_path / "index"
    build(source, index)
    (source / "0007.txt").write_text("A lighthouse.", encoding="utf-8")
    build(source, index, thorough=True)
    assert version(index) == FORMAT_VERSION


def test_numbers_that_belong_to_no_row_are_a_damage(tmp_path: Path, write_folder: WriteFolder) -> None:
    source, index = write_folder(many(30)), tmp_path / "index"
    build(source, index)
    generation = open_generation(index)
    generation.close()
    lexical = LexicalIndex(generation.folder / "lexical", np.arange(30) + 1)
    with pytest.raises(IndexDamagedError, match="no row stands for"):
        lexical.search(["school"], "en", 100)


def test_each_row_has_a_number_of_its_own() -> None:
    numbers, new = numbers_for(np.array([3, -1, 3, 0, -1]), np.array([10, 11, 12, 13]))
    assert numbers.tolist() == [13, 14, 15, 10, 16]
    assert new.tolist() == [1, 2, 4]
    numbers, new = numbers_for(np.array([-1]), np.zeros(0, dtype=np.int64))
    assert (numbers.tolist(), new.tolist()) == ([0], [0])


def test_what_cannot_be_read_is_not_carried_on(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text('{"segments": [{"deletes": 3}]}', encoding="utf-8")
    assert not can_carry_on(tmp_path, np.arange(100), np.arange(100))
    assert not can_carry_on(tmp_path / "nothing", np.arange(100), np.arange(100))


def test_where_tantivy_cannot_write_it_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier/meta.json").write_text("{}", encoding="utf-8")
    with pytest.raises(OSError, match=r"."):
        carry_on(tmp_path / "new", tmp_path / "earlier", np.zeros(0, np.int64), [])


def test_an_older_reader_refuses_such_a_generation() -> None:
    # Format 2's readers take only their own version, and must not take numbers for rows.
    assert CARRIED_ON_VERSION > FORMAT_VERSION
    assert issubclass(IndexFormatError, QuipuError)

"""An index that is damaged, foreign or missing is refused with one clear line, never served."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from index import store
from index.build import build_index
from index.errors import IndexDamagedError, IndexFormatError, IndexMissingError, QuipuError
from index.inspection import check, inspect
from index.store import (
    current_generation,
    index_folder,
    live_folder,
    open_generation,
    read_manifest,
    write_manifest,
)
from index.testing import HashEmbedder

FILES = [
    "manifest.json",
    "corpus.sqlite",
    "passages.faiss",
    "sentences.npy",
    "token_places.npy",
    "keys.npy",
    "lexical/meta.json",
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "source").mkdir()
    (folder / "source" / "río.txt").write_text("El río Marañón nace en los Andes.\n\nMide 1.737 km.", encoding="utf-8")
    build_index(folder / "source", folder / "index", embedder=HashEmbedder())
    return folder / "index"


@pytest.fixture
def index(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may harm."""
    shutil.copytree(whole, tmp_path / "index")
    return tmp_path / "index"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x01
    path.write_bytes(data)


def segment(index: Path) -> Path:
    """The one file of token vectors."""
    (path,) = (live_folder(index) / "tokens").iterdir()
    return path


def change_manifest(index: Path, **fields: Any) -> None:
    path = live_folder(index) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **fields}), encoding="utf-8")


def assert_one_clear_line(error: QuipuError) -> None:
    assert "\n" not in str(error)
    assert "quipu build" in str(error)


def test_every_file_of_a_generation_is_in_the_list_below(whole: Path) -> None:
    found = {p.relative_to(live_folder(whole)).as_posix() for p in live_folder(whole).rglob("*") if p.is_file()}
    assert {name for name in found if "/" not in name} == {n for n in FILES if "/" not in n}
    assert {name.split("/")[0] for name in found if "/" in name} == {"lexical", "tokens"}
    assert "lexical/meta.json" in found


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("part", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_a_flipped_bit_is_damage(index: Path, name: str, part: float) -> None:
    path = live_folder(index) / name
    flip(path, int((path.stat().st_size - 1) * part))
    with pytest.raises((IndexDamagedError, IndexFormatError)) as caught:
        open_generation(index).close()
    assert_one_clear_line(caught.value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["cut", "empty", "missing", "longer", "folder"])
def test_a_file_that_is_cut_or_gone_or_longer_is_damage(index: Path, name: str, harm: str) -> None:
    path = live_folder(index) / name
    data = path.read_bytes()
    path.unlink()
    if harm == "folder":
        path.mkdir()
    elif harm != "missing":
        path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "longer": data + b"\n\0"}[harm])
    with pytest.raises(IndexDamagedError) as caught:
        open_generation(index).close()
    assert_one_clear_line(caught.value)


def test_verify_names_each_damaged_file(index: Path) -> None:
    assert check(index)[1] == []
    flip(segment(index), -1)
    (live_folder(index) / "corpus.sqlite").unlink()
    assert check(index)[1] == [
        "corpus.sqlite is missing",
        f"tokens/{segment(index).name} was altered (its checksum differs)",
    ]


def test_files_too_large_to_hash_on_opening_are_still_measured_and_verified(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "HASHED_ON_OPEN", 10)
    path = live_folder(index) / "sentences.npy"
    flip(path, -1)
    open_generation(index).close()
    assert check(index)[1] == ["sentences.npy was altered (its checksum differs)"]
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(IndexDamagedError, match=r"sentences\.npy has \d+ bytes, expected \d+"):
        open_generation(index)


@pytest.mark.parametrize(
    ("version", "advice"),
    [(4, "newer quipu"), (99, "newer quipu"), (1, "run quipu build"), ("x", "run quipu build")],
)
def test_another_format_is_refused(index: Path, version: object, advice: str) -> None:
    change_manifest(index, format_version=version)
    with pytest.raises(IndexFormatError, match=advice) as caught:
        open_generation(index)
    assert "expected 2" in str(caught.value)


def test_a_manifest_that_says_something_else_is_damage(index: Path) -> None:
    change_manifest(index, model_name="another")
    with pytest.raises(IndexDamagedError, match="altered"):
        open_generation(index)


@pytest.mark.parametrize("content", ["[]", "null", '"x"', "{}", "[" * 100_000, '{"format_version": 2}'])
def test_a_manifest_of_another_shape_is_damage(index: Path, content: str) -> None:
    (live_folder(index) / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(IndexDamagedError) as caught:
        open_generation(index)
    assert_one_clear_line(caught.value)


def test_a_manifest_comes_back_as_it_was_written(index: Path, tmp_path: Path) -> None:
    manifest = read_manifest(live_folder(index))
    other = tmp_path / "ñ"
    other.mkdir()
    write_manifest(other, manifest)
    assert read_manifest(other) == manifest
    assert manifest.source.endswith("source")


def test_no_index_is_said_to_be_missing(tmp_path: Path) -> None:
    for place in (tmp_path / "nothing", tmp_path):
        with pytest.raises(IndexMissingError, match="no index") as caught:
            open_generation(place)
        assert_one_clear_line(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        b"../../outside",
        b"..",
        b".",
        b"/etc",
        b"a/b",
        b"gone",
        b"x" * 5_000,
        b"\xff\xfe",
        b"a\x00b",
        b"..\\..\\outside",
    ],
)
def test_a_live_generation_outside_the_index_or_nowhere_is_refused(index: Path, name: bytes) -> None:
    generation = live_folder(index)
    shutil.copytree(generation, index.parent / "outside")
    (index / "CURRENT").write_bytes(name)
    with pytest.raises(IndexDamagedError) as caught:
        open_generation(index)
    assert_one_clear_line(caught.value)


def test_a_file_of_the_index_that_links_outside_is_damage(index: Path) -> None:
    path = live_folder(index) / "sentences.npy"
    path.rename(index.parent / "elsewhere.npy")
    path.symlink_to(index.parent / "elsewhere.npy")
    with pytest.raises(IndexDamagedError, match=r"sentences\.npy is missing"):
        open_generation(index)


def test_an_empty_current_file_names_no_generation(index: Path) -> None:
    (index / "CURRENT").write_text("\n", encoding="utf-8")
    assert current_generation(index) is None
    with pytest.raises(IndexDamagedError, match="is missing or empty; run quipu rollback"):
        open_generation(index)


def test_a_generation_that_lacks_the_numbers_that_its_format_tells_of_is_damaged(index: Path) -> None:
    folder = live_folder(index)
    write_manifest(folder, replace(read_manifest(folder), format_version=3))
    with pytest.raises(IndexDamagedError, match=r"lexical_numbers\.npy"):
        open_generation(index)


def test_another_model_is_refused(index: Path, bridge: Bridge) -> None:
    generation = open_generation(index)
    with pytest.raises(IndexFormatError, match="was built with the model hash, not with other"):
        Assistant(generation, HashEmbedder("other", "0" * 64), bridge=bridge)
    generation.close()


def test_status_tells_what_the_index_holds(index: Path) -> None:
    found = inspect(index)
    assert found.documents == (("río.txt", "río", "es"),)
    assert (
        found.size
        == sum(p.stat().st_size for p in live_folder(index).rglob("*") if p.is_file() and p.suffix != ".lock")
        - (live_folder(index) / "manifest.json").stat().st_size
    )
    assert dict(found.lines())["model"] == "hash"


def test_the_place_is_the_option_then_the_variable_then_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIPU_INDEX", "/from/variable")
    assert index_folder(Path("option")) == Path("option")
    assert index_folder(None) == Path("/from/variable")
    monkeypatch.delenv("QUIPU_INDEX")
    assert index_folder(None) == Path(".index")


def test_readers_may_ask_from_many_threads(index: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    generation = open_generation(index)
    work: list[Callable[[], object]] = [
        lambda: generation.corpus.document("río.txt").text,
        lambda: generation.corpus.passages_at([0]),
        lambda: generation.lexical.search(["marañon"], "es", 3),
    ]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda i: work[i % 3](), range(90)))
    for kind in range(3):
        assert all(result == results[kind] for result in results[kind::3])
    generation.close()

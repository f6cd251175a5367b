"""FAISS finds what brute force finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import vectors
from index.errors import IndexDamagedError
from index.vectors import VectorIndex, write_vectors


def unit(n: int, dim: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    rows = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return stored(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def stored(
    rows: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The rows as 16 bits hold them, which is how they come from the cache."""
    return rows.astype(np.float16).astype(np.float32)


@given(st.integers(1, 60), st.integers(1, 80), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_search_equals_brute_force(n: int, k: int, seed: int) -> None:
    import tempfile

    rows = unit(n, 16, seed)
    query = unit(1, 16, seed + 1)[0]
    with tempfile.TemporaryDirectory() as folder:
        write_vectors(Path(folder, "v.faiss"), rows)
        found = VectorIndex(Path(folder, "v.faiss")).search(query, k)
    scores = rows @ query
    assert len(found.rows) == min(n, k)
    np.testing.assert_allclose(found.scores, np.sort(scores)[::-1][:k], atol=1e-5)
    np.testing.assert_allclose(scores[found.rows], found.scores, atol=1e-5)


def test_stored_vectors_come_back_by_row(tmp_path: Path) -> None:
    rows = unit(20, 8, 1)
    write_vectors(tmp_path / "v.faiss", rows)
    index = VectorIndex(tmp_path / "v.faiss")
    assert (index.count, index.dim) == (20, 8)
    np.testing.assert_array_equal(index.vectors(np.array([7, 0, 7])), rows[[7, 0, 7]])


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "FLAT_UP_TO", 100)
    monkeypatch.setattr(vectors, "COMPARED_AGAIN", 300)


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("spread", [0.3, 3.0], ids=["topics", "no topics"])
def test_the_index_for_many_vectors_finds_nearly_all_neighbours(tmp_path: Path, spread: float) -> None:
    topics = unit(40, 64, 2)
    rows = np.repeat(topics, 200, axis=0) + spread * unit(8_000, 64, 4)
    rows = stored(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    write_vectors(tmp_path / "v.faiss", rows)
    index = VectorIndex(tmp_path / "v.faiss")
    queries = stored(rows[::160] + 0.5 * unit(50, 64, 3))
    near = 0
    for query in queries:
        found = index.search(query, 10)
        near += len(set(found.rows.tolist()) & set(np.argsort(-(rows @ query))[:10].tolist()))
        # What is found is scored in 16 bits, best first, whatever the coarse comparison said.
        np.testing.assert_allclose(found.scores, rows[found.rows] @ query, atol=1e-5)
        assert (np.diff(found.scores) <= 0).all()
    assert near / 500 >= 0.99
    np.testing.assert_array_equal(index.vectors(np.array([3, 7999])), rows[[3, 7999]])


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("allowed", [[5], [0, 7, 299], list(range(0, 300, 2))])
def test_among_some_rows_the_nearest_are_found_exactly(tmp_path: Path, allowed: list[int]) -> None:
    rows = unit(300, 64, 5)
    write_vectors(tmp_path / "v.faiss", rows)
    query = unit(1, 64, 6)[0]
    found = VectorIndex(tmp_path / "v.faiss").search(query, 10, np.array(allowed))
    expected = sorted(allowed, key=lambda row: -float(rows[row] @ query))[:10]
    assert found.rows.tolist() == expected


@pytest.mark.usefixtures("coarse")
def test_more_neighbours_than_vectors_are_all_vectors(tmp_path: Path) -> None:
    rows = unit(101, 64, 5)
    write_vectors(tmp_path / "v.faiss", rows)
    assert sorted(VectorIndex(tmp_path / "v.faiss").search(rows[0], 1_000).rows.tolist()) == list(range(101))


def test_vectors_are_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "BLOCK", 7)
    rows = unit(50, 16, 5)
    np.save(tmp_path / "rows.npy", rows.astype(np.float16))
    write_vectors(tmp_path / "v.faiss", np.load(tmp_path / "rows.npy", mmap_mode="r"))
    np.testing.assert_array_equal(VectorIndex(tmp_path / "v.faiss").vectors(np.arange(50)), rows)


@pytest.mark.parametrize("data", [None, b"", b"no index", b"IxFI" + bytes(20)])
def test_a_missing_or_malformed_file_is_damaged(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "v.faiss"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"v\.faiss cannot be opened"):
        VectorIndex(path)


def test_an_index_of_another_type_is_refused(tmp_path: Path) -> None:
    import faiss

    other = faiss.IndexFlatL2(16)
    faiss.write_index(other, str(tmp_path / "v.faiss"))
    with pytest.raises(IndexDamagedError, match="not of a type that is made here"):
        VectorIndex(tmp_path / "v.faiss")

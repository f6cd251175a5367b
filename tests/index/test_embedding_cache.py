"""The embedding cache keeps what it was given, across processes, and is never a reason to fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.cache import EmbeddingCache, cache_key
from index.quantise import quantise

KEY = cache_key("m", "passage", "Río Marañón 🌳")


def test_an_entry_is_found_after_the_cache_was_closed(tmp_path: Path) -> None:
    vector = np.array([0.5, -0.25, 1.0, 0.0], np.float32)
    tokens = quantise(np.eye(4, dtype=np.float32), np.arange(4, dtype=np.uint16))
    cache = EmbeddingCache(tmp_path, 4)
    assert cache.missing([KEY]) == {KEY}
    cache.put([(KEY, vector, tokens)])
    cache.close()
    again = EmbeddingCache(tmp_path, 4)
    assert again.missing([KEY, b"x" * 16]) == {b"x" * 16}
    assert again.vector(KEY).tolist() == vector.tolist()
    assert again.tokens(KEY).tobytes() == tokens.tobytes()
    again.close()


def test_a_key_names_model_kind_and_text() -> None:
    keys = {cache_key(m, k, t) for m in ("a", "b") for k in ("passage", "sentence") for t in ("x", "y", "\ud800")}
    assert len(keys) == 2 * 2 * 3
    assert {len(key) for key in keys} == {16}


def test_what_is_not_stored_raises_keyerror(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 4)
    cache.put([(KEY, np.zeros(4, np.float32), None)])
    for read in (lambda: cache.vector(b"x" * 16), lambda: cache.tokens(b"x" * 16), lambda: cache.tokens(KEY)):
        with pytest.raises(KeyError):
            read()
    cache.close()


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "embeddings.sqlite").write_bytes(b"this is no database" * 100)
    cache = EmbeddingCache(tmp_path, 4)
    cache.put([(KEY, np.zeros(4, np.float32), None)])
    assert cache.missing([KEY]) == set()
    cache.close()


def test_a_vector_of_another_length_counts_as_missing(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 4)
    cache.put([(KEY, np.zeros(3, np.float32), None)])
    assert cache.missing([KEY]) == {KEY}
    cache.close()


def test_more_keys_than_fit_into_one_query_are_looked_up(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 2)
    keys = [cache_key("m", "sentence", str(i)) for i in range(1_203)]
    cache.put((key, np.zeros(2, np.float32), None) for key in keys[1:])
    assert cache.missing(keys) == {keys[0]}
    cache.close()

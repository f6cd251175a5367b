"""The stand-in keeps the promises of `index.embedding.Embedder`."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embedding import Embedder
from index.testing import HashEmbedder


def similarity(a: str, b: str) -> float:
    first, second = HashEmbedder().encode([a, b], "passage")
    return float(first.vector @ second.vector)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_vectors_are_unit_and_every_token_stands_at_its_span(texts: list[str]) -> None:
    embedder: Embedder = HashEmbedder()
    encoded = embedder.encode(texts, "query", tokens=True)
    assert len(encoded) == len(texts)
    for text, one, count in zip(texts, encoded, embedder.count_tokens(texts), strict=True):
        assert one.vector.shape == (embedder.dim,)
        assert np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-5)
        assert one.tokens is not None
        assert one.tokens.vectors.shape == (count, embedder.dim)
        assert [text[a:b].isspace() or not text[a:b] for a, b in one.tokens.spans.tolist()] == [False] * count


def test_like_texts_are_nearer_than_others() -> None:
    assert similarity("illegal gold mining", "illegal mining of gold") > 0.8
    assert similarity("minería ilegal", "mineria ilegal") > 0.99
    assert similarity("regulation", "regulations") > 0.5
    assert abs(similarity("illegal gold mining", "Mongolian horse breeders")) < 0.5


def test_batch_sizes_are_reported_and_another_kind_is_refused() -> None:
    sizes: list[int] = []
    HashEmbedder().encode(["a", "b"], "passage", done=sizes.append)
    assert sum(sizes) == 2
    with pytest.raises(ValueError, match="kind"):
        HashEmbedder().encode(["a"], "question")


def test_the_vectors_are_the_same_in_every_process_and_need_no_torch() -> None:
    program = (
        "import sys; from index.testing import HashEmbedder\n"
        "print(HashEmbedder().encode(['Río Marañón'], 'query')[0].vector.tobytes().hex(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    here = HashEmbedder().encode(["Río Marañón"], "query")[0].vector.tobytes().hex()
    assert done.stdout.split() == [here, "False"]

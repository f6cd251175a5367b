"""Token vectors in four bits come back within half a level."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.quantise import BLOCK, LEVELS, dequantise, inner_products, quantise, token_dtype


@given(st.integers(0, 9), st.sampled_from([2, 64, 384]), st.floats(0.01, 50), st.integers(0, 2**32 - 1))
def test_every_component_comes_back_within_half_a_level(n: int, dim: int, size: float, seed: int) -> None:
    vectors = (np.random.default_rng(seed).normal(size=(n, dim)) * size).astype(np.float32)
    at = np.arange(n, dtype=np.uint16)
    packed = quantise(vectors, at)
    found = dequantise(packed)
    # A level is the largest component / 7; a value is off by half of it, and by the scale's float16 rounding.
    level = np.abs(vectors).max(axis=1, keepdims=True) / LEVELS
    bound = level * (0.5 + LEVELS * 2.0**-11) + 1e-6
    assert (np.abs(found - vectors) <= bound).all()
    assert packed["at"].tolist() == at.tolist()
    assert found.shape == (n, dim)


def test_a_token_of_dimension_384_takes_196_bytes() -> None:
    # 2 for the scale, 2 for the offset, 384 / 2 for the nibbles.
    assert token_dtype(384).itemsize == 2 + 2 + 192


def test_the_zero_vector_comes_back_as_zero() -> None:
    assert not dequantise(quantise(np.zeros((3, 4), np.float32), np.zeros(3, np.uint16))).any()


@given(
    st.sampled_from([0, 1, 7, BLOCK, 2 * BLOCK + 3]),
    st.integers(0, 5),
    st.sampled_from([2, 64, 384]),
    st.integers(0, 2**32 - 1),
)
def test_inner_products_are_those_with_the_widened_tokens(n: int, m: int, dim: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    asked = rng.normal(size=(m, dim)).astype(np.float32)
    packed = quantise(rng.normal(size=(n, dim)).astype(np.float32), np.zeros(n, np.uint16))
    found, expected = inner_products(asked, packed), asked @ dequantise(packed).T
    assert found.shape == (m, n)
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-4)

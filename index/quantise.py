"""Token vectors in four bits: small enough to keep one for every token of every passage.

A token vector is centred on the model's mean token (token vectors of one encoder share a large common part that
tells nothing), scaled by its largest component and rounded to 15 levels. On XQuAD, ranking by MaxSim over these
codes equals float32 within .001 reciprocal rank, at an eighth of the size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 7
BLOCK = 128
"""Tokens that are widened at a time: their float32 stay in the processor's nearest cache until they are used."""


def token_dtype(dim: int) -> np.dtype[np.void]:
    """One token on disk: its scale, where it starts in the embedded text (characters), and `dim` nibbles."""
    return np.dtype([("scale", "<f2"), ("at", "<u2"), ("code", "u1", (dim // 2,))])


def quantise(vectors: NDArray[np.float32], at: NDArray[np.uint16]) -> NDArray[np.void]:
    """Pack centred token vectors `(n, dim)`, `dim` even, with their character offsets `(n,)`."""
    rows: NDArray[np.void] = np.zeros(len(vectors), dtype=token_dtype(vectors.shape[1]))
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-6) / LEVELS if len(vectors) else np.zeros(0)
    levels = (np.rint(vectors / scale[:, None]) + LEVELS).astype(np.uint8)
    rows["scale"] = scale
    rows["at"] = at
    rows["code"] = levels[:, 0::2] | (levels[:, 1::2] << 4)
    return rows


def dequantise(rows: NDArray[np.void]) -> NDArray[np.float32]:
    """Widen packed tokens to float32 vectors of shape `(n, dim)`."""
    code = rows["code"]
    levels = np.empty((code.shape[0], code.shape[1] * 2), dtype=np.float32)
    levels[:, 0::2] = code & 0x0F
    levels[:, 1::2] = code >> 4
    levels -= LEVELS
    levels *= rows["scale"].astype(np.float32)[:, None]
    return levels


def inner_products(vectors: NDArray[np.float32], rows: NDArray[np.void]) -> NDArray[np.float32]:
    """Inner products of `vectors`, `(m, dim)`, with packed tokens, `(m, n)`: `vectors @ dequantise(rows).T`.

    In a third of the time: codes are widened as they are, low halves beside high ones, and what turns codes into
    components (the middle level, the scale) is applied to the products.
    """
    code = rows["code"]
    half = code.shape[1]
    split = np.ascontiguousarray(np.concatenate([vectors[:, 0::2], vectors[:, 1::2]], axis=1).T)
    levels = np.empty((BLOCK, 2 * half), dtype=np.uint8)
    wide = np.empty((BLOCK, 2 * half), dtype=np.float32)
    products = np.empty((len(rows), len(vectors)), dtype=np.float32)
    for first in range(0, len(rows), BLOCK):
        part = code[first : first + BLOCK]
        n = len(part)
        np.bitwise_and(part, 0x0F, out=levels[:n, :half])
        np.right_shift(part, 4, out=levels[:n, half:])
        np.copyto(wide[:n], levels[:n])
        np.matmul(wide[:n], split, out=products[first : first + n])
    products -= LEVELS * vectors.sum(axis=1)
    products *= rows["scale"].astype(np.float32)[:, None]
    return np.ascontiguousarray(products.T)

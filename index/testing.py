"""A stand-in for the embedding model: no weights, no torch, the same vectors on every machine.

It implements `index.embedding.Embedder` for tests that are about everything but the model. A word is the sum of
its letter trigrams, each hashed to a fixed direction, so that texts with the same or similar words are similar.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.embedding import Encoded, TokenVectors
from index.models import HASH, HASH_SHA256

DIM = 64
_WORD = re.compile(r"\w+")


class HashEmbedder:
    """Encodes texts by the letters of their words. Thread-safe; queries and passages are treated alike."""

    def __init__(self, name: str = HASH, sha256: str = HASH_SHA256) -> None:
        self.name = name
        self.sha256 = sha256
        self.dim = DIM

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words in each text."""
        return [len(_WORD.findall(text)) for text in texts]

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        """Encode texts in order; see `index.embedding.Embedder`. ValueError if `kind` is not query or passage."""
        if kind not in ("query", "passage"):
            raise ValueError(f"kind {kind!r}; expected 'query' or 'passage'")
        encoded = [_encode(text, tokens) for text in texts]
        if done is not None and texts:
            done(len(texts))
        return encoded


def _encode(text: str, tokens: bool) -> Encoded:
    words = list(_WORD.finditer(text))
    vectors = np.array([_word_vector(_fold(word.group())) for word in words], dtype=np.float32).reshape(-1, DIM)
    # Long words carry the content; this stands in for the weight that a model learns.
    weights = np.array([min(len(word.group()), 8) ** 2 for word in words], dtype=np.float32)
    total = weights @ vectors if words else _direction("")
    vector = _unit(total)
    if not tokens:
        return Encoded(vector)
    spans = np.array([word.span() for word in words], dtype=np.int64).reshape(-1, 2)
    return Encoded(vector, TokenVectors(vectors, spans))


def _fold(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))


@lru_cache(maxsize=50_000)
def _word_vector(word: str) -> NDArray[np.float32]:
    padded = f"<{word}>"
    grams = [padded[i : i + 3] for i in range(max(len(padded) - 2, 1))]
    return _unit(np.sum([_direction(gram) for gram in [padded, *grams]], axis=0))


@lru_cache(maxsize=50_000)
def _direction(gram: str) -> NDArray[np.float32]:
    digest = hashlib.blake2b(gram.encode("utf-8", "surrogatepass"), digest_size=DIM).digest()
    return _unit(np.frombuffer(digest, dtype=np.uint8).astype(np.float32) - 127.5)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return unit

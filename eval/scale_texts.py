"""Generated documents and a generated encoder, of realistic sizes, for measuring how the index grows.

A vocabulary of made-up words, each with a fixed random vector; a topic prefers some of the words; a document keeps to
one topic. So texts are clustered as real ones are, vectors have the real number of dimensions, and encoding costs next
to nothing, which leaves in view what the index itself costs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedding import Encoded, TokenVectors

DIM = 384
WORDS = 30_000
TOPICS = 2_000
TOPIC_WORDS = 250
DIRECTIONS = 24
BLOCK = 8_192
SENTENCE_WORDS = 18
PASSAGES_A_DOCUMENT = 20
SENTENCES_A_PASSAGE = 7
_WORD = re.compile(r"\w+")
_SYLLABLES = [c + v for c in "bcdfglmnprstv" for v in "aeiou"]


class GeneratedTexts:
    """The vocabulary, and sentences over it."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        lengths = rng.integers(2, 5, WORDS)
        syllables = rng.integers(0, len(_SYLLABLES), (WORDS, 4))
        self.words = ["".join(_SYLLABLES[s] for s in row[:n]) for row, n in zip(syllables, lengths, strict=True)]
        # Common words first, by Zipf's law; each topic prefers some words.
        self.common: NDArray[np.float64] = 1.0 / np.arange(10, WORDS + 10)
        self.common /= self.common.sum()
        self.topics = rng.integers(0, WORDS, (TOPICS, TOPIC_WORDS))

    def sentences(self, rng: np.random.Generator, topic: int, count: int) -> list[str]:
        """Sentences on a topic, of 18 words each: half of the topic's, half common ones."""
        n = count * SENTENCE_WORDS
        own = self.topics[topic][rng.integers(0, TOPIC_WORDS, n)]
        common = np.minimum(np.exp(rng.uniform(0, np.log(WORDS), n)).astype(np.int64), WORDS - 1)
        chosen = np.where(rng.random(n) < 0.5, own, common).reshape(count, SENTENCE_WORDS)
        return [" ".join(self.words[i] for i in row).capitalize() + "." for row in chosen.tolist()]

    def document(self, number: int, passages: int) -> str:
        """The document of this number, always the same: paragraphs of one passage each."""
        rng = np.random.default_rng([1, number])
        found = self.sentences(rng, int(rng.integers(TOPICS)), passages * SENTENCES_A_PASSAGE)
        step = SENTENCES_A_PASSAGE
        return "\n\n".join(" ".join(found[i : i + step]) for i in range(0, len(found), step))

    def write(self, folder: Path, passages: int) -> None:
        """Write documents of `passages` passages in all below `folder`, a few hundred a folder."""
        for number in range(max(1, passages // PASSAGES_A_DOCUMENT)):
            path = folder / f"{number // 500:04d}" / f"{number:06d}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.document(number, min(PASSAGES_A_DOCUMENT, passages)), encoding="utf-8")

    def passages(self, count: int) -> Iterator[str]:
        """Passages without documents around them."""
        for number in range(count // PASSAGES_A_DOCUMENT):
            yield from self.document(number, PASSAGES_A_DOCUMENT).split("\n\n")


def generated_vectors(count: int, *, topics: bool = True) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Unit vectors `(n, 384)` that share a common part, in blocks with their first row.

    Around topics, or without any clusters: spread evenly over as many directions as real texts' differ in, and noise.
    """
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(TOPICS if topics else DIRECTIONS, DIM)).astype(np.float32)
    common = rng.normal(size=DIM).astype(np.float32) * (1.5 if topics else 3.0)
    for first in range(0, count, BLOCK):
        n = min(BLOCK, count - first)
        if topics:
            block = centres[rng.integers(0, TOPICS, n)] + 0.8 * rng.normal(size=(n, DIM)).astype(np.float32)
        else:
            block = rng.standard_normal((n, DIRECTIONS), np.float32) @ centres
            block += 0.7 * rng.standard_normal((n, DIM), np.float32)
        block += common
        yield first, block / np.linalg.norm(block, axis=1, keepdims=True)


class GeneratedEmbedder:
    """Encodes generated texts: the mean of their words' vectors, rare words weighing more. Thread-safe."""

    name = "generated"
    sha256 = "9" * 64
    dim = DIM

    def __init__(self, texts: GeneratedTexts) -> None:
        rng = np.random.default_rng(7)
        self._vectors = rng.normal(size=(WORDS + 1, DIM)).astype(np.float32)
        self._vectors /= np.linalg.norm(self._vectors, axis=1, keepdims=True)
        self._rows = {word: row for row, word in enumerate(texts.words)}
        self._weights = np.append(np.log1p(np.arange(1, WORDS + 1)), 1.0).astype(np.float32)
        # All texts of one encoder share a common part.
        self._common = rng.normal(size=DIM).astype(np.float32)
        self._common /= np.linalg.norm(self._common)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words in each text and a third more, as a real tokenizer would count."""
        return [len(_WORD.findall(text)) * 4 // 3 for text in texts]

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        """Encode texts; see `index.embedding.Embedder`. A word in three has two tokens."""
        found = [self._encode(text, tokens) for text in texts]
        if done is not None and texts:
            done(len(texts))
        return found

    def _encode(self, text: str, tokens: bool) -> Encoded:
        words = list(_WORD.finditer(text))
        rows = np.array([self._rows.get(word.group().lower(), WORDS) for word in words], dtype=np.int64)
        vectors = self._vectors[rows]
        weights = self._weights[rows]
        mean = weights @ vectors / max(float(weights.sum()), 1e-9) if len(rows) else self._common
        vector = self._common * 0.15 + mean
        vector /= max(float(np.linalg.norm(vector)), 1e-9)
        if not tokens:
            return Encoded(vector)
        spans = np.array([word.span() for word in words], dtype=np.int64).reshape(-1, 2)
        twice = np.sort(np.concatenate([np.arange(len(rows)), np.arange(0, len(rows), 3)]))
        return Encoded(vector, TokenVectors(vectors[twice], spans[twice]))

"""The probability that the documents answer: a small network over the words of the question and how each is met.

A near miss has the right subject and lacks one thing. Which of the question's words are that thing is not told by how rare
they are; the network learns it from contrast pairs. Each content word has its vector, reduced, and its matches in the
best sentence, around it, in the passage, in the headings and in the best three passages; attention over the words and the
linear features of the answer give one logit. Fitted by `eval.fit` to one embedding model; with any other, the linear
model of `assistant.weights` decides alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.asked import covers, joined, stems_of
from assistant.features import SentenceView, around, best_of, is_name
from assistant.matching import best_matches, inside, similarities
from assistant.retrieval import Found

Floats = NDArray[np.float64]
WEIGHTS_FILE = Path(__file__).with_name("answerable.json")
MATCHES = 13
OPENING = 3
# Token vectors are centred and short; the network's inputs are not.
STRETCH = 3.0


@dataclass(frozen=True, slots=True)
class Words:
    """The content words of a question as the network sees them.

    `matches` `(words, 13)`; `vectors` `(words, dim)`, each the mean of its tokens' vectors; `opening` `(dim,)`, the mean of
    the question's first tokens, which mostly tell what kind of thing is asked for.
    """

    matches: NDArray[np.float32]
    vectors: NDArray[np.float32]
    opening: NDArray[np.float32]


def words_of(found: Found, views: Sequence[SentenceView], scores: Sequence[float]) -> Words | None:
    """The words of a question with their matches in what was found; None without sentences, vectors or words."""
    tokens = found.query.encoded.tokens
    if not views or tokens is None or not len(tokens.vectors):
        return None
    best = views[int(np.argmax(np.asarray(scores)))]
    top = found.candidates[best.passage]
    whole = joined(*(stems_of(c.stored.whole) for c in found.candidates[:3]))
    texts = (
        stems_of(best.text),
        around(top, best.position),
        stems_of(top.stored.whole),
        stems_of(top.stored.context),
        whole,
    )
    similar = similarities(top)
    matched = (
        best_matches(similar, inside(top, best.sentence)),
        best_matches(similar),
        best_of([best_matches(similarities(c)) for c in found.candidates[:3] if c.similar is not None]),
    )
    rows: list[list[float]] = []
    vectors: list[NDArray[np.float32]] = []
    for word in found.query.asked.words:
        at = list(word.tokens)
        if not at or max(at) >= min(len(m) for m in matched):
            continue
        rows.append(
            [
                *(float(m[at].mean()) * 2 - 1 for m in matched),
                *(float(covers(word, stems)) for stems in texts),
                word.idf / 5,
                float(word.known),
                float(is_name(word.text, found.query.text)),
                float(any(c.isdigit() for c in word.text)),
                len(rows) / 8,
            ]
        )
        vectors.append(tokens.vectors[at].mean(axis=0))
    if not rows:
        return None
    return Words(
        np.array(rows, dtype=np.float32),
        np.array(vectors, dtype=np.float32),
        tokens.vectors[:OPENING].mean(axis=0).astype(np.float32),
    )


@dataclass(frozen=True, slots=True)
class AnswerModel:
    """The fitted network; `model` is the checksum of the embedding model that it was fitted to.

    `linear` names the features it takes from the answer, with their means and scales; `layers` holds the matrices and
    biases under the names that `eval.word_network` gives them; `calibration` the scale and shift that make its score log
    odds. An answer is given from the confidence `threshold` on.
    """

    model: str
    linear: tuple[str, ...]
    means: Floats
    scales: Floats
    layers: Mapping[str, Floats]
    calibration: tuple[float, float]
    threshold: float

    def score(self, features: Mapping[str, float], words: Words) -> float:
        """The logit that the documents answer."""
        layer = self.layers
        given = (np.array([features[name] for name in self.linear]) - self.means) / self.scales
        vectors = np.tanh(words.vectors * STRETCH @ layer["proj.weight"].T + layer["proj.bias"])
        opening = np.tanh(words.opening * STRETCH @ layer["opening.weight"].T + layer["opening.bias"])
        told = np.concatenate([vectors, words.matches, np.tile(opening, (len(vectors), 1))], axis=1)
        hidden = gelu(told @ layer["hidden.weight"].T + layer["hidden.bias"])
        gate = (hidden @ layer["gate.weight"].T + layer["gate.bias"])[:, 0]
        attention = np.exp(gate - gate.max())
        attention /= attention.sum()
        values = hidden @ layer["value.weight"].T + layer["value.bias"]
        pooled = np.concatenate([np.tanh(attention @ values), np.tanh(values.max(axis=0)), opening])
        raw = float(
            (pooled @ layer["out.weight"].T + layer["out.bias"])[0]
            + (given @ layer["linear.weight"].T + layer["linear.bias"])[0]
        )
        scale, shift = self.calibration
        return raw * scale + shift


def gelu(values: Floats) -> Floats:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415)."""
    cubed: Floats = values * (1 + np.tanh(np.sqrt(2 / np.pi) * (values + 0.044715 * values**3))) / 2
    return cubed


@cache
def packaged_answer_model() -> AnswerModel | None:
    """The network that ships with Quipu; None while there is none, which `eval.fit` then writes."""
    if not WEIGHTS_FILE.is_file():
        return None
    return parsed(json.loads(WEIGHTS_FILE.read_text(encoding="utf-8")))


def parsed(content: Mapping[str, object]) -> AnswerModel:
    """The network from the content of its file."""
    layers: Mapping[str, object] = content["layers"]  # type: ignore[assignment]
    return AnswerModel(
        str(content["model"]),
        tuple(content["linear"]),  # type: ignore[arg-type]
        np.array(content["means"], dtype=np.float64),
        np.array(content["scales"], dtype=np.float64),
        {name: np.array(values, dtype=np.float64) for name, values in layers.items()},
        tuple(content["calibration"]),  # type: ignore[arg-type]
        float(content["threshold"]),  # type: ignore[arg-type]
    )

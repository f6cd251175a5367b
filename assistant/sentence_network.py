"""Which sentence answers, and whether any does: a small network over the words of the question and how each is met.

For each of the best sentences, attention over the question's words, attention over the sentence's own tokens (which of them
is what was asked for) and a hidden layer over the sentence's features give a logit; these, and the linear features of the answer, give the logit that the documents answer at all. Fitted by `eval.fit`
to one embedding model, on questions of which the answering sentences are known; with any other model the linear models of
`assistant.weights` decide alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.sentence_inputs import Inputs
from index.quantise import dequantise

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
WEIGHTS_FILE = Path(__file__).with_name("sentence_network.json")
# Token vectors are centred and short; the network's inputs are not.
STRETCH = 3.0
NOTHING = -1e4
ROOT = np.float32(np.sqrt(2 / np.pi))


@dataclass(frozen=True, slots=True)
class Standard:
    """Named features with the means and scales that make them standard."""

    names: tuple[str, ...]
    means: Floats
    scales: Floats

    def __call__(self, features: Mapping[str, float] | Mapping[str, Floats]) -> Floats:
        """The features in order, standardised, `(..., names)`."""
        standard: Floats = (
            np.stack([np.asarray(features[name]) for name in self.names], axis=-1) - self.means
        ) / self.scales
        return standard


@dataclass(frozen=True, slots=True)
class SentenceNetwork:
    """The fitted network; `model` is the checksum of the embedding model that it was fitted to.

    `layers` holds the matrices and biases of some networks that differ in where their fitting began, under the names that
    `eval.sentence_network` gives them; their logits are averaged. `calibration` is the scale and shift that make the logit
    that the documents answer log odds. An answer is given from the confidence `threshold` on.
    """

    model: str
    sentences: Standard
    answer: Standard
    layers: tuple[Mapping[str, Singles], ...]
    calibration: tuple[float, float]
    threshold: float

    def judge(self, inputs: Inputs, features: Mapping[str, float]) -> tuple[Floats, float]:
        """The logit of each sentence, `(n,)`, and that the documents answer."""
        shown = _Shown.of(inputs, self.sentences(inputs.sentences), self.answer(features))
        judged = [_judge(layers, shown) for layers in self.layers]
        scale, shift = self.calibration
        logit = float(np.mean([answered for _, answered in judged]))
        return np.mean([each.astype(np.float64) for each, _ in judged], axis=0), logit * scale + shift


@dataclass(frozen=True, slots=True)
class _Shown:
    """What every network is shown: arrays of `Inputs`, the tokens of all sentences one after the other.

    `tokens` has shape `(tokens, dim)`, `token_told` `(tokens, 2)`; those of sentence i are `edges[i]` to `edges[i + 1]`.
    """

    words: Singles
    told: Singles
    opening: Singles
    matches: Singles
    sentences: Singles
    answer: Singles
    tokens: Singles
    token_told: Singles
    edges: tuple[int, ...]

    @classmethod
    def of(cls, inputs: Inputs, sentences: Floats, answer: Floats) -> _Shown:
        counts = [len(packed) for packed in inputs.tokens]
        held = [packed for packed in inputs.tokens if len(packed)]
        tokens = dequantise(np.concatenate(held)) if held else np.zeros((0, len(inputs.opening)), np.float32)
        return cls(
            inputs.words * np.float32(STRETCH),
            inputs.told,
            inputs.opening * np.float32(STRETCH),
            inputs.matches,
            sentences.astype(np.float32),
            answer.astype(np.float32),
            tokens * np.float32(STRETCH),
            np.concatenate(inputs.token_told),
            (0, *np.cumsum(counts).tolist()),
        )


def _judge(layer: Mapping[str, Singles], shown: _Shown) -> tuple[Singles, float]:
    def linear(name: str, values: Singles) -> Singles:
        out: Singles = values @ layer[f"{name}.weight"].T + layer[f"{name}.bias"]
        return out

    words = np.tanh(linear("word", shown.words))
    opening = np.tanh(linear("opening", shown.opening))
    n, count, _ = shown.matches.shape
    shared = np.concatenate([words, shown.told, np.tile(opening, (count, 1))], axis=1)
    # What all sentences share of this layer is computed once.
    weight = layer["hidden.weight"]
    wide = weight.shape[1] - shown.matches.shape[2]
    before = shared @ weight[:, :wide].T + layer["hidden.bias"]
    hidden = gelu(shown.matches @ weight[:, wide:].T + before)
    attention = softmax(linear("gate", hidden)[..., 0])
    values = linear("value", hidden)
    pooled = np.concatenate(
        [
            np.tanh((attention[..., None] * values).sum(axis=1)),
            np.tanh(values.max(axis=1)),
            np.tile(opening, (n, 1)),
        ],
        axis=1,
    )
    wanted = linear("wanted", np.concatenate([opening, words.mean(axis=0)]))
    told = np.concatenate([pooled, shown.sentences, *_answering(layer, shown, wanted)], axis=1)
    each = linear("out", gelu(linear("sentence", told)))[:, 0]
    each = each + linear("plain", shown.sentences)[:, 0]
    top = float(each.max())
    best = top + float(np.log(np.exp(each - top).sum()))
    answered = (
        layer["best"][0] * best
        + layer["best"][1]
        + linear("answer", shown.answer)[0]
        + linear("asked", opening)[0]
        + linear("read", softmax(each) @ pooled)[0]
    )
    return each, float(answered)


def _answering(layer: Mapping[str, Singles], shown: _Shown, wanted: Singles) -> tuple[Singles, Singles]:
    """What the tokens of each sentence are that look like what is wanted, `(n, reduced)`, and how much the best do, `(n, 1)`."""
    n = len(shown.edges) - 1
    reduced, best = np.zeros((n, len(wanted)), np.float32), np.full((n, 1), NOTHING, np.float32)
    tokens = np.tanh(shown.tokens @ layer["token.weight"].T + layer["token.bias"])
    scores = tokens @ wanted + (shown.token_told @ layer["sign.weight"].T)[:, 0] + layer["sign.bias"][0]
    for i, (first, last) in enumerate(pairwise(shown.edges)):
        if last > first:
            reduced[i] = softmax(scores[first:last]) @ tokens[first:last]
            best[i] = scores[first:last].max()
    return np.tanh(reduced), np.tanh(best / 2)


def softmax(values: Singles) -> Singles:
    """Shares along the last axis."""
    shares: Singles = np.exp(values - values.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return shares


def gelu(values: Singles) -> Singles:
    """Gaussian error linear unit in its tanh form (Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415)."""
    bent: Singles = values * (1 + np.tanh(ROOT * (values + 0.044715 * values * values * values))) / 2
    return bent


@cache
def packaged_network() -> SentenceNetwork | None:
    """The network that ships with Quipu; None while there is none, which `eval.fit` then writes."""
    if not WEIGHTS_FILE.is_file():
        return None
    return parsed(json.loads(WEIGHTS_FILE.read_text(encoding="utf-8")))


def parsed(content: Mapping[str, object]) -> SentenceNetwork:
    """The network from the content of its file."""
    layers: list[Mapping[str, object]] = content["layers"]  # type: ignore[assignment]
    return SentenceNetwork(
        str(content["model"]),
        _standard(content["sentences"]),  # type: ignore[arg-type]
        _standard(content["answer"]),  # type: ignore[arg-type]
        tuple({name: np.array(values, dtype=np.float32) for name, values in one.items()} for one in layers),
        tuple(content["calibration"]),  # type: ignore[arg-type]
        float(content["threshold"]),  # type: ignore[arg-type]
    )


def _standard(content: Mapping[str, Sequence[float]]) -> Standard:
    pairs = np.array(list(content.values()), dtype=np.float64)
    return Standard(tuple(content), pairs[:, 0], pairs[:, 1])

"""The fitted weights: one readable file, written by `python -m eval.fit`, read by the assistant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS_FILE = Path(__file__).with_name("weights.json")


@dataclass(frozen=True, slots=True)
class LinearModel:
    """`intercept + sum(coefficient * (value - mean) / scale)` over named features."""

    intercept: float
    coefficients: Mapping[str, float]
    means: Mapping[str, float] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)

    def score(self, features: Mapping[str, float]) -> float:
        """The linear score; a feature that the model does not name counts nothing."""
        return float(
            self.intercept
            + sum(
                weight * (features[name] - self.means.get(name, 0.0)) / self.scales.get(name, 1.0)
                for name, weight in self.coefficients.items()
            )
        )

    def scores(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Linear scores of many rows at once; `columns` maps each feature to shape `(n,)`."""
        total = np.zeros(len(next(iter(columns.values()))))
        for name, weight in self.coefficients.items():
            total += weight * (columns[name] - self.means.get(name, 0.0)) / self.scales.get(name, 1.0)
        return total + self.intercept


@dataclass(frozen=True, slots=True)
class Weights:
    """All that is fitted: the ranking's convex weights, the linear models of the reranker, the reader and the refusal.

    An answer is given from the confidence `threshold` on.
    """

    ranking: Mapping[str, float]
    reranking: LinearModel
    reading: LinearModel
    answerable: LinearModel
    threshold: float


def sigmoid(score: float) -> float:
    """Logistic function, safe for any score."""
    return float(1 / (1 + np.exp(-np.clip(score, -50, 50))))


def log_odds(share: float) -> float:
    """The inverse of `sigmoid`."""
    share = min(max(share, 1e-9), 1 - 1e-9)
    return float(np.log(share / (1 - share)))


@cache
def packaged_weights() -> Weights:
    """The weights that ship with Quipu."""
    content = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    return Weights(
        content["ranking"],
        _linear(content["reranking"]),
        _linear(content["reading"]),
        _linear(content["answerable"]),
        float(content["threshold"]),
    )


def _linear(content: Mapping[str, Mapping[str, float]]) -> LinearModel:
    return LinearModel(
        float(content["intercept"]),  # type: ignore[arg-type]
        content["coefficients"],
        content.get("means", {}),
        content.get("scales", {}),
    )

"""Fitting linear models: listwise softmax for choosing, logistic regression for judging; L2 penalty, standardised features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.weights import LinearModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows to choose among, `(n, features)`, and which are right, `(n,)` of 0 and 1."""

    rows: Floats
    right: Floats
    weight: float = 1.0


def columns_of(features: Sequence[Mapping[str, float]]) -> Floats:
    """Rows of named features as an array `(n, features)`, in the order of the first row's names."""
    return np.array([[row[name] for name in features[0]] for row in features])


def fit_listwise(groups: Sequence[Group], names: Sequence[str], penalty: float) -> LinearModel:
    """The model that gives the right rows of each group the most softmax mass (ListNet with the top one's probability).

    Cao et al. 2007, "Learning to Rank: From Pairwise Approach to Listwise Approach". Groups without a right row count
    nothing.
    """
    from scipy.optimize import minimize

    useful = [group for group in groups if group.right.any()]
    means, scales = _moments(np.concatenate([group.rows for group in useful]))
    longest = max(len(group.rows) for group in useful)
    rows = np.zeros((len(useful), longest, len(names)))
    right = np.zeros((len(useful), longest))
    real = np.zeros((len(useful), longest), dtype=bool)
    for i, group in enumerate(useful):
        n = len(group.rows)
        rows[i, :n], right[i, :n], real[i, :n] = (group.rows - means) / scales, group.right, True
    shares = np.array([group.weight for group in useful])
    shares /= shares.sum()

    def loss(w: Floats) -> tuple[float, Floats]:
        scores = np.where(real, rows @ w, -np.inf)
        mass = np.exp(scores - scores.max(axis=1, keepdims=True))
        mass /= mass.sum(axis=1, keepdims=True)
        good = mass * right
        share = np.maximum(good.sum(axis=1), 1e-300)
        gradient = np.einsum("n,nm,nmf->f", shares, mass - good / share[:, None], rows) + 2 * penalty * w
        return float(-(shares * np.log(share)).sum() + penalty * (w @ w)), gradient

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return _model(found.x, 0.0, names, means, scales)


def fit_logistic(rows: Floats, labels: Floats, weights: Floats, names: Sequence[str], penalty: float) -> LinearModel:
    """Logistic regression of `labels` `(n,)` on `rows` `(n, features)` with example `weights` `(n,)`."""
    from scipy.optimize import minimize

    means, scales = _moments(rows)
    x = np.hstack([(rows - means) / scales, np.ones((len(rows), 1))])
    shares = weights / weights.sum()
    signs = 2 * labels - 1

    def loss(w: Floats) -> tuple[float, Floats]:
        margins = signs * (x @ w)
        slopes = -signs / (1 + np.exp(np.clip(margins, -500, 500)))
        shrink = np.append(w[:-1], 0.0)
        return float((shares * np.logaddexp(0, -margins)).sum() + penalty * (shrink @ shrink)), x.T @ (
            shares * slopes
        ) + (2 * penalty * shrink)

    found = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return _model(found.x[:-1], float(found.x[-1]), names, means, scales)


def _moments(rows: Floats) -> tuple[Floats, Floats]:
    scales = rows.std(axis=0)
    return rows.mean(axis=0), np.where(scales > 1e-9, scales, 1.0)


def _model(w: Floats, intercept: float, names: Sequence[str], means: Floats, scales: Floats) -> LinearModel:
    def named(values: Floats) -> dict[str, float]:
        return {name: round(float(value), 5) for name, value in zip(names, values, strict=True)}

    return LinearModel(round(intercept, 5), named(w), named(means), named(scales))

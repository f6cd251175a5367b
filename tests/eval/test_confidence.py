"""AUROC, risk–coverage, calibration and intervals, held against slower ways to the same numbers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.bootstrap import difference_of_means, interval, mean_interval, quantile_interval, sign_test
from eval.refusals import aurc, auroc, calibration_error, reliability, risk_coverage

ONES = np.ones((1, 4))
OUTCOMES = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=1, max_size=12)


def slow_auroc(pairs: list[tuple[float, bool]]) -> float:
    positive, negative = ([c for c, label in pairs if label is side] for side in (True, False))
    if not positive or not negative:
        return math.nan
    wins = sum((p > n) + (p == n) / 2 for p, n in itertools.product(positive, negative))
    return wins / (len(positive) * len(negative))


def test_auroc_worked_by_hand() -> None:
    # Positives .9 and .5, negatives .5 and .1: of the four pairs three are won and one is a draw, 3.5 / 4.
    statistic = auroc([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
    assert statistic(ONES)[0] == pytest.approx(3.5 / 4)


@given(OUTCOMES, st.data())
def test_auroc_of_a_resample_is_auroc_of_the_repeated_questions(
    pairs: list[tuple[float, bool]], data: st.DataObject
) -> None:
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)))
    repeated = [pair for pair, count in zip(pairs, counts, strict=True) for _ in range(count)]
    statistic = auroc([c for c, _ in pairs], [label for _, label in pairs])
    assert statistic(np.array([counts], dtype=float))[0] == pytest.approx(slow_auroc(repeated), nan_ok=True)


def test_auroc_agrees_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(7)
    labels = generator.random(200) < 0.6
    scores = np.round(generator.normal(labels, 1.5), 1)
    assert auroc(scores, labels)(np.ones((1, 200)))[0] == pytest.approx(metrics.roc_auc_score(labels, scores))


def test_risk_and_coverage_worked_by_hand() -> None:
    # From the most confident on: right, wrong, and two of equal confidence of which one is wrong.
    confidence, wrong = [0.9, 0.8, 0.3, 0.3], [False, True, True, False]
    curve = risk_coverage(confidence, wrong)
    assert curve.coverage.tolist() == [0.25, 0.5, 1.0]
    assert curve.risk.tolist() == [0.0, 0.5, 0.5]
    # AURC: the mean over the four questions of the risk at their coverage: (0 + 1/2 + 2/4 + 2/4) / 4.
    assert aurc(confidence, wrong)(ONES)[0] == pytest.approx(1.5 / 4)


@given(OUTCOMES)
def test_aurc_does_not_hang_on_the_order_of_the_questions(pairs: list[tuple[float, bool]]) -> None:
    def area(outcomes: list[tuple[float, bool]]) -> float:
        return float(aurc([c for c, _ in outcomes], [w for _, w in outcomes])(np.ones((1, len(outcomes))))[0])

    assert area(pairs) == pytest.approx(area(pairs[::-1]))


def test_calibration_worked_by_hand() -> None:
    # Bin .9–1 holds .95 (true) and 1.0 (false); .2 and .35 have bins of their own.
    confidence, labels = [0.95, 1.0, 0.2, 0.35], [True, False, False, True]
    expected = abs(0.975 - 0.5) * 2 / 4 + abs(0.2 - 0) / 4 + abs(0.35 - 1) / 4
    assert calibration_error(confidence, labels)(ONES)[0] == pytest.approx(expected)
    bins = reliability(confidence, labels)
    assert [(round(b.confidence, 3), b.rate, b.n) for b in bins] == [(0.2, 0.0, 1), (0.35, 1.0, 1), (0.975, 0.5, 2)]


def test_the_same_outcomes_give_the_same_interval() -> None:
    values = [0.0, 1.0, 0.5, 0.25] * 20
    assert mean_interval(values) == mean_interval(values)


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error_says() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    found = mean_interval(values)
    half = 1.96 * values.std() / math.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)


def test_outcomes_that_are_all_alike_do_not_claim_certainty() -> None:
    # Clopper–Pearson for 10 of 10: the lower bound solves p¹⁰ = .025, p = .6915.
    assert mean_interval([1.0] * 10, share=True).low == pytest.approx(0.6915, abs=1e-4)
    assert mean_interval([0.0] * 10, share=True).high == pytest.approx(0.3085, abs=1e-4)
    assert mean_interval([0.0] * 10, share=True).value == 0


def test_quantiles_interpolate_as_numpy_does() -> None:
    values = np.random.default_rng(3).gamma(2, 30, 101)
    for q in (0.5, 0.95):
        found = quantile_interval(values, q)
        assert found.value == pytest.approx(np.quantile(values, q))
        assert found.low <= found.value <= found.high
    assert quantile_interval([5.0], 0.95).value == 5
    assert quantile_interval([1.0, 2.0], 0.5).value == pytest.approx(1.5)


def test_a_difference_of_groups_is_the_difference_of_their_means() -> None:
    found = difference_of_means([1.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0])
    assert found.value == pytest.approx(0.75 - 1 / 3)
    assert found.low < found.value < found.high


def test_the_sign_test_is_the_exact_binomial_one() -> None:
    # 1 lost, 6 won of 7 flips: 2 · (C(7,0) + C(7,1)) / 2⁷ = 2 · 8 / 128.
    assert sign_test(1, 6) == sign_test(6, 1) == pytest.approx(16 / 128)
    assert sign_test(0, 6) == pytest.approx(2 / 64)
    assert sign_test(3, 3) == sign_test(0, 0) == 1


def test_a_figure_without_questions_or_without_both_kinds_is_not_defined() -> None:
    assert math.isnan(mean_interval([]).value)
    assert math.isnan(interval(2, auroc([0.1, 0.2], [True, True])).value)

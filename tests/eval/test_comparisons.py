"""Two runs side by side: the questions that flipped, and whether it is more than noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from fake_system import FakeSystem

from eval import run
from eval.compare import MeasureComparison, compare
from eval.errors import ResultsError
from eval.results import QuestionResult, Results


@pytest.fixture
def base(question_set: Path, index_dir: Path) -> Results:
    return run(question_set, index_dir=index_dir, system=FakeSystem())


def many(base: Results, scores: list[Mapping[str, float]], **options: object) -> Results:
    """Results with one question for each of `scores`, all else as in `base`."""
    first: QuestionResult = base.sets[0].questions[0]
    questions = tuple(replace(first, id=f"q{i}", scores=own) for i, own in enumerate(scores))
    provenance = replace(base.provenance, options={**base.provenance.options, **options})
    return replace(base, sets=(replace(base.sets[0], questions=questions),), provenance=provenance)


def found(before: Results, after: Results) -> dict[str, MeasureComparison]:
    (comparison,) = compare(before, after)
    return {one.measure.name: one for one in comparison.measures}


def test_lost_and_won_questions_are_named_and_many_losses_are_more_than_noise(base: Results) -> None:
    before = many(base, [{"right": 1.0}] * 9 + [{"right": 0.0}])
    after = many(base, [{"right": 0.0}] * 8 + [{"right": 1.0}] * 2)
    right = found(before, after)["right"]
    assert [flip.id for flip in right.lost] == [f"q{i}" for i in range(8)]
    assert [flip.id for flip in right.won] == ["q9"]
    # 8 lost, 1 won of 9: p = 2 · (1 + 9) / 2⁹ = 20 / 512.
    assert right.p == pytest.approx(20 / 512)
    assert right.more_than_noise
    assert right.verdict() == "Right: worse, 0.900 → 0.200 (8 lost, 1 won, p = 0.039): more than noise."


def test_a_few_flips_are_no_more_than_noise(base: Results) -> None:
    before = many(base, [{"right": 1.0}] * 10)
    after = many(base, [{"right": 0.0}] * 3 + [{"right": 1.0}] * 7)
    right = found(before, after)["right"]
    # 3 lost, none won: p = 2 / 2³.
    assert right.p == pytest.approx(0.25)
    assert "no more than noise" in right.verdict()


def test_where_low_is_better_a_rise_is_a_loss(base: Results) -> None:
    before = many(base, [{"refused_answerable": 0.0}] * 6)
    after = many(base, [{"refused_answerable": 1.0}] * 6)
    refused = found(before, after)["refused_answerable"]
    assert (len(refused.lost), len(refused.won)) == (6, 0)
    assert refused.verdict().startswith("Answerable, but refused: worse, 0.000 → 1.000 (6 lost, 0 won, p = 0.031)")


def test_a_graded_measure_is_judged_by_its_paired_interval(base: Results) -> None:
    before = many(base, [{"RR@10": 1.0}] * 30)
    after = many(base, [{"RR@10": 0.5}] * 15 + [{"RR@10": 1.0}] * 15)
    rr = found(before, after)["RR@10"]
    assert rr.difference.value == pytest.approx(-0.25)
    assert rr.difference.high < 0
    assert rr.more_than_noise
    assert "worse, 1.000 → 0.750 (difference −0.250 [−0.3" in rr.verdict()


def test_a_run_against_itself_has_changed_nothing(base: Results) -> None:
    for name, one in found(base, base).items():
        assert one.difference.value == 0, name
        assert not one.lost
        assert not one.won
        assert not one.more_than_noise


def test_pooled_measures_are_compared_on_the_same_resamples(base: Results) -> None:
    questions = tuple(replace(q, confidence=1 - q.confidence) for q in base.sets[0].questions)
    turned = replace(base, sets=(replace(base.sets[0], questions=questions),))
    auroc = found(base, turned)["auroc"]
    # Turning every confidence about turns 5/6 into 1/6.
    assert (auroc.before, auroc.after) == (pytest.approx(5 / 6), pytest.approx(1 / 6))
    assert auroc.difference.value == pytest.approx(-4 / 6)


def test_what_else_differs_between_the_runs_is_said(base: Results) -> None:
    after = many(base, [{"right": 1.0}], without="lexical", baseline=True)
    before = many(base, [{"right": 1.0}])
    changed = replace(after, sets=(replace(after.sets[0], sha256="0" * 64, tuned=True),))
    (comparison,) = compare(before, changed)
    assert comparison.notes == (
        "the set itself changed: 1 questions are in both runs, of 1 and 1",
        "used for tuning",
        "without: nothing → lexical",
    )


def test_runs_that_share_no_set_or_no_question_are_refused(base: Results) -> None:
    other = replace(base, sets=(replace(base.sets[0], name="another"),))
    with pytest.raises(ResultsError, match="share no set: found small-test and another"):
        compare(base, other)
    questions = tuple(replace(q, question=q.question + "!") for q in base.sets[0].questions)
    with pytest.raises(ResultsError, match="share no question"):
        compare(base, replace(base, sets=(replace(base.sets[0], questions=questions),)))

"""Two evaluations side by side: which questions flipped, and whether the difference is more than noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval import refusals
from eval.bootstrap import Weighted, interval, mean_interval, sign_test
from eval.errors import ResultsError
from eval.measures import MEASURES, Measure
from eval.results import QuestionResult, Results, SetResult
from eval.summary import NEAR_MISS_TYPES, is_wrong
from eval.types import Estimate
from eval.words import difference, figure

SIGNIFICANCE = 0.05
# Options that measure more, and change nothing of what is compared.
BESIDE = frozenset({"baseline", "unanswerable"})


@dataclass(frozen=True, slots=True)
class Flip:
    """A question that one run got right and the other did not."""

    id: str
    question: str


@dataclass(frozen=True, slots=True)
class MeasureComparison:
    """One measure before and after, on the questions that both runs asked.

    `difference` is after minus before with its paired bootstrap interval. `lost` and `won` are filled for measures
    that a question passes or fails, and `p` is then of the exact sign test; NaN for other measures.
    """

    measure: Measure
    before: float
    after: float
    difference: Estimate
    lost: tuple[Flip, ...]
    won: tuple[Flip, ...]
    p: float

    @property
    def more_than_noise(self) -> bool:
        """Whether the sign test, or else the interval, rules out that nothing changed."""
        if not math.isnan(self.p):
            return self.p < SIGNIFICANCE
        return self.difference.low > 0 or self.difference.high < 0

    def verdict(self) -> str:
        """The comparison in one plain sentence."""
        before, after = figure(self.measure, self.before), figure(self.measure, self.after)
        change = self.difference.value
        if change == 0:
            moved = f"unchanged at {after}"
        else:
            better = (change > 0) == self.measure.higher_is_better
            moved = f"{'better' if better else 'worse'}, {before} → {after}"
        if not math.isnan(self.p):
            evidence = f"{len(self.lost)} lost, {len(self.won)} won, p = {self.p:.3f}"
        else:
            evidence = f"difference {difference(self.measure, self.difference)}"
        noise = "more than noise" if self.more_than_noise else "no more than noise"
        return f"{self.measure.label}: {moved} ({evidence}): {noise}."


@dataclass(frozen=True, slots=True)
class SetComparison:
    """All measures of one set in two runs. `notes` say what else differs between the runs."""

    name: str
    questions: int
    notes: tuple[str, ...]
    measures: tuple[MeasureComparison, ...]


def compare(before: Results, after: Results) -> tuple[SetComparison, ...]:
    """Compare the sets that both results hold, by name. Raises `ResultsError` if they share none."""
    old = {result.name: result for result in before.sets}
    new = {result.name: result for result in after.sets}
    shared = [name for name in old if name in new]
    if not shared:
        raise ResultsError(
            f"the two results share no set: found {', '.join(old)} and {', '.join(new)}; compare runs of the same set"
        )
    return tuple(_compare_set(old[name], new[name], before, after) for name in shared)


def _compare_set(old: SetResult, new: SetResult, before: Results, after: Results) -> SetComparison:
    was = {question.id: question for question in old.questions}
    pairs = [
        (was[question.id], question)
        for question in new.questions
        if question.id in was and was[question.id].question == question.question
    ]
    if not pairs:
        raise ResultsError(f"{old.name}: the two runs share no question; compare runs of the same set")
    measures = [found for measure in MEASURES.values() if (found := _compare_measure(measure, pairs)) is not None]
    for name, (selected, statistic) in _pooled(pairs).items():
        if selected:
            measures.append(_compare_pooled(MEASURES[name], selected, statistic))
    order = {name: place for place, name in enumerate(MEASURES)}
    measures.sort(key=lambda found: order[found.measure.name])
    return SetComparison(old.name, len(pairs), _notes(old, new, before, after, len(pairs)), tuple(measures))


Pair = tuple[QuestionResult, QuestionResult]


def _compare_measure(measure: Measure, pairs: Sequence[Pair]) -> MeasureComparison | None:
    name = measure.name
    scored = [(a, b) for a, b in pairs if name in a.scores and name in b.scores]
    if not scored:
        return None
    first = [a.scores[name] for a, _ in scored]
    second = [b.scores[name] for _, b in scored]
    lost: list[Flip] = []
    won: list[Flip] = []
    if measure.binary:
        for (question, _), a, b in zip(scored, first, second, strict=True):
            if a != b:
                better = (b > a) == measure.higher_is_better
                (won if better else lost).append(Flip(question.id, question.question))
    return MeasureComparison(
        measure,
        sum(first) / len(first),
        sum(second) / len(second),
        mean_interval([b - a for a, b in zip(first, second, strict=True)]),
        tuple(lost),
        tuple(won),
        sign_test(len(lost), len(won)) if measure.binary else math.nan,
    )


Statistic = Callable[[Sequence[QuestionResult]], Weighted]


def _pooled(pairs: Sequence[Pair]) -> dict[str, tuple[list[Pair], Statistic]]:
    """The measures of a whole set of confidences, and the pairs on which each is defined."""

    def both_classes(selected: list[Pair]) -> list[Pair]:
        return selected if len({a.answerable for a, _ in selected}) == 2 else []

    near = [(a, b) for a, b in pairs if a.answerable or a.type in NEAR_MISS_TYPES]

    def auroc(questions: Sequence[QuestionResult]) -> Weighted:
        return refusals.auroc([q.confidence for q in questions], [q.answerable for q in questions])

    def aurc(questions: Sequence[QuestionResult]) -> Weighted:
        return refusals.aurc([q.confidence for q in questions], [is_wrong(q) for q in questions])

    def ece(questions: Sequence[QuestionResult]) -> Weighted:
        return refusals.calibration_error([q.confidence for q in questions], [q.answerable for q in questions])

    return {
        "auroc": (both_classes(list(pairs)), auroc),
        "auroc_near_miss": (both_classes(near), auroc),
        "aurc": (list(pairs), aurc),
        "ece": (both_classes(list(pairs)), ece),
    }


def _compare_pooled(measure: Measure, pairs: Sequence[Pair], statistic: Statistic) -> MeasureComparison:
    first, second = statistic([a for a, _ in pairs]), statistic([b for _, b in pairs])
    before, after = (interval(len(pairs), side).value for side in (first, second))
    change = interval(len(pairs), lambda counts: second(counts) - first(counts))
    return MeasureComparison(measure, before, after, change, (), (), math.nan)


def _notes(old: SetResult, new: SetResult, before: Results, after: Results, shared: int) -> tuple[str, ...]:
    notes = []
    if old.sha256 != new.sha256:
        notes.append(
            f"the set itself changed: {shared} questions are in both runs, of {len(old.questions)} and "
            f"{len(new.questions)}"
        )
    if old.tuned or new.tuned:
        notes.append("used for tuning")
    if old.index.generation != new.index.generation:
        notes.append(f"index {old.index.generation} → {new.index.generation}")
    if old.index.model != new.index.model:
        notes.append(f"model {old.index.model} → {new.index.model}")
    if before.provenance.revision != after.provenance.revision:
        notes.append(f"code {before.provenance.revision} → {after.provenance.revision}")
    options = before.provenance.options, after.provenance.options
    names = sorted({*options[0], *options[1]} - BESIDE)
    changed = [name for name in names if options[0].get(name) != options[1].get(name)]
    notes += [f"{name}: {options[0].get(name)} → {options[1].get(name)}" for name in changed]
    return tuple(notes)

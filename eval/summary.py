"""From the scores of questions to figures with intervals, whole and by slice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from eval import refusals
from eval.bootstrap import difference_of_means, interval, mean_interval, quantile_interval
from eval.measures import BASELINE_MEASURES, LATENCY_PARTS, MEASURES
from eval.results import BaselineResult, QuestionResult, RemovalResult, SetGap, SetResult
from eval.types import Estimate

NEAR_MISS_TYPES = frozenset({"near_miss", "wrong_premise"})
MOST_DOCUMENTS = 30

Scores = Mapping[str, Mapping[str, float]]
"""`scores[question id][measure]`."""


def summarise(questions: Sequence[QuestionResult], *, latency: bool = True) -> dict[str, Estimate]:
    """Every measure that is defined on these questions, in the order of the catalogue."""
    figures = {
        name: mean_interval(values, share=True)
        for name in MEASURES
        if (values := [q.scores[name] for q in questions if name in q.scores])
    }
    figures |= _confidence_figures(questions)
    if latency:
        for part in LATENCY_PARTS:
            times = [q.timings_ms[part] for q in questions if part in q.timings_ms]
            if times:
                figures[f"latency_{part}_p50"] = quantile_interval(times, 0.5)
                figures[f"latency_{part}_p95"] = quantile_interval(times, 0.95)
    return {name: figures[name] for name in MEASURES if name in figures}


def is_wrong(question: QuestionResult) -> bool:
    """Whether answering the question is an error: it has no answer, or the answer given is not right.

    A question of a set without gold answers is wrong if its first document is.
    """
    if not question.answerable:
        return True
    for name in ("right", "gold_in_first_citation", "Success@1"):
        if name in question.scores:
            return question.scores[name] < 1
    return question.abstained


def slice_by(questions: Sequence[QuestionResult]) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Figures by language, type and document; a dimension with one value, or far too many, is left out."""
    dimensions: dict[str, Callable[[QuestionResult], Iterable[str]]] = {
        "language": lambda q: (q.lang,),
        "type": lambda q: (q.type,),
        "document": lambda q: q.docs,
    }
    slices = {}
    for dimension, values_of in dimensions.items():
        groups: dict[str, list[QuestionResult]] = {}
        for question in questions:
            for value in values_of(question):
                groups.setdefault(value, []).append(question)
        if 1 < len(groups) <= MOST_DOCUMENTS:
            slices[dimension] = {value: summarise(groups[value], latency=False) for value in sorted(groups)}
    return slices


def language_gap(english: Sequence[QuestionResult], spanish: Sequence[QuestionResult]) -> dict[str, Estimate]:
    """English minus Spanish on each measure: paired where the ids are the same, else between two groups."""
    if not english or not spanish:
        return {}
    ours, theirs = _by_id(english), _by_id(spanish)
    if ours.keys() == theirs.keys():
        return differences(ours, theirs)
    gaps = {}
    for name in MEASURES:
        first = [scores[name] for scores in ours.values() if name in scores]
        second = [scores[name] for scores in theirs.values() if name in scores]
        if first and second:
            gaps[name] = difference_of_means(first, second)
    return gaps


def set_gaps(sets: Sequence[SetResult]) -> tuple[SetGap, ...]:
    """The gaps between an all-English and an all-Spanish set over the same generation of an index."""
    gaps = []
    for english in sets:
        for spanish in sets:
            same_index = english.index.generation == spanish.index.generation
            if same_index and _languages(english) == {"en"} and _languages(spanish) == {"es"}:
                found = language_gap(english.questions, spanish.questions)
                gaps.append(SetGap(english.name, spanish.name, english.tuned or spanish.tuned, found))
    return tuple(gaps)


def differences(first: Scores, second: Scores) -> dict[str, Estimate]:
    """Mean of `first` minus `second` on each measure, paired by question."""
    found = {}
    for name in MEASURES:
        ids = [id_ for id_, scores in first.items() if name in scores and name in second.get(id_, {})]
        if ids:
            found[name] = mean_interval([first[id_][name] - second[id_][name] for id_ in ids])
    return found


def summarise_baseline(name: str, label: str, scores: Scores, questions: Sequence[QuestionResult]) -> BaselineResult:
    """A baseline's figures, and Quipu's minus its own."""
    by_measure = {
        measure: {id_: own[measure] for id_, own in scores.items() if measure in own} for measure in BASELINE_MEASURES
    }
    by_measure = {measure: values for measure, values in by_measure.items() if values}
    return BaselineResult(
        name=name,
        label=label,
        measures={measure: mean_interval(list(values.values()), share=True) for measure, values in by_measure.items()},
        differences=differences(_by_id(questions), scores),
        scores=by_measure,
    )


def summarise_removal(removal: Sequence[RemovalResult]) -> dict[str, Estimate]:
    """The figures of questions asked again with half of the passages removed."""
    kept = [item for item in removal if item.answerable]
    gone = [item for item in removal if not item.answerable]
    if not kept or not gone:
        return {}
    statistic = refusals.auroc([item.confidence for item in removal], [item.answerable for item in removal])
    return {
        "removed_auroc": interval(len(removal), statistic),
        "removed_answered_unanswerable": mean_interval([float(not item.abstained) for item in gone], share=True),
        "removed_refused_answerable": mean_interval([float(item.abstained) for item in kept], share=True),
    }


def _confidence_figures(questions: Sequence[QuestionResult]) -> dict[str, Estimate]:
    figures: dict[str, Estimate] = {}
    if not questions:
        return figures
    near = [q for q in questions if q.answerable or q.type in NEAR_MISS_TYPES]
    for name, asked in (("auroc", questions), ("auroc_near_miss", near)):
        labels = [q.answerable for q in asked]
        if any(labels) and not all(labels):
            figures[name] = interval(len(asked), refusals.auroc([q.confidence for q in asked], labels))
    confidence = [q.confidence for q in questions]
    labels = [q.answerable for q in questions]
    figures["aurc"] = interval(len(questions), refusals.aurc(confidence, [is_wrong(q) for q in questions]))
    if any(labels) and not all(labels):
        figures["ece"] = interval(len(questions), refusals.calibration_error(confidence, labels))
    return figures


def _by_id(questions: Sequence[QuestionResult]) -> dict[str, Mapping[str, float]]:
    return {question.id: question.scores for question in questions}


def _languages(result: SetResult) -> set[str]:
    return {question.lang for question in result.questions}

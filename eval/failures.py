"""Which questions failed, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.answers import fold
from eval.results import QuestionResult, SetResult


@dataclass(frozen=True, slots=True)
class Failure:
    """A question and every way in which it failed, the gravest first."""

    question: QuestionResult
    reasons: tuple[str, ...]


def failures(result: SetResult) -> list[Failure]:
    """Every question of a set that failed in some way, the gravest reasons first, else in the set's order."""
    found = [Failure(question, reasons) for question in result.questions if (reasons := why_failed(question))]
    found.sort(key=lambda failure: _GRAVITY.get(failure.reasons[0].split(":")[0], 0))
    return found


NOT_VERBATIM = "a quote is not what stands at the cited place"
ANSWERED = "answered, though the documents do not say"
REFUSED = "refused, though the documents answer it"
LACKS = "the quotes lack"
NO_GOLD = "the first citation does not hold the gold answer"
NO_EVIDENCE = "the evidence is not in the first five passages"
NOT_FIRST = "the first document is not relevant"
_GRAVITY = {
    reason: place
    for place, reason in enumerate((NOT_VERBATIM, ANSWERED, LACKS, REFUSED, NO_GOLD, NO_EVIDENCE, NOT_FIRST))
}


def why_failed(question: QuestionResult) -> tuple[str, ...]:
    """Every way in which a question failed; empty if it did not."""
    scores = question.scores
    reasons = []
    if scores.get("verbatim", 1) < 1:
        reasons.append(NOT_VERBATIM)
    if scores.get("answered_unanswerable", 0):
        reasons.append(ANSWERED)
    refused = bool(scores.get("refused_answerable", 0))
    if not refused and scores.get("right", 1) < 1:
        lacking = _lacking(question)
        if lacking:
            reasons.append(f"{LACKS}: {', '.join(lacking)}")
    if refused:
        reasons.append(REFUSED)
    elif scores.get("gold_in_first_citation", 1) < 1:
        reasons.append(NO_GOLD)
    if scores.get("evidence@5", 1) < 1:
        reasons.append(NO_EVIDENCE)
    if "evidence@5" not in scores and scores.get("Success@1", 1) < 1:
        reasons.append(NOT_FIRST)
    return tuple(reasons)


def _lacking(question: QuestionResult) -> Sequence[str]:
    quotes = fold(" ".join(str(citation["quote"]) for citation in question.citations))
    return [text for text in question.must_include if fold(text) not in quotes]

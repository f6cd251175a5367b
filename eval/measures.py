"""The catalogue of measures: what each is called, what it says, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from eval.ranking import RETRIEVAL_MEASURES

LATENCY_PARTS = ("embed", "search", "rerank", "read", "verify", "total")


@dataclass(frozen=True, slots=True)
class Measure:
    """A named figure.

    `group` is the table that it stands in; `binary` says that a question's score is 0 or 1; `milliseconds` that it
    is a time and not a share.
    """

    name: str
    label: str
    says: str
    group: str
    higher_is_better: bool = True
    binary: bool = False
    milliseconds: bool = False


RETRIEVAL_SAYS = {
    "nDCG@10": "normalised discounted cumulative gain of the first ten documents",
    "RR@10": "1 / rank of the first relevant document, 0 past the tenth",
    "Success@1": "the first document is relevant",
    "R@10": "share of the relevant documents among the first ten",
    "R@100": "share of the relevant documents among the first hundred",
}

_ALL = (
    Measure("right", "Right",
        "answered, and the verbatim quotes hold all that a right answer must", "answers", binary=True),
    Measure(
        "evidence@5", "Evidence in first five", "every gold quote stands whole in one of the first five passages",
        "retrieval", binary=True,
    ),
    Measure(
        "gold_in_first_citation", "First citation holds the gold answer",
        "answered, and a gold answer stands in the first cited quote", "answers", binary=True,
    ),
    *(
        Measure(name, name, RETRIEVAL_SAYS[name], "retrieval", binary=name == "Success@1")
        for name in RETRIEVAL_MEASURES
    ),
    Measure(
        "correct", "Right or rightly refused",
        "right if the documents answer the question, refused if they do not",
        "answers", binary=True,
    ),
    Measure("exact", "Exact match",
        "the answer is a gold answer, after SQuAD's normalisation", "answers", binary=True),
    Measure("f1", "Token F1", "token overlap of the answer with the gold answer, after SQuAD", "answers"),
    Measure(
        "citation_precision", "Citation precision",
        "share of the citations that meet the gold evidence (after ALCE)",
        "citations",
    ),
    Measure(
        "citation_recall", "Citation recall",
        "share of the gold evidence that a citation meets (after ALCE); a refusal meets none", "citations",
    ),
    Measure(
        "verbatim", "Citations exact", "share of the quotes that are, character for character, the cited text",
        "citations",
    ),
    Measure(
        "answered_unanswerable", "Unanswerable, but answered",
        "share of the unanswerable questions that got an answer", "refusals", higher_is_better=False, binary=True,
    ),
    Measure(
        "refused_answerable", "Answerable, but refused", "share of the answerable questions that were refused",
        "refusals", higher_is_better=False, binary=True,
    ),
    Measure("auroc", "AUROC of confidence",
        "answerable questions have more confidence than unanswerable ones", "refusals"),
    Measure(
        "auroc_near_miss", "AUROC, near misses alone",
        "answerable questions have more confidence than near misses and wrong premises", "refusals",
    ),
    Measure(
        "aurc", "AURC", "area under the risk–coverage curve: mean error rate over all coverages", "refusals",
        higher_is_better=False,
    ),
    Measure(
        "ece", "Calibration error",
        "mean distance between confidence and the share of answerable questions", "refusals",
        higher_is_better=False,
    ),
    Measure(
        "removed_auroc", "AUROC, half the passages removed",
        "questions whose passage is left have more confidence than those whose passage is gone", "refusals",
    ),
    Measure(
        "removed_answered_unanswerable", "Passage removed, but answered",
        "share of the questions without their passage that got an answer", "refusals", higher_is_better=False,
    ),
    Measure(
        "removed_refused_answerable", "Passage left, but refused",
        "share of the questions with their passage that were refused", "refusals", higher_is_better=False,
    ),
    *(
        Measure(
            f"latency_{part}_p{q}",
            f"Latency, p{q}" if part == "total" else f"Latency of {part}, p{q}",
            "median over the questions" if q == 50 else "95th percentile over the questions",
            "latency",
            higher_is_better=False, milliseconds=True,
        )
        for part in LATENCY_PARTS
        for q in (50, 95)
    ),
)  # fmt: skip

MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}
GROUPS = ("answers", "retrieval", "citations", "refusals", "latency")
HEADLINE = (
    "right",
    "gold_in_first_citation",
    "evidence@5",
    "RR@10",
    "verbatim",
    "answered_unanswerable",
    "refused_answerable",
    "auroc_near_miss",
    "removed_auroc",
    "latency_total_p50",
)
BASELINE_MEASURES = ("evidence@5", *RETRIEVAL_MEASURES)

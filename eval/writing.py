"""Answers written by a language model, measured beside the extractive ones on the same questions.

Faithfulness is the share of the sentences that the model wrote which the passages support (what is shown holds supported sentences
alone, by construction). Citation precision and recall are per sentence, after ALCE (Gao et al. 2023): the share of the model's own
markers that support their sentence, and the share of its sentences that their own markers support.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from assistant.types import Answer
from assistant.writing.types import WrittenAnswer
from assistant.writing.verifier import KEPT, MARKED, REPOINTED, STRUCK
from eval.evaluate import Evaluation, text_lookup
from eval.ranking import DEPTH
from eval.scoring import TextOf, score_question
from eval.types import Answerer, Question, QuestionSet
from index.errors import QuestionError

Progress = Callable[[str, int, int], None]
COMPARED = (
    "right",
    "correct",
    "citation_precision",
    "citation_recall",
    "verbatim",
    "answered_unanswerable",
    "refused_answerable",
)


class Writes(Protocol):
    """What is needed of a writer; `assistant.writing.writer.Writer` is one."""

    def ask(self, question: str, k: int = 10) -> WrittenAnswer:
        """The written answer to a question."""
        ...


def shown(value: float | None) -> str:
    """A figure of the comparison in print: shares to three digits, counts and seconds above one to what can be read."""
    if value is None:
        return "–"
    if value <= 1:
        return f"{value:.3f}"
    return f"{value:,.0f}" if value >= 100 or value.is_integer() else f"{value:.1f}"


def write_all(questions: QuestionSet, writer: Writes, progress: Progress = lambda *_: None) -> dict[str, WrittenAnswer]:
    """The written answer to every question of a set that can be asked."""
    written = {}
    for done, question in enumerate(questions.questions, start=1):
        try:
            written[question.id] = writer.ask(question.question, DEPTH)
        except QuestionError:
            continue
        progress(f"{questions.name}: writing", done, len(questions.questions))
    return written


def compare_written(
    evaluation: Evaluation, written: Mapping[str, WrittenAnswer], assistant: Answerer
) -> dict[str, Any]:
    """The figures of the written answers beside those of the extractive ones, as the report shows them.

    `rows` hold label, explanation, extractive figure and written figure (None where there is none to compare).
    """
    text_of = text_lookup(assistant)
    asked = [question for question in evaluation.questions.questions if question.id in written]
    answers = list(written.values())
    rows = [
        *_own_rows(answers),
        *_common_rows(asked, evaluation.answers, written, evaluation.questions, text_of),
        *_cost_rows(answers, [evaluation.answers[question.id] for question in asked]),
    ]
    return {"model": answers[0].model if answers else "", "questions": len(asked), "rows": rows}


def _row(label: str, says: str, extractive: float | None, by_model: float | None) -> dict[str, Any]:
    return {"label": label, "says": says, "extractive": extractive, "written": by_model}


def _own_rows(answers: Sequence[WrittenAnswer]) -> list[dict[str, Any]]:
    sentences = [one for answer in answers for one in answer.sentences]
    attempted = [answer for answer in answers if answer.sentences or answer.fallback]
    markers = sum(len(one.markers) for one in sentences)

    def share(verdicts: set[str]) -> float | None:
        return sum(one.verdict in verdicts for one in sentences) / len(sentences) if sentences else None

    return [
        _row("Faithfulness", "share of the sentences written that the passages support", 1.0, share({KEPT, REPOINTED, MARKED})),
        _row(
            "Citation precision, per sentence", "share of the markers given that support their sentence", 1.0,
            sum(len(one.right) for one in sentences) / markers if markers else None,
        ),
        _row("Citation recall, per sentence", "share of the sentences that their own markers support", 1.0, share({KEPT})),
        _row("Struck", "share of the sentences struck", 0.0, share({STRUCK})),
        _row("Re-pointed", "share of the sentences given another marker", None, share({REPOINTED})),
        _row("Marker added", "share of the sentences given their first marker", None, share({MARKED})),
        _row("Sentences", "sentences that the model wrote", None, float(len(sentences))),
        _row(
            "Fallbacks", "share of the answers for which the extractive one was shown instead", None,
            sum(bool(answer.fallback) for answer in attempted) / len(attempted) if attempted else None,
        ),
    ]  # fmt: skip


def _common_rows(
    asked: Sequence[Question],
    extractive: Mapping[str, Answer],
    written: Mapping[str, WrittenAnswer],
    questions: QuestionSet,
    text_of: TextOf,
) -> list[dict[str, Any]]:
    from eval.measures import MEASURES

    scores: tuple[list[Mapping[str, float]], list[Mapping[str, float]]] = ([], [])
    for question in asked:
        for into, answer in zip(scores, (extractive[question.id], written[question.id].answer), strict=True):
            into.append(score_question(question, answer, questions.kind, text_of, {}, question.lang).scores)
    rows = []
    for name in COMPARED:
        values = [[one[name] for one in some if name in one] for some in scores]
        if values[0] or values[1]:
            means = [float(np.mean(some)) if some else None for some in values]
            rows.append(_row(MEASURES[name].label, MEASURES[name].says, *means))
    return rows


def _cost_rows(answers: Sequence[WrittenAnswer], extractive: Sequence[Answer]) -> list[dict[str, Any]]:
    attempted = [answer for answer in answers if answer.tokens_written or answer.sentences or answer.fallback]

    def mean(values: Sequence[float]) -> float | None:
        return float(np.mean(values)) if values else None

    def counted(values: Sequence[float]) -> float | None:
        # A server that does not count tokens tells none.
        return mean(values) if any(values) else None

    return [
        _row("Tokens read", "mean over the answers for which the model was asked; – where its server does not count them", None, counted([a.tokens_read for a in attempted])),
        _row("Tokens written", "mean over the same", None, counted([a.tokens_written for a in attempted])),
        _row(
            "Seconds", "mean time of an answer", mean([a.timings_ms.get("total", 0.0) / 1e3 for a in extractive]),
            mean([a.seconds for a in attempted]),
        ),
        _row("Seconds to the first text", "mean over the answers for which the model wrote", None, mean([a.first for a in attempted if a.first])),
    ]  # fmt: skip


def save_written(written: Mapping[str, WrittenAnswer], folder: Path) -> None:
    """Write written.jsonl: every answer with its sentences and verdicts."""
    lines = [
        json.dumps(answer.to_json(question_id), ensure_ascii=False) + "\n" for question_id, answer in written.items()
    ]
    (folder / "written.jsonl").write_text("".join(lines), encoding="utf-8")

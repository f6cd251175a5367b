"""From one answer to its scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from assistant.types import Answer, Hit
from eval import answers, citations
from eval.ranking import evidence_in_hits
from eval.results import QuestionResult
from eval.types import Kind, Question

KEPT_HITS = 5

TextOf = Callable[[str], str | None]


def score_question(
    question: Question, answer: Answer, kind: Kind, text_of: TextOf, retrieval: Mapping[str, float], lang: str
) -> QuestionResult:
    """The question's result: every measure that applies to it, with `retrieval` scored beforehand.

    `lang` is the language of the gold answers, whose articles do not count.
    """
    answered = not answer.abstained
    exact = [citations.verbatim(citation, text_of) for citation in answer.citations]
    scores: dict[str, float] = dict(retrieval)
    if exact:
        scores["verbatim"] = sum(exact) / len(exact)
    if not question.answerable:
        scores["answered_unanswerable"] = float(answered)
        scores["correct"] = float(answer.abstained)
    else:
        scores["refused_answerable"] = float(answer.abstained)
    if question.answerable and kind == "questions":
        right = answered and bool(exact) and all(exact) and answers.cites_all(answer, question.must_include)
        scores["right"] = scores["correct"] = float(right)
    if question.answerable and question.answers:
        text = answers.without_markers(answer.text) if answered else ""
        scores["exact"] = answers.exact_match(text, question.answers, lang)
        scores["f1"] = answers.token_f1(text, question.answers, lang)
        if kind == "beir":
            scores["gold_in_first_citation"] = answers.first_citation_holds(answer, question.answers)
    if question.answerable and question.evidence:
        places = citations.locate_evidence(question, text_of)
        scores["evidence@5"] = evidence_in_hits(question, answer.hits)
        scores["citation_recall"] = citations.citation_recall(answer.citations, places)
        if answered:
            scores["citation_precision"] = citations.citation_precision(answer.citations, places)
    return QuestionResult(
        id=question.id,
        question=question.question,
        lang=question.lang,
        type=question.type,
        answerable=question.answerable,
        docs=question.docs,
        evidence=question.evidence,
        gold=question.answers,
        must_include=question.must_include,
        answer=answer.text,
        abstained=answer.abstained,
        confidence=answer.confidence,
        missing_terms=tuple(answer.missing_terms),
        citations=tuple(citation.to_json() for citation in answer.citations),
        hits=tuple(hit.to_json() for hit in answer.hits[:KEPT_HITS]),
        timings_ms=dict(answer.timings_ms),
        scores=scores,
    )


def score_hits(question: Question, hits: Sequence[Hit], retrieval: Mapping[str, float]) -> dict[str, float]:
    """The scores of a bare ranking of passages: what a baseline is measured by."""
    scores = dict(retrieval)
    if question.answerable and question.evidence:
        scores["evidence@5"] = evidence_in_hits(question, hits)
    return scores

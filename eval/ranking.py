"""Rankings of documents, and their measures by ir_measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from assistant.types import Hit
from eval.types import Qrels, Question, Ranking

RETRIEVAL_MEASURES = ("nDCG@10", "RR@10", "Success@1", "R@10", "R@100")
DEPTH = 100
EVIDENCE_DEPTH = 5


def rank_documents(hits: Iterable[Hit]) -> list[tuple[str, float]]:
    """Documents in the order of their best passage, which gives the score.

    Scores are float32, as trec_eval reads them, and fall strictly, so that every tool breaks ties as the hits do.
    """
    ranking: list[tuple[str, float]] = []
    seen: set[str] = set()
    last = np.float32(np.inf)
    for hit in hits:
        if hit.passage.doc_id in seen:
            continue
        seen.add(hit.passage.doc_id)
        last = min(np.float32(hit.score), np.nextafter(last, np.float32(-np.inf)))
        ranking.append((hit.passage.doc_id, float(last)))
    return ranking


def retrieval_scores(qrels: Qrels, run: Mapping[str, Ranking]) -> dict[str, dict[str, float]]:
    """The retrieval measures of every query of `qrels`; a query that the run lacks scores 0."""
    import ir_measures

    measures = [ir_measures.parse_measure(name) for name in RETRIEVAL_MEASURES]
    judged = [ir_measures.Qrel(q, doc, grade) for q, grades in qrels.items() for doc, grade in grades.items()]
    ranked = [ir_measures.ScoredDoc(q, doc, score) for q, ranking in run.items() for doc, score in ranking]
    scores: dict[str, dict[str, float]] = {q: dict.fromkeys(RETRIEVAL_MEASURES, 0.0) for q in qrels}
    if ranked:
        for metric in ir_measures.iter_calc(measures, judged, ranked):
            scores[metric.query_id][str(metric.measure)] = float(metric.value)
    return scores


def evidence_in_hits(question: Question, hits: Iterable[Hit], depth: int = EVIDENCE_DEPTH) -> float:
    """1 if every quote of the evidence stands whole in one of the first `depth` passages, else 0.

    A passage counts only if it comes from a document of the question.
    """
    texts = [hit.passage.text for hit in list(hits)[:depth] if hit.passage.doc_id in question.docs]
    return float(all(any(quote in text for text in texts) for quote in question.evidence))

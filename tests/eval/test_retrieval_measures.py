"""Retrieval measures against arithmetic done by hand and against other tools."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from fake_system import RIVER

from assistant.types import Hit
from eval.ranking import RETRIEVAL_MEASURES, evidence_in_hits, rank_documents, retrieval_scores
from eval.trec import read_qrels, read_run, write_qrels, write_run
from eval.types import Question
from index.types import Passage

QRELS = {"q1": {"a": 1, "b": 1}, "q2": {"c": 1}, "q3": {"d": 2, "e": 1}, "q4": {"f": 1}}
RUN = {
    "q1": [("x", 0.9), ("a", 0.8), ("y", 0.7), ("b", 0.6)],
    "q2": [(f"x{i}", 1 - i / 100) for i in range(10)] + [("c", 0.5)],
    "q3": [("e", 0.9), ("d", 0.8)],
}


def hit(doc_id: str, score: float, rank: int = 1, start: int = 0, text: str = "") -> Hit:
    return Hit(Passage(doc_id, start, start + len(text), text), rank, score)


def test_measures_are_those_worked_by_hand() -> None:
    scores = retrieval_scores(QRELS, RUN)
    # q1: relevant at ranks 2 and 4 of two relevant: DCG = 1/log2(3) + 1/log2(5), ideal = 1/log2(2) + 1/log2(3).
    ndcg = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert scores["q1"] == pytest.approx(
        {"nDCG@10": ndcg, "RR@10": 1 / 2, "Success@1": 0, "R@10": 1, "R@100": 1}, abs=1e-4
    )
    # q2: the one relevant document stands at rank 11, past the tenth and within the hundredth.
    assert scores["q2"] == pytest.approx({"nDCG@10": 0, "RR@10": 0, "Success@1": 0, "R@10": 0, "R@100": 1})
    # q3: grades 1 then 2, ideal 2 then 1: DCG = 1/log2(2) + 2/log2(3), ideal = 2/log2(2) + 1/log2(3).
    graded = (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3))
    assert scores["q3"] == pytest.approx(
        {"nDCG@10": graded, "RR@10": 1, "Success@1": 1, "R@10": 1, "R@100": 1}, abs=1e-4
    )
    # q4 is judged and was never answered: zero, not left out.
    assert scores["q4"] == dict.fromkeys(RETRIEVAL_MEASURES, 0.0)


def test_pytrec_eval_finds_the_same_in_the_files_that_are_written(tmp_path: Path) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval")
    write_run(tmp_path / "run.trec", RUN)
    write_qrels(tmp_path / "qrels.trec", QRELS)
    with (tmp_path / "run.trec").open() as run, (tmp_path / "qrels.trec").open() as qrels:
        judge = pytrec_eval.RelevanceEvaluator(
            pytrec_eval.parse_qrel(qrels), {"ndcg_cut.10", "success.1", "recall.10,100"}
        )
        theirs = judge.evaluate(pytrec_eval.parse_run(run))
    ours = retrieval_scores(read_qrels(tmp_path / "qrels.trec"), read_run(tmp_path / "run.trec"))
    names = {"nDCG@10": "ndcg_cut_10", "Success@1": "success_1", "R@10": "recall_10", "R@100": "recall_100"}
    for query_id in RUN:
        for name, other in names.items():
            assert ours[query_id][name] == pytest.approx(theirs[query_id][other], abs=1e-4)


def test_ranx_finds_the_same_in_the_files_that_are_written(tmp_path: Path) -> None:
    ranx = pytest.importorskip("ranx")
    write_run(tmp_path / "run.trec", RUN)
    write_qrels(tmp_path / "qrels.trec", {q: QRELS[q] for q in RUN})
    qrels = ranx.Qrels.from_file(str(tmp_path / "qrels.trec"), kind="trec")
    run = ranx.Run.from_file(str(tmp_path / "run.trec"), kind="trec")
    ours = retrieval_scores(QRELS, RUN)
    names = {"nDCG@10": "ndcg@10", "RR@10": "mrr@10", "Success@1": "hit_rate@1", "R@10": "recall@10"}
    theirs = ranx.evaluate(qrels, run, list(names.values()))
    for name, other in names.items():
        assert sum(ours[q][name] for q in RUN) / len(RUN) == pytest.approx(theirs[other], abs=1e-4)


def test_a_document_is_ranked_by_its_best_passage() -> None:
    hits = [hit("b", 0.9), hit("a", 0.8), hit("b", 0.7), hit("c", 0.6)]
    ranking = rank_documents(hits)
    assert [doc_id for doc_id, _ in ranking] == ["b", "a", "c"]
    assert [score for _, score in ranking] == pytest.approx([0.9, 0.8, 0.6])


def test_equal_scores_keep_their_order_in_every_tool(tmp_path: Path) -> None:
    # trec_eval would put equals in reverse order of their names: z before a.
    ranking = rank_documents([hit("a", 0.5), hit("z", 0.5), hit("m", 0.5)])
    assert ranking[0][1] > ranking[1][1] > ranking[2][1]
    write_run(tmp_path / "run.trec", {"q": ranking})
    assert [doc_id for doc_id, _ in read_run(tmp_path / "run.trec")["q"]] == ["a", "z", "m"]
    scores = retrieval_scores({"q": {"a": 1}}, {"q": ranking})
    assert scores["q"]["RR@10"] == 1


def test_evidence_counts_only_whole_in_the_first_five_and_in_its_document() -> None:
    question = Question("q", "?", "en", "fact", True, ("river.txt",), ("1,737 km", "Cordillera Raura"))
    length, source, _ = RIVER.split("\n\n")
    filler = [hit("river.txt", 1.0, text="nothing")] * 3
    both = [hit("river.txt", 1.0, text=length), *filler, hit("river.txt", 1.0, text=source)]
    assert evidence_in_hits(question, both) == 1
    assert evidence_in_hits(question, [*filler, *both]) == 0  # the second quote comes eighth
    assert evidence_in_hits(question, [both[0], hit("law.txt", 1.0, text=source)]) == 0  # another document
    assert evidence_in_hits(question, [both[0], hit("river.txt", 1.0, text="Cordillera")]) == 0  # cut short

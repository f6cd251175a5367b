"""BEIR folders, TREC runs and qrels: what is written is what other tools, and we, read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fake_system import FakeSystem

from eval.beir import CorpusEntry, load_beir, read_corpus, write_beir
from eval.corpora import corpus_index, kept
from eval.errors import SetError
from eval.trec import read_qrels, read_run, write_qrels, write_run
from eval.types import Question


def test_a_beir_folder_gives_the_judged_queries_with_their_gold(beir: Path) -> None:
    found = load_beir(beir)
    assert [(q.id, q.answers, q.docs) for q in found.questions] == [
        ("1", ("Amazon",), ("a%2F1.txt",)),
        ("2", ("Cusco",), ("b.txt",)),
        ("3", ("3,827 m",), ("c.txt",)),
    ]
    assert found.qrels["1"] == {"a%2F1.txt": 1}
    assert not found.tuned


def test_an_entry_becomes_a_file_with_its_title_over_an_empty_line(beir: Path) -> None:
    first, second, *_ = read_corpus(beir)
    assert first.as_file() == "Iquitos\n\nIquitos stands on the Amazon and has no road to the coast."
    assert second.as_file() == "Cusco was the capital of the Inca empire."


def test_a_beir_folder_is_read_back_as_written(tmp_path: Path) -> None:
    corpus = [CorpusEntry("ñ 1", "Título", "El río\u2028Marañón"), CorpusEntry("2", "", "x")]
    question = Question("q", "¿Qué río?", "es", "fact", True, ("%C3%B1 1.txt",), answers=("Marañón",))
    write_beir(tmp_path, corpus, [question], {"q": {"ñ 1": 2, "2": 0}})
    assert list(read_corpus(tmp_path)) == corpus
    found = load_beir(tmp_path)
    assert found.questions == (question,)
    assert found.qrels == {"q": {"%C3%B1 1.txt": 2, "2.txt": 0}}


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("qrels/test.tsv", "9\tb\t1", 'query "9" is not in queries.jsonl'),
        ("qrels/test.tsv", "1\tz\t1", 'document "z" is not in corpus.jsonl'),
        ("qrels/test.tsv", "1 b 1", "expected query-id, corpus-id and score between tabs"),
        ("corpus.jsonl", '{"_id": "b", "text": "again"}', 'document "b" is repeated'),
        ("queries.jsonl", '{"_id": "1", "text": "again"}', 'query "1" is repeated'),
        ("queries.jsonl", '{"_id": "8"}', 'the field "text" is missing'),
        ("corpus.jsonl", "nonsense", "not JSON"),
    ],
)
def test_a_wrong_line_is_refused_with_file_and_line(beir: Path, file: str, line: str, message: str) -> None:
    path = beir / file
    text = path.read_text(encoding="utf-8")
    path.write_text(text + line + "\n", encoding="utf-8")
    expected = f"^{re.escape(str(path))}:{text.count(chr(10)) + 1}: {re.escape(message)}"
    with pytest.raises(SetError, match=expected):
        load_beir(beir)


def test_a_folder_that_is_not_beir_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(SetError, match=r"corpus\.jsonl: not found; a BEIR folder holds"):
        load_beir(tmp_path)


def test_sets_over_the_same_corpus_share_one_index(beir: Path, tmp_path: Path) -> None:
    system = FakeSystem()
    other = tmp_path / "towns-es"
    other.mkdir()
    (other / "corpus.jsonl").write_bytes((beir / "corpus.jsonl").read_bytes())
    first = corpus_index(beir, "fake", system.build)
    assert corpus_index(other, "fake", system.build) == first
    assert corpus_index(beir, "another", system.build) != first
    assert system.open(first).document("a%2F1.txt").text.startswith("Iquitos\n\nIquitos stands")


def test_the_kept_half_holds_exactly_the_documents_that_kept_names(beir: Path) -> None:
    system = FakeSystem()
    index_dir = corpus_index(beir, "fake", system.build, half=True)
    documents = {entry.doc_id for entry in read_corpus(beir)}
    assert set(system.open(index_dir).doc_ids()) == {doc_id for doc_id in documents if kept(doc_id)}
    assert 0 < sum(kept(doc_id) for doc_id in documents) < 4
    assert 450 < sum(kept(f"{number}.txt") for number in range(1000)) < 550


def test_runs_and_qrels_are_read_back_as_written(tmp_path: Path) -> None:
    run = {"q 1": [("Informe 2020.pdf", 0.75), ("100%25.txt", 0.5)], "ñ": [("a%2F1.txt", 2.0)]}
    write_run(tmp_path / "run.trec", run)
    assert read_run(tmp_path / "run.trec") == run
    first = (tmp_path / "run.trec").read_text(encoding="utf-8").splitlines()[0]
    assert first == "q%201 Q0 Informe%202020.pdf 1 0.75 quipu"
    qrels = {"q 1": {"Informe 2020.pdf": 2, "100%25.txt": 0}}
    write_qrels(tmp_path / "qrels.trec", qrels)
    assert read_qrels(tmp_path / "qrels.trec") == qrels


def test_ordinary_names_stand_in_a_run_as_they_are(tmp_path: Path) -> None:
    write_run(tmp_path / "run.trec", {"1": [("informes/año-5%.txt", 1.0)]})
    assert (tmp_path / "run.trec").read_text(encoding="utf-8") == "1 Q0 informes/año-5%.txt 1 1 quipu\n"
    assert read_run(tmp_path / "run.trec") == {"1": [("informes/año-5%.txt", 1.0)]}


def test_a_broken_line_of_a_run_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "run.trec"
    path.write_text("1 Q0 a 1 0.5 x\n1 Q0 b 2 high x\n", encoding="utf-8")
    with pytest.raises(SetError, match=r"run\.trec:2: expected query_id Q0 doc_id"):
        read_run(path)

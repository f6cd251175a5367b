"""A short run from end to end, over the small system and over Quipu itself."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_system import FakeSystem, write_jsonl

from assistant.assistant import Assistant
from eval import run
from eval.bars import missed_bars, parse_bar
from eval.baselines import bm25_baseline, dense_baseline, langchain_baseline
from eval.errors import ResultsError, SetError
from eval.headline import BEGIN, END, rewrite_headline
from eval.results import Results, load_results
from eval.summary import NEAR_MISS_TYPES
from eval.system import Quipu, Remembering, settings_without
from eval.trec import read_qrels, read_run
from index.embedding import Embedder, Encoded
from index.errors import IndexMissingError, UsageError
from index.models import HASH

SETS = Path(__file__).parents[2] / "eval" / "sets"


@pytest.fixture
def results(question_set: Path, index_dir: Path, tmp_path: Path) -> Results:
    return run(question_set, index_dir=index_dir, out=tmp_path / "report", baseline=True, system=FakeSystem())


def test_a_run_over_a_question_set_scores_what_the_system_did(results: Results) -> None:
    (found,) = results.sets
    figures = {name: estimate.value for name, estimate in found.measures.items()}
    # q1 and q2 are answered from the right paragraph; q3 gets the wrong one; q4 is answered, q5 refused.
    assert figures["right"] == pytest.approx(2 / 3)
    assert figures["correct"] == pytest.approx(3 / 5)
    assert figures["answered_unanswerable"] == pytest.approx(1 / 2)
    assert figures["refused_answerable"] == 0
    assert figures["verbatim"] == 1
    assert figures["evidence@5"] == 1
    # Confidences of q1–q5: 5/6, 3/4, 3/7, 5/8, 0; pairs of answerable over unanswerable won: 2 + 3 of 6.
    assert figures["auroc"] == pytest.approx(5 / 6)
    # Against the near miss q4 alone: 5/6 and 3/4 are above 5/8, 3/7 is not.
    assert figures["auroc_near_miss"] == pytest.approx(2 / 3)
    assert figures["latency_total_p50"] == 4.5
    assert all(e.low <= e.value <= e.high for e in found.measures.values())


def test_slices_and_the_gap_between_languages_are_of_the_same_questions(results: Results) -> None:
    (found,) = results.sets
    assert {d: set(values) for d, values in found.slices.items()} == {
        "language": {"en", "es"},
        "type": {"number", "fact", "near_miss", "off_topic"},
        "document": {"river.txt", "law.txt"},
    }
    by_language = found.slices["language"]
    assert (by_language["en"]["right"].value, by_language["es"]["right"].value) == (1, 0)
    assert found.language_gap["right"].value == 1


def test_baselines_stand_beside_with_the_paired_difference(results: Results) -> None:
    (found,) = results.sets
    (base,) = found.baselines
    assert base.name == "reverse"
    for name, estimate in base.measures.items():
        gain = base.differences[name].value
        assert gain == pytest.approx(found.measures[name].value - estimate.value)


def test_results_are_read_back_as_written(results: Results, tmp_path: Path) -> None:
    assert load_results(tmp_path / "report").to_json() == results.to_json()
    with pytest.raises(ResultsError, match="not found; give a folder that"):
        load_results(tmp_path)
    data = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    (tmp_path / "results.json").write_text(json.dumps({**data, "format_version": 99}), encoding="utf-8")
    with pytest.raises(ResultsError, match="format version 99, expected 1"):
        load_results(tmp_path)
    del data["sets"][0]["questions"][0]["answer"]
    (tmp_path / "results.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ResultsError, match="incomplete"):
        load_results(tmp_path)


def test_answers_runs_and_qrels_are_written_for_other_tools(results: Results, tmp_path: Path) -> None:
    out = tmp_path / "report"
    answers = [json.loads(line) for line in (out / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == ["q1", "q2", "q3", "q4", "q5"]
    assert {"answer", "citations", "confidence", "timings_ms", "index"} <= answers[0].keys()
    assert read_run(out / "run.trec")["q1"][0][0] == "river.txt"
    assert read_run(out / "run-reverse.trec").keys() == read_run(out / "run.trec").keys()
    assert read_qrels(out / "qrels.trec") == {
        q: {d: 1} for q, d in (("q1", "river.txt"), ("q2", "river.txt"), ("q3", "law.txt"))
    }


def test_results_say_where_they_come_from(results: Results, question_set: Path) -> None:
    (found,) = results.sets
    assert found.path == str(question_set)
    assert (found.index.generation, found.index.model) == ("g1", "fake")
    assert results.provenance.options["baseline"] is True
    assert "core" in results.provenance.machine
    assert len(found.sha256) == 64
    assert not found.tuned


def test_a_set_may_be_declared_used_for_tuning(question_set: Path, index_dir: Path) -> None:
    found = run(question_set, index_dir=index_dir, tuned=True, system=FakeSystem())
    assert found.sets[0].tuned


def test_a_beir_folder_is_indexed_once_and_measured_with_its_gold(beir: Path, tmp_path: Path) -> None:
    system = FakeSystem()
    first = run(beir, out=tmp_path / "out", unanswerable=True, system=system)
    second = run(beir, unanswerable=True, system=system)
    assert len(system.built) == 2  # the whole corpus and the kept half, each once
    (found,) = first.sets
    assert found.measures["gold_in_first_citation"].value == 1
    assert found.measures["RR@10"].value == 1
    assert "right" not in found.measures
    assert [item.answerable for item in found.removal] == [item.answerable for item in second.sets[0].removal]
    assert read_qrels(tmp_path / "out" / "qrels.trec").keys() == {"1", "2", "3"}


def test_english_and_spanish_over_one_corpus_are_compared_question_by_question(beir: Path, tmp_path: Path) -> None:
    spanish = tmp_path / "towns-es"
    (spanish / "qrels").mkdir(parents=True)
    for name in ("corpus.jsonl", "qrels/test.tsv"):
        (spanish / name).write_bytes((beir / name).read_bytes())
    queries = [
        {"_id": "1", "text": "¿En qué río está Iquitos?", "lang": "es", "answers": ["Amazon"]},
        {"_id": "2", "text": "¿Cuál fue la capital de los incas?", "lang": "es", "answers": ["Cusco"]},
        {"_id": "3", "text": "Puno lake, ¿a qué altura?", "lang": "es", "answers": ["3,827 m"]},
    ]
    write_jsonl(spanish / "queries.jsonl", queries)
    found = run([beir, spanish], out=tmp_path / "out", system=FakeSystem())
    (gap,) = found.gaps
    assert (gap.english, gap.spanish) == ("towns-en", "towns-es")
    english, spanish_set = found.sets
    for name in ("RR@10", "gold_in_first_citation"):
        expected = english.measures[name].value - spanish_set.measures[name].value
        assert gap.differences[name].value == pytest.approx(expected)
        assert gap.differences[name].n == 3
    # Several sets: a folder each for what other tools read.
    assert (tmp_path / "out" / "towns-es" / "run.trec").is_file()


def test_two_sets_of_one_name_are_refused(beir: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / beir.name
    (other / "qrels").mkdir(parents=True)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        (other / name).write_bytes((beir / name).read_bytes())
    with pytest.raises(SetError, match='two sets are called "towns-en"'):
        run([beir, other], system=FakeSystem())


def test_what_is_not_there_is_said_in_one_line(tmp_path: Path, question_set: Path) -> None:
    with pytest.raises(SetError, match=r"gone\.jsonl: not found"):
        run(tmp_path / "gone.jsonl", system=FakeSystem())
    with pytest.raises(IndexMissingError):
        run(question_set, index_dir=tmp_path / "nowhere", system=FakeSystem())


def test_a_question_that_cannot_be_asked_counts_as_refused(beir: Path) -> None:
    queries = [{"_id": "1", "text": " ", "answers": ["Amazon"]}, {"_id": "2", "text": "capital of the Inca empire"}]
    write_jsonl(beir / "queries.jsonl", queries)
    (beir / "qrels" / "test.tsv").write_text("1\ta/1\t1\n2\tb\t1\n", encoding="utf-8")
    (found,) = run(beir, system=FakeSystem()).sets
    assert found.questions[0].abstained
    assert "empty" in found.questions[0].answer
    assert found.measures["RR@10"].value == 0.5


def test_bars_are_held_from_the_side_on_which_better_lies(results: Results) -> None:
    assert missed_bars(results, (parse_bar("right=0.6"), parse_bar("answered_unanswerable=0.5"))) == []
    lines = missed_bars(results, (parse_bar("right=0.7"), parse_bar("answered_unanswerable=0.4")))
    assert lines[0].startswith("small-test: right is 0.6667, below the bar of 0.7")
    assert lines[1].startswith("small-test: answered_unanswerable is 0.5000, above the bar of 0.4")


@pytest.mark.parametrize("text", ["rihgt=0.9", "right", "right=high", "right=nan"])
def test_a_bar_that_cannot_be_read_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_bar(text)


def test_a_bar_on_a_measure_without_a_figure_is_wrong_usage(results: Results) -> None:
    with pytest.raises(UsageError, match="no set here gives a figure for removed_auroc"):
        missed_bars(results, (parse_bar("removed_auroc=0.9"),))


def test_the_headline_is_rewritten_between_its_markers_and_nothing_else(results: Results, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"# Título\n\n{BEGIN}\nold\n{END}\n\nThe end.\n", encoding="utf-8")
    rewrite_headline(readme, results)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"# Título\n\n{BEGIN}\n| | small-test |")
    assert text.endswith(f"{END}\n\nThe end.\n")
    assert "| Right | **0.667** (0.000–1.000) |" in text
    assert "| Evidence in first five: Worst first | " in text
    assert "old" not in text
    rewrite_headline(readme, results)
    assert readme.read_text(encoding="utf-8") == text
    readme.write_text("no markers", encoding="utf-8")
    with pytest.raises(ResultsError, match="expected one place between"):
        rewrite_headline(readme, results)


def test_a_part_of_the_retrieval_can_be_switched_off() -> None:
    settings = settings_without(("lexical", "rerank"))
    assert settings.weight("lexical") == 0
    assert settings.weight("dense") == settings_without(()).weight("dense") > 0
    assert not settings.rerank
    with pytest.raises(UsageError, match='called "bm25"; expected dense, sentence, lexical, late, rerank'):
        settings_without(("bm25",))
    with pytest.raises(UsageError, match="every part"):
        settings_without(("dense", "sentence", "lexical", "late"))


def test_every_baseline_ranks_verbatim_passages_of_the_seeds(seed_assistant: Assistant, embedder: Embedder) -> None:
    documents = [seed_assistant.document(doc_id) for doc_id in seed_assistant.doc_ids()]
    generation = seed_assistant.generation
    texts = {document.doc_id: document.text for document in documents}
    queries = ["Who funded the Prevent activity?", "¿Qué financió USAID en el Perú?"]
    for baseline in (
        langchain_baseline(documents, embedder),
        bm25_baseline(generation),
        dense_baseline(generation, embedder),
    ):
        found = baseline.search_all(queries, 7)
        assert len(found) == 2
        for hits in found:
            assert 0 < len(hits) <= 7
            assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
            assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
            for hit in hits:
                passage = hit.passage
                assert texts[passage.doc_id][passage.start : passage.end] == passage.text


def test_a_short_run_of_quipu_itself(seed_index: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (SETS / "seeds-dev.jsonl").read_text(encoding="utf-8").splitlines()]
    near = [one for one in rows if one["type"] in NEAR_MISS_TYPES][:4]
    short = write_jsonl(tmp_path / "short-dev.jsonl", [*[one for one in rows if one["answerable"]][:8], *near])
    system = Quipu(HASH)
    try:
        found = run(short, index_dir=seed_index, out=tmp_path / "out", baseline=True, system=system)
    finally:
        system.close()
    (result,) = found.sets
    assert result.tuned
    assert result.index.model == HASH
    assert result.measures["verbatim"].value == 1
    assert [base.name for base in result.baselines] == ["langchain", "bm25", "dense"]
    assert not math.isnan(result.measures["auroc_near_miss"].value)
    assert result.questions[0].timings_ms["total"] > 0


def test_what_an_assistant_embedded_serves_the_baselines_and_never_the_assistant(embedder: Embedder) -> None:
    class Counting:
        name, sha256, dim = embedder.name, embedder.sha256, embedder.dim
        count_tokens = embedder.count_tokens

        def __init__(self) -> None:
            self.asked: list[list[str]] = []

        def encode(self, texts: Sequence[str], kind: str, **options: Any) -> list[Encoded]:
            self.asked.append(list(texts))
            return embedder.encode(texts, kind, **options)

    counting = Counting()
    remembering = Remembering(counting)
    for _ in range(2):
        assert remembering.encode(["tala"], "query", tokens=True)[0].tokens is not None
    vectors = [one.vector for one in remembering.encode(["oro", "tala", "oro"], "query")]
    assert counting.asked == [["tala"], ["tala"], ["oro"]]
    expected = [one.vector for one in embedder.encode(["oro", "tala", "oro"], "query")]
    np.testing.assert_array_equal(vectors, expected)
    # A passage is another text, though it reads the same.
    remembering.encode(["tala"], "passage")
    assert counting.asked[-1] == ["tala"]

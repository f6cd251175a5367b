"""Narrowing a question: what fits a filter, and that the search itself finds nothing else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from assistant.cli import cli
from assistant.filters import Facets, Filter, FilterError, describe, span_of
from assistant.sections import headings_at
from index.build import build_index
from index.lexical import LexicalIndex, terms, write_lexical
from index.store import open_generation
from index.testing import HashEmbedder
from index.types import Passage, Sentence
from index.vectors import VectorIndex, write_vectors

METADATA = """
north/report.md: {title: Northern report, publisher: Ministerio del Ambiente, language: en, date: "2014-08-18"}
north/plan.md: {title: Northern plan, publisher: DEVIDA, language: en, date: "2016"}
south.md: {title: Informe del sur, publisher: DEVIDA, language: es, date: "2020-03"}
undated.md: {title: Undated, language: en}
long.md: {title: Long, language: en}
"""
FILES = {
    "metadata.yaml": METADATA,
    "north/report.md": "# Budget\n\nThe patrol of Loreto cost 90 soles in the first year.\n\n"
    "# Threats\n\nIllegal mining threatens the patrol of Loreto more than logging does.\n",
    "north/plan.md": "# Budget\n\nThe patrol of Loreto will cost 120 soles in the second year.\n",
    "south.md": "# Presupuesto público\n\nLa patrulla de Loreto costó 150 soles en el tercer año.\n",
    "long.md": "# Budget\n\n"
    + "The patrol of Loreto paid for boats, fuel and food. " * 30
    + "\n\n# Threats\n\nLogging.\n",
    "undated.md": "The patrol of Loreto has cost 180 soles, says a note without a date.\n",
}
REPORT, PLAN, SOUTH, UNDATED, LONG = "north/report.md", "north/plan.md", "south.md", "undated.md", "long.md"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name, content in FILES.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(content, encoding="utf-8")
    place = tmp_path_factory.mktemp("filters") / "index"
    build_index(source, place, model="hash")
    return place


@pytest.fixture(scope="module")
def assistant(index: Path, embedder: HashEmbedder, bridge: Bridge) -> Assistant:
    return Assistant(open_generation(index), embedder, bridge=bridge)


def found(assistant: Assistant, where: Filter | None) -> set[str]:
    return {hit.passage.doc_id for hit in assistant.search("what did the patrol of Loreto cost", 100, where)}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Filter(), {REPORT, PLAN, SOUTH, UNDATED, LONG}),
        (Filter(documents=(SOUTH,)), {SOUTH}),
        (Filter(documents=("north/*", UNDATED)), {REPORT, PLAN, UNDATED}),
        (Filter(publishers=("devida",)), {PLAN, SOUTH}),
        (Filter(languages=("ES",)), {SOUTH}),
        (Filter(publishers=("DEVIDA",), languages=("en",)), {PLAN}),
        (Filter(since="2015"), {PLAN, SOUTH}),
        (Filter(until="2014-08-18"), {REPORT}),
        (Filter(until="2014-08-17"), set()),
        # A year may mean any of its days, so that a document of "2016" is neither before nor after June 2016.
        (Filter(since="2016-06", until="2016-06"), {PLAN}),
        (Filter(since="2020-03-31"), {SOUTH}),
        (Filter(since="2020-04"), set()),
        (Filter(headings=("budget",)), {REPORT, PLAN, LONG}),
        (Filter(headings=("Presupuesto publico", "threat")), {REPORT, SOUTH, LONG}),
        (Filter(documents=(PLAN,), headings=("Threats",)), set()),
    ],
)
def test_only_what_fits_is_found(assistant: Assistant, where: Filter, expected: set[str]) -> None:
    if expected:
        assert found(assistant, where) == expected
    else:
        with pytest.raises(FilterError, match="leaves nothing to search"):
            found(assistant, where)


def test_a_heading_leaves_out_the_other_sections_of_its_document(assistant: Assistant) -> None:
    long = assistant.search("the patrol of Loreto", 100, Filter(documents=("long.md",), headings=("threats",)))
    assert [hit.passage.headings for hit in long] == [("Threats",)]


def test_of_a_passage_with_several_sections_only_the_chosen_one_is_quoted(assistant: Assistant) -> None:
    question = "What did the patrol of Loreto cost in the first year?"
    (passage,) = [hit.passage for hit in assistant.search("patrol", where=Filter(documents=(REPORT,)))]
    assert "# Budget" in passage.text
    assert "# Threats" in passage.text
    for heading, expected in (("budget", "90 soles"), ("threats", "")):
        answer = assistant.ask(question, where=Filter(documents=(REPORT,), headings=(heading,)))
        assert ("90 soles" in answer.text) is bool(expected)


def test_headings_inside_a_passage_count_from_their_place_on() -> None:
    text = "# A\n\nOne.\n\n## B\n\nTwo.\n\n## C\n\nThree.\n\n# D\n\nFour.\n"
    spots = {title: text.index(f"# {title}") + 2 for title in "ABCD"}
    sentences = tuple(Sentence(start, start + 1, "heading") for start in spots.values())
    held = Passage("x", 0, len(text), text, ("Outer", "A"), sentences)
    at = {word: headings_at(held, text.index(word)) for word in ("One", "Two", "Three", "Four")}
    assert at == {
        "One": ("Outer", "A"),
        "Two": ("Outer", "A", "B"),
        "Three": ("Outer", "A", "C"),
        "Four": ("Outer", "D"),
    }


def test_every_quote_and_hit_of_an_answer_fits_and_the_answer_names_its_filter(assistant: Assistant) -> None:
    where = Filter(documents=(PLAN,))
    answer = assistant.ask("What did the patrol of Loreto cost?", where=where)
    assert {hit.passage.doc_id for hit in answer.hits} == {PLAN}
    assert {citation.doc_id for citation in answer.citations} <= {PLAN}
    assert answer.where == where
    assert answer.to_json()["filter"] == {"documents": [PLAN]}
    assert "filter" not in assistant.ask("What did the patrol of Loreto cost?", where=Filter()).to_json()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (Filter(documents=("nowhere.txt",)), "no document called 'nowhere.txt'"),
        (Filter(publishers=("Nobody",)), "no document with the publisher 'Nobody'; it knows: DEVIDA, Ministerio"),
        (Filter(languages=("qu",)), "no document with the language 'qu'; it knows: en, es"),
        (Filter(since="spring"), "the date 'spring' for since is not understood; expected 2014"),
        (Filter(until="2014-13"), "the date '2014-13' for until is not understood"),
    ],
)
def test_what_the_index_does_not_hold_is_said(assistant: Assistant, where: Filter, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        assistant.search("patrol", 10, where)


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("2014", date(2014, 1, 1), date(2014, 12, 31)),
        ("2012-02", date(2012, 2, 1), date(2012, 2, 29)),
        ("2014-12", date(2014, 12, 1), date(2014, 12, 31)),
        ("2019-10-03 13:57:00 Z", date(2019, 10, 3), date(2019, 10, 3)),
        ("9999-12", date(9999, 12, 1), date(9999, 12, 31)),
    ],
)
def test_a_date_spans_the_days_that_it_may_mean(value: str, first: date, last: date) -> None:
    assert span_of(value) == (first, last)


@pytest.mark.parametrize("value", ["", "spring 2014", "2014-02-30", "0000", "20145"])
def test_what_is_no_date_spans_nothing(value: str) -> None:
    assert span_of(value) is None


def test_a_filter_is_written_and_read_again() -> None:
    where = Filter(("a*",), ("P",), ("es",), "2014", "2015", ("h",))
    assert Filter.from_json(json.loads(json.dumps(where.to_json()))) == where
    assert describe(where) == "document a*, publisher P, language es, since 2014, until 2015, under a heading with 'h'"


@pytest.mark.parametrize(
    "content", [None, 7, [], {"documents": "x", "since": 5}, {"headings": [None, "", 3]}, {"documents": {"a": 1}}]
)
def test_whatever_a_page_sends_is_a_filter(content: object) -> None:
    assert not Filter.from_json(content)


def test_facets_are_what_the_documents_state(index: Path) -> None:
    generation = open_generation(index)
    try:
        known = {one.doc_id: (one.publisher, one.language, one.date) for one in Facets.of(generation.corpus).documents}
    finally:
        generation.close()
    assert known == {
        REPORT: ("Ministerio del Ambiente", "en", "2014-08-18"),
        PLAN: ("DEVIDA", "en", "2016"),
        SOUTH: ("DEVIDA", "es", "2020-03"),
        UNDATED: ("", "en", ""),
        LONG: ("", "en", ""),
    }


# The two sides of the search


@pytest.mark.parametrize("allowed", [[3], [0, 1, 2, 9], list(range(0, 200, 2)), list(range(50, 150))])
@pytest.mark.parametrize("flat_up_to", [1_000, 10], ids=["flat", "lists"])
def test_both_sides_find_the_best_of_the_allowed_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: list[int], flat_up_to: int
) -> None:
    monkeypatch.setattr("index.vectors.FLAT_UP_TO", flat_up_to)
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(200, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.array(allowed, dtype=np.int64)
    best = rows[np.argsort(-(vectors[rows] @ vectors[60]))][:5].tolist()
    write_vectors(tmp_path / "vectors", vectors)
    assert VectorIndex(tmp_path / "vectors").search(vectors[60], 5, rows).rows.tolist() == best

    write_lexical(tmp_path / "lexical", [f"Forest {'patrol ' * (n % 7)} number {n}" for n in range(200)])
    lexical = LexicalIndex(tmp_path / "lexical")
    words = terms("forest patrol", "en")
    everything = lexical.search(words, "en", 200)
    narrowed = lexical.search(words, "en", 200, rows)
    assert [hit.row for hit in narrowed] == [hit.row for hit in everything if hit.row in set(allowed)]
    assert [hit.score for hit in narrowed] == pytest.approx([h.score for h in everything if h.row in set(allowed)])


def test_among_many_vectors_only_allowed_rows_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.vectors.FLAT_UP_TO", 10)
    vectors = np.random.default_rng(7).normal(size=(64, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    write_vectors(tmp_path / "lists", vectors)
    rows = np.arange(32, 64, dtype=np.int64)
    near = VectorIndex(tmp_path / "lists").search(vectors[40], 20, rows)
    assert near.rows[0] == 40
    assert set(near.rows.tolist()) <= set(rows.tolist())


# The command line


def test_the_commands_take_filters(index: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    place = ["--index", str(index)]
    searched = run(cli, ["search", "patrol of Loreto", *place, "--json", "--publisher", "DEVIDA", "--until", "2019"])
    assert searched.exit_code == 0, searched.output
    content = json.loads(searched.stdout)
    assert {hit["doc_id"] for hit in content["hits"]} == {PLAN}
    assert content["filter"] == {"publishers": ["DEVIDA"], "until": "2019"}
    asked = run(cli, ["ask", "What did the patrol cost?", *place, "--document", SOUTH, "--document", PLAN])
    assert f"Only: document {SOUTH} or {PLAN}" in asked.stdout
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": "a", "question": "What did the patrol cost?"}\n', encoding="utf-8")
    lines = run(cli, ["ask", "--questions", str(questions), *place, "--json", "--language", "es"]).stdout.splitlines()
    assert [{hit["doc_id"] for hit in json.loads(line)["hits"]} for line in lines] == [{SOUTH}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--since", "yesterday"], "the date 'yesterday' for since is not understood"),
        (["--document", "no.txt"], "the index holds no document called 'no.txt'"),
        (["--language", "es", "--until", "2014"], "the filter leaves nothing to search"),
    ],
)
def test_a_filter_that_cannot_be_applied_is_wrong_usage(index: Path, options: list[str], message: str) -> None:
    result = CliRunner().invoke(cli, ["ask", "What did the patrol cost?", "--index", str(index), *options])
    assert result.exit_code == 2
    assert message in result.stderr

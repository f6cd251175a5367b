"""Question sets are checked line by line against the documents that they quote."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_system import LAW, RIVER, ROWS, row, write_jsonl

from assistant.assistant import Assistant
from eval.errors import SetError
from eval.evaluate import text_lookup
from eval.questions import load_question_set, names_tuning
from index.loading import SourceFile, discover
from index.loading import load as load_document
from index.types import Document, Passage

SETS = Path(__file__).parents[2] / "eval" / "sets"
TEXTS = {"river.txt": RIVER, "law.txt": LAW}


def load(path: Path) -> Any:
    return load_question_set(path, TEXTS.get)


def test_a_valid_set_is_read_with_its_checksum_and_qrels(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "mine-test.jsonl", ROWS)
    found = load(path)
    assert [q.id for q in found.questions] == ["q1", "q2", "q3", "q4", "q5"]
    assert found.questions[2].question == "¿Cuándo se aprobó la ley de bosques?"
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    # Only answerable questions have relevant documents.
    assert found.qrels == {"q1": {"river.txt": 1}, "q2": {"river.txt": 1}, "q3": {"law.txt": 1}}
    assert (found.name, found.kind, found.tuned) == ("mine-test", "questions", False)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (row(id="q9", evidence=["1737 km long"]), "does not stand verbatim in river.txt"),
        (row(id="q9", evidence=["Se aprobó en 2011."]), "does not stand verbatim in river.txt"),
        (row(id="q9", docs=["lake.txt"]), '"lake.txt" is not a document'),
        (row(id="q1"), 'id "q1" stands on line 1 too'),
        ({k: v for k, v in row(id="q9").items() if k != "evidence"}, 'the field "evidence" is missing'),
        (row(id="q9", answerable="yes"), 'the field "answerable" must be true or false'),
        (row(id="q9", must_include=[7]), 'the field "must_include" must be a list of strings'),
        (row(id="q9", docs=[]), 'an answerable question needs "docs"'),
        (row(id="q9", question=" "), 'the field "question" is empty'),
    ],
)
def test_a_wrong_line_is_refused_with_file_and_line(tmp_path: Path, wrong: Mapping[str, Any], message: str) -> None:
    path = write_jsonl(tmp_path / "set.jsonl", [row(), row(id="q2"), wrong])
    with pytest.raises(SetError, match=f"^{re.escape(str(path))}:3: .*{re.escape(message)}"):
        load(path)


def test_bad_json_is_refused_with_file_line_and_column(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "set.jsonl", [row()])
    path.write_text(path.read_text(encoding="utf-8") + '\n{"id": }\n', encoding="utf-8")
    # The empty second line is passed over and still counted.
    with pytest.raises(SetError, match=r"set\.jsonl:3: not JSON .*column 8"):
        load(path)


def test_a_separator_of_lines_inside_a_string_does_not_end_the_line(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "set.jsonl", [row(question="one\u2028two")])
    assert load(path).questions[0].question == "one\u2028two"


def test_an_empty_set_and_a_set_that_is_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b"\n")
    with pytest.raises(SetError, match="holds no question"):
        load(path)
    path.write_bytes(b"\xff")
    with pytest.raises(SetError, match="not UTF-8"):
        load(path)


@pytest.mark.parametrize(
    ("name", "tuned"),
    [("seeds-dev.jsonl", True), ("xquad_dev_es", True), ("seeds-test.jsonl", False), ("device-test.jsonl", False)],
)
def test_a_set_whose_name_says_dev_was_used_for_tuning(name: str, tuned: bool) -> None:
    assert names_tuning(Path(name)) is tuned


SEED_DEV = sorted(path.name for path in SETS.glob("seeds-dev*.jsonl") if "claims" not in path.name)


SEED_TEST = ("seeds-test.jsonl", "seeds-test-2.jsonl")


@pytest.mark.parametrize("name", [*SEED_DEV, *SEED_TEST])
def test_every_quote_of_the_shipped_sets_stands_in_its_seed(
    name: str, seed_documents: dict[str, tuple[Document, list[Passage]]]
) -> None:
    texts = {doc_id: document.text for doc_id, (document, _) in seed_documents.items()}
    found = load_question_set(SETS / name, texts.get)
    assert {q.lang for q in found.questions} == {"en", "es"}
    assert found.tuned is ("dev" in name)


def test_no_question_of_a_test_set_was_tuned_on(seed_assistant: Assistant) -> None:
    text_of = text_lookup(seed_assistant)

    def asked(name: str) -> set[str]:
        questions = load_question_set(SETS / name, text_of).questions
        return {"".join(filter(str.isalnum, question.question.casefold())) for question in questions}

    test = asked(SEED_TEST[0]) | asked(SEED_TEST[1])
    assert len(test) >= 320
    assert {name: asked(name) & test for name in SEED_DEV if asked(name) & test} == {}


@pytest.mark.parametrize("path", sorted(SETS.glob("invented/*/dev*.jsonl")), ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_quote_of_the_invented_documents_stands_in_them(path: Path) -> None:
    documents = path.parent / "documents"
    files = [file for file in discover(documents) if isinstance(file, SourceFile)]
    texts = {file.doc_id: load_document(file, {}).text for file in files}
    found = load_question_set(path, texts.get)
    assert {q.lang for q in found.questions} == {"en", "es"}
    assert found.tuned
    assert 0.4 < sum(q.answerable for q in found.questions) / len(found.questions) < 0.6
    assert len(found.questions) > 250


def test_there_are_eight_sets_of_invented_documents() -> None:
    assert len(list(SETS.glob("invented/*/dev.jsonl"))) == 8

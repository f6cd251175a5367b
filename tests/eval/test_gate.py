"""The gate refuses a generation that loses questions, says which, and lets a better one through."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from eval.errors import GateError, SetError
from eval.gate import question_gate
from index.build import build_index
from index.store import current_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
RIVER = "The river Marañón is 1,737 km long.\n\nIts source lies in the Cordillera Raura."
LAW = "The forest law 29763 was approved by Congress in July 2011.\n\nIt protects the trees of the lowlands."
QUESTIONS = [
    ("river", "How long is the river Marañón?", "river.txt", "The river Marañón is 1,737 km long."),
    ("law", "When was the forest law 29763 approved by Congress?", "law.txt", "approved by Congress in July 2011"),
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "set.jsonl"
    lines = [
        {
            "id": id_, "question": question, "lang": "en", "type": "fact", "answerable": True, "docs": [doc],
            "evidence": [quote], "answer": quote, "must_include": [],
        }
        for id_, question, doc, quote in QUESTIONS
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_document_that_went_away_is_a_question_lost_and_the_live_generation_stays(
    write_folder: WriteFolder, tmp_path: Path, questions: Path
) -> None:
    source, index = write_folder({"river.txt": RIVER, "law.txt": LAW}), tmp_path / "index"
    gate = question_gate([questions])
    first = build_index(source, index, embedder=HashEmbedder(), gate=gate)
    (source / "law.txt").unlink()
    with pytest.raises(GateError) as caught:
        build_index(source, index, embedder=HashEmbedder(), gate=gate)
    line = str(caught.value)
    assert "\n" not in line
    assert "set.jsonl falls from" in line
    assert "law (When was the forest law 29763 approved by Congress?)" in line
    assert "river" not in line
    assert current_generation(index) == first.generation
    build_index(source, index, embedder=HashEmbedder(), gate=question_gate([questions], tolerance=1.0))
    assert current_generation(index) != first.generation


def test_a_generation_that_answers_no_worse_goes_live_and_the_figures_are_told(
    write_folder: WriteFolder, tmp_path: Path, questions: Path
) -> None:
    source, index = write_folder({"river.txt": RIVER, "law.txt": LAW}), tmp_path / "index"
    told: list[str] = []
    gate = question_gate([questions], say=told.append)
    build_index(source, index, embedder=HashEmbedder(), gate=gate)
    assert told == ["gate: there is no earlier generation to compare with"]
    (source / "more.txt").write_text("A school was opened in Nauta.", encoding="utf-8")
    report = build_index(source, index, embedder=HashEmbedder(), gate=gate)
    assert current_generation(index) == report.generation
    assert "gate: set.jsonl: evidence in the first five 1.000 before, 1.000 after" in told


def test_a_set_about_other_documents_is_an_error_of_the_set(
    write_folder: WriteFolder, tmp_path: Path, questions: Path
) -> None:
    source, index = write_folder({"river.txt": RIVER}), tmp_path / "index"
    first = build_index(source, index, embedder=HashEmbedder())
    (source / "more.txt").write_text("A school.", encoding="utf-8")
    with pytest.raises(SetError, match=r'"law\.txt" is not a document'):
        build_index(source, index, embedder=HashEmbedder(), gate=question_gate([questions]))
    assert current_generation(index) == first.generation

"""Fixtures of evaluation: the small system, its index, a question set and a BEIR folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_system import LAW, RIVER, ROWS, FakeAssistant, FakeSystem, write_jsonl


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant({"river.txt": RIVER, "law.txt": LAW})


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    """A built index of the fake system over the two documents."""
    source = tmp_path / "docs"
    source.mkdir()
    (source / "river.txt").write_text(RIVER, encoding="utf-8")
    (source / "law.txt").write_text(LAW, encoding="utf-8")
    place = tmp_path / "g1" / "index"
    place.parent.mkdir()
    FakeSystem().build(source, place)
    return place


@pytest.fixture
def question_set(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "small-test.jsonl", ROWS)


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A BEIR folder of four passages and three queries with gold answers."""
    folder = tmp_path / "towns-en"
    (folder / "qrels").mkdir(parents=True)
    corpus = [
        ("a/1", "Iquitos", "Iquitos stands on the Amazon and has no road to the coast."),
        ("b", "", "Cusco was the capital of the Inca empire."),
        ("c", "", "Puno lies on Lake Titicaca at 3,827 m."),
        ("d", "", "Tacna borders Chile in the far south."),
    ]
    write_jsonl(folder / "corpus.jsonl", [{"_id": i, "title": t, "text": x} for i, t, x in corpus])
    write_jsonl(
        folder / "queries.jsonl",
        [
            {"_id": "1", "text": "On which river stands Iquitos?", "lang": "en", "answers": ["Amazon"]},
            {"_id": "2", "text": "What was the capital of the Inca empire?", "lang": "en", "answers": ["Cusco"]},
            {"_id": "3", "text": "How high lies Puno on the lake?", "lang": "en", "answers": ["3,827 m"]},
            {"_id": "4", "text": "Unjudged?", "lang": "en", "answers": ["nothing"]},
        ],
    )
    qrels = "query-id\tcorpus-id\tscore\n1\ta/1\t1\n2\tb\t1\n3\tc\t1\n"
    (folder / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIPU_CACHE", str(tmp_path / "cache"))

"""An assistant that follows its index answers every question, whatever a build does meanwhile."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assistant.bridge import Bridge
from assistant.chat.service import Asking, Service
from assistant.live import LiveAssistant, pinned
from index.build import build_index
from index.errors import SourceError
from index.lock import build_lock
from index.store import current_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
LAW = "The forest law was approved in {year}.\n\nIt protects the trees of the lowlands."


@pytest.fixture
def source(write_folder: WriteFolder) -> Path:
    return write_folder({"law.txt": LAW.format(year=2011), "river.txt": "The river Marañón is 1,737 km long."})


@pytest.fixture
def index(source: Path, tmp_path: Path) -> Path:
    build_index(source, tmp_path / "index", embedder=HashEmbedder())
    return tmp_path / "index"


@pytest.fixture
def open_live(index: Path, bridge: Bridge) -> Callable[..., LiveAssistant]:
    return lambda looks_every=3600.0: LiveAssistant(index, bridge=bridge, looks_every=looks_every)


def rebuild(source: Path, index: Path, year: int) -> str:
    (source / "law.txt").write_text(LAW.format(year=year), encoding="utf-8")
    return build_index(source, index, embedder=HashEmbedder()).generation


def test_a_new_generation_is_taken_up_without_a_restart(
    source: Path, index: Path, open_live: Callable[..., LiveAssistant]
) -> None:
    live = open_live(0.02)
    generation = rebuild(source, index, 2015)
    for _ in range(500):
        if live.manifest.generation == generation:
            break
        threading.Event().wait(0.02)
    assert live.manifest.generation == generation
    assert "2015" in live.document("law.txt").text
    assert live.search("forest law", 1)[0].passage.text.startswith("The forest law was approved in 2015")
    assert live.ask("When was the forest law approved?").index == generation
    live.close()


def test_a_question_is_answered_to_its_end_by_the_generation_it_was_asked_of(
    source: Path, index: Path, open_live: Callable[..., LiveAssistant]
) -> None:
    live = open_live()
    first = live.manifest.generation
    with live.pinned() as held:
        for year in (2015, 2016, 2017):
            rebuild(source, index, year)
            assert live.refresh()
        assert held.manifest.generation == first
        assert "2011" in held.document("law.txt").text
        answer = held.ask("When was the forest law approved?")
        assert answer.index == first
        for citation in answer.citations:
            assert held.document(citation.doc_id).text[citation.start : citation.end] == citation.quote
    with live.pinned() as now:
        assert "2017" in now.document("law.txt").text
    live.close()


def test_generations_that_nobody_uses_are_closed(
    source: Path, index: Path, open_live: Callable[..., LiveAssistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = open_live()
    closed: list[str] = []
    for year in (2015, 2016):
        generation = live._opened.assistant.generation
        name = generation.manifest.generation
        monkeypatch.setattr(
            type(generation), "close", lambda self: closed.append(self.manifest.generation), raising=True
        )
        rebuild(source, index, year)
        assert live.refresh()
        assert closed[-1:] == [name]
    live.close()
    assert len(closed) == 3


def test_questions_asked_while_builds_come_and_go_are_all_answered(
    source: Path, index: Path, open_live: Callable[..., LiveAssistant]
) -> None:
    live = open_live(0.01)
    failures: list[BaseException] = []
    answers: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                with pinned(live) as one:
                    answer = one.ask("When was the forest law approved?")
                    text = one.document("law.txt").text
                assert all(text[c.start : c.end] == c.quote for c in answer.citations if c.doc_id == "law.txt")
                answers.append(answer.index)
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for year in range(2012, 2020):
            generation = rebuild(source, index, year)
    finally:
        threading.Event().wait(0.2)
        done.set()
        for thread in threads:
            thread.join(20)
    assert failures == []
    assert len(answers) > 20
    assert len(set(answers)) > 2
    assert live.manifest.generation == generation
    live.close()


def test_a_generation_that_cannot_be_opened_is_passed_over(
    source: Path, index: Path, open_live: Callable[..., LiveAssistant], caplog: pytest.LogCaptureFixture
) -> None:
    live = open_live()
    first = live.manifest.generation
    broken = rebuild(source, index, 2015)
    (index / "generations" / broken / "sentences.npy").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert not live.refresh()
        assert not live.refresh()
    assert len(caplog.records) == 1
    assert live.ask("When was the forest law approved?").index == first
    whole = rebuild(source, index, 2016)
    assert live.refresh()
    assert live.manifest.generation == whole
    live.close()


def test_the_chat_shows_an_answer_with_the_evidence_of_its_own_generation(
    source: Path, index: Path, open_live: Callable[..., LiveAssistant]
) -> None:
    live = open_live()
    service = Service(live)
    turn = service.stages(Asking.of({"question": "When was the forest law approved?", "language": "en", "turn": 1}))
    first = next(turn)
    (source / "law.txt").unlink()
    build_index(source, index, embedder=HashEmbedder())
    assert live.refresh()
    with pytest.raises(SourceError):
        live.document("law.txt")
    last = [first, *turn][-1]
    assert "error_server" not in last
    assert "2011" in last
    service.close()
    live.close()


def test_a_running_build_is_told_with_its_stage(index: Path, open_live: Callable[..., LiveAssistant]) -> None:
    live = open_live()
    assert live.activity() is None
    with build_lock(index) as recorded:
        recorded(lambda *_: None)("embedding", 3, 9)
        activity = live.activity()
        assert activity is not None
        assert activity.stage is not None
        assert (activity.stage.name, activity.stage.done, activity.stage.total) == ("embedding", 3, 9)
        assert json.loads((index / "build.json").read_text(encoding="utf-8"))["pid"] == activity.pid
    assert live.activity() is None
    assert current_generation(index) == live.manifest.generation
    live.close()

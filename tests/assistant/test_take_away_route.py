"""POST /export, as a page or anybody else may call it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.assistant import Assistant
from assistant.chat import take_away, turn
from assistant.chat.metrics import Metrics
from assistant.chat.take_away import BURST, add_take_away

QUESTION = "How many justice operators did Prevent strengthen?"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(seed_assistant: Assistant, metrics: Metrics) -> Iterator[TestClient]:
    app = FastAPI()
    add_take_away(app, seed_assistant, metrics)
    with TestClient(app) as found:
        yield found


@pytest.fixture
def record(seed_assistant: Assistant) -> dict[str, Any]:
    """A turn as the page holds it."""
    answer = seed_assistant.ask(QUESTION)
    assert not answer.abstained
    return dict(json.loads(turn.record_json(answer, seed_assistant)))


def post(client: TestClient, turns: object, **more: object) -> Any:
    return client.post("/export", json={"format": "json", "language": "en", "turns": turns, **more})


@pytest.mark.parametrize("suffix", ["docx", "pdf", "md", "json"])
def test_a_turn_comes_back_as_a_file(client: TestClient, record: dict[str, Any], suffix: str, metrics: Metrics) -> None:
    reply = post(client, [record], format=suffix)
    assert reply.status_code == 200
    assert reply.headers["content-disposition"].startswith('attachment; filename="quipu-answers-')
    assert reply.headers["content-disposition"].endswith(f'.{suffix}"')
    assert reply.headers["x-quipu-left-out"] == "0"
    assert reply.headers["cache-control"] == "no-store"
    assert len(reply.content) > 500
    assert b'quipu_exports_total{outcome="made"} 1.0' in metrics.text()


def test_what_a_page_says_of_a_document_is_not_believed(
    client: TestClient, record: dict[str, Any], seed_assistant: Assistant
) -> None:
    source = record["citations"][0]
    claimed = {"title": "Forged", "publisher": "Nobody", "link": "https://evil.example/", "page": 99}
    forged = {**record, "citations": [{**source, **claimed}]}
    kept = post(client, [forged]).json()["receipts"][0]
    document = seed_assistant.document(source["doc_id"])
    assert kept["citations"][0]["title"] == document.title
    assert kept["citations"][0]["page"] is None
    assert "evil" not in json.dumps(kept)
    assert "Nobody" not in json.dumps(kept)


def test_a_forged_quote_is_left_out(client: TestClient, record: dict[str, Any]) -> None:
    forged = {
        **record,
        "citations": [{**one, "quote": "Never said."} for one in record["citations"]],
        "text": "Never said. [1]",
    }
    reply = post(client, [forged])
    assert reply.headers["x-quipu-left-out"] == str(len(record["citations"]))
    content = reply.json()
    assert content["receipts"][0]["citations"] == []
    assert content["receipts"][0]["answer"] == ""
    assert content["left_out"][0]["quote"] == "Never said."


@pytest.mark.parametrize(
    "body", [b"", b"7", b"[]", b"{", b"[" * 100_000, b'{"format": "docx"}', b'{"format": ["pdf"]}', b"\xff"]
)
def test_what_is_no_conversation_is_refused_in_words(client: TestClient, body: bytes) -> None:
    reply = client.post("/export", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert reply.json()["message"]


def test_what_a_model_wrote_is_exported_as_this_server_showed_it(client: TestClient, seed_assistant: Assistant) -> None:
    answer = replace(seed_assistant.ask(QUESTION), text="Some five thousand were trained. [1]")
    written = json.loads(turn.record_json(answer, seed_assistant, written_by="tiny-model"))
    reply = post(client, [written])
    assert reply.headers["x-quipu-left-out"] == "0"
    kept = reply.json()["receipts"][0]
    assert (kept["answer"], kept["written_by"]) == ("Some five thousand were trained. [1]", "tiny-model")
    for change in ({"text": "All were trained. [1]"}, {"seal": "é"}, {"seal": None}, {"written_by": "another"}):
        reply = post(client, [{**written, **change}])
        assert reply.headers["x-quipu-left-out"] == "1"
        assert reply.json()["receipts"][0]["answer"] == ""
        assert "written_by" not in reply.json()["receipts"][0]


def test_a_page_elsewhere_cannot_send_a_form(client: TestClient, record: dict[str, Any]) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        reply = client.post("/export", content=json.dumps({"turns": [record]}), headers={"content-type": kind})
        assert reply.status_code == 415


def test_a_visitor_may_take_so_many_files_a_minute(seed_assistant: Assistant, record: dict[str, Any]) -> None:
    app = FastAPI()
    add_take_away(app, seed_assistant, Metrics(), rate=1)
    with TestClient(app) as client:
        assert [post(client, [record]).status_code for _ in range(BURST + 1)] == [200] * BURST + [429]


def test_a_full_workshop_says_so(
    seed_assistant: Assistant, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_away, "WAITING", 1)
    begun, go_on = threading.Event(), threading.Event()
    make = take_away.exported

    def slow(*arguments: Any) -> bytes:
        begun.set()
        go_on.wait(20)
        return make(*arguments)

    monkeypatch.setattr(take_away, "exported", slow)
    app = FastAPI()
    add_take_away(app, seed_assistant, Metrics())
    with TestClient(app) as client:
        replies: list[Any] = []
        first = threading.Thread(target=lambda: replies.append(post(client, [record])))
        first.start()
        assert begun.wait(20)
        busy = post(client, [record])
        go_on.set()
        first.join(20)
    assert (busy.status_code, busy.json()["error"]) == (503, "take_busy")
    assert replies[0].status_code == 200


def test_a_fault_is_logged_and_tells_the_page_nothing(
    client: TestClient, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> bytes:
        raise RuntimeError("a secret of the server")

    monkeypatch.setattr(take_away, "exported", broken)
    reply = post(client, [record])
    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "a secret of the server" in caplog.text


def test_the_language_of_the_interface_is_that_of_the_file(client: TestClient, record: dict[str, Any]) -> None:
    from docx import Document

    reply = post(client, [record], format="docx", language="es")
    assert "quipu-respuestas-" in reply.headers["content-disposition"]
    assert "Fuentes" in [paragraph.text for paragraph in Document(io.BytesIO(reply.content)).paragraphs]

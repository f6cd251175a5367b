"""POST /ask, as a page or anybody else may call it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.assistant import Assistant
from assistant.chat.asking import add_asking
from assistant.chat.service import Service

QUESTION = "How many justice operators did Prevent strengthen?"


@pytest.fixture
def service(seed_assistant: Assistant) -> Service:
    return Service(seed_assistant)


@pytest.fixture
def app(service: Service) -> FastAPI:
    app = FastAPI()
    add_asking(app, service)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as found:
        yield found


def test_an_answer_comes_as_lines_that_grow_to_the_whole_turn(client: TestClient) -> None:
    reply = client.post("/ask", json={"question": QUESTION, "language": "en", "turn": 1})
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/x-ndjson"
    assert reply.headers["cache-control"] == "no-store"
    turns = [json.loads(line) for line in reply.text.splitlines()]
    assert all(turn.startswith("<article ") for turn in turns)
    assert ['data-state="done"' in turn for turn in turns] == [False] * (len(turns) - 1) + [True]
    assert 'class="q-chip"' in turns[-1]


def test_a_line_is_one_line_whatever_was_asked(client: TestClient) -> None:
    question = "Who\nis\u2028<b>Prevent</b>\x00\ud800?"
    body = json.dumps({"question": question, "language": "es"})
    reply = client.post("/ask", content=body, headers={"content-type": "application/json"})
    lines = [json.loads(line) for line in reply.content.decode("utf-8").split("\n")[:-1]]
    assert 'data-state="done"' in lines[-1]
    assert "<b>" not in lines[-1]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{}", "application/json", 200),
        ("{}", "text/plain", 415),
        ("[]", "application/json", 400),
        ("{", "application/json", 400),
        ("[" * 60_000, "application/json", 400),
        (b"\xff", "application/json", 400),
    ],
)
def test_only_an_object_of_json_is_a_question(client: TestClient, body: Any, kind: str, status: int) -> None:
    assert client.post("/ask", content=body, headers={"content-type": kind}).status_code == status


def test_who_closes_the_page_leaves_the_line(app: FastAPI, service: Service) -> None:
    """One question is at work, another waits and its page is closed."""
    service.line = type(service.line)(1, 5)
    body = json.dumps({"question": QUESTION}).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "POST",
        "path": "/ask",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "client": ("127.0.0.1", 5),
    }

    async def leave() -> tuple[int, int]:
        held = service.line.join()
        left = asyncio.Event()
        messages = iter([{"type": "http.request", "body": body}])

        async def receive() -> dict[str, Any]:
            if message := next(messages, None):
                return message
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(_: Any) -> None:
            return None

        asking = asyncio.create_task(app(scope, receive, send))
        while not service.line.waiting:
            await asyncio.sleep(0.001)
        waiting = service.line.waiting
        left.set()
        await asking
        service.line.leave(held)
        return waiting, service.line.waiting + service.line.working

    assert asyncio.run(leave()) == (1, 0)

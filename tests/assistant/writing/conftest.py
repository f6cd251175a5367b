"""A model that obeys whatever it reads, an assistant with its stand-in, and a server that misbehaves."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from assistant.weights import LinearModel
from assistant.writing.config import LlmSettings
from assistant.writing.support import Fitted, SupportChecker
from assistant.writing.writer import Writer

# The fitted model is for the real encoder; with the stand-in, a sentence is near if most of its words are there.
NEAR = Fitted(LinearModel(-6.0, {"coverage": 10.0}), 0.5)
ORDER = re.compile(
    r"(?:say|claim|answer|write|responde|di|afirma|escribe)[^.:]*?(?:that|with|que|con|:)\s+(?P<said>[^\n]+)",
    re.IGNORECASE,
)


class Scripted(BaseChatModel):
    """Writes `says`; with `obeys`, first carries out every order that it finds in what it reads."""

    says: str = ""
    obeys: bool = False
    seen: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _text(self, messages: list[Any]) -> str:
        read = messages[-1].text
        self.seen.append(read)
        orders = [f"{match['said'].strip()} [1]\n" for match in ORDER.finditer(read)] if self.obeys else []
        return "".join(orders) + self.says

    def _generate(self, messages: list[Any], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=self._text(messages)))])

    def _stream(
        self, messages: list[Any], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        for piece in re.findall(r"\s*\S+|\s+$", self._text(messages)):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


WriterOf = Callable[..., Writer]


@pytest.fixture
def writer_of(seed_assistant: Assistant) -> WriterOf:
    """Makes a writer that says what it is told to, over the seeds or another assistant."""

    def make(
        says: str = "", *, obeys: bool = False, over: Assistant | None = None, model: Any = None, **options: Any
    ) -> Writer:
        assistant = over or seed_assistant
        settings = LlmSettings("scripted:model", **options)
        writer = Writer(assistant, settings, model=model or Scripted(says=says, obeys=obeys))
        writer.checker = SupportChecker(
            assistant.generation, assistant.retriever.embedder, assistant.retriever.bridge, NEAR
        )
        return writer

    return make


@pytest.fixture
def always_answers(monkeypatch: pytest.MonkeyPatch, seed_assistant: Assistant) -> None:
    """No refusals: they are fitted to the real encoder."""
    monkeypatch.setattr(seed_assistant, "weights", _never_refusing(seed_assistant))


def _never_refusing(assistant: Assistant) -> Any:
    from dataclasses import replace

    return replace(assistant.weights, threshold=0.0)


@pytest.fixture
def documents(write_folder: Any, tmp_path: Path, bridge: Bridge) -> Iterator[Callable[[dict[str, str]], Assistant]]:
    """Builds an index over some texts and opens an assistant that never refuses."""
    from index.build import build_index
    from index.store import open_generation
    from index.testing import HashEmbedder

    opened = []

    def make(files: dict[str, str]) -> Assistant:
        build_index(write_folder(files), tmp_path / "index", model="hash")
        assistant = Assistant(open_generation(tmp_path / "index"), HashEmbedder(), bridge=bridge)
        assistant.weights = _never_refusing(assistant)
        opened.append(assistant)
        return assistant

    yield make
    for assistant in opened:
        assistant.close()


class Misbehaving:
    """An OpenAI-compatible server that answers as `behaviour` says; `requests` are the bodies, `keys` what was sent as key."""

    def __init__(self) -> None:
        self.behaviour = "well"
        self.text = "Prevent strengthened the capacities of 5,500 justice operators. [1]"
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def do_POST(self) -> None:
                outer.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                outer.keys.append(self.headers.get("authorization", ""))
                self.close_connection = True
                try:
                    outer._answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    outer.ended.set()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None: ...

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        kind = self.behaviour
        if kind.isdigit() or (kind.startswith("once ") and len(self.requests) == 1):
            self._plain(handler, int(kind.split()[-1]), b'{"error": {"message": "no"}}')
        elif kind == "slow to begin":
            time.sleep(3)
        elif kind == "invalid json":
            self._begin(handler)
            handler.wfile.write(b"data: {this is not json\n\n")
        elif kind == "not a model":
            self._plain(handler, 200, b"<html>hello</html>")
        elif kind == "wrong shape":
            self._begin(handler)
            handler.wfile.write(b'data: {"choices": 7}\n\n')
        else:
            self._begin(handler)
            self._stream(handler, kind)

    def _stream(self, handler: BaseHTTPRequestHandler, kind: str) -> None:
        words = self.text.split(" ")
        if kind == "endless":
            words = words + ["and so on and on"] * 100_000
        for place, word in enumerate(words):
            if kind in ("cut off", "pauses") and place == 3:
                handler.wfile.flush()
                if kind == "pauses":
                    time.sleep(3)
                return
            self._piece(handler, {"content": ("" if place == 0 else " ") + word})
        self._piece(handler, {}, "stop")
        handler.wfile.write(b"data: [DONE]\n\n")

    def _piece(self, handler: BaseHTTPRequestHandler, delta: dict[str, str], finish: str | None = None) -> None:
        body = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
        handler.wfile.write(f"data: {json.dumps({**body, 'choices': [choice]})}\n\n".encode())
        handler.wfile.flush()

    def _begin(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("connection", "close")
        handler.end_headers()

    def _plain(self, handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        handler.send_header("retry-after", "0")
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.wfile.write(body)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def misbehaving() -> Iterator[Misbehaving]:
    server = Misbehaving()
    yield server
    server.close()

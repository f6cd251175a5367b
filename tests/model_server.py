"""A language model behind an OpenAI-compatible address, that says what a test wants it to, or misbehaves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ModelServer:
    """An OpenAI-compatible server that answers as `behaviour` says; `requests` are the bodies, `keys` what was sent as key.

    It writes `text`, or what `replies` gives for a request, a word every `pace` seconds. `ended` is set once a client has gone
    in the middle of an answer, `gate` keeps the rest of an answer back behind its first word while it is not set.
    """

    def __init__(self) -> None:
        self.behaviour = "well"
        self.text = "Prevent strengthened the capacities of 5,500 justice operators. [1]"
        self.replies: Callable[[dict[str, Any]], str] | None = None
        self.pace = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def do_POST(self) -> None:
                self.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.requests.append(self.body)
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
            body: dict[str, Any] = handler.body  # type: ignore[attr-defined]
            self._stream(handler, kind, self.replies(body) if self.replies else self.text)

    def _stream(self, handler: BaseHTTPRequestHandler, kind: str, text: str) -> None:
        words = text.split(" ")
        if kind == "endless":
            words = words + ["and so on and on"] * 100_000
        for place, word in enumerate(words):
            if kind in ("cut off", "pauses") and place == 3:
                handler.wfile.flush()
                if kind == "pauses":
                    time.sleep(3)
                return
            self._piece(handler, {"content": ("" if place == 0 else " ") + word})
            if self.pace:
                time.sleep(self.pace)
            self.gate.wait(20)
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

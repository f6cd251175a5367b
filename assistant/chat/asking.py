"""The route that answers a question: POST /ask, answered by a stream of lines, each the turn as far as it has grown.

Gradio's own queue would do this too, at the price of more work for each answer than finding it takes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Send

from assistant.chat.functions import visitor_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.chat.service import Service

HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def add_asking(app: FastAPI, service: Service) -> None:
    """Answer `POST /ask` in this application: a question as JSON (see `Asking.of`), a line of JSON for each stage.

    A line is a string of HTML that takes the place of the one before. Who closes the connection leaves the line of questions.
    """

    async def ask(request: Request) -> Response:
        # Only a page of this server can send this type without asking first, and asking is not answered.
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return PlainTextResponse("Expected JSON.", 415, HEADERS)
        try:
            asked = json.loads(await request.body())
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            return PlainTextResponse("Expected a question as a JSON object.", 400, HEADERS)
        return _Stages(_lines(service.answer(asked, visitor_of(request))))

    app.router.add_route("/ask", ask, methods=["POST"])


async def _lines(stages: AsyncGenerator[str, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(stages):
        async for html in stages:
            yield json.dumps(html, ensure_ascii=False).encode("utf-8") + b"\n"


class _Stages(StreamingResponse):
    """A stream that is ended at once where nobody reads it any more, so that nothing goes on behind it."""

    def __init__(self, lines: AsyncGenerator[bytes, None]) -> None:
        super().__init__(lines, headers=HEADERS, media_type="application/x-ndjson")
        self._lines = lines

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._lines):
            await super().stream_response(send)

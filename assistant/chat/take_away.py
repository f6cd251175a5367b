"""The route that makes a file of a conversation: POST /export, with the conversation as the page holds it.

The page is believed nothing: what it says of documents is checked against the index (`assistant.export.gathering`).
"""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from assistant.chat.library import ChatAssistant
from assistant.chat.limits import Rate
from assistant.chat.strings import known_language, text
from assistant.export.claims import answered_of
from assistant.export.files import FORMATS, exported
from assistant.export.gathering import gather, provenance
from assistant.export.types import ExportError
from assistant.live import pinned
from index.errors import QuipuError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.chat.metrics import Metrics

WAITING = 16
"""Files that may be in the making or wait for it; more visitors are told to try again."""
BURST = 6

logger = logging.getLogger(__name__)


def add_take_away(app: FastAPI, assistant: ChatAssistant, metrics: Metrics, *, rate: float = 0) -> None:
    """Answer `POST /export` in this application; one visitor may take `rate` files a minute, 0 for any number."""
    files = _Files(assistant)
    limit = Rate(rate, BURST)

    async def export(request: Request) -> Response:
        visitor = request.scope.get("quipu.visitor") or (request.client.host if request.client else "")
        # Only a page of this server can send this type without asking first, and asking is not answered.
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return _said(415, "take_failed")
        if limit.wait(str(visitor)) > 0:
            return _said(429, "take_busy")
        made = await files.made(await request.body())
        metrics.exports.labels("made" if made.status_code == 200 else "refused").inc()
        return made

    app.router.add_route("/export", export, methods=["POST"])


class _Files:
    """Makes one file at a time, beside the answering of questions."""

    def __init__(self, assistant: ChatAssistant) -> None:
        self._assistant = assistant
        self._places = BoundedSemaphore(WAITING)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="quipu-export")

    async def made(self, body: bytes) -> Response:
        """The file as a download, or why there is none as the key of words that the page knows."""
        if not self._places.acquire(blocking=False):
            return _said(503, "take_busy")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, self._make, body)
        except ExportError as error:
            return _said(400, "take_failed", str(error))
        except QuipuError as error:
            logger.warning("a conversation could not be exported: %s", error)
            return _said(500, "take_failed")
        except Exception:
            logger.exception("a conversation could not be exported")
            return _said(500, "take_failed")
        finally:
            self._places.release()

    def _make(self, body: bytes) -> Response:
        asked = _object(body)
        wanted = FORMATS.get(str(asked.get("format")))
        if wanted is None:
            raise ExportError(f"there is no format of that name; expected one of {', '.join(FORMATS)}")
        language = known_language(asked.get("language"))
        answered = answered_of(asked.get("turns"))
        with pinned(self._assistant) as library:
            export = gather(answered, library, language, provenance(library.manifest))
            content = exported(export, wanted)
        name = f"{text(language, 'take_file')}-{datetime.now(UTC):%Y-%m-%d}.{wanted.suffix}"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "x-quipu-left-out": str(len(export.left_out)),
            "cache-control": "no-store",
        }
        return Response(content, media_type=wanted.media_type, headers=headers)


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ExportError("what was sent is not a conversation of this chat; open the page anew and try again")
    return content


def _said(status: int, key: str, message: str = "") -> JSONResponse:
    return JSONResponse({"error": key, "message": message}, status, {"cache-control": "no-store"})

"""The request that brings a document: its name in the address, its bytes as the body."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from assistant.workbench.desk import Desk
from assistant.workbench.uploads import Mode, Placed, UploadRefusedError, place, planned, receive

if TYPE_CHECKING:
    import fastapi

PATH = "/documents/upload"
AT_ONCE = 4
"""Documents that arrive at once; more wait."""
SILENCE = 60.0
"""Seconds without a byte after which a sender is given up."""

_STATUS = {"refused_off": 403, "exists": 409, "refused_size": 413, "refused_total": 413, "refused_type": 415}

logger = logging.getLogger(__name__)


def upload_route(app: fastapi.FastAPI, desk: Desk) -> None:
    """Answer POST requests on PATH, as JSON: the name of the document that came in, or the key of why it did not."""
    arriving = asyncio.Semaphore(AT_ONCE)

    async def upload(request: Request) -> JSONResponse:
        try:
            async with arriving:
                placed = await _taken_in(request, desk)
        except UploadRefusedError as error:
            return JSONResponse({"error": error.key, "name": error.name}, _STATUS.get(error.key, 400))
        except ClientDisconnect:
            return JSONResponse({"error": "refused_cut"}, 400)
        return JSONResponse({"name": placed.name, "same": placed.same, "replaced": placed.replaced})

    app.add_api_route(PATH, upload, methods=["POST"], response_model=None)


async def _taken_in(request: Request, desk: Desk) -> Placed:
    given = request.query_params.get("name", "")
    mode = request.query_params.get("mode", "ask")
    size = int(request.headers.get("content-length", "0"))

    def plan() -> Any:
        # The folder is not looked through anew for each of hundreds of documents.
        catalogued = desk.catalogue.read(latest=False)
        if not desk.may_change(catalogued):
            raise UploadRefusedError("refused_off")
        source = catalogued.folder.path
        return source, planned(source, given, size, desk.held(catalogued), desk.limits)

    source, plan_of_it = await asyncio.to_thread(plan)
    received = await receive(_pieces(request), size, desk.incoming)
    wanted = cast(Mode, mode if mode in ("replace", "both") else "ask")
    placed = await asyncio.to_thread(place, received, source, plan_of_it, wanted, desk.trash)
    desk.catalogue.look_again()
    logger.info("a document came in: %r", placed.name)
    return placed


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), SILENCE)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise UploadRefusedError("refused_cut") from None

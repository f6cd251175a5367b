"""Functions that a page in a browser may call: they take JSON and give JSON, and a failure is the key of words for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from assistant.chat import reader
from assistant.chat.library import ChatAssistant
from assistant.chat.metrics import Metrics
from assistant.chat.strings import known_language
from assistant.live import pinned
from index.errors import QuipuError

Asked = dict[str, Any]
PageFunction = Callable[..., dict[str, Any]]

logger = logging.getLogger(__name__)


def page_function(name: str, work: Callable[[Asked], dict[str, Any]], problem: str) -> PageFunction:
    """`work` under the name by which the page calls it: `await server.name({…})`.

    Where it raises a QuipuError, KeyError or OSError, or the page sends no object, the page gets `{"error": problem}`.
    """

    def called(asked: Any) -> dict[str, Any]:
        if not isinstance(asked, dict):
            return {"error": problem}
        try:
            return work(asked)
        except (QuipuError, KeyError, OSError):
            logger.exception("a page asked for what could not be given")
        return {"error": problem}

    called.__name__ = name
    return called


def visited_function(
    name: str, work: Callable[[Asked, str], dict[str, Any]], problem: str
) -> Callable[[Any, Any], dict[str, Any]]:
    """As `page_function`, of work that is also told who asks: the name that is logged in, empty without a login."""
    import gradio as gr

    def called(asked: Any, request: Any) -> dict[str, Any]:
        return page_function(name, lambda given: work(given, logged_in(request)), problem)(asked)

    # Gradio looks for the class itself in the annotations.
    called.__annotations__["request"] = gr.Request
    called.__name__ = name
    return called


def reader_functions(assistant: ChatAssistant, metrics: Metrics) -> list[PageFunction]:
    """What the reader of a page calls: `open_document` and `show_page`."""

    def open_document(asked: Asked) -> dict[str, Any]:
        with pinned(assistant) as library:
            html = reader.document_html(library, asked, known_language(asked.get("language")))
        metrics.documents_opened.inc()
        return {"html": html}

    def show_page(asked: Asked) -> dict[str, Any]:
        with pinned(assistant) as library:
            found = reader.page_image(library, asked)
        metrics.pages_shown.inc()
        return found.to_json() if found is not None else {"error": "page_failed"}

    return [
        page_function("open_document", open_document, "reader_failed"),
        page_function("show_page", show_page, "page_failed"),
    ]


def visitor_of(request: Any) -> str:
    """Who asks, by Gradio's request: a name that is logged in, else an address."""
    scope = _scope(request)
    client = scope.get("client") or ("",)
    return str(scope.get("quipu.visitor") or client[0])


def logged_in(request: Any) -> str:
    """The name that is logged in, by Gradio's or Starlette's request; empty without one."""
    return str(_scope(request).get("quipu.visitor") or "").removeprefix("user:")


def _scope(request: Any) -> dict[str, Any]:
    return getattr(getattr(request, "request", request), "scope", None) or {}

"""The chat as Gradio Blocks, and the way to serve it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.chat import page, reader, server, turn
from assistant.chat.examples import example_questions
from assistant.chat.library import ChatAssistant
from assistant.chat.markup import escape
from assistant.chat.strings import known_language, strings, translated
from assistant.live import pinned
from index.errors import QuipuError

if TYPE_CHECKING:
    import fastapi
    import gradio as gr

THEME = Path(__file__).with_name("theme")
SCRIPTS = ("language.js", "theme.js", "reader.js", "tip.js", "chat.js")
WAITING = 200
"""Questions that may wait for their turn at once; more are told to try again."""

GRADIO_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # Gradio keeps a record of every question for its monitoring page and sums them all up after each one.
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**12),
}

logger = logging.getLogger(__name__)


def build_app(assistant: ChatAssistant) -> gr.Blocks:
    """The chat over this assistant, as Gradio Blocks.

    The server keeps nothing between questions: the conversation stays in each visitor's page.
    """
    gr = _gradio()

    def ask(event: Any) -> Iterator[str]:
        yield from answered(assistant, event._data if isinstance(event._data, dict) else {})

    # Gradio looks for the class itself in the annotations, and cannot see names that are local to this function.
    ask.__annotations__["event"] = gr.EventData

    def open_document(request: Any) -> dict[str, str]:
        if not isinstance(request, dict):
            return {"error": "reader_failed"}
        try:
            with pinned(assistant) as library:
                html = reader.document_html(library, request, known_language(request.get("language")))
        except (QuipuError, KeyError):
            logger.exception("a document could not be opened")
            return {"error": "reader_failed"}
        return {"html": html}

    plain = {"apply_default_css": False, "padding": False, "container": False}
    with gr.Blocks(analytics_enabled=False, title="Quipu", fill_width=True) as blocks:
        gr.HTML(
            page.top_html(example_questions(assistant), len(assistant.doc_ids())),
            elem_id="q-top",
            js_on_load=None,
            **plain,
        )
        answer = gr.HTML("", elem_id="q-stage", js_on_load=_theme("stage.js"), **plain)
        composer = gr.HTML(
            page.composer_html(),
            elem_id="q-bottom",
            js_on_load="\n".join(_theme(name) for name in SCRIPTS),
            server_functions=[open_document],
            strings=strings(),
            **plain,
        )
        asking = composer.ask_question(
            ask,
            outputs=answer,
            show_progress="hidden",
            concurrency_limit=max(2, os.cpu_count() or 2),
            trigger_mode="multiple",
            api_visibility="private",
        )
        composer.stop_answer(None, cancels=[asking], api_visibility="private")
    blocks.queue(max_size=WAITING)
    return blocks


def answered(assistant: ChatAssistant, asked: dict[str, Any]) -> Iterator[str]:
    """The turn for what a page asked (`question`, `language`, `turn`), as HTML that grows to the whole answer.

    A question that cannot be asked, and work that failed, come back as a notice in plain words.
    """
    language = known_language(asked.get("language"))
    number = asked.get("turn")
    turn_id = number if isinstance(number, int) else 0
    # A page can send half of a surrogate pair, which no UTF-8 response could carry back.
    question = str(asked.get("question", "")).encode("utf-8", "replace").decode("utf-8")
    try:
        with pinned(assistant) as library:
            yield from turn.stages(library.ask(question), library, language, turn_id)
    except QuipuError as error:
        yield turn.notice_html(question, "error_title", escape(str(error)), language, turn_id)
    except Exception:
        logger.exception("the question could not be answered")
        message = translated(language, "error_server")
        yield turn.notice_html(question, "error_server_title", message, language, turn_id)


def create_server_app(assistant: ChatAssistant) -> fastapi.FastAPI:
    """The chat as a web application, with `/healthz`."""
    import fastapi

    gr = _gradio()
    app = fastapi.FastAPI(title="Quipu", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    gr.mount_gradio_app(
        app,
        build_app(assistant),
        path="/",
        theme=_gradio_theme(),
        # Gradio rewrites what it is given as css and loses declarations on the way; the head it leaves alone.
        head=f"<style>{_theme('chat.css')}</style>",
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        favicon_path=str(THEME / "favicon.svg"),
    )
    return app


def serve(
    assistant: ChatAssistant,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the chat until interrupted.

    Without a port, the first free one from 7860 is taken. `on_ready` gets the address once the server answers.
    Raises QuipuError where the port is in use. Past the loopback address, a warning is logged.
    """
    listener = server.listen(host, port)
    try:
        app = create_server_app(assistant)
    except BaseException:
        listener.close()
        raise
    server.run(app, listener, host, on_ready)


def _gradio() -> Any:
    """The gradio module, set up to report nothing and to keep no statistics."""
    os.environ.update(GRADIO_SETTINGS)
    import gradio

    return gradio


def _gradio_theme() -> Any:
    """Gradio's plain theme with the system's own fonts, so that no font is fetched."""
    import gradio.themes as themes
    from gradio.themes.utils.fonts import Font

    return themes.Base(font=[Font("system-ui"), Font("sans-serif")], font_mono=[Font("monospace")]).set(
        body_background_fill="#fbfaf7",
        body_background_fill_dark="#181715",
        body_text_color="#24211d",
        body_text_color_dark="#ece8e1",
    )


def _theme(name: str) -> str:
    return (THEME / name).read_text(encoding="utf-8")

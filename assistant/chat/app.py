"""The chat as Gradio Blocks, and the way to serve it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.chat import narrowing, page, server
from assistant.chat.asking import add_asking
from assistant.chat.examples import example_questions
from assistant.chat.functions import page_function, reader_functions
from assistant.chat.library import ChatAssistant
from assistant.chat.login import Login
from assistant.chat.metrics import CONTENT_TYPE, Metrics
from assistant.chat.service import AT_ONCE, Service
from assistant.chat.strings import strings
from assistant.chat.take_away import add_take_away
from assistant.chat.users import Users
from assistant.live import pinned
from assistant.workbench import asked, judging
from assistant.workbench.asked import Turns
from assistant.workbench.pages import add_pages, add_routes, shown_pages, styles
from assistant.workbench.types import ALL_RIGHTS, Rights, Workbench

if TYPE_CHECKING:
    import gradio as gr
    from starlette.types import ASGIApp

    from assistant.writing.config import LlmSettings

THEME = Path(__file__).with_name("theme")
SCRIPTS = (
    "language.js",
    "theme.js",
    "masthead.js",
    "reader.js",
    "pages.js",
    "tip.js",
    "narrow.js",
    "footnotes.js",
    "take_away.js",
    "written.js",
    "chat.js",
)
STYLES = ("chat.css", "take_away.css")
QUESTIONS_A_MINUTE = 30
"""Questions that one visitor may ask in a minute where a server is open to others."""

PLAIN = {"apply_default_css": False, "padding": False, "container": False}
GRADIO_SETTINGS = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    # Gradio keeps a record of every question for its monitoring page and sums them all up after each one.
    "GRADIO_ANALYTICS_MAX_EVENTS": "1",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**12),
}

logger = logging.getLogger(__name__)


def build_app(
    assistant: ChatAssistant,
    service: Service | None = None,
    *,
    workbench: Workbench | None = None,
    logout: bool = False,
) -> gr.Blocks:
    """The chat over this assistant, as Gradio Blocks, and the pages of the workbench beside it.

    The server keeps nothing between questions: the conversation stays in each visitor's page.
    """
    gr = _gradio()
    served = service or Service(assistant)
    pages = shown_pages(workbench) if workbench is not None else ()

    def narrowed(asked: dict[str, Any]) -> dict[str, Any]:
        with pinned(assistant) as library:
            return narrowing.narrow(library, asked)

    functions = [*reader_functions(assistant, served.metrics), page_function("narrow", narrowed, "narrow_failed")]
    if served.writing is not None:
        from assistant.chat.written_functions import written_functions

        functions += written_functions(served.writing, assistant)
    composer_html = page.composer_html(writes=served.writing is not None)
    scripts, tables = [_theme(name) for name in SCRIPTS], strings()
    if workbench is not None and workbench.turns is not None:
        functions += judging.functions(workbench)
        composer_html += judging.dialog_html(workbench)
        scripts.insert(-1, judging.script())
        tables = {code: dict(table) for code, table in judging.WORDS.tables.items()}
    with gr.Blocks(analytics_enabled=False, title="Quipu", fill_width=True) as blocks:
        gr.HTML(
            page.top_html(
                example_questions(assistant),
                len(assistant.doc_ids()),
                pages=[shown.path for shown in pages],
                logout=logout,
            ),
            elem_id="q-top",
            js_on_load=None,
            **PLAIN,
        )
        gr.HTML(
            composer_html,
            elem_id="q-bottom",
            js_on_load="\n".join(scripts),
            server_functions=functions,
            strings=tables,
            model=served.writing.label if served.writing is not None else "",
            **PLAIN,
        )
        # The links in the masthead take the place of Gradio's own bar.
        if pages:
            gr.Navbar(visible=False)
    if workbench is not None:
        add_pages(blocks, workbench)

    async def end_queue() -> None:
        # Questions have a line and a route of their own; Gradio's would look a thousand times a second whether it has work.
        blocks._queue.close()

    blocks.extra_startup_events.append(end_queue)
    return blocks


def create_server_app(
    assistant: ChatAssistant,
    *,
    users: Mapping[str, str] | None = None,
    questions_a_minute: float = 0,
    at_once: int = AT_ONCE,
    warm_up: bool = False,
    index: Path | None = None,
    rights: Rights = ALL_RIGHTS,
    llm: LlmSettings | None = None,
    record: bool = True,
    sets: Sequence[Path] = (),
) -> ASGIApp:
    """The chat as a web application, with `/healthz` and `/metrics`; behind a login where there are `users`.

    `at_once` questions are worked on together; `warm_up` asks some before the first visitor does. `index` is the folder
    of the index that is asked: pages of the workbench that keep something there are left out without it. `rights` says
    what visitors may do on these pages. With `llm`, that model writes the answers. `record` says whether questions are
    kept, without who asked, for the page of gaps; `sets` are folders of question sets. Raises ConfigurationError for a
    model that cannot be opened.
    """
    import fastapi

    gr = _gradio()
    metrics = Metrics(assistant.generation_id, len(assistant.doc_ids()))
    workbench = Workbench(assistant, index, metrics, rights, logout=bool(users), sets=tuple(sets))
    if workbench.writable():
        workbench = replace(workbench, turns=Turns(workbench.folder / asked.FILE if record else None))
    judged = judging.judged(workbench) if workbench.turns is not None else None
    writing = None
    if llm is not None:
        from assistant.chat.written import Writing

        writing = Writing(assistant, llm, metrics, judged=judged)
    service = Service(
        assistant,
        metrics,
        questions_a_minute=questions_a_minute,
        at_once=at_once,
        writing=writing,
        judged=judged,
    )
    app = fastapi.FastAPI(title="Quipu", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics", response_model=None)
    def prometheus() -> Any:
        return fastapi.Response(metrics.text(), media_type=CONTENT_TYPE)

    add_routes(app, workbench)
    add_asking(app, service)
    add_take_away(app, assistant, metrics, rate=questions_a_minute)
    with warnings.catch_warnings():
        # Said of several pages although no rendering on the server is asked for.
        warnings.filterwarnings("ignore", "SSR mode", UserWarning)
        gr.mount_gradio_app(
            app,
            build_app(assistant, service, workbench=workbench, logout=bool(users)),
            path="/",
            theme=_gradio_theme(),
            # Gradio rewrites what it is given as css and loses declarations on the way; the head it leaves alone.
            head=(
                f"<style>{''.join(map(_theme, STYLES))}{judging.style() if workbench.turns else ''}"
                f"{styles(workbench)}</style>"
            ),
            footer_links=[],
            run_history=False,
            show_error=False,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            favicon_path=str(THEME / "favicon.svg"),
        )
    if warm_up:
        service.warm_up()
    if users:
        return Login(app, Users(users), metrics)
    return app


def serve(
    assistant: ChatAssistant,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    users: Mapping[str, str] | None = None,
    questions_a_minute: float | None = None,
    index: Path | None = None,
    uploads: bool | None = None,
    llm: LlmSettings | None = None,
    record: bool = True,
    sets: Sequence[Path] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the chat until interrupted.

    Without a port, the first free one from 7860 is taken. `users` are names and hashed passwords. A visitor may ask
    `questions_a_minute`; by default any number on the loopback address, and QUESTIONS_A_MINUTE past it. `index` is the
    folder of the index, for the pages of the workbench; `uploads` says whether visitors may add and remove documents there: by
    default on the loopback address, and past it where there are users. `llm` names the model that writes; `record` and `sets`
    are as for `create_server_app`. `on_ready` gets the address once the server answers. Raises QuipuError where the port is in use. Past the
    loopback address a warning is logged.
    """
    listener = server.listen(host, port)
    if questions_a_minute is None:
        questions_a_minute = 0 if server.is_loopback(host) else QUESTIONS_A_MINUTE
    try:
        app = create_server_app(
            assistant,
            users=users,
            questions_a_minute=questions_a_minute,
            warm_up=True,
            index=index,
            rights=Rights.on(local=server.is_loopback(host), users=bool(users), uploads=uploads),
            llm=llm,
            record=record,
            sets=sets,
        )
    except BaseException:
        listener.close()
        raise
    server.run(app, listener, host, on_ready, protected=bool(users))


def _gradio() -> Any:
    """The gradio module, set up to report nothing and to keep no statistics."""
    os.environ.update(GRADIO_SETTINGS)
    # Where matplotlib is installed, Gradio asks it for its backend at each event; one that is named needs not be looked for,
    # which loads all of pyplot while the first question waits.
    os.environ.setdefault("MPLBACKEND", "agg")
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

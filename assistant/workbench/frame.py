"""What every page of the workbench stands in: the masthead, the reader, and how the page speaks to the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.chat.functions import PageFunction, reader_functions
from assistant.chat.masthead import masthead_html
from assistant.chat.page import reader_html
from assistant.chat.strings import DEFAULT_LANGUAGE, Words
from assistant.workbench.pages import THEME, shown_pages
from assistant.workbench.types import Workbench

CHAT_THEME = Path(__file__).parents[1] / "chat" / "theme"
_CONFIRM = (
    '<dialog id="w-confirm" aria-labelledby="w-confirm-title"><h2 id="w-confirm-title"></h2>'
    '<p id="w-confirm-text"></p><ul id="w-confirm-names"></ul><div class="w-confirm-foot"></div></dialog>'
)
SHARED = ("language.js", "theme.js", "masthead.js", "reader.js", "pages.js")


def add_page(
    workbench: Workbench,
    path: str,
    body: str,
    words: Words,
    *,
    script: str | Sequence[str],
    functions: Sequence[PageFunction] = (),
    **props: Any,
) -> None:
    """Add a page to the Blocks that are open: to be called from its module's `build`.

    `body` is HTML, everything in it escaped; `words` hold `title`, the page's name. `script` names files of `theme/` that run in the
    page after the shared ones, where `words(key)`, `translate(node)`, `announce(text)`, `confirmed({…})`, `openPassage(doc, start, end, opener)`,
    `server.<function>(object)` and `props` are at hand; see `theme/frame.js`.
    """
    import gradio as gr

    plain: dict[str, Any] = {"apply_default_css": False, "padding": False, "container": False}
    gr.Navbar(visible=False)
    gr.HTML(
        f'<a class="q-skip" href="#w-main" data-skip>{words.translated(DEFAULT_LANGUAGE, "skip_page")}</a>'
        + masthead_html(path, [page.path for page in shown_pages(workbench)], logout=workbench.logout),
        elem_id="q-top",
        js_on_load=None,
        **plain,
    )
    own = [script] if isinstance(script, str) else script
    scripts = [*(CHAT_THEME / name for name in SHARED), *(THEME / name for name in own), THEME / "frame.js"]
    gr.HTML(
        f'<div class="w-page w-{path}" id="w-main" tabindex="-1">{body}</div>'
        '<div class="q-hidden" id="q-status" role="status" aria-live="polite"></div>'
        f"{_CONFIRM}{reader_html(DEFAULT_LANGUAGE)}",
        elem_id="q-bottom",
        js_on_load="\n".join(path.read_text(encoding="utf-8") for path in scripts),
        server_functions=[*reader_functions(workbench.assistant, workbench.metrics), *functions],
        strings=words.tables,
        **plain,
        **props,
    )

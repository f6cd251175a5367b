"""The one list of the pages beside the chat. A new page is a line here, and a module with `build(workbench)`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.workbench.sets import LARGEST

if TYPE_CHECKING:
    import fastapi

    from assistant.workbench.types import Workbench

THEME = Path(__file__).with_name("theme")


@dataclass(frozen=True, slots=True)
class Page:
    """A page at `/path`; the words for its link are `nav_<path>` of the chat's strings.

    `module` has `build(workbench)`, and `add_routes(app, workbench)` where the page answers requests of its own: `writes` are
    the paths that it takes POST requests on with the most bytes that each body may have (None: the module itself counts), `reads` those
    that it answers GET on. Only what is named here gets past `assistant.chat.guard`. `style` is a file of `theme/`. A `private`
    page shows what others asked and said, so that only those see it who may manage the index. Of what it `reads`, `framed` are whole
    pages of their own that it shows in a frame, where they may run scripts but reach nothing.
    """

    path: str
    module: str
    style: str = ""
    needs_index: bool = True
    private: bool = False
    reads: tuple[str, ...] = ()
    framed: tuple[str, ...] = ()
    writes: tuple[tuple[str, int | None], ...] = ()


# In the order in which the bar shows them.
PAGES: tuple[Page, ...] = (
    Page("documents", "assistant.workbench.documents", "documents.css", writes=(("/documents/upload", None),)),
    Page("compare", "assistant.workbench.compare", "compare.css"),
    Page("feedback", "assistant.workbench.feedback_page", "feedback.css", private=True),
    Page(
        "evaluate", "assistant.workbench.evaluate_page", "evaluate.css", private=True,
        reads=("/evaluate/report",), framed=("/evaluate/report",), writes=(("/evaluate/upload", LARGEST),),
    ),
)  # fmt: skip


def shown_pages(workbench: Workbench) -> list[Page]:
    """The pages that are open on this server."""
    return [
        page
        for page in PAGES
        if (workbench.index is not None or not page.needs_index) and (workbench.rights.manage or not page.private)
    ]


def add_pages(blocks: Any, workbench: Workbench) -> None:
    """Add the pages that are open to the chat's Blocks, each as a route of its own."""
    for page in shown_pages(workbench):
        with blocks.route(page.path, f"/{page.path}", show_in_navbar=False):
            import_module(page.module).build(workbench)


def add_routes(app: fastapi.FastAPI, workbench: Workbench) -> None:
    """Add the requests that the open pages answer themselves."""
    for page in shown_pages(workbench):
        if page.reads or page.writes:
            import_module(page.module).add_routes(app, workbench)


def styles(workbench: Workbench) -> str:
    """The style sheet of the pages that are open."""
    pages = shown_pages(workbench)
    names = ["workbench.css", *(page.style for page in pages if page.style)] if pages else []
    return "".join((THEME / name).read_text(encoding="utf-8") for name in names)

"""The page of documents: what the index holds and what became of every file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.chat.functions import Asked, page_function
from assistant.chat.strings import known_language, words_of
from assistant.workbench import documents_html as html
from assistant.workbench.catalogue import Catalogue
from assistant.workbench.frame import add_page
from assistant.workbench.listing import Choice, facets, part
from assistant.workbench.types import Workbench

WORDS = words_of(Path(__file__).with_name("documents.json"))


def build(workbench: Workbench) -> None:
    """Add the page to the Blocks that are open."""
    assert workbench.index is not None
    catalogue = Catalogue(workbench.index)

    def list_documents(asked: Asked) -> dict[str, Any]:
        language = known_language(asked.get("language"))
        catalogued = catalogue.read()
        choice = Choice.from_json(asked)
        return {
            "html": html.list_html(part(catalogued, choice), choice, language),
            "facets": facets(catalogued),
            "summary": html.summary_html(catalogued, language),
        }

    add_page(
        workbench,
        "documents",
        html.body_html(),
        WORDS,
        script="documents.js",
        functions=[page_function("list_documents", list_documents, "list_failed")],
    )

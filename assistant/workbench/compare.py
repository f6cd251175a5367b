"""The page on which documents stand side by side: a question asked of each, and the figures that they give."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from assistant.assistant import Assistant
from assistant.chat.functions import Asked, PageFunction, page_function
from assistant.chat.narrowing import narrow
from assistant.chat.strings import known_language
from assistant.compare.export import comparison_csv
from assistant.compare.survey import survey
from assistant.filters import Filter, FilterError
from assistant.live import pinned
from assistant.workbench import compare_html as html
from assistant.workbench.comparing import A_STEP, Comparisons, Wanted
from assistant.workbench.frame import add_page
from assistant.workbench.types import Workbench
from index.errors import QuestionError, QuipuError

GROUPS_SHOWN = 40

logger = logging.getLogger(__name__)


def build(workbench: Workbench) -> None:
    """Add the page to the Blocks that are open."""
    add_page(
        workbench,
        "compare",
        html.body_html(),
        html.WORDS,
        script="compare.js",
        shared=("narrow.js",),
        functions=functions(workbench),
    )


def functions(workbench: Workbench) -> list[PageFunction]:
    """What the page calls: `compare_step`, `compare_notes`, `compare_csv`, `list_figures` and `narrow`."""
    comparisons = Comparisons()

    def compare_step(library: Assistant, asked: Asked, language: str) -> dict[str, Any]:
        """The cells from `done` on, a few at a time."""
        running = comparisons.running(library, Wanted.from_json(asked))
        plan = running.comparer.plan
        done = asked.get("done")
        done = done if type(done) is int and 0 <= done <= running.total else 0
        cells = running.upto(done + A_STEP)[done:]
        return {
            "cells": [html.cell_json(cell, plan.by, language) for cell in cells],
            "done": done + len(cells),
            "asked": running.total,
            "offset": plan.offset,
            "subjects": len(plan.subjects),
        }

    def compare_notes(library: Assistant, asked: Asked, language: str) -> dict[str, Any]:
        found = comparisons.running(library, Wanted.from_json(asked)).notes()
        return {"html": html.notes_html(found, language), "notes": len(found)}

    def compare_csv(library: Assistant, asked: Asked, language: str) -> dict[str, Any]:
        return {"csv": comparison_csv(comparisons.running(library, Wanted.from_json(asked)).whole())}

    def list_figures(library: Assistant, asked: Asked, language: str) -> dict[str, Any]:
        term = asked.get("term")
        term = term.strip()[:200] if isinstance(term, str) else ""
        groups = survey(library, term, Filter.from_json(asked.get("filter")) or None)
        return {
            "html": html.groups_html(groups[:GROUPS_SHOWN], len(groups), language),
            "figures": sum(len(group.figures) for group in groups),
        }

    def narrowed(asked: Asked) -> dict[str, Any]:
        with pinned(workbench.assistant) as library:
            return narrow(library, asked)

    works = (compare_step, compare_notes, compare_csv, list_figures)
    return [
        *(page_function(work.__name__, _asking(workbench, work), "compare_failed") for work in works),
        page_function("narrow", narrowed, "narrow_failed"),
    ]


def _asking(
    workbench: Workbench, work: Callable[[Assistant, Asked, str], dict[str, Any]]
) -> Callable[[Asked], dict[str, Any]]:
    """`work` on the generation that is live, with what cannot be asked said in words."""

    def called(asked: Asked) -> dict[str, Any]:
        with pinned(workbench.assistant) as library:
            if not isinstance(library, Assistant):
                raise QuipuError("documents can be compared over an index only")
            try:
                return work(library, asked, known_language(asked.get("language")))
            except FilterError:
                return {"error": "compare_nothing"}
            except QuestionError:
                return {"error": "compare_question"}

    return called

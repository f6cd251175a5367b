"""The page of feedback: what was said of answers, what the documents do not say, and the cases made of both."""

from __future__ import annotations

from typing import Any

import numpy as np

from assistant.chat.functions import Asked, page_function, visited_function
from assistant.chat.library import ChatAssistant
from assistant.chat.strings import known_language
from assistant.live import pinned
from assistant.workbench import asked as asked_in_chat
from assistant.workbench import cases, feedback, gaps, judging
from assistant.workbench import feedback_html as html
from assistant.workbench.frame import add_page
from assistant.workbench.types import Workbench
from index.errors import QuipuError


def build(workbench: Workbench) -> None:
    """Add the page to the Blocks that are open."""
    vectors = gaps.Vectors()
    folder = workbench.folder
    said, kept = folder / feedback.FILE, cases.Cases(folder / cases.FILE)

    def found_gaps(library: ChatAssistant) -> list[gaps.Gap]:
        if workbench.turns is not None:
            workbench.turns.flush()
        model = library.manifest.model_sha256
        return gaps.find_gaps(
            gaps.refused(asked_in_chat.read_asked(folder / asked_in_chat.FILE)),
            lambda texts: vectors.encode(texts, model, lambda new: np.asarray(library.encode_questions(new))),
            gaps.read_dismissed(folder / gaps.FILE),
            library.holds_term,
        )

    def show_view(asked: Asked) -> dict[str, Any]:
        language = known_language(asked.get("language"))
        writable = workbench.writable()
        all_said, all_cases = feedback.read_feedback(said), kept.all()
        counts = {"said": len(all_said), "cases": len(all_cases)}
        with pinned(workbench.assistant) as library:
            if asked.get("view") == "gaps":
                shown = html.gaps_html(
                    found_gaps(library),
                    {one.doc_id: one.title for one in library.facets.documents},
                    language,
                    # Where nothing can be written, the page says so at its head.
                    recording=workbench.turns is None or workbench.turns.recording,
                    writable=writable,
                )
            elif asked.get("view") == "cases":
                gone = cases.vanished(all_cases, library)
                shown = html.cases_html(all_cases, gone, kept.path, language, writable=writable)
            else:
                questions = {gaps.question_key(case.question) for case in all_cases}
                shown = html.said_html(all_said, questions, language, writable=writable)
        return {"html": shown, "counts": counts, "writable": writable}

    def remove_case(asked: Asked) -> dict[str, Any]:
        return {"removed": kept.remove(str(asked.get("id")))}

    def dismiss_gap(asked: Asked, by: str) -> dict[str, Any]:
        with pinned(workbench.assistant) as library:
            gap = next((one for one in found_gaps(library) if one.id == asked.get("gap")), None)
        if gap is None:
            return {"error": "gap_changed"}
        try:
            gaps.dismiss(folder / gaps.FILE, gap, by=by, undo=asked.get("undo") is True)
        except QuipuError as error:
            return {"error": "not_kept", "said": str(error)}
        return {"dismissed": True}

    functions = [
        page_function("show_view", show_view, "view_failed"),
        page_function("remove_case", remove_case, "not_kept"),
        visited_function("dismiss_gap", dismiss_gap, "not_kept"),
    ]
    if workbench.turns is not None:
        functions += judging.functions(workbench)
    add_page(
        workbench,
        "feedback",
        html.body_html() + judging.dialog_html(workbench),
        html.WORDS,
        script=("judging.js", "feedback.js"),
        functions=functions,
    )

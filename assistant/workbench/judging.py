"""Saying what one thinks of an answer, in the chat: thumbs, a correction, and the dialog that makes a case of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from assistant.chat.functions import Asked, PageFunction, page_function, visited_function
from assistant.chat.library import ChatAssistant
from assistant.chat.markup import escape
from assistant.chat.masthead import icon
from assistant.chat.strings import DEFAULT_LANGUAGE, words_of
from assistant.live import pinned
from assistant.question import fold
from assistant.types import Answer
from assistant.workbench import cases, feedback
from assistant.workbench.types import Workbench
from index.errors import QuipuError
from index.language import question_language

WORDS = words_of(Path(__file__).with_name("judging.json"))
_THEME = Path(__file__).with_name("theme")
_LISTED = 60
"""Documents that the dialog offers at once; words find the others."""


def judged(workbench: Workbench) -> Callable[[Answer, str], str]:
    """What makes the HTML under each answer, and remembers the answer so that it can be judged."""
    turns, manage = workbench.turns, workbench.rights.manage
    assert turns is not None

    def html(answer: Answer, language: str) -> str:
        return judge_html(turns.begin(answer), language, manage=manage)

    return html


def script() -> str:
    """What the chat's page runs, after its own scripts for masthead and reader."""
    return (_THEME / "judging.js").read_text(encoding="utf-8")


def style() -> str:
    """How it looks."""
    return (_THEME / "judging.css").read_text(encoding="utf-8")


def judge_html(turn: str, language: str, *, manage: bool) -> str:
    """Thumbs, the field for a correction, and with `manage` the way to a case."""

    def thumb(rating: str) -> str:
        return (
            f'<button type="button" class="q-tool j-thumb" data-judge="{rating}" aria-pressed="false" '
            f"{WORDS.attribute(language, 'label', f'judge_{rating}')} {WORDS.attribute(language, 'title', f'judge_{rating}')}>"
            f"{icon(rating)}</button>"
        )

    case = (
        f'<button type="button" class="q-action" data-case="{escape(turn)}">{WORDS.translated(language, "case_make")}</button>'
        if manage
        else ""
    )
    field = f"j-said-{escape(turn)}"
    return (
        f'<div class="j-judge" data-turn="{escape(turn)}"><div class="j-row" role="group" '
        f"{WORDS.attribute(language, 'label', 'judge')}>{thumb('up')}{thumb('down')}{case}"
        f'<span class="j-note" role="status"></span></div>'
        f'<form class="j-correction" hidden><label for="{field}">{WORDS.translated(language, "correction")}</label>'
        f'<textarea id="{field}" rows="3" maxlength="{feedback.LONGEST_CORRECTION}" dir="auto"></textarea>'
        f'<div class="j-row"><button type="submit" class="q-button">{WORDS.translated(language, "correction_send")}</button>'
        f'<button type="button" class="q-action" data-judge="close">{WORDS.translated(language, "correction_close")}</button>'
        "</div></form></div>"
    )


def dialog_html(workbench: Workbench) -> str:
    """The dialog that makes a case; nothing for visitors who may not."""
    if not workbench.rights.manage:
        return ""
    language = DEFAULT_LANGUAGE

    def words(key: str) -> str:
        return WORDS.translated(language, key)

    def label(key: str) -> str:
        return WORDS.attribute(language, "label", key)

    choices = "".join(
        f'<label><input type="radio" name="j-answerable" value="{value}"{checked}> {words(key)}</label>'
        for value, key, checked in (("yes", "case_answerable", " checked"), ("no", "case_unanswerable", ""))
    )
    return (
        '<dialog id="j-case" aria-labelledby="j-case-title"><div class="j-case-bar">'
        f'<h2 id="j-case-title">{words("case_title")}</h2>'
        f'<button type="button" class="q-tool" data-case-do="close" {label("case_close")}>{icon("close")}</button></div>'
        f'<form class="j-case-form" id="j-case-form"><p class="q-quiet">{words("case_about")}</p>'
        f'<label class="j-field"><span>{words("case_question")}</span>'
        f'<textarea id="j-question" rows="2" maxlength="2000" dir="auto" required></textarea></label>'
        f'<fieldset class="j-choice"><legend>{words("case_expected")}</legend>{choices}</fieldset>'
        f'<div id="j-answerable"><h3 id="j-quotes-title">{words("case_quotes")}</h3>'
        f'<p class="q-quiet j-hint" id="j-quotes-none">{words("case_no_quote")}</p><ul id="j-quotes" aria-labelledby="j-quotes-title"></ul>'
        f'<details class="j-paste"><summary>{words("case_paste")}</summary>'
        f'<textarea id="j-pasted" rows="3" dir="auto" {label("case_pasted")}></textarea>'
        f'<button type="button" class="q-action" data-case-do="paste">{words("case_add_pasted")}</button></details>'
        f'<label class="j-field"><span>{words("case_must")}</span><textarea id="j-must" rows="2" dir="auto" '
        f'aria-describedby="j-must-hint"></textarea></label><div class="j-figures" id="j-figures" hidden></div><p class="q-quiet j-hint" id="j-must-hint">{words("case_must_hint")}</p>'
        f'<label class="j-field"><span>{words("case_answer")}</span>'
        f'<textarea id="j-answer" rows="2" maxlength="{cases.LONGEST_ANSWER}" dir="auto" '
        f'aria-describedby="j-answer-hint"></textarea></label><p class="q-quiet j-hint" id="j-answer-hint">{words("case_answer_hint")}</p></div>'
        f'<p class="q-problem" id="j-problem" role="alert" hidden></p>'
        f'<div class="j-row j-foot"><button type="submit" class="q-button">{words("case_save")}</button>'
        f'<button type="button" class="q-action" data-case-do="close">{words("case_cancel")}</button></div></form>'
        f'<section class="j-document" {label("case_document")}><div class="j-document-bar">'
        f'<input type="search" id="j-find" autocomplete="off" {label("case_find")} '
        f"{WORDS.attribute(language, 'placeholder', 'case_find')}>"
        f'<select id="j-documents" {label("case_documents")}></select></div>'
        f'<div class="j-use" id="j-use"><button type="button" class="q-button" id="j-use-selection" data-case-do="use" disabled>'
        f'{words("case_use")}</button><span class="q-quiet">{words("case_select")}</span></div>'
        f'<div class="j-text" id="j-text" tabindex="0" role="region" {label("case_text")}></div></section></dialog>'
    )


def functions(workbench: Workbench) -> list[PageFunction]:
    """What the script calls: `judge`, and for those who may make cases `case_form`, `case_documents`, `case_quote`, `case_keep`."""
    turns, assistant = workbench.turns, workbench.assistant
    assert turns is not None

    def judge(asked: Asked, by: str) -> dict[str, Any]:
        turn = turns.get(str(asked.get("turn")))
        if turn is None:
            return {"error": "judge_gone"}
        try:
            feedback.keep(workbench.folder / feedback.FILE, turn, asked.get("rating"), asked.get("correction"), by)
        except QuipuError as error:
            return {"error": "judge_failed", "said": str(error)}
        return {"kept": True}

    def case_form(asked: Asked) -> dict[str, Any]:
        asked_for = str(asked.get("turn"))
        remembered, said = turns.get(asked_for), _said(workbench, asked_for)
        if remembered is None and said is None:
            return {"error": "judge_gone"}
        with pinned(assistant) as library:
            return form({**(said or {}), **(remembered or {})}, library)

    def case_documents(asked: Asked) -> dict[str, Any]:
        with pinned(assistant) as library:
            return {"documents": documents(library, str(asked.get("find", "")))}

    def case_quote(asked: Asked) -> dict[str, Any]:
        with pinned(assistant) as library:
            return quoted(library, asked.get("doc"), asked.get("quote"), str(asked.get("answer", ""))) or {
                "error": "case_not_verbatim"
            }

    def case_keep(asked: Asked) -> dict[str, Any]:
        try:
            with pinned(assistant) as library:
                case = cases.case_of(asked, library, question_language(str(asked.get("question"))))
            kept = cases.Cases(workbench.folder / cases.FILE).add(case)
        except QuipuError as error:
            return {"error": "case_failed", "said": str(error)}
        return {"id": kept.id}

    judging: list[PageFunction] = [visited_function("judge", judge, "judge_failed")]
    if not workbench.rights.manage:
        return judging
    return [
        *judging,
        page_function("case_form", case_form, "case_failed"),
        page_function("case_documents", case_documents, "case_failed"),
        page_function("case_quote", case_quote, "case_failed"),
        page_function("case_keep", case_keep, "case_failed"),
    ]


def _said(workbench: Workbench, turn: str) -> Mapping[str, Any] | None:
    """What was said of a turn, with as much of the turn as was kept beside it; None where nothing was said."""
    for found in feedback.read_feedback(workbench.folder / feedback.FILE):
        if found.turn == turn:
            citations = [{"doc_id": c.doc_id, "quote": c.quote} for c in found.citations]
            return {"question": found.question, "citations": citations, "correction": found.correction}
    return None


def form(turn: Mapping[str, Any], library: ChatAssistant) -> dict[str, Any]:
    """What the dialog begins with: the question, the first quote of the answer if it still stands, and the documents."""
    said = str(turn.get("correction", ""))
    standing = (quoted(library, citation["doc_id"], citation["quote"], said) for citation in turn["citations"])
    first = next((found for found in standing if found is not None), None)
    near = dict.fromkeys([*(citation["doc_id"] for citation in turn["citations"]), *turn.get("nearest", ())])
    return {
        "question": turn["question"],
        "quotes": [first] if first else [],
        "answer": said,
        "documents": documents(library, "", tuple(near)),
    }


def documents(library: ChatAssistant, find: str, first: tuple[str, ...] = ()) -> list[list[str]]:
    """`[doc_id, title]` of the documents whose title or name holds all words of `find`, those of `first` before others."""
    words = fold(find[:200]).split()
    known = {one.doc_id: one.title or one.doc_id for one in library.facets.documents}
    fitting = [
        [doc_id, title]
        for doc_id, title in sorted(known.items(), key=lambda one: fold(one[1]))
        if doc_id not in first and all(word in fold(f"{title} {doc_id}") for word in words)
    ]
    return ([[doc_id, known[doc_id]] for doc_id in first if doc_id in known] + fitting)[:_LISTED]


def quoted(library: ChatAssistant, doc_id: object, quote: object, answer: str = "") -> dict[str, Any] | None:
    """A quote as its document has it, where it stands, and what of it the right `answer` most likely has to cite."""
    if not isinstance(doc_id, str) or not isinstance(quote, str) or doc_id not in library.doc_ids():
        return None
    document = library.document(doc_id)
    found = cases.verbatim_in(quote[: cases.LONGEST_QUOTE + 1], document.text)
    if found is None:
        return None
    start = document.text.index(found)
    return {
        "doc": doc_id,
        "title": document.title or doc_id,
        "quote": found,
        "start": start,
        "end": start + len(found),
        "musts": cases.proposed_musts(found, answer),
        "figures": cases.figures(found),
    }

"""One question and what came of it, as HTML: the answer with its citation chips, or a refusal, or a notice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from assistant.chat.evidence import NEAREST, Card, card_html, cards, nearest
from assistant.chat.library import Library
from assistant.chat.markup import escape, language_attribute, prose, web_address
from assistant.chat.strings import known_language, strings, translated, translated_attribute
from assistant.export.seal import seal
from assistant.filters import Filter
from assistant.statements import Statement, statements
from assistant.types import Answer

WELL_SUPPORTED = 0.75
PARTLY_SUPPORTED = 0.35

STAGES = 4
"""Steps in which an answer grows: each is a message of its own, which costs both ends as much as finding a passage."""


def support(confidence: float) -> str:
    """The word for a confidence in [0, 1]: strong, partial or weak."""
    if confidence >= WELL_SUPPORTED:
        return "strong"
    return "partial" if confidence >= PARTLY_SUPPORTED else "weak"


def stages(
    answer: Answer, library: Library, language: str, turn_id: int, *, typed: str = "", judging: str = ""
) -> Iterator[str]:
    """The turn as it grows, statement by statement in at most STAGES; the last one is whole and says so (`data-state`).

    The evidence is there from the first stage. `turn_id` makes ids unique in the page. `typed` is what the visitor wrote where
    the answer's question is a follow-up that was put so that it stands by itself; `judging` is HTML for what may be said of it.
    """
    evidence = _evidence_html(answer, library, language)
    before = followed_html(typed, language) + applied_html(answer.where, library, language)
    said = statements(answer.text, answer.citations)
    for count in sorted({1, *range(1, len(said), max(1, len(said) // (STAGES - 1)))} - {len(said)})[: STAGES - 1]:
        body = before + _said_html(said[:count], answer, language)
        yield _turn_html(answer, body, evidence, "streaming", turn_id)
    body = (
        before + _said_html(said, answer, language) + _support_html(answer, language) + _missing_html(answer, language)
    )
    record = record_json(answer, library, typed)
    yield _turn_html(answer, body + _actions_html(language) + judging, evidence, "done", turn_id, record)


def followed_html(typed: str, language: str) -> str:
    """That a question was taken for a follow-up, what was typed, and the ways to change the rewriting."""
    if not typed:
        return ""
    return (
        f'<div class="q-followed"><p>{translated(language, "followed")} '
        f'<q dir="auto">{escape(_shortened(typed))}</q></p>'
        f'<button type="button" class="q-link" data-action="edit">{translated(language, "edit")}</button>'
        f'<button type="button" class="q-link" data-action="literal" data-typed="{escape(typed)}">'
        f"{translated(language, 'literal')}</button></div>"
    )


def applied_html(where: Filter | None, library: Library, language: str) -> str:
    """The filter that was applied, in words, and a way to ask without it."""
    if not where:
        return ""
    parts = "".join(f'<li dir="auto">{words}</li>' for words in filter_words(where, library, language))
    return (
        f'<div class="q-applied"><p>{translated(language, "only_in")}</p><ul>{parts}</ul>'
        f'<button type="button" class="q-link" data-action="everything">{translated(language, "everything")}</button></div>'
    )


def filter_words(where: Filter, library: Library, language: str) -> list[str]:
    """Each part of a filter as HTML: titles of documents, publishers, languages, dates, headings."""
    known = {one.doc_id: one.title for one in library.facets.documents} if where.documents else {}
    words = [escape(known.get(name) or name) for name in where.documents]
    words += [escape(name) for name in where.publishers]
    words += [language_name(code, language) for code in where.languages]
    words += [translated(language, "since", date=where.since)] if where.since else []
    words += [translated(language, "until", date=where.until)] if where.until else []
    return words + [translated(language, "under", words=heading) for heading in where.headings]


def language_name(code: str, language: str) -> str:
    """The name of a language as HTML; its code where the interface has no name for it."""
    key = f"language_{code.lower()}"
    return translated(language, key) if key in strings()[known_language(language)] else escape(code)


def _filter_json(where: Filter | None) -> str:
    return escape(json.dumps(where.to_json(), ensure_ascii=False)) if where else ""


def waiting_html(question: str, place: int, language: str, turn_id: int) -> str:
    """A turn that waits for others: the question and its place in the line."""
    return (
        f'<article class="q-turn q-waiting" data-state="waiting" data-question="{escape(question)}" '
        f'aria-labelledby="q-question-{turn_id}"><div class="q-answer">'
        f'<h2 id="q-question-{turn_id}" dir="auto">{escape(_shortened(question))}</h2>'
        f'<p class="q-quiet q-progress q-place">{translated(language, "place", n=place)}</p></div></article>'
    )


def notice_html(
    question: str, title_key: str, message: str, language: str, turn_id: int, *, everywhere: bool = False
) -> str:
    """A turn that has no answer: the question, what went wrong in words, and ways to try again, `everywhere` without the filter."""
    actions = (_action("everything", "everything", language) if everywhere else "") + _action(
        "retry", "try_again", language
    )
    return (
        f'<article class="q-turn q-notice" data-state="error" data-question="{escape(question)}" '
        f'aria-labelledby="q-question-{turn_id}"><div class="q-answer">'
        f'<h2 id="q-question-{turn_id}" dir="auto">{escape(_shortened(question))}</h2>'
        f'<div class="q-problem"><h3>{translated(language, title_key)}</h3><p>{message}</p></div>'
        f'<div class="q-actions">{actions}</div></div></article>'
    )


def record_json(answer: Answer, library: Library, typed: str = "", written_by: str = "") -> str:
    """The turn as JSON, from which the page copies footnotes and has files made; see `assistant.export.claims`.

    `written_by` names the language model that wrote the answer, if one did.
    """
    sources = []
    for citation in answer.citations:
        document = library.document(citation.doc_id)
        about = {
            "title": document.title.strip(),
            "publisher": document.metadata.get("publisher", ""),
            "date": document.metadata.get("date", ""),
            "link": web_address(document.metadata.get("source", "")),
            "page": citation.page,
            "also": ", ".join(citation.also_in),
            **citation.place.to_json(),
        }
        sources.append(
            {
                "marker": citation.marker,
                "doc_id": citation.doc_id,
                "start": citation.start,
                "end": citation.end,
                "quote": citation.quote,
                **{name: value for name, value in about.items() if value},
            }
        )
    near = [hit.passage for hit in answer.hits[:NEAREST]] if answer.abstained else []
    content: dict[str, Any] = {
        "question": answer.question,
        "typed": typed,
        "asked": datetime.now(UTC).isoformat(timespec="seconds"),
        "language": answer.language,
        "text": answer.text,
        "abstained": answer.abstained,
        "confidence": round(answer.confidence, 4),
        "citations": sources,
        "missing": list(answer.missing_terms),
        "nearest": [[passage.doc_id, passage.start, passage.end] for passage in near],
        "filter": answer.where.to_json() if answer.where else {},
    }
    if written_by:
        content["written_by"] = written_by
        content["seal"] = seal(content)
    return json.dumps(content, ensure_ascii=False)


def framed_html(
    answer: Answer,
    library: Library,
    language: str,
    turn_id: int,
    body: str,
    state: str,
    *,
    record: str = "",
    judging: str = "",
) -> str:
    """A turn around a body of its own, with the evidence of its citations and, once it is done, what can be done with it.

    `record` is that of the turn, which is copied and taken away; `judging` is how people say what they think of it.
    """
    if state == "done":
        body += _actions_html(language) + judging
    return _turn_html(answer, body, _evidence_html(answer, library, language), state, turn_id, record)


def quoted_html(answer: Answer, language: str) -> str:
    """An answer in the documents' own words, or a refusal, without what stands around it."""
    said = statements(answer.text, answer.citations)
    return _said_html(said, answer, language) + _support_html(answer, language) + _missing_html(answer, language)


def _turn_html(answer: Answer, body: str, evidence: str, state: str, turn_id: int, record: str = "") -> str:
    places = [[c.marker, c.doc_id, c.start, c.end] for c in answer.citations]
    kind = " q-refusal" if answer.abstained else ""
    kept = f'data-record="{escape(record)}" ' if record else ""
    return (
        f'<article class="q-turn{kind}" data-state="{state}" data-question="{escape(answer.question)}" '
        f'data-citations="{escape(json.dumps(places))}" data-filter="{_filter_json(answer.where)}" '
        f'{kept}aria-labelledby="q-question-{turn_id}">'
        f'<div class="q-answer"><h2 id="q-question-{turn_id}" dir="auto" {language_attribute(answer.language)}>'
        f"{escape(answer.question)}</h2>{body}</div>{evidence}</article>"
    )


def _said_html(said: Sequence[Statement], answer: Answer, language: str) -> str:
    titles = {citation.marker: citation.title for citation in answer.citations}
    parts: list[list[str]] = []
    for statement in said:
        if statement.text.startswith("\n") or not parts:
            parts.append([])
        chips = "".join(
            f'<button type="button" class="q-chip" data-marker="{marker}" '
            f"{translated_attribute(language, 'label', 'citation', n=marker, title=titles[marker])}>{marker}</button>"
            for marker in statement.markers
        )
        own = statement.text.lstrip("\n")
        words = _terms_marked(own, answer.missing_terms) if answer.abstained else _with_chips(own, chips)
        parts[-1].append(f'<span class="q-said" dir="auto">{words}</span>')
    html = "".join(f'<p class="q-part">{"".join(part)}</p>' for part in parts)
    return f'<div class="q-text" {language_attribute(answer.language)}>{html}</div>'


def _with_chips(said: str, chips: str) -> str:
    """The words of a statement and its chips; the last word and the chips stay on one line."""
    last = re.search(r"[^\s\])]{1,24}\Z", said)
    if last is None or not chips:
        return _lines_html(said) + chips
    return f'{_lines_html(said[: last.start()])}<span class="q-keep">{escape(last.group())}{chips}</span>'


def _lines_html(said: str) -> str:
    """The words of a statement; of several line feeds in a row all but the first are kept but not shown."""
    pieces = re.split(r"(?<=\n)(\s*\n)", said)
    return "".join(
        f'<span class="q-feeds">{escape(piece)}</span>' if number % 2 else prose(piece)
        for number, piece in enumerate(pieces)
    )


def _support_html(answer: Answer, language: str) -> str:
    if answer.abstained:
        return ""
    word = support(answer.confidence)
    return (
        f'<p class="q-support q-{word}"><strong>{translated(language, word)}</strong> '
        f'<span class="q-quiet">{translated(language, f"{word}_note")}</span></p>'
    )


def _terms_marked(refusal: str, terms: Sequence[str]) -> str:
    """The words of a refusal, with the terms that the documents lack set off where it names them."""
    places = sorted((refusal.rfind(term), term) for term in terms if term in refusal)
    parts: list[str] = []
    end = 0
    for start, term in places:
        if start < end:
            continue
        parts.append(f'{escape(refusal[end:start])}<span class="q-term">{escape(term)}</span>')
        end = start + len(term)
    parts.append(escape(refusal[end:]))
    return "".join(parts)


def _missing_html(answer: Answer, language: str) -> str:
    """The missing terms that the answer's own words do not name."""
    unnamed = [term for term in answer.missing_terms if term not in answer.text]
    if not unnamed:
        return ""
    terms = "".join(f'<li dir="auto" class="q-term">{escape(term)}</li>' for term in unnamed)
    return f'<div class="q-missing"><p>{translated(language, "missing")}</p><ul>{terms}</ul></div>'


def _actions_html(language: str) -> str:
    buttons = [
        _action("copy", "copy", language),
        _action("link", "link", language),
        _action("retry", "retry", language),
    ]
    return f'<div class="q-actions">{"".join(buttons)}</div>'


def _action(name: str, key: str, language: str) -> str:
    return f'<button type="button" class="q-action" data-action="{name}">{translated(language, key)}</button>'


def _evidence_html(answer: Answer, library: Library, language: str) -> str:
    near = nearest(answer, library)
    if answer.abstained:
        note = "nearest_note" if near else "no_nearest"
        head = (
            f"<h3>{translated(language, 'nearest')}</h3><p class='q-quiet'>{translated(language, note)}</p>"
            if near
            else f"<p class='q-quiet'>{translated(language, note)}</p>"
        )
        body = _cards_html(near, language)
    else:
        count = translated(language, "evidence", n=len(answer.citations))
        head = f'<h3>{translated(language, "evidence_title")}</h3><p class="q-quiet">{count}</p>'
        body = _cards_html(cards(answer, library), language)
        if near:
            body += (
                f'<details class="q-others"><summary>{translated(language, "others", n=len(near))}</summary>'
                f"{_cards_html(near, language)}</details>"
            )
    label = translated_attribute(language, "label", "nearest" if answer.abstained else "evidence_title")
    return f'<section class="q-evidence" {label}><div class="q-evidence-head">{head}</div>{body}</section>'


def _cards_html(shown: Sequence[Card], language: str) -> str:
    return "".join(card_html(card, language) for card in shown)


def _shortened(question: str, limit: int = 300) -> str:
    return question if len(question) <= limit else f"{question[:limit].rstrip()}…"

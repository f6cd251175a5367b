"""The page of comparisons as HTML; everything that comes from documents and questions is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.chat.evidence import date_html
from assistant.chat.markup import escape, prose
from assistant.chat.masthead import icon
from assistant.chat.page import filter_html
from assistant.chat.strings import DEFAULT_LANGUAGE, words_of
from assistant.chat.turn import support
from assistant.compare import units
from assistant.compare.grid import COPY, PUBLISHER, STATED, Cell
from assistant.compare.notes import Group, Note
from assistant.compare.types import Figure
from assistant.compare.wording import conversion, differing

WORDS = words_of(Path(__file__).with_name("compare.json"))
NOTES_SHOWN = 24
NOTES_OPEN = 3
"""The notes that stand above the grid; the others are folded, so that the answers are not far below."""
PAIRS_SHOWN = 6
FIGURES_SHOWN = 60
_COLUMNS = ("subject", "quote", "support")


def body_html() -> str:
    """The page before anything is asked."""
    language = DEFAULT_LANGUAGE
    return (
        f'<h1>{WORDS.translated(language, "title")}</h1><p class="w-lead">{WORDS.translated(language, "lead")}</p>'
        f'<div class="w-modes" role="group" {WORDS.attribute(language, "label", "modes")}>'
        f"{_choice('mode', 'ask', True)}{_choice('mode', 'figures', False)}</div>"
        f'<form id="q-composer" class="w-ask">{filter_html(language)}'
        '<div class="q-active-filter" id="q-active" hidden></div><div class="q-composer-box">'
        f'<button type="button" class="q-tool" id="q-narrow" aria-expanded="false" aria-controls="q-filter" '
        f"{WORDS.attribute(language, 'label', 'narrow')} {WORDS.attribute(language, 'title', 'narrow')}>{icon('narrow')}</button>"
        f'<label class="q-hidden" for="q-input" id="w-input-label">{WORDS.translated(language, "asked_all")}</label>'
        f'<textarea id="q-input" rows="1" dir="auto" autocomplete="off" enterkeyhint="send" maxlength="2000" '
        f"{WORDS.attribute(language, 'placeholder', 'ask_hint')}></textarea>"
        f'<button type="submit" class="q-send" id="q-send" {WORDS.attribute(language, "label", "compare")}>{icon("ask")}</button>'
        f'<button type="button" class="q-send" id="w-stop" hidden {WORDS.attribute(language, "label", "stop")}>{icon("stop")}</button>'
        f'</div><div class="w-by" id="w-by" role="group" {WORDS.attribute(language, "label", "by")}>'
        f"<span>{WORDS.translated(language, 'by')}</span>{_choice('by', 'document', True)}{_choice('by', 'publisher', False)}</div></form>"
        '<section id="w-result" hidden><div class="w-result-head"><div><h2 id="w-asked" dir="auto" tabindex="-1"></h2>'
        '<p class="w-note" id="w-state"></p><p class="w-note" id="w-limit" hidden></p></div>'
        f'<div class="w-result-tools"><button type="button" class="w-button" data-do="more" id="w-more" hidden></button>'
        f'<button type="button" class="w-button" data-do="csv" id="w-csv" hidden>{WORDS.translated(language, "csv")}</button></div></div>'
        f'<progress id="w-progress" max="1" value="0" {WORDS.attribute(language, "label", "progress")}></progress>'
        f'<div id="w-notes"></div><table class="w-table" id="w-grid" role="table"><thead role="rowgroup"><tr role="row">{_heads(language)}</tr></thead>'
        '<tbody role="rowgroup" id="w-stated"></tbody><tbody role="rowgroup" id="w-silent"></tbody></table></section>'
        '<section id="w-figures" hidden></section>'
    )


def _choice(name: str, value: str, pressed: bool) -> str:
    return (
        f'<button type="button" class="w-group" data-{name}="{value}" aria-pressed="{str(pressed).lower()}">'
        f"{WORDS.translated(DEFAULT_LANGUAGE, f'{name}_{value}')}</button>"
    )


def _heads(language: str) -> str:
    return "".join(
        f'<th role="columnheader" scope="col" class="w-col-{name}">{WORDS.translated(language, f"column_{name}")}</th>'
        for name in _COLUMNS
    )


def cell_json(cell: Cell, by: str, language: str) -> dict[str, Any]:
    """A row for the page, with what the page sorts by."""
    return {"html": _row(cell, by, language), "stated": cell.status == STATED, "confidence": cell.confidence}


def _row(cell: Cell, by: str, language: str) -> str:
    status = cell.status.replace(" ", "-")
    return (
        f'<tr role="row" class="w-cell w-is-{status}"><th role="rowheader" scope="row" class="w-col-subject">{_subject(cell, by, language)}</th>'
        f'<td role="cell" class="w-col-quote">{_said(cell, by, language)}</td>'
        f'<td role="cell" class="w-col-support{"" if cell.status == STATED else " w-empty"}">{_support(cell, language)}</td></tr>'
    )


def _subject(cell: Cell, by: str, language: str) -> str:
    subject = cell.subject
    parts = []
    if by == PUBLISHER and len(subject.doc_ids) > 1:
        parts.append(WORDS.translated(language, "documents", n=len(subject.doc_ids)))
    elif subject.publisher and subject.publisher != subject.label:
        parts.append(f'<span dir="auto">{escape(subject.publisher)}</span>')
    if subject.date:
        parts.append(date_html(subject.date, language))
    below = f'<span class="w-name">{" · ".join(parts)}</span>' if parts else ""
    return f'<span class="w-who" dir="auto">{escape(subject.label)}</span>{below}'


def _said(cell: Cell, by: str, language: str) -> str:
    if cell.status == COPY:
        return f'<span class="w-silent">{WORDS.translated(language, "copy_of")} <span dir="auto">{escape(cell.subject.copy_of)}</span></span>'
    citation = cell.citation
    if citation is None:
        return f'<span class="w-silent">{WORDS.translated(language, "not_stated")}</span>'
    place = f" · {WORDS.translated(language, 'page_n', n=citation.page)}" if citation.page else ""
    title = f'<span dir="auto">{escape(citation.title)}</span>' if by == PUBLISHER else ""
    more = f' <span class="w-name-inline">{WORDS.translated(language, "more", n=cell.more)}</span>' if cell.more else ""
    return (
        f'<blockquote class="w-quote" dir="auto">{prose(citation.quote)}</blockquote>'
        f'<p class="w-place">{title}{_open(citation.doc_id, citation.start, citation.end, cell.subject.label, language)}{place}{more}</p>'
    )


def _open(doc_id: str, start: int, end: int, of: str, language: str) -> str:
    return (
        f'<button type="button" class="q-link" data-see="{escape(doc_id)}" data-start="{start}" data-end="{end}">'
        f'{WORDS.translated(language, "open_here")}<span class="q-hidden">: {escape(of)}</span></button>'
    )


def _support(cell: Cell, language: str) -> str:
    if cell.status != STATED:
        return ""
    word = support(cell.confidence)
    return f'<span class="w-support w-{word}">{WORDS.translated(language, word)}</span>'


def notes_html(notes: Sequence[Note], language: str) -> str:
    """The notes on figures that several subjects give; empty without any."""
    if not notes:
        return ""
    shown = [note_html(note, language) for note in notes[:NOTES_SHOWN]]
    more = len(notes) - NOTES_SHOWN
    rest = f'<p class="w-note">{WORDS.translated(language, "more_notes", n=more)}</p>' if more > 0 else ""
    folded = "".join(shown[NOTES_OPEN:])
    if folded:
        folded = (
            f'<details class="w-pairs"><summary>{WORDS.translated(language, "more_pairs", n=len(shown) - NOTES_OPEN)}</summary>'
            f'<ul class="w-notes">{folded}</ul>{rest}</details>'
        )
    return (
        f'<h3>{WORDS.translated(language, "notes")}</h3><ul class="w-notes">{"".join(shown[:NOTES_OPEN])}</ul>{folded}'
    )


def note_html(note: Note, language: str) -> str:
    """Two figures side by side, as written, under what is said of them."""
    key = note.kind
    if note.kind == "agree" and note.relation.numbers != "equal":
        key = "agree_rounded"
    elif note.kind == "different" and note.relation.numbers in ("equal", "compatible"):
        key = f"different_{note.relation.numbers}"
    differs = "".join(
        f"<li><b>{escape(aspect)}</b> <span dir=auto>{escape(left)}</span> <i>/</i> <span dir=auto>{escape(right)}</span></li>"
        for aspect, left, right in differing(note, language)
    )
    return (
        f'<li class="w-pair w-pair-{note.kind}" lang="{language}"><p class="w-verdict">{WORDS.translated(language, f"note_{key}")}</p>'
        f'<div class="w-sides">{_side(note.left, language)}{_side(note.right, language)}</div>'
        + (f'<ul class="w-differs">{differs}</ul>' if differs else "")
        + "</li>"
    )


def _side(figure: Figure, language: str) -> str:
    return (
        f'<div class="w-side">{_written(figure, language)}<p class="w-name" dir="auto">{escape(figure.source.title)}</p>'
        f'<p class="w-context" dir="auto">{_in_context(figure)}</p>'
        f"{_open(figure.source.doc_id, figure.start, figure.end, figure.written, language)}</div>"
    )


def _written(figure: Figure, language: str) -> str:
    converted = conversion(figure, language)
    helped = f' <span class="w-converted">{escape(converted)}</span>' if converted else ""
    return f'<p class="w-figure"><span dir="auto">{escape(" ".join(figure.written.split()))}</span>{helped}</p>'


def _in_context(figure: Figure) -> str:
    first, last = figure.start - figure.sentence_start, figure.end - figure.sentence_start
    return f'{prose(figure.quote[:first])}<mark class="q-mark">{escape(figure.quote[first:last])}</mark>{prose(figure.quote[last:])}'


def groups_html(groups: Sequence[Group], total: int, language: str) -> str:
    """Figures of the whole index, each group a table with its notes below."""
    if not groups:
        return f'<p class="w-nothing">{WORDS.translated(language, "no_figures")}</p>'
    more = total - len(groups)
    rest = f'<p class="w-note">{WORDS.translated(language, "more_groups", n=more)}</p>' if more > 0 else ""
    return "".join(_group_html(group, language) for group in groups) + rest


def _group_html(group: Group, language: str) -> str:
    name = escape(group.counted) if group.dimension in (units.COUNT, units.SHARE) and group.counted else ""
    title = f'<span dir="auto">{name}</span>' if name else ""
    if group.dimension != units.COUNT or not name:
        title = WORDS.translated(language, f"kind_{group.dimension}") + (f": {title}" if title else "")
    rows = "".join(_figure_row(figure, language) for figure in group.figures[:FIGURES_SHOWN])
    heads = "".join(
        f'<th role="columnheader" scope="col">{WORDS.translated(language, f"column_{n}")}</th>'
        for n in ("figure", "said", "scope")
    )
    notes = "".join(note_html(note, language) for note in group.notes[:PAIRS_SHOWN])
    many = len(group.notes) - PAIRS_SHOWN
    rest = f'<p class="w-note">{WORDS.translated(language, "more_notes", n=many)}</p>' if many > 0 else ""
    conflicts = sum(note.kind == "conflict" for note in group.notes)
    marked = f'<span class="w-flag">{WORDS.translated(language, "conflicts", n=conflicts)}</span>' if conflicts else ""
    opened = " open" if conflicts else ""
    pairs = (
        f'<details class="w-pairs"{opened}><summary>{WORDS.translated(language, "pairs", n=len(group.notes))}</summary>'
        f'<ul class="w-notes">{notes}</ul>{rest}</details>'
        if notes
        else ""
    )
    return (
        f'<section class="w-figure-group"><h2>{title} {marked}</h2><p class="w-note">{WORDS.translated(language, "in_documents", n=group.documents)}</p>'
        f'<table class="w-table" role="table"><thead role="rowgroup"><tr role="row">{heads}</tr></thead><tbody role="rowgroup">{rows}</tbody></table>{pairs}</section>'
    )


def _figure_row(figure: Figure, language: str) -> str:
    scope = [escape(", ".join(dict.fromkeys(figure.places.values()))), escape(figure.period)]
    source = (
        f'<p class="w-place"><span class="w-name-inline" dir="auto">{escape(figure.source.title)}</span> '
        f"{_open(figure.source.doc_id, figure.start, figure.end, figure.written, language)}</p>"
    )
    return (
        f'<tr role="row"><td role="cell" class="w-col-figure">{_written(figure, language)}</td>'
        f'<td role="cell" class="w-col-said"><p class="w-context" dir="auto">{_in_context(figure)}</p>{source}</td>'
        f'<td role="cell" class="w-col-scope{"" if any(scope) else " w-empty"}">{" · ".join(filter(None, scope))}</td></tr>'
    )

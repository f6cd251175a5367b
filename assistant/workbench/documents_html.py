"""The page of documents as HTML; everything that comes from documents and file names is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.chat.evidence import date_html
from assistant.chat.markup import escape
from assistant.chat.masthead import icon
from assistant.chat.strings import DEFAULT_LANGUAGE, words_of
from assistant.workbench.catalogue import Catalogued, Entry, Status
from assistant.workbench.listing import Choice, Part
from assistant.workbench.names import visible_name
from assistant.workbench.reasons import in_spanish
from assistant.workbench.sizes import size_words
from assistant.workbench.trash import REMOVED, REPLACED, Removed
from assistant.workbench.uploads import MEGABYTE, Limits
from index.discovery import SUFFIXES

WORDS = words_of(Path(__file__).with_name("documents.json"))
_COLUMNS = ("title", "kind", "language", "pages", "passages", "date", "status")
MOST_REMOVED = 100
_NUMBERS = frozenset({"pages", "passages"})


def body_html(limits: Limits) -> str:
    """The page before it has asked the server for anything."""
    language = DEFAULT_LANGUAGE

    def words(key: str, **values: object) -> str:
        return WORDS.translated(language, key, **values)

    def attribute(kind: str, key: str) -> str:
        return WORDS.attribute(language, kind, key)

    accepted = ",".join(sorted(SUFFIXES))
    size = limits.file_bytes // MEGABYTE
    return (
        f'<h1>{words("title")}</h1><p class="w-lead" id="w-summary"></p><p class="w-notice" id="w-notice" hidden></p><p class="w-said" id="w-said" hidden></p>'
        '<section class="w-build" id="w-build" hidden><div class="w-build-line"><p id="w-build-text"></p>'
        f'<button type="button" class="w-button" id="w-stop-build" hidden>{words("build_stop")}</button>'
        f'<button type="button" class="w-button w-main" id="w-start-build">{words("build_start")}</button></div>'
        '<div id="w-stages" hidden></div><p class="w-note" id="w-last"></p></section>'
        f'<section class="w-add" id="w-add" hidden {attribute("label", "add")}><p class="w-add-line">{icon("add")}'
        f"<span>{words('drop')}</span>"
        f'<button type="button" class="w-button" id="w-choose">{words("choose")}</button></p>'
        f'<p class="w-note">{words("formats", size=size)}</p>'
        f'<input type="file" id="w-files" multiple hidden accept="{accepted}" {attribute("label", "choose")}>'
        '<div id="w-arriving" hidden><div class="w-arriving-head"><p id="w-arriving-text" role="status"></p>'
        f'<button type="button" class="w-button" id="w-arriving-end">{words("cancel")}</button></div>'
        '<ul id="w-arriving-list"></ul></div></section>'
        f'<div class="w-tools"><input type="search" id="w-find" class="w-input" autocomplete="off" '
        f"{attribute('placeholder', 'find')} {attribute('label', 'find')}>"
        f'<div class="w-groups" id="w-groups" role="group" {attribute("label", "groups")}></div>'
        f'<select id="w-kind" class="w-input" {attribute("label", "kind")}></select>'
        f'<select id="w-language" class="w-input" {attribute("label", "column_language")}></select></div>'
        f'<div class="w-picked" id="w-picked" hidden><span id="w-picked-text" role="status"></span>'
        f'<button type="button" class="w-button" id="w-remove">{words("remove")}</button>'
        f'<button type="button" class="w-button" id="w-unpick">{words("unpick")}</button></div>'
        '<div id="w-list"></div>'
        f'<details class="w-details" id="w-versions" hidden><summary>{words("versions")}</summary>'
        f'<p class="w-note">{words("versions_note")}</p><div class="w-details-body"></div></details>'
        f'<details class="w-details" id="w-trash" hidden><summary>{words("trash")} <span id="w-trash-count"></span></summary>'
        f'<p class="w-note">{words("trash_note")}</p><div class="w-details-body"></div></details>'
    )


def summary_html(catalogued: Catalogued, language: str) -> str:
    """How much the index holds, when it was built, and from which folder."""
    manifest = catalogued.manifest
    return (
        f"{WORDS.translated(language, 'holds', n=manifest.documents, passages=f'{manifest.passages:,}')} "
        f'{WORDS.translated(language, "source")} <code dir="auto">{escape(manifest.source)}</code>, '
        f'{WORDS.translated(language, "built")} <time datetime="{escape(manifest.created)}" data-moment></time>'
    )


def list_html(shown: Part, choice: Choice, language: str, *, picking: bool = False) -> str:
    """The table with one page of the list, and the way to the other pages; `picking` lets visitors pick what to remove."""
    if not shown.entries:
        return f'<p class="w-nothing">{WORDS.translated(language, "nothing")}</p>'
    head = "".join(_head(name, choice, language) for name in _COLUMNS)
    if picking:
        label = WORDS.attribute(language, "label", "pick_all")
        head = f'<th role="columnheader" class="w-col-pick"><input type="checkbox" data-pick-all {label}></th>{head}'
    rows = "".join(_row(entry, language, picking=picking) for entry in shown.entries)
    return (
        f'<table class="w-table" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>{_pager(shown, language)}'
    )


def trash_html(removed: Sequence[Removed], language: str) -> str:
    """What the trash holds, each with a way back, and a way to empty it."""
    if not removed:
        return f'<p class="w-nothing">{WORDS.translated(language, "trash_empty")}</p>'
    shown = "".join(_removed(one, language) for one in removed[:MOST_REMOVED])
    more = WORDS.translated(language, "trash_more", n=len(removed) - MOST_REMOVED)
    return (
        f'<ul class="w-rows">{shown}</ul>'
        + (f'<p class="w-note">{more}</p>' if len(removed) > MOST_REMOVED else "")
        + f'<button type="button" class="w-button" data-empty-trash="{len(removed)}">'
        f"{WORDS.translated(language, 'trash_delete_all')}</button>"
    )


def _removed(one: Removed, language: str) -> str:
    size = size_words(WORDS, one.size, language)
    why = WORDS.translated(language, f"why_{one.why}") if one.why in (REMOVED, REPLACED) else ""
    name, key = escape(visible_name(one.name)), escape(one.trash_id)
    return (
        f'<li class="w-row"><div><strong dir="auto">{name}</strong><span class="q-quiet">{why} '
        f'<time datetime="{escape(one.when)}" data-moment></time> · {size}</span></div>'
        f'<span class="w-row-actions"><button type="button" class="w-button" data-restore="{key}">'
        f"{WORDS.translated(language, 'trash_restore')}</button>"
        f'<button type="button" class="w-button" data-delete="{key}" data-name="{name}">'
        f"{WORDS.translated(language, 'trash_delete')}</button></span></li>"
    )


def _head(name: str, choice: Choice, language: str) -> str:
    order = "descending" if choice.descending else "ascending"
    sort = f' aria-sort="{order}"' if choice.sort == name else ""
    number = " w-number" if name in _NUMBERS else ""
    return (
        f'<th role="columnheader" scope="col" class="w-col-{name}{number}"{sort}>'
        f'<button type="button" data-sort="{name}">{WORDS.translated(language, f"column_{name}")}</button></th>'
    )


def _row(entry: Entry, language: str, *, picking: bool) -> str:
    # What is no document has its name for a title.
    title = f'<span dir="auto">{escape(entry.title if entry.indexed else visible_name(entry.title))}</span>'
    if entry.indexed:
        title = f'<button type="button" class="w-open" data-see="{escape(entry.doc_id)}">{title}</button>'
    name = (
        f'<span class="w-name" dir="auto">{escape(visible_name(entry.doc_id))}</span>'
        if entry.doc_id != entry.title
        else ""
    )
    cells = [
        f"{title}{name}",
        WORDS.translated(language, f"kind_{entry.kind}") if entry.kind else "",
        language_name(entry.language, language),
        f"{entry.pages:,}" if entry.pages else "",
        f"{entry.passages:,}" if entry.indexed else "",
        date_html(entry.date, language) if entry.date else "",
        _status(entry, language),
    ]
    columns = zip(_COLUMNS, cells, strict=True)
    pick = _pick(entry, language) if picking else ""
    return f'<tr role="row">{pick}{"".join(_cell(column, cell, language) for column, cell in columns)}</tr>'


def _pick(entry: Entry, language: str) -> str:
    box = ""
    if entry.status != Status.REMOVED:
        label = WORDS.attribute(language, "label", "pick", name=entry.title)
        box = f'<input type="checkbox" data-pick="{escape(entry.file)}" {label}>'
    return f'<td role="cell" class="w-col-pick">{box}</td>'


def _cell(name: str, content: str, language: str) -> str:
    number = " w-number" if name in _NUMBERS else ""
    label = f'<span class="w-label" aria-hidden="true">{WORDS.translated(language, f"column_{name}")}</span>'
    return f'<td role="cell" class="w-col-{name}{number}{"" if content else " w-empty"}">{label if content else ""}{content}</td>'


def _status(entry: Entry, language: str) -> str:
    words = WORDS.translated(language, f"status_{entry.status}")
    note = ""
    if entry.copy_of:
        note = f'{WORDS.translated(language, "copy_of")} <span dir="auto">{escape(visible_name(entry.copy_of))}</span>'
    elif entry.reason:
        note = _reason(entry.reason, language)
    return f'<span class="w-status w-is-{entry.status}">{words}</span>' + (
        f'<p class="w-note">{note}</p>' if note else ""
    )


def _reason(reason: str, language: str) -> str:
    """Why a file was not read, with its names and figures; in English where there are no Spanish words for it."""
    spanish = in_spanish(reason)
    if spanish is None:
        return f'<span lang="en" dir="auto">{escape(reason)}</span>'
    return WORDS.translated(language, "why", en=reason, es=spanish)


def language_name(code: str, language: str) -> str:
    """The name of a document's language, or its code; nothing where it is unknown."""
    if code in ("", "und"):
        return ""
    key = f"language_{code.lower()}"
    return WORDS.translated(language, key) if key in WORDS.tables[language] else escape(code)


def _pager(shown: Part, language: str) -> str:
    if shown.pages == 1:
        return f'<p class="w-pager">{WORDS.translated(language, "fitting", n=shown.fitting)}</p>'

    def step(key: str, page: int) -> str:
        possible = 1 <= page <= shown.pages
        disabled = "" if possible else " disabled"
        return (
            f'<button type="button" class="w-button" data-page-number="{page}"{disabled}>'
            f"{WORDS.translated(language, key)}</button>"
        )

    position = WORDS.translated(language, "page_of", page=shown.page, pages=shown.pages, total=f"{shown.fitting:,}")
    return (
        f'<nav class="w-pager" {WORDS.attribute(language, "label", "pager")}>{step("page_before", shown.page - 1)}'
        f"<span>{position}</span>{step('page_after', shown.page + 1)}</nav>"
    )

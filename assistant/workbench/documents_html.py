"""The page of documents as HTML; everything that comes from documents and file names is escaped."""

from __future__ import annotations

from pathlib import Path

from assistant.chat.evidence import date_html
from assistant.chat.markup import escape
from assistant.chat.strings import DEFAULT_LANGUAGE, words_of
from assistant.workbench.catalogue import Catalogued, Entry
from assistant.workbench.listing import Choice, Part

WORDS = words_of(Path(__file__).with_name("documents.json"))
_COLUMNS = ("title", "kind", "language", "pages", "passages", "date", "status")
_NUMBERS = frozenset({"pages", "passages"})


def body_html() -> str:
    """The page before it has asked the server for anything."""
    language = DEFAULT_LANGUAGE
    search = WORDS.attribute(language, "placeholder", "find")
    return (
        f'<h1>{WORDS.translated(language, "title")}</h1><p class="w-lead" id="w-summary"></p>'
        f'<div class="w-tools"><input type="search" id="w-find" class="w-input" autocomplete="off" {search} '
        f"{WORDS.attribute(language, 'label', 'find')}>"
        f'<div class="w-groups" id="w-groups" role="group" {WORDS.attribute(language, "label", "groups")}></div>'
        f'<select id="w-kind" class="w-input" {WORDS.attribute(language, "label", "kind")}></select>'
        f'<select id="w-language" class="w-input" {WORDS.attribute(language, "label", "column_language")}></select></div>'
        '<div id="w-list" aria-live="off"></div>'
    )


def summary_html(catalogued: Catalogued, language: str) -> str:
    """How much the index holds, and from which folder."""
    manifest = catalogued.manifest
    return (
        f"{WORDS.translated(language, 'holds', n=manifest.documents, passages=f'{manifest.passages:,}')} "
        f'{WORDS.translated(language, "source")} <code dir="auto">{escape(manifest.source)}</code>'
    )


def list_html(shown: Part, choice: Choice, language: str) -> str:
    """The table with one page of the list, and the way to the other pages."""
    if not shown.entries:
        return f'<p class="w-nothing">{WORDS.translated(language, "nothing")}</p>'
    head = "".join(_head(name, choice, language) for name in _COLUMNS)
    rows = "".join(_row(entry, language) for entry in shown.entries)
    return (
        f'<table class="w-table" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>{_pager(shown, language)}'
    )


def _head(name: str, choice: Choice, language: str) -> str:
    order = "descending" if choice.descending else "ascending"
    sort = f' aria-sort="{order}"' if choice.sort == name else ""
    number = " w-number" if name in _NUMBERS else ""
    return (
        f'<th role="columnheader" scope="col" class="w-col-{name}{number}"{sort}>'
        f'<button type="button" data-sort="{name}">{WORDS.translated(language, f"column_{name}")}</button></th>'
    )


def _row(entry: Entry, language: str) -> str:
    title = f'<span dir="auto">{escape(entry.title)}</span>'
    if entry.indexed:
        title = f'<button type="button" class="w-open" data-see="{escape(entry.doc_id)}">{title}</button>'
    name = f'<span class="w-name" dir="auto">{escape(entry.doc_id)}</span>' if entry.doc_id != entry.title else ""
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
    return f'<tr role="row">{"".join(_cell(column, cell, language) for column, cell in columns)}</tr>'


def _cell(name: str, content: str, language: str) -> str:
    number = " w-number" if name in _NUMBERS else ""
    label = f'<span class="w-label" aria-hidden="true">{WORDS.translated(language, f"column_{name}")}</span>'
    return f'<td role="cell" class="w-col-{name}{number}{"" if content else " w-empty"}">{label if content else ""}{content}</td>'


def _status(entry: Entry, language: str) -> str:
    words = WORDS.translated(language, f"status_{entry.status}")
    note = ""
    if entry.copy_of:
        note = f'{WORDS.translated(language, "copy_of")} <span dir="auto">{escape(entry.copy_of)}</span>'
    elif entry.reason:
        note = f'<span lang="en" dir="auto">{escape(entry.reason)}</span>'
    return f'<span class="w-status w-is-{entry.status}">{words}</span>' + (
        f'<p class="w-note">{note}</p>' if note else ""
    )


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

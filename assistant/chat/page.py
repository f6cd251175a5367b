"""The fixed parts of the page: masthead, first page with examples, composer, reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.chat.markup import escape
from assistant.chat.masthead import CHAT, NAMES, icon, masthead_html
from assistant.chat.strings import DEFAULT_LANGUAGE, LANGUAGES, translated, translated_attribute

TAKEN_AS = ("docx", "pdf", "md", "json")
"""The formats in which a conversation can be taken away, in the order in which they are offered."""


def top_html(
    examples: Mapping[str, Sequence[str]], documents: int, *, pages: Sequence[str] = (), logout: bool = False
) -> str:
    """Masthead, first page and the place where earlier turns are kept; see `masthead_html`."""
    language = DEFAULT_LANGUAGE
    columns = "".join(
        f'<div class="q-examples" lang="{code}"><h3>{NAMES[code]}</h3><ul>{_examples_html(examples[code])}</ul></div>'
        for code in LANGUAGES
        if examples.get(code)
    )
    shown = f'<p class="q-label">{translated(language, "examples")}</p><div class="q-example-columns">{columns}</div>'
    return (
        f'<a class="q-skip" href="#q-input" data-skip>{translated(language, "skip")}</a>'
        f"{masthead_html(CHAT, pages, logout=logout, tools=_take_html(DEFAULT_LANGUAGE))}"
        f'<section class="q-intro" id="q-intro"><h1>{translated(language, "intro_title")}</h1>'
        f'<p class="q-lead">{translated(language, "intro_text")} '
        f"{translated(language, 'intro_corpus', n=documents)}</p>{shown if columns else ''}</section>"
        f'<section id="q-history" {translated_attribute(language, "label", "conversation")}></section>'
        '<div id="q-stage"></div>'
    )


def composer_html(*, writes: bool = False) -> str:
    """The question's form, the status that screen readers hear, the reader and the tooltip.

    Where a language model `writes`, the form has a choice between written and verbatim answers.
    """
    language = DEFAULT_LANGUAGE
    return (
        f'<div id="q-pending"></div><form class="q-composer" id="q-composer">{filter_html(language)}'
        '<div class="q-active-filter" id="q-active" hidden></div><div class="q-composer-box">'
        f'<button type="button" class="q-tool" id="q-narrow" aria-expanded="false" aria-controls="q-filter" '
        f"{translated_attribute(language, 'label', 'narrow')} {translated_attribute(language, 'title', 'narrow')}>"
        f"{icon('narrow')}</button>"
        f'<label class="q-hidden" for="q-input">{translated(language, "question")}</label>'
        f'<textarea id="q-input" rows="1" dir="auto" autocomplete="off" enterkeyhint="send" '
        f'aria-describedby="q-hint" {translated_attribute(language, "placeholder", "placeholder")}></textarea>'
        f'<button type="submit" class="q-send" id="q-send" {translated_attribute(language, "label", "ask")}>'
        f"{icon('ask')}</button>"
        f'<button type="button" class="q-send" id="q-stop" hidden {translated_attribute(language, "label", "stop")}>'
        f"{icon('stop')}</button></div>"
        f'<div class="q-under">{_mode_html(language) if writes else ""}'
        f'<p class="q-hint" id="q-hint">{translated(language, "hint")}</p></div></form>'
        '<div class="q-hidden" id="q-status" role="status" aria-live="polite"></div>'
        f"{reader_html(language)}"
        '<div id="q-tip" role="tooltip" hidden><span class="q-tip-quote" dir="auto"></span>'
        '<span class="q-tip-title" dir="auto"></span></div>'
    )


def _mode_html(language: str) -> str:
    """The choice between an answer that the model writes and one in the documents' own words."""
    choices = "".join(
        f'<button type="button" data-mode="{mode}" aria-pressed="{"true" if mode == "written" else "false"}" '
        f"{translated_attribute(language, 'title', f'mode_{mode}_title')}>{translated(language, f'mode_{mode}')}</button>"
        for mode in ("written", "verbatim")
    )
    return f'<div class="q-mode" id="q-mode" role="group" {translated_attribute(language, "label", "mode")}>{choices}</div>'


def reader_html(language: str) -> str:
    """The reader, closed: a dialog that holds one document."""
    buttons = "".join(
        f'<button type="button" class="q-tool" data-reader="{name}" {translated_attribute(language, "label", name)} '
        f"{translated_attribute(language, 'title', name)}>{icon(name)}</button>"
        for name in ("previous", "next", "close")
    )
    return (
        '<dialog id="q-reader" aria-labelledby="q-reader-title"><div class="q-reader-bar">'
        f'<span class="q-position" id="q-position" aria-live="polite"></span>'
        f'<span class="q-keys">{translated(language, "reader_hint")}</span>{buttons}</div>'
        f'<div class="q-reader-body" id="q-reader-body" tabindex="0" role="region" '
        f"{translated_attribute(language, 'label', 'reader')}></div></dialog>"
    )


def _take_html(language: str) -> str:
    """The button that opens the choice of formats, and the panel with them; it is shown once something was asked."""
    choices = "".join(
        f'<li><button type="button" class="q-take-choice" data-take="{suffix}">'
        f'<strong>{translated(language, f"take_{suffix}")}</strong><span class="q-take-suffix">.{suffix}</span>'
        f'<span class="q-quiet">{translated(language, f"take_{suffix}_note")}</span></button></li>'
        for suffix in TAKEN_AS
    )
    return (
        '<button type="button" class="q-tool" id="q-take-button" aria-expanded="false" aria-controls="q-take" '
        f"{translated_attribute(language, 'label', 'take')} {translated_attribute(language, 'title', 'take')}>"
        f"{icon('take')}</button>"
        '<div class="q-take" id="q-take" role="group" aria-labelledby="q-take-title" hidden>'
        f'<p class="q-take-title" id="q-take-title">{translated(language, "take_title")}</p>'
        f'<p class="q-take-note q-quiet">{translated(language, "take_note")}</p><ul>{choices}</ul>'
        '<p class="q-take-said" id="q-take-said" role="status"></p></div>'
    )


def filter_html(language: str) -> str:
    """The panel that narrows the search; its lists are filled when it is opened."""

    def group(name: str, content: str) -> str:
        return (
            f'<fieldset class="q-facet" data-facet="{name}"><legend>{translated(language, f"narrow_{name}")}</legend>'
            f"{content}</fieldset>"
        )

    def field(name: str, kind: str, key: str, extra: str = "") -> str:
        return (
            f'<label class="q-field"><span>{translated(language, key)}</span>'
            f'<input type="{kind}" id="q-filter-{name}" autocomplete="off"{extra}></label>'
        )

    hint = translated_attribute(language, "placeholder", "narrow_headings_hint")
    find = translated_attribute(language, "placeholder", "narrow_find")
    label = translated_attribute(language, "label", "narrow_find")
    documents = f'<input type="search" id="q-filter-find" autocomplete="off" {find} {label}><ul class="q-checks"></ul>'
    dates = (
        f'<div class="q-dates">{field("since", "date", "narrow_since")}{field("until", "date", "narrow_until")}</div>'
        f'<p class="q-quiet">{translated(language, "narrow_undated")}</p>'
    )
    words = (
        f'<input type="text" id="q-filter-headings" list="q-filter-known" autocomplete="off" {hint} '
        f'{translated_attribute(language, "label", "narrow_headings")}><datalist id="q-filter-known"></datalist>'
    )
    return (
        f'<section class="q-filter" id="q-filter" hidden {translated_attribute(language, "label", "narrow_title")}>'
        f'<div class="q-filter-head"><h2>{translated(language, "narrow_title")}</h2>'
        '<span class="q-quiet" id="q-filter-count" role="status"></span></div><div class="q-facets">'
        f"{group('documents', documents)}<div>{group('publishers', '<ul class=q-checks></ul>')}</div>"
        f"<div>{group('languages', '<ul class=q-checks></ul>')}"
        f"{group('dates', dates)}"
        f'{group("headings", words)}</div></div><div class="q-filter-foot">'
        f'<button type="button" class="q-action" data-filter="clear">{translated(language, "narrow_clear")}</button>'
        f'<button type="button" class="q-button" data-filter="done">{translated(language, "narrow_done")}</button>'
        "</div></section>"
    )


def _examples_html(questions: Sequence[str]) -> str:
    return "".join(
        f'<li><button type="button" class="q-example" data-question="{escape(question)}" dir="auto">'
        f"{escape(question)}</button></li>"
        for question in questions
    )

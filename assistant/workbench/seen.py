"""A document's text as the index sees it: cut into passages, under their headings, each sentence apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.chat.evidence import meta_html, title_html
from assistant.chat.library import Library
from assistant.chat.markup import escape, language_attribute
from assistant.chat.strings import words_of
from assistant.workbench.names import visible_name
from index.types import Document, Passage

WORDS = words_of(Path(__file__).with_name("documents.json"))
AT_ONCE = 60
"""Passages that are shown before more are asked for."""


def seen_html(library: Library, asked: Mapping[str, object], language: str) -> str:
    """The passages of the document `doc` from number `first` on (from 0), at most AT_ONCE of them.

    The document's head stands before the first. Raises KeyError for a document that is not there.
    """
    doc_id, first = asked.get("doc"), asked.get("first")
    if not isinstance(doc_id, str) or doc_id not in library.doc_ids():
        raise KeyError(doc_id)
    begin = first if type(first) is int and first > 0 else 0
    document, passages = library.document(doc_id), library.passages(doc_id)
    body = "".join(
        _between(document, passages, number) + _passage(document, passage, number, len(passages), language)
        for number, passage in enumerate(passages[begin : begin + AT_ONCE], start=begin)
    )
    left = len(passages) - begin - AT_ONCE
    if left > 0:
        more = WORDS.translated(language, "seen_more", n=left)
        body += f'<button type="button" class="w-button" data-seen-more="{begin + AT_ONCE}">{more}</button>'
    elif passages:
        body += _dim(document.text[passages[-1].end :])
    return (_head(document, len(passages), language) if begin == 0 else "") + body


def _head(document: Document, passages: int, language: str) -> str:
    counts = WORDS.translated(language, "seen_counts", n=passages, characters=f"{len(document.text):,}")
    return (
        f'<header class="q-reader-head"><h2 id="q-reader-title" tabindex="-1" dir="auto" '
        f"{language_attribute(document.language)}>{title_html(document, language)}</h2>"
        f'{meta_html(document, None, language)}<p class="q-meta"><code dir="auto">{escape(visible_name(document.doc_id))}</code></p>'
        f'<p class="q-meta">{counts}</p><p class="w-lead">{WORDS.translated(language, "seen_note")}</p></header>'
    )


def _between(document: Document, passages: Sequence[Passage], number: int) -> str:
    """What stands between this passage and the one before, and is in neither."""
    return _dim(document.text[passages[number - 1].end if number else 0 : passages[number].start])


def _dim(text: str) -> str:
    return f'<div class="w-between" dir="auto">{escape(text)}</div>' if text.strip() else ""


def _passage(document: Document, passage: Passage, number: int, total: int, language: str) -> str:
    label = WORDS.translated(language, "seen_passage", number=number + 1, total=total)
    page = document.page_at(passage.start)
    where = f" · {WORDS.translated(language, 'page', n=page)}" if page is not None else ""
    characters = WORDS.translated(language, "seen_range", start=f"{passage.start:,}", end=f"{passage.end:,}")
    crumbs = "".join(f'<li dir="auto">{escape(heading)}</li>' for heading in passage.headings)
    headings = (
        f'<ol class="q-crumbs" {WORDS.attribute(language, "label", "seen_headings")}>{crumbs}</ol>' if crumbs else ""
    )
    return (
        f'<section class="w-seen"><div class="w-seen-head"><h3>{label}</h3><span class="q-quiet">{characters}{where}</span>'
        f'{headings}</div><div class="w-seen-text" dir="auto" {language_attribute(document.language)}>'
        f"{_sentences(document.text, passage)}</div></section>"
    )


def _sentences(text: str, passage: Passage) -> str:
    """The passage's characters, each citable sentence in an element of its own."""
    parts: list[str] = []
    at = passage.start
    for start, end, kind in passage.sentences:
        if start < at:
            continue
        parts.append(escape(text[at:start]))
        parts.append(f'<span class="w-sentence w-kind-{escape(kind)}">{escape(text[start:end])}</span>')
        at = end
    parts.append(escape(text[at : passage.end]))
    return "".join(parts)

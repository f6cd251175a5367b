"""The generations of an index as a page shows them."""

from __future__ import annotations

from pathlib import Path

from assistant.chat.markup import escape
from assistant.chat.strings import words_of
from assistant.workbench.sizes import size_words
from index.generations import Kept

WORDS = words_of(Path(__file__).with_name("documents.json"))


def versions_html(kept: list[Kept], language: str, *, manage: bool) -> str:
    """The generations, the newest first; those that are whole and not live with a way back to them if visitors `manage`."""
    return f'<ul class="w-rows">{"".join(_row(one, language, manage=manage) for one in kept)}</ul>'


def _row(one: Kept, language: str, *, manage: bool) -> str:
    m = one.manifest
    about = ""
    if m is not None:
        counts = WORDS.translated(language, "holds", n=m.documents, passages=f"{m.passages:,}")
        size = size_words(WORDS, one.size, language)
        about = f'<span class="q-quiet">{counts} {size} · {escape(m.model_name)}</span>'
    when = f'<time datetime="{escape(m.created)}" data-moment></time>' if m is not None else ""
    action = ""
    if one.live:
        action = f'<span class="w-badge">{WORDS.translated(language, "version_live")}</span>'
    elif manage and one.fault is None:
        action = (
            f'<button type="button" class="w-button" data-rollback="{escape(one.name)}">'
            f"{WORDS.translated(language, 'version_back')}</button>"
        )
    fault = f'<span class="w-note" lang="en" dir="auto">{escape(one.fault)}</span>' if one.fault else ""
    return (
        f'<li class="w-row"><div><strong>{when or escape(one.name)}</strong> <code>{escape(one.name)}</code>'
        f"{about}{fault}</div>{action}</li>"
    )

"""The bar at the top of every page: the name, the way to the other pages, language, light or dark, leaving."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.chat.strings import DEFAULT_LANGUAGE, LANGUAGES, translated, translated_attribute

CHAT = ""
"""The path of the chat's own page, below the server's root."""

NAMES = {"en": "English", "es": "Español"}

# A main cord with three knotted pendants, as a quipu has.
_LOGO = (
    '<svg class="q-logo" viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" '
    'stroke-linecap="round"><path d="M3 6.5c6-2.2 20-2.2 26 0M9 6v20M16 5.2v23M23 6v16"/>'
    '<g fill="currentColor" stroke="none"><circle cx="9" cy="14" r="2.6"/><circle cx="9" cy="21" r="2.6"/>'
    '<circle cx="16" cy="11" r="2.6"/><circle cx="16" cy="22.5" r="2.6"/><circle cx="23" cy="16.5" r="2.6"/></g></svg>'
)
_ICONS = {
    "add": '<path d="M12 16V4M7 9l5-5 5 5M5 16v4h14v-4"/>',
    "ask": '<path d="M12 19V5M5 12l7-7 7 7"/>',
    "stop": '<rect x="6" y="6" width="12" height="12" rx="2" fill="currentColor"/>',
    "theme": '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" stroke="none"/>',
    "take": '<path d="M12 4v11M7 10.5l5 5 5-5M5 20h14"/>',
    "new": '<path d="M12 5v14M5 12h14"/>',
    "narrow": '<path d="M4 6h16M7 12h10M10 18h4"/>',
    "logout": '<path d="M14 4h5v16h-5M11 8l-4 4 4 4M7 12h9"/>',
    "up": '<path d="M7 11v9H4v-9zM7 11l4-7c1.6 0 2.5 1 2.5 2.5L13 10h5.2a1.8 1.8 0 0 1 1.8 2.1l-1.1 6.2a2 2 0 0 1-2 1.7H7"/>',
    "down": '<path d="M7 13V4H4v9zM7 13l4 7c1.6 0 2.5-1 2.5-2.5L13 14h5.2a1.8 1.8 0 0 0 1.8-2.1l-1.1-6.2a2 2 0 0 0-2-1.7H7"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "previous": '<path d="M6 15l6-6 6 6"/>',
    "next": '<path d="M6 9l6 6 6-6"/>',
}


def masthead_html(current: str, pages: Sequence[str] = (), *, logout: bool = False, tools: str = "") -> str:
    """The bar on the page with the path `current`; `pages` are the paths of the pages beside the chat that are open.

    `logout` adds a way to log out, `tools` are those of the page itself. Where the chat is the only page, its place is taken by what Quipu is about.
    """
    language = DEFAULT_LANGUAGE
    about = navigation_html(current, pages) if pages else f'<p class="q-tagline">{translated(language, "tagline")}</p>'
    return (
        f'<div class="q-masthead"><p class="q-brand">{_LOGO}<span>Quipu</span></p>{about}<div class="q-tools">{tools}'
        f"{_tool('new', language, hidden=True) if current == CHAT else ''}{_languages_html(language)}"
        f"{_tool('theme', language)}{_tool('logout', language) if logout else ''}</div></div>"
    )


def navigation_html(current: str, pages: Sequence[str]) -> str:
    """Links to the chat and the pages beside it; the current one is marked."""
    language = DEFAULT_LANGUAGE
    links = "".join(_link(path, path == current, language) for path in (CHAT, *pages))
    return f'<nav class="q-nav" {translated_attribute(language, "label", "nav")}>{links}</nav>'


def _link(path: str, current: bool, language: str) -> str:
    here = ' aria-current="page"' if current else ""
    return f'<a href="/{path}"{here}>{translated(language, "nav_" + (path or "chat"))}</a>'


def icon(name: str) -> str:
    """A line drawing of 24 units that takes the colour of the text."""
    return (
        '<svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round">{_ICONS[name]}</svg>'
    )


def _languages_html(language: str) -> str:
    choices = "".join(
        f'<button type="button" data-language="{code}" lang="{code}" aria-label="{NAMES[code]}" '
        f'aria-pressed="{"true" if code == language else "false"}">{code.upper()}</button>'
        for code in LANGUAGES
    )
    return (
        f'<div class="q-languages" role="group" {translated_attribute(language, "label", "language")}>{choices}</div>'
    )


def _tool(name: str, language: str, *, hidden: bool = False) -> str:
    return (
        f'<button type="button" class="q-tool" data-tool="{name}" {"hidden " if hidden else ""}'
        f"{translated_attribute(language, 'label', name)} {translated_attribute(language, 'title', name)}>"
        f"{icon(name)}</button>"
    )

"""Text to HTML: escaping that keeps every character, and quiet web and Markdown debris.

A browser gives the same characters back: `element.textContent` of escaped text is the text, with U+0000 (which HTML
cannot hold) as U+FFFD.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

# A Markdown link (its words apart from its brackets and target), or a long bare address.
_DEBRIS = re.compile(
    r"(?P<open>!?\[)(?P<words>[^\[\]\n]{1,300})(?P<target>\]\([^()\s]{1,2000}\))|(?P<address>https?://[^\s<>()\[\]]{24,2000})"
)


def escape(text: str) -> str:
    """`text` as HTML, safe between tags and inside quoted attributes.

    A carriage return becomes a character reference, because HTML parsers turn a bare one into a line feed.
    """
    return html.escape(text, quote=True).replace("\r", "&#13;").replace("\0", "\ufffd")


def prose(text: str) -> str:
    """`text` as HTML in which the brackets and targets of links, and long addresses, are marked up to be shown short.

    Nothing is left out: the characters of the HTML are those of `text`.
    """
    parts: list[str] = []
    end = 0
    for found in _DEBRIS.finditer(text):
        parts.append(escape(text[end : found.start()]))
        if found["address"]:
            parts.append(f'<span class="q-address">{escape(found["address"])}</span>')
        else:
            parts += [
                f'<span class="q-bracket">{escape(found["open"])}</span>{escape(found["words"])}',
                f'<span class="q-target" title="{escape(found["target"][2:-1])}">{escape(found["target"])}</span>',
            ]
        end = found.end()
    parts.append(escape(text[end:]))
    return "".join(parts)


def web_address(value: str) -> str | None:
    """`value` if it is an http or https address that can be offered as a link, else None."""
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return None
    return value.strip() if parts.scheme in ("http", "https") and parts.netloc else None


def language_attribute(language: str) -> str:
    """`lang="…"` for an ISO 639 code; nothing for an unknown language."""
    return f'lang="{language}"' if re.fullmatch(r"[a-z]{2,3}", language) and language != "und" else ""

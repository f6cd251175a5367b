"""Text of documents and people as it may be shown: what steers a display is made visible, link debris is put away."""

from __future__ import annotations

import re
import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"

# Control characters, those that turn or isolate the writing direction, lone surrogates and non-characters: none of them is a
# letter, XML cannot hold most of them, and the turning ones would reorder what stands around a quote.
_STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\([^()\s]{1,2000}\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1")
_HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)
_WRAPPED = re.compile(r"(?<=[^\W\d_])[^\S\n]*\n[^\S\n]*(?=[a-zß-öø-ÿ])")
"""A line end inside a sentence."""
_BULLET = re.compile(r"\s*[-*•‣▪·–] +")


def shown(text: str) -> str:
    """The text with every character that steers a display replaced by U+FFFD; line ends are line feeds."""
    return _STEERING.sub(REPLACED, re.sub("\r\n?|[\x85\u2028\u2029]", "\n", text))


def line(text: str) -> str:
    """The text on one line."""
    return " ".join(shown(text).split())


def readable(text: str) -> str:
    """The words of a text, without the marks of Markdown links, headings and bold type; its own words stay as they are."""
    words = _HEADING.sub("", _LINK.sub(r"\1", shown(text)))
    words = _WRAPPED.sub(" ", _STRONG.sub(r"\2", words))
    return re.sub(r"[^\S\n]+", " ", re.sub(r"\s*\n\s*", "\n", words)).strip()


def unbulleted(text: str) -> tuple[str, bool]:
    """The text without the mark of a list's item at its beginning, and whether there was one."""
    found = _BULLET.match(text)
    return (text[found.end() :], True) if found else (text, False)


def right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return False


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word, with an ellipsis where something was cut off."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return (head.rsplit(" ", 1)[0] if " " in head[limit // 2 :] else head).rstrip(" ,;:.") + "…"

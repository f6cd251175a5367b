"""Blocks to citable sentences, by the sentencex segmenter; every span is trimmed to its own characters."""

from __future__ import annotations

import re

from index.blocks import CARD, FIELD, HEADING, ITEM, Block
from index.types import Sentence

_BULLET = re.compile(r"\s*(?:[-*+•·▪–—]|\d{1,3}[.)]|[a-zA-Z][.)]|\([a-z0-9]{1,3}\))\s+")
_MARKS = re.compile(r"#{1,6}\s+")
_LINK = re.compile(r"(!?\[)([^\[\]\n]*)(\]\([^)\s]*\))")
# The name ends at a space or the bracket, so that an e-mail address in angle brackets is no tag.
_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]{0,2000})?/?>|<![^<>]{0,2000}>")
_ADDRESS = re.compile(r"https?://\S+")
_WORD = re.compile(r"[^\W_]")
_ENTRY = re.compile(r"(?<=\n)[ \t]*- ")
LONG_ITEM = 250
WINDOW = 20_000
LONG_FIELD = 300


def readable(text: str) -> str:
    """The text without link targets and tags, each blanked with spaces, so that offsets stay the same."""

    def blank(match: re.Match[str]) -> str:
        return " " * len(match.group())

    def link(match: re.Match[str]) -> str:
        return " " * len(match.group(1)) + match.group(2) + " " * len(match.group(3))

    return _ADDRESS.sub(blank, _TAG.sub(blank, _LINK.sub(link, text)))


def split_sentences(text: str, block: Block, language: str) -> list[Sentence]:
    """Citable sentences of one block of `text`, in order; empty for a block without words (an embedded frame)."""
    start = block.start
    kind = {HEADING: "heading", ITEM: "item", CARD: "card", FIELD: "field"}.get(block.kind, "sentence")
    if block.kind == ITEM and (bullet := _BULLET.match(text, block.start, block.end)):
        start = bullet.end()
    elif block.kind == HEADING and (marks := _MARKS.match(text, block.start, block.end)):
        start = marks.end()
    if kind == "field" and block.end - block.start > LONG_FIELD:
        spans = _entries(text, block.start, block.end, language)
    elif kind in ("heading", "card", "field") or (kind == "item" and block.end - start <= LONG_ITEM):
        spans = [(start, block.end)]
    else:
        spans = _segment(text, start, block.end, language)
    found = [Sentence(first, last, kind) for first, last in spans if _WORD.search(readable(text[first:last]))]
    if block.lead_in and found:
        found[-1] = found[-1]._replace(kind="lead")
    return found


def _entries(text: str, start: int, end: int, language: str) -> list[tuple[int, int]]:
    """The entries of a long field's list, without their dashes; what is long even so, sentence by sentence."""
    dashes = [dash.span() for dash in _ENTRY.finditer(text, start, end)]
    firsts = [start, *(last for _, last in dashes)]
    lasts = [*(first for first, _ in dashes), end]
    spans = []
    for first, last in zip(firsts, lasts, strict=True):
        raw = text[first:last]
        first += len(raw) - len(raw.lstrip())
        last = first + len(raw.strip())
        spans += _segment(text, first, last, language) if last - first > LONG_FIELD else [(first, last)]
    return spans


def _segment(text: str, start: int, end: int, language: str) -> list[tuple[int, int]]:
    from sentencex import get_sentence_boundaries

    # One character for one, so that a line broken inside a sentence does not end it and offsets hold.
    flat = re.sub(r"\s", " ", text[start:end])
    spans = []
    at = 0
    while at < len(flat):
        # By the window, since the segmenter's time grows with the square of some texts' length.
        pieces = get_sentence_boundaries(language if language != "und" else "en", flat[at : at + WINDOW])
        if at + WINDOW < len(flat) and len(pieces) > 1:
            pieces.pop()
        for piece in pieces:
            raw = flat[at + piece["start_index"] : at + piece["end_index"]]
            first = start + at + piece["start_index"] + len(raw) - len(raw.lstrip())
            last = first + len(raw.strip())
            if last > first:
                spans.append((first, last))
        at += pieces[-1]["end_index"]
    return spans

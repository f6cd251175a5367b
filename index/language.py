"""Which language a text is in, by lingua's n-gram models; all work is local."""

from __future__ import annotations

from functools import cache
from typing import Any

ASKED = ("en", "es")
WRITTEN = ("en", "es", "pt", "fr", "de", "it", "nl", "ca", "qu")
SAMPLE = 4_000


@cache
def _detector(codes: tuple[str, ...]) -> Any:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    known = [getattr(IsoCode639_1, code.upper()) for code in codes if hasattr(IsoCode639_1, code.upper())]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*known).build()


def _detect(text: str, codes: tuple[str, ...], default: str) -> str:
    found = _detector(codes).detect_language_of(text)
    return found.iso_code_639_1.name.lower() if found is not None else default


def document_language(text: str) -> str:
    """ISO 639-1 code of a document's language; "und" for a text without words."""
    return _detect(text[:SAMPLE], WRITTEN, "und")


def question_language(question: str) -> str:
    """The language to answer in: "es" or "en" (the default for a text without words)."""
    if any(mark in question for mark in "¿¡"):
        return "es"
    return _detect(question, ASKED, "en")

"""Places that a text names, in one form for both languages: countries and regions, and the departments of Peru."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from assistant.compare.concepts import in_table
from assistant.question import fold
from assistant.writing.names import PLACES

_DEPARTMENTS = (
    "amazonas ancash apurimac arequipa ayacucho cajamarca callao cusco huancavelica huanuco ica junin lambayeque lima loreto moquegua pasco piura"
    " puno tacna tumbes ucayali"
)
_OF_TWO = re.compile(
    r"\b(madre de dios|la libertad|san martin|el callao|costa rica|el salvador|united states|estados unidos)\b"
)
_LATIN = re.compile(r"\b(?:Latin Americans?|Latin America|Am[eé]rica Latina)\b")
_WORD = re.compile(r"[^\W\d_]+")
_IN = re.compile(
    r"\b(?:in|en|across|near|within)\s+(?:the\s+|la\s+|el\s+|los\s+|las\s+)?"
    r"((?:[A-ZÁÉÍÓÚÑ][\w’'-]+)(?:\s+(?:(?:de|del|la|los|las|of)\s+)*[A-ZÁÉÍÓÚÑ][\w’'-]+)*)"
)


@cache
def _known() -> dict[str, str]:
    table = {name: name for name in (*_DEPARTMENTS.split(), "latinoamerica")}
    for line in PLACES.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            forms = line.split()
            table.update(dict.fromkeys(forms, forms[0]))
    return table


@lru_cache(maxsize=16384)
def places(text: str) -> Mapping[str, str]:
    """The places in a text, each with the words that name it there; "in Yarinacocha" makes a place of any name."""
    found: dict[str, str] = {}
    for match in _LATIN.finditer(text):
        # "Latin American" speaks of no United States.
        found["latinoamerica"] = match.group()
    text = _LATIN.sub(lambda match: " " * len(match.group()), text)
    folded = fold(text)
    for match in _OF_TWO.finditer(folded):
        found.setdefault(match.group(1), match.group(1).title())
    for match in _WORD.finditer(text):
        plain = fold(match.group())
        # "us" is a pronoun, "uk" and "eu" no words at all unless they are written large.
        if plain in _known() and (len(plain) > 2 or match.group().isupper()):
            found.setdefault(_known()[plain], match.group())
    for match in _IN.finditer(text):
        name = match.group(1)
        words = [fold(word) for word in _WORD.findall(name)]
        if not any(word in _known() or in_table(word) for word in words) and not name.isupper():
            found.setdefault(" ".join(words), name)
    if "peru" in found and any(
        department in found for department in (*_DEPARTMENTS.split(), "madre de dios", "la libertad", "san martin")
    ):
        del found["peru"]
    return found

"""Numbers in words and in Roman figures, English and Spanish: "dos mil veintitrés", "one hundred and twenty", "XIX"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.writing.quantity import in_place

Tokens = Sequence[re.Match[str]]


def table(*groups: str) -> dict[str, int]:
    """Words to their value; each group starts with the value of its first word and counts on."""
    found = {}
    for group in groups:
        first, *words = group.split()
        for value, forms in enumerate(words, start=int(first)):
            found.update(dict.fromkeys(forms.split("|"), value))
    return found


UNITS = table(
    "0 zero|cero", "2 two|dos three|tres four|cuatro five|cinco six|seis seven|siete eight|ocho nine|nueve ten|diez eleven|once twelve|doce"
    " thirteen|trece fourteen|catorce fifteen|quince sixteen|dieciseis seventeen|diecisiete eighteen|dieciocho nineteen|diecinueve"
    " twenty|veinte veintiuno|veintiun|veintiuna veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve"
    " thirty|treinta",
    "40 forty|cuarenta", "50 fifty|cincuenta", "60 sixty|sesenta", "70 seventy|setenta", "80 eighty|ochenta", "90 ninety|noventa",
    "100 cien|ciento", "200 doscientos|doscientas", "300 trescientos|trescientas", "400 cuatrocientos|cuatrocientas",
    "500 quinientos|quinientas", "600 seiscientos|seiscientas", "700 setecientos|setecientas", "800 ochocientos|ochocientas",
    "900 novecientos|novecientas",
)  # fmt: skip
ONES = {"one": 1, "un": 1, "una": 1, "uno": 1, "a": 1}
# "Millions of people" names no number.
SCALES = {
    "dozen": 12, "docena": 12, "docenas": 12, "decade": 10, "decades": 10, "decada": 10, "decadas": 10, "hundred": 100,
    "thousand": 1e3, "mil": 1e3, "million": 1e6, "millon": 1e6, "millones": 1e6, "billion": 1e9, "billon": 1e12, "billones": 1e12,
    "trillion": 1e12,
}  # fmt: skip
_ALONE = re.compile(r"hundred|thousand|mil|dozen|docena|decad.*")
ORDINALS = table(
    "1 first|primero|primera|primer second|segundo|segunda third|tercero|tercera|tercer fourth|cuarto|cuarta fifth|quinto|quinta"
    " sixth|sexto|sexta seventh|septimo|septima eighth|octavo|octava ninth|noveno|novena tenth|decimo|decima"
    " eleventh|undecimo|undecima twelfth|duodecimo|duodecima thirteenth|decimotercero|decimotercera|decimotercer"
    " fourteenth|decimocuarto|decimocuarta fifteenth|decimoquinto|decimoquinta sixteenth|decimosexto|decimosexta"
    " seventeenth|decimoseptimo|decimoseptima eighteenth|decimoctavo|decimoctava nineteenth|decimonoveno|decimonovena"
    " twentieth|vigesimo|vigesima",
    "30 thirtieth|trigesimo|trigesima", "40 fortieth|cuadragesimo", "50 fiftieth|quincuagesimo", "100 hundredth|centesimo|centesima",
)  # fmt: skip
ROMAN = re.compile(r"\b(?=[IVX]{2})(X{0,3})(IX|IV|V?I{0,3})\b")
_AFTER_NOUN = re.compile(
    r"\b(?:siglo|capitulo|chapter|titulo|title|congreso|fase|phase|parte|part|tomo|volume|volumen|anexo|annex|libro|book|etapa|stage"
    r"|seccion|section|tipo|type|nivel|level|grupo|group|zona|zone)\s+(?P<roman>[ivx])\b"
)


def spelled(tokens: Tokens, at: int) -> tuple[float, float, int]:
    """The number in words that starts at a token, its last scale ("million"; 1 if none), and the token behind it."""
    whole = thousands = 0.0
    part: float | None = None
    scale = 1.0
    after = at
    while after < len(tokens):
        word = tokens[after].group()
        if word in UNITS and _fits(part, UNITS[word]):
            part = (part or 0) + UNITS[word]
        elif word in ONES and (after > at or _scaled(tokens, after)) and _fits(part, 1):
            part = (part or 0) + 1
        elif word in ("and", "y", "-") and after > at and _joins(word, part, tokens, after):
            pass
        elif word in SCALES and (part is not None or thousands or _ALONE.fullmatch(word)):
            scale = SCALES[word]
            if scale < 1e3:
                if part is not None and part >= 100:
                    break
                part = (1 if part is None else part) * scale
            elif scale == 1e3:
                if thousands or (word == "mil" and whole and part is None):
                    break
                thousands, part = (1 if part is None else part) * scale, None
            elif whole:
                break
            else:
                whole, thousands, part = (thousands + (part or 0)) * scale, 0.0, None
            after += 1
            continue
        else:
            break
        after += 1
        if word in UNITS or word in ONES:
            scale = 1.0
    return whole + thousands + (part or 0), scale, after


def _fits(part: float | None, value: int) -> bool:
    """Whether a number below a thousand goes on with another word: "two hundred" with "twenty", that with "five"."""
    if part is None:
        return True
    return value > 0 and (
        (part % 100 == 0 and part >= 100 > value) or (part % 10 == 0 and part % 100 >= 20 and value < 10)
    )


def _joins(word: str, part: float | None, tokens: Tokens, at: int) -> bool:
    """Whether an "and" or a hyphen stands inside a number."""
    if at + 1 >= len(tokens):
        return False
    behind = tokens[at + 1].group()
    value = UNITS.get(behind, ONES.get(behind, 0) if behind != "a" else 0)
    if not 0 < value < 100 or (word == "y" and value > 9):
        return False
    if part is None:
        return word == "and"
    return (part % 10 == 0 and part % 100 >= 20 and value < 10) or (word == "and" and part >= 100 and part % 100 == 0)


def _scaled(tokens: Tokens, at: int) -> bool:
    """Whether a scale follows: "a million", "un millón"; "a mil" and "una decada" begin no number."""
    behind = tokens[at + 1].group() if at + 1 < len(tokens) else ""
    return behind in SCALES and behind != "millones" and not (tokens[at].group() == "a" and behind == "mil")


def romans(text: str) -> list[tuple[int, int, int]]:
    """Roman figures of `text` as value, start and end: two letters or more, or one behind "chapter" and the like."""
    found = [(_roman(match.group()), *match.span()) for match in ROMAN.finditer(text)]
    for match in _AFTER_NOUN.finditer(in_place(text)):
        start, end = match.span("roman")
        if text[start:end].isupper():
            found.append((_roman(text[start:end]), start, end))
    return found


def _roman(figures: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in figures]
    return sum(-value if value < max(values[i:]) else value for i, value in enumerate(values))

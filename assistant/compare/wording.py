"""What is said of figures side by side, in English and Spanish. Everything else in a note is quoted."""

from __future__ import annotations

from assistant.compare.notes import Note
from assistant.compare.relations import AGREE, BOUND, CONFLICT, READING, UNIT, WHAT, WHEN, WHERE, WHO, Difference
from assistant.compare.types import Figure
from assistant.compare.units import PREFERRED, factor
from assistant.compare.values import COMPATIBLE, EQUAL

_WORDS = {
    "en": {
        "conflict": "Conflict: for the same thing, place and period the documents give {left} and {right}.",
        "agree": "They agree: {left} and {right}.",
        "agree_rounded": "They agree after conversion and rounding: {left} and {right}.",
        "different": "Different figures; they may count different things: {left} and {right}.",
        "different_same": "The same figure, but it may count different things: {left} and {right}.",
        "different_bound": "These do not contradict each other: {left} and {right}.",
        "what": "what",
        "where": "where",
        "when": "when",
        "who": "who",
        "unit": "currency or unit, not converted",
        "bound": "how exact",
        "reading": "reading",
        "unsaid": "not stated",
        "ellipsis": "the noun is left out",
        "readings": "the number can be read in two ways",
        "respectively": "several numbers share one sentence",
        "change": "a change from one number to another",
        "period": "the period is not fixed",
        "place": "the place may be another one",
        "range": "one end of a range",
        "whole": "the whole of which another number is a part",
        "exact": "exact",
        "about": "about",
        "at least": "at least",
        "at most": "at most",
        "million": "million",
        "thousand": "thousand",
        "decimal": ".",
        "group": ",",
    },
    "es": {
        "conflict": "Contradicción: para lo mismo, en el mismo lugar y período, los documentos dan {left} y {right}.",
        "agree": "Coinciden: {left} y {right}.",
        "agree_rounded": "Coinciden tras convertir y redondear: {left} y {right}.",
        "different": "Cifras distintas; pueden contar cosas distintas: {left} y {right}.",
        "different_same": "La misma cifra, pero puede contar cosas distintas: {left} y {right}.",
        "different_bound": "No se contradicen: {left} y {right}.",
        "what": "qué",
        "where": "dónde",
        "when": "cuándo",
        "who": "quién",
        "unit": "moneda o unidad, sin convertir",
        "bound": "exactitud",
        "reading": "lectura",
        "unsaid": "no consta",
        "ellipsis": "falta el sustantivo",
        "readings": "el número puede leerse de dos maneras",
        "respectively": "varios números en una frase",
        "change": "un cambio de un número a otro",
        "period": "el período no está fijado",
        "place": "el lugar puede ser otro",
        "range": "un extremo de un rango",
        "whole": "el total del que otro número es parte",
        "exact": "exacto",
        "about": "aproximado",
        "at least": "como mínimo",
        "at most": "como máximo",
        "million": "millones de",
        "thousand": "mil",
        "decimal": ",",
        "group": " ",
    },
}
_ASPECTS = (WHAT, WHERE, WHEN, WHO, UNIT, BOUND, READING)
NARROW_SPACE = "\u202f"


def word(language: str, key: str) -> str:
    """One of the words of this module."""
    return _WORDS["es" if language == "es" else "en"][key]


def as_written(figure: Figure, language: str) -> str:
    """A figure as written, with its conversion behind it, marked as one: "9.5 million acres (≈ 3.84 million ha)"."""
    written = " ".join(figure.written.split())
    converted = conversion(figure, language)
    return f"{written} ({converted})" if converted else written


def conversion(figure: Figure, language: str) -> str:
    """The figure in the usual unit of its kind, rounded to three places and marked with ≈; "" where it is in that unit."""
    preferred = PREFERRED.get(figure.dimension)
    if preferred is None or preferred == figure.unit:
        return ""
    between = factor(figure.unit, preferred)
    if between is None:
        return ""
    low, high = (rounded(figure.value.number * one, language) for one in between)
    return f"≈ {low} {preferred.code}" if low == high else f"≈ {low}–{high} {preferred.code}"


def rounded(number: float, language: str) -> str:
    """A number to three places: "3.84 million", "18,600", and in Spanish "3,84 millones de", "18 600"."""
    whole = float(f"{number:.3g}")
    if abs(whole) >= 1e6:
        return f"{_digits(whole / 1e6, language)} {word(language, 'million')}"
    return _digits(whole, language)


def _digits(number: float, language: str) -> str:
    plain = f"{number:,.0f}" if number == round(number) or abs(number) >= 1000 else f"{number:,.3g}"
    if language == "es":
        return plain.replace(",", NARROW_SPACE).replace(".", ",")
    return plain


def sentence(note: Note, language: str) -> str:
    """One sentence on two figures, as written."""
    key = note.kind
    if note.kind == AGREE and note.relation.numbers != EQUAL:
        key = "agree_rounded"
    elif note.kind not in (AGREE, CONFLICT) and note.relation.numbers == COMPATIBLE:
        key = "different_bound"
    elif note.kind not in (AGREE, CONFLICT) and note.relation.numbers == EQUAL:
        key = "different_same"
    return word(language, key).format(left=as_written(note.left, language), right=as_written(note.right, language))


def differing(note: Note, language: str) -> list[tuple[str, str, str]]:
    """What differs between the two, as `(aspect, left, right)` in words; for agreements and conflicts nothing."""
    if note.kind in (AGREE, CONFLICT):
        return []
    ordered = sorted(note.relation.differences, key=lambda difference: _ASPECTS.index(difference.aspect))
    return [(word(language, d.aspect), *_sides(d, language)) for d in ordered]


def _sides(difference: Difference, language: str) -> tuple[str, str]:
    table = _WORDS["es" if language == "es" else "en"]
    if difference.aspect in (BOUND, READING):
        left, right = (table.get(side, side) for side in (difference.left, difference.right))
    else:
        left, right = difference.left, difference.right
    empty = "–" if difference.aspect in (WHAT, READING) else table["unsaid"]
    return left or empty, right or empty

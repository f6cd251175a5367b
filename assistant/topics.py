"""What a question is about: its question words, what it counts, the names in it and the places."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.question import fold
from index.stopwords import STOPWORDS

PREPOSITIONS = {
    "en": frozenset("in at within for with by since until of about during from under to".split()),  # noqa: SIM905
    "es": frozenset("en para con por desde hasta de del sobre durante bajo a al según segun".split()),  # noqa: SIM905
}
GENERIC = {
    "en": re.compile(
        r"(?:programme|program|project|activity|organisation|organization|documents?|rest|others?|first|second|last)"
    ),
    "es": re.compile(
        r"(?:programa|proyecto|actividad|organizacion|documentos?|resto|otr[oa]s?|primer[oa]|segund[oa]|ultim[oa])"
    ),
}
_AUXILIARY = (
    "do does did is are was were has have had will would can could should may might must".split()  # noqa: SIM905
)
_ASKS = {
    "en": re.compile(
        r"^((?:(?:in|on|at|by|for|with|from|to|of|since|until|under|about) )?"
        r"(?:how many|how much|how long|since when|until when|how|which|what|whom|whose|who|when|where|why))\b ?(.*)$",
        re.I | re.S,
    ),
    "es": re.compile(
        r"^((?:(?:en|a|por|con|para|de|desde|hasta|sobre|bajo) )?"
        r"(?:cu[aá]nt[oa]s?|cu[aá]les|cu[aá]l|qui[eé]nes|qui[eé]n|d[oó]nde|cu[aá]ndo|c[oó]mo|qu[eé]))\b ?(.*)$",
        re.I | re.S,
    ),
}
_TAKES_NOUN = re.compile(r"(?:how many|how much|which|what|whose|cu[aá]nt[oa]s?|qu[eé])$", re.I)
_COMMON = {fold(word) for words in STOPWORDS.values() for word in words}
_SMALL = r"(?:de|del|la|las|los|el|y|of|the|and|for)"
_CAPITAL = r"[A-ZÁÉÍÓÚÑÜ][\w&’'.-]*"
_NAME = re.compile(rf"{_CAPITAL}(?:(?:\s+{_SMALL}){{0,2}}\s+{_CAPITAL}|\s+\d+\b)*")
_SPANISH = re.compile(
    r"[¿¡ñ]|\b(?:qu[eé]|qui[eé]n(?:es)?|cu[aá]l(?:es)?|cu[aá]nt[oa]s?|d[oó]nde|cu[aá]ndo|c[oó]mo|desde|los|las|del|el|una?|y|para|por)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Questioned:
    """A question taken apart: `text` is `asks`, `noun` and `rest` one after the other, without question marks.

    `asks` are the question words ("In which"), `noun` what they ask of ("regions"); both are empty where there are none.
    `auxiliary` tells whether an English `rest` begins with an auxiliary verb.
    """

    text: str
    language: str
    asks: str
    noun: str
    rest: str
    auxiliary: bool


def questioned(question: str) -> Questioned:
    """The parts of a question that stands by itself."""
    text = " ".join(question.split()).strip("¿?¡!. ")
    language = (
        "es"
        if _SPANISH.search(question) and not re.match(r"(?:what|who|how|which|when|where|why)\b", text, re.I)
        else "en"
    )
    found = _ASKS[language].match(text)
    if found is None:
        return Questioned(text, language, "", "", text, False)
    asks, rest = found[1], found[2]
    noun = ""
    if _TAKES_NOUN.search(asks):
        noun, rest = (_english_noun if language == "en" else _spanish_noun)(rest)
    first = rest.split(" ", 1)[0].lower()
    return Questioned(text, language, asks, noun, rest, first in _AUXILIARY)


def _english_noun(rest: str) -> tuple[str, str]:
    """The words up to the auxiliary verb; without one, up to the first plural."""
    words = rest.split(" ")
    place = next((i for i, word in enumerate(words) if word.lower() in _AUXILIARY), None)
    if place is None:
        place = next((i + 1 for i, word in enumerate(words[:4]) if re.search(r"[^s]s$", word)), min(1, len(words)))
    return " ".join(words[:place]), " ".join(words[place:])


def _spanish_noun(rest: str) -> tuple[str, str]:
    """The first word, and the words in the plural that agree with it: "regiones amazónicas"."""
    words = rest.split(" ")
    if fold(words[0]) in ("es", "son", "fue", "era", "hace", "hizo", "hay", "dice", "dicen", "significa"):
        return "", rest
    place = 1
    if words[0].endswith("s"):
        while (
            place < len(words)
            and words[place].endswith("s")
            and fold(words[place]) not in ("los", "las", "sus", "es", "mas")
        ):
            place += 1
    return " ".join(words[:place]), " ".join(words[place:])


def names(text: str) -> list[tuple[int, int]]:
    """Where names stand in a question: capitalised words and what joins them, the question's own first word left out."""
    found = []
    for match in _NAME.finditer(text):
        start, end = match.span()
        first = match.group().split()[0]
        if start == len(text) - len(text.lstrip("¿¡ ")) and not re.fullmatch(r"[A-ZÁÉÍÓÚÑ0-9&.-]{2,}", first):
            start += len(first)
            rest = re.search(_CAPITAL, text[start:end])
            if rest is None:
                continue
            start += rest.start()
        found.append((start, start + len(text[start:end].rstrip(".'’"))))
    return found


def has_name(text: str, *, begins: bool = True) -> bool:
    """Whether a name stands in a few words; `begins` tells whether a capital at their beginning makes one."""
    if begins:
        first = text.split(" ", 1)[0]
        return bool(names(f"x {text}")) and (fold(first) not in _COMMON or bool(names(text)))
    return bool(names(text))


def _is_place(text: str, start: int) -> bool:
    return bool(re.search(r"\b(?:in|at|within|en)(?: (?:the|el|la|los|las))? $", text[:start], re.I))


def subject_of(before: Questioned) -> str | None:
    """The first name in the question that is no place, those beside its question words last."""
    asked = len(before.text) - len(before.rest)
    spans = [span for span in names(before.text) if not _is_place(before.text, span[0])]
    spans.sort(key=lambda span: span[0] < asked)
    return before.text[slice(*spans[0])] if spans and spans[0][0] >= asked else None


def definites(before: Questioned) -> list[tuple[int, int]]:
    """Where "the …" stands in the question, up to the next preposition or verb."""
    stops = "|".join(sorted(PREPOSITIONS[before.language] | (set(_AUXILIARY) if before.language == "en" else set())))
    pattern = rf"\b(?:the|el|la|los|las) \w+(?: (?!(?:{stops})\b)\w+){{0,3}}"
    asked = len(before.text) - len(before.rest)
    return [match.span() for match in re.finditer(pattern, before.text, re.I) if match.start() >= asked]


def topic_of(before: Questioned) -> str | None:
    """What a pronoun after the question points to: a name that is no place, else "the …", else what was asked of."""
    if (subject := subject_of(before)) is not None:
        return subject
    for start, end in definites(before):
        if fold(before.text[start:end]).split()[1] not in ("name", "nombre", "number", "numero") and not names(
            before.text[start:end]
        ):
            of = re.match(r" (?:of|de|del) (?:the |la |el )?\w+", before.text[end:])
            return before.text[start : end + (of.end() if of else 0)]
    if before.noun:
        return before.noun
    spans = names(before.text)
    return before.text[slice(*spans[0])] if spans else None


def place_of(before: Questioned) -> str | None:
    """The last place that the question names."""
    places = [span for span in names(before.text) if _is_place(before.text, span[0])]
    return before.text[slice(*places[-1])] if places else None


def phrases_with(before: Questioned, preposition: str) -> list[tuple[int, int]]:
    """Where phrases with this (folded) preposition stand in the question, the question's own first words left out."""
    kin = next(
        (group for group in ({"in", "at", "within"}, {"de", "del"}, {"a", "al"}) if preposition in group), {preposition}
    )
    from_ = len(before.asks)
    inside = names(before.text)
    stops = (
        PREPOSITIONS[before.language]
        | set(_AUXILIARY if before.language == "en" else ())
        | {"and", "y", "or", "o", "que", "that"}
    )
    found = []
    words = list(re.finditer(r"\S+", before.text))
    for i, word in enumerate(words):
        if word.start() < from_ or fold(word.group()) not in kin or any(a < word.start() < b for a, b in inside):
            continue
        end = word.end()
        for following in words[i + 1 :]:
            named = any(a <= following.start() < b for a, b in inside)
            if fold(following.group().strip(",;")) in stops and not named:
                break
            if not named and any(
                a < following.start() and b <= following.start() and a > word.end() for a, b in inside
            ):
                break
            end = following.end() - (1 if following.group()[-1] in ",;" else 0)
            if following.group()[-1] in ",;":
                break
        if end > word.end():
            found.append((word.start(), end))
    return found


def tidy(text: str, language: str) -> str:
    """The question with one space between words, a capital and its question marks."""
    flat = re.sub(r"\s+([,;])", r"\1", " ".join(text.split())).strip("¿?¡!. ")
    if not flat:
        return ""
    flat = flat[0].upper() + flat[1:]
    statement = re.match(r"(?:tell|list|name|give|cuéntame|enumer|nombr|lista)", flat, re.I)
    return flat if statement else (f"¿{flat}?" if language == "es" else f"{flat}?")

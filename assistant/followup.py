"""Follow-ups: what a question that leans on the one before ("and in Ucayali?", "¿y desde cuándo?") asks by itself.

Rules over the words of both questions, in English and Spanish; no model. A rewriting is a proposal: whoever shows it lets the
reader change it. Where no rule fits, the question is left as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from assistant.pronouns import BARE, with_pronouns
from assistant.question import fold
from assistant.topics import (
    GENERIC,
    PREPOSITIONS,
    Questioned,
    definites,
    has_name,
    names,
    phrases_with,
    place_of,
    questioned,
    subject_of,
    tidy,
    topic_of,
)
from index.stopwords import STOPWORDS

_LEADS = {
    "en": re.compile(r"^(?:(?:and|but|or|so|also)\b[,\s]*)*(?:(?:what|how) about\b|what of\b)?[,\s]*", re.I),
    "es": re.compile(
        r"^(?:(?:y|e|pero|o|también)\b[,\s]*)*"
        r"(?:qué\s+(?:hay|pasa)\s+(?:con|de)\b|que\s+(?:hay|pasa)\s+(?:con|de)\b|qué\s+tal\b|en\s+cuanto\s+a\b)?[,\s]*",
        re.I,
    ),
}
_LONGEST = 2_000
_THANKS = re.compile(r"\b(?:thanks?|thank you|ok|okay|gracias|hello|hi|hola|bye|adios)\b")
_MORE = re.compile(
    r"(?:(?:please )?tell me more|(?:any )?more(?: details?)?|what else|go on|cuentame mas|(?:dame )?mas detalles|que mas|algo mas)"
)
_ACROSS = {
    "in": "en", "at": "en", "within": "en", "for": "para", "with": "con", "by": "por", "since": "desde", "until": "hasta",
    "of": "de", "about": "sobre", "during": "durante", "from": "de", "under": "bajo", "to": "a",
    "since when": "desde cuándo", "until when": "hasta cuándo", "when": "cuándo", "where": "dónde", "who": "quién", "why": "por qué",
    "how": "cómo", "how many": "cuántos", "how much": "cuánto", "with whom": "con quién", "what for": "para qué",
    "how long": "cuánto tiempo",
}  # fmt: skip
_BACK = {fold(spanish): english for english, spanish in reversed(_ACROSS.items())}


def standing(question: str, previous: str | None) -> str | None:
    """The question that asks by itself what `question` asks after `previous`; None where nothing has to be added."""
    said = " ".join(question.split())
    if not previous or not said or len(said) > 200 or _THANKS.search(fold(said)):
        return None
    before = questioned(previous[:_LONGEST])
    asked = _core(said)
    own = _language(said, before.language)
    led = _LEADS[own].match(asked)
    rest = asked[led.end() :] if led else asked
    is_led = rest != asked
    found = (
        _more(fold(rest), before)
        or _bare(rest, own, before)
        or (_prepositional(rest, own, before) if is_led or len(rest.split()) <= 4 else None)
        or with_pronouns(rest, own, before, is_led)
        or (_named_anew(rest, own, before) if is_led else None)
    )
    if found is None:
        return None
    text, language = found
    rewritten = tidy(text, language)
    return rewritten if fold(rewritten).strip("?. ") != fold(said).strip("?. ") else None


def standing_after(question: str, earlier: Sequence[str]) -> str:
    """What `question` asks by itself at the end of a conversation, whose earlier questions may be follow-ups too."""
    previous: str | None = None
    for asked in (*earlier, question):
        previous = standing(asked, previous) or asked
    return previous or question


def _core(text: str) -> str:
    return text.strip(" \t\n¿?¡!.…")


def _language(text: str, default: str) -> str:
    """The language of a question of a few words, by its small words; that of the question before where they tell nothing."""
    if "¿" in text or "¡" in text:
        return "es"
    words = [fold(word) for word in re.findall(r"\w+", text)]
    counts = {language: sum(word in _small(language) for word in words) for language in ("en", "es")}
    return default if counts["en"] == counts["es"] else max(counts, key=lambda language: counts[language])


def _small(language: str) -> set[str]:
    more = {
        "en": {"about", "how", "many", "much"},
        "es": {"cuantos", "cuantas", "cuanto", "quien", "donde", "cuando", "desde"},
    }
    return {fold(word) for word in STOPWORDS[language]} | more[language]


def _more(folded: str, before: Questioned) -> tuple[str, str] | None:
    topic = topic_of(before)
    if topic is None or not _MORE.fullmatch(folded):
        return None
    return (
        f"tell me more about {topic}" if before.language == "en" else f"cuéntame más sobre {topic}"
    ), before.language


def _bare(rest: str, own: str, before: Questioned) -> tuple[str, str] | None:
    """A question word alone takes the place of the one before: "and since when?"."""
    if not re.fullmatch(BARE[own], rest, re.I):
        return None
    asks = _translated(rest, own, before.language)
    if asks is None:
        return f"{before.text}, {'and' if own == 'en' else 'y'} {rest}", before.language
    counts = re.fullmatch(r"how (?:many|much)|cu[aá]nt[oa]s?", asks, re.I)
    if not before.asks or (counts and not before.noun):
        joint = "and" if before.language == "en" else "y"
        return f"{before.text}, {joint} {asks}", before.language
    if counts:
        return f"{asks} {before.noun} {before.rest}", before.language
    defines = re.match(
        r"(?:is|are|was|were|es|son|fue|fueron|era|eran) (?:the|an?|el|la|los|las|una?)\b", before.rest, re.I
    )
    if defines or (before.language == "en" and not before.auxiliary):
        # "Who funded Prevent?" has no verb that a "since when" could stand before.
        return f"{before.text}, {'and' if before.language == 'en' else 'y'} {asks}", before.language
    return f"{asks} {before.rest} {before.noun}", before.language


def _translated(words: str, own: str, other: str) -> str | None:
    if own == other:
        return words
    table = _ACROSS if own == "en" else _BACK
    return table.get(fold(words))


def _prepositional(rest: str, own: str, before: Questioned) -> tuple[str, str] | None:
    """A phrase with a preposition takes the place of one of its kind: "and in Ucayali?"."""
    first, _, object_ = rest.partition(" ")
    if (
        fold(first) not in PREPOSITIONS[own]
        or not object_
        or re.match(BARE[own] + r"|which|what|qu[eé]\b|cu[aá]l", object_, re.I)
    ):
        return None
    if len(rest.split()) > 8 or re.search(r"\b(?:do|does|did|is|are|was|were|has|have)\b", rest, re.I):
        return None
    text = before.text
    for phrase in _split(rest, own):
        changed = _exchanged(phrase, own, questioned(text))
        if changed is None:
            return None
        text = changed
    return text, before.language


def _split(rest: str, own: str) -> list[str]:
    """Phrases with a preposition each: "in Colombia since 2014"; "Madre de Dios" stays whole."""
    inside = names(f"x {rest}")
    starts = [
        match.start()
        for match in re.finditer(r"\w+", rest)
        if fold(match.group()) in PREPOSITIONS[own] and not any(a - 2 < match.start() < b - 2 for a, b in inside)
    ]
    return [rest[start:end].strip() for start, end in pairwise([0, *starts[1:], len(rest)])]


def _exchanged(phrase: str, own: str, before: Questioned) -> str | None:
    """The question with `phrase` in the place of the last one of its kind, or behind it."""
    first, _, object_ = phrase.partition(" ")
    preposition = _translated(first.lower(), own, before.language)
    if preposition is None:
        return None
    dated = bool(re.search(r"\b\d{4}\b", object_))
    alike = [
        span
        for span in phrases_with(before, fold(preposition))
        if bool(re.search(r"\b\d{4}\b", before.text[slice(*span)])) == dated
    ]
    if not alike:
        return f"{before.text} {preposition} {object_}"
    start, end = alike[-1]
    return f"{before.text[:start]}{preposition} {object_}{before.text[end:]}"


def _named_anew(rest: str, own: str, before: Questioned) -> tuple[str, str] | None:
    """A name or a noun takes the place of one of its kind: "and DEVIDA?", "¿y las mujeres?"."""
    words = rest.split()
    counts = re.match(r"(how many|how much|which|what|cu[aá]nt[oa]s?|qu[eé]) (.+)", rest, re.I)
    if counts and len(words) <= 4 and before.asks and not has_name(rest):
        # The verb comes with the question before; a question with one of its own stands.
        if before.noun and own == before.language:
            return f"{rest} {before.rest}", own
        return None
    if len(words) > 7 or re.match(
        rf"(?:{BARE[own]}|which|what|qu[eé]|cu[aá]l(?:es)?|do|does|did|is|are|was|were)\b", rest, re.I
    ):
        return None
    subject = subject_of(before)
    if has_name(rest):
        taken = subject or place_of(before)
        if taken is None:
            return f"{rest}: {before.text}", before.language
        start = before.text.rfind(taken)
        article = re.match(r"(?:the|el|la|los|las) ", rest, re.I)
        doubled = article and re.search(r"(?:the|el|la|los|las) $", before.text[:start], re.I)
        name = rest[article.end() :] if article and doubled else rest
        return f"{before.text[:start]}{name}{before.text[start + len(taken) :]}", before.language
    definite = re.match(r"(the|el|la|los|las) (.+)", rest, re.I)
    if definite and not GENERIC[own].fullmatch(fold(definite[2])):
        if subject is not None:
            many = definite[1].lower() in ("los", "las")
            if own == "en":
                return f"what {'are' if words[-1].lower().endswith('s') else 'is'} {rest} of {subject}", "en"
            return f"{'cuáles son' if many else 'cuál es'} {rest} de {subject}", "es"
        if own == before.language and (places := definites(before)):
            start, end = places[-1]
            return f"{before.text[:start]}{rest}{before.text[end:]}", own
    if before.noun and own == before.language:
        noun = definite[2] if definite else rest
        asks = before.asks
        if definite and own == "es" and re.search(r"cu[aá]nt[oa]s$", asks, re.I):
            asks = f"{asks[:-2]}{'as' if definite[1].lower() == 'las' else 'os'}"
        return f"{asks} {noun} {before.rest}", own
    return None

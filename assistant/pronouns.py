"""Words that point to the question before: "it", "their", "there", "su", "allí", or a verb without its subject."""

from __future__ import annotations

import re

from assistant.topics import Questioned, has_name, place_of, topic_of

BARE = {
    "en": r"since when|until when|from when|when exactly|when|where exactly|where|who exactly|who|whom|why|how many|how much|how long|how"
    r"|with whom|by whom|for whom|what for|since what year|in which year|what year|in what year",
    "es": r"desde cu[aá]ndo|hasta cu[aá]ndo|cu[aá]ndo|en d[oó]nde|d[oó]nde|qui[eé]n(?:es)?|por ?qu[eé]|para qu[eé]|c[oó]mo|cu[aá]nt[oa]s?"
    r"|con qui[eé]n(?:es)?|por qui[eé]n|para qui[eé]n|desde qu[eé] a[nñ]o|en qu[eé] a[nñ]o|cu[aá]nto tiempo|con qu[eé]",
}
"""Question words that may stand alone, by language."""
_POINTS_BACK = 9
"""Words of a question that may point to the one before; in longer ones "it" and "su" point to something inside."""
_IT = r"(?:program(?:me)?|project|activity|initiative|organi[sz]ation|agency|institution|body|group|document|report|fund|company|team|network)s?"
_ES_IT = (
    r"(?:programa|proyecto|actividad|iniciativa|organización|organizacion|agencia|institución|institucion|entidad|grupo|documento"
    r"|informe|fondo|empresa|equipo|red)(?:e?s)?"
)
_FEMININE = re.compile(r"(?:a|as|ción|ciones|sión|siones|dad|dades|tad|tud|cion|sion)$", re.I)


def with_pronouns(rest: str, own: str, before: Questioned, is_led: bool) -> tuple[str, str] | None:
    """Words that point back ("it", "their", "there", "su", "allí") give way to what they point to."""
    if len(rest.split()) > _POINTS_BACK:
        return None
    topic, place = topic_of(before), place_of(before)
    text = rest
    if place is not None:
        where = f"{'in' if own == 'en' else 'en'} {place}"
        pattern = (
            r"(?<!are )(?<!is )(?<!was )(?<!were )\bthere\b(?! (?:is|are|was|were|has|have)\b)"
            if own == "en"
            else r"\b(?:allí|allá|ahí|alli|ahi)\b"
        )
        text = re.sub(pattern, lambda _: where, text, flags=re.I)
    # A pronoun behind a name of the same question points to that name.
    if topic is not None and not has_name(text.replace(place or "\0", ""), begins=is_led):
        text = (_english if own == "en" else _spanish)(text, topic)
    return (text, own) if text != rest else None


def _english(text: str, topic: str) -> str:
    if re.search(r"\bis it (?:true|possible|known|said|clear)\b", text, re.I):
        return text
    owner = f"{topic}'" if topic.endswith("s") and not topic.isupper() else f"{topic}'s"
    text, pointed = re.subn(rf"\b(?:this|that|these|those|the same) {_IT}\b", lambda _: topic, text, flags=re.I)
    if pointed:
        return text
    if " " in topic and topic.islower():
        owned = r"\b(?:its|their|his|her) (\w+)"
        text, pointed = re.subn(owned, lambda found: f"the {found[1]} of {topic}", text, count=1, flags=re.I)
    else:
        text, pointed = re.subn(r"\b(?:its|their|his|her(?= \w))\b", lambda _: owner, text, count=1, flags=re.I)
    if pointed:
        return re.sub(r"\b(?:it|they|them)\b", lambda _: topic, text, flags=re.I)
    return re.sub(
        r"\b(?:it|they|them|he|she|him|(?:this|that|these|those)$)\b", lambda _: topic, text, count=1, flags=re.I
    )


def _spanish(text: str, topic: str) -> str:
    text, pointed = re.subn(
        rf"\b(?:est[eao]s?|es[eao]s?|esas|aquel(?:la)?|dich[oa]s?|(?:el|la) mism[oa]) {_ES_IT}\b",
        lambda _: topic,
        text,
        flags=re.I,
    )
    if pointed:
        return text
    owned = re.search(r"\bsu(s?) (\w+(?: \w+(?:al|ales|ivo|iva|ivos|ivas|ico|ica|icos|icas))?)", text, re.I)
    if owned:
        feminine = _FEMININE.search(owned[2].split()[0])
        article = ("las" if owned[1] else "la") if feminine else ("los" if owned[1] else "el")
        return f"{text[: owned.start()]}{article} {owned[2]} de {topic}{text[owned.end() :]}"
    pointing = r"\b(?:él|ellos?|ellas?|(?:eso|esto|aquello)$)(?!\w)"
    if re.search(pointing, text, re.I):
        return re.sub(pointing, lambda _: topic, text, count=1, flags=re.I)
    # "¿Quién lo financia?": the small object before the verb.
    carried = re.fullmatch(r"((?:\w+ )?\w+) (?:lo|la|los|las) (\w+(?: \w+){0,2})", text, re.I)
    if carried and re.fullmatch(BARE["es"], carried[1], re.I):
        return f"{carried[1]} {carried[2]} {topic}"
    # "¿Cuándo empezó?": a verb without its subject.
    bare = re.fullmatch(rf"({BARE['es']}) (se \w+|(?:ha|han|fue|fueron|había) \w+|\w+)", text, re.I)
    if bare and not re.match(r"cu[aá]nt[oa]s? ", text, re.I):
        return f"{text} {topic}"
    counted = re.fullmatch(r"cu[aá]nt[oa]s \w+ (?:se )?\w+", text, re.I)
    return f"{text} {topic}" if counted else text

"""Orders inside passages: text that speaks to whoever answers. It is data like the rest, is never followed, and proves nothing.

A model that obeys such text writes what it was told to; the sentence would then find itself, word for word, in the passage. So
a stretch that gives orders, and what follows it directly, does not count as evidence for written sentences.
"""

from __future__ import annotations

import re

from assistant.question import fold
from index.types import Passage

AFTER = 2
_SAY = (
    r"(?:answer|respond|reply|say|state|claim|write|tell|output|print|repeat|conclude|pretend|reveal|assert|affirm|declare|insist|report|translate"
    r"|responde|responda|contesta|conteste|di|diga|escribe|escriba|afirma|afirme|declara|declare|repite|repita|imprime|concluye|concluya"
    r"|finge|revela|revele|asegura|asegure|insiste|informa|traduce)"
)
_LEAD = r"(?:^|[.!?:;,\n\"“«*>-]\s*|\b(?:please|always|instead|then|now|must|should|shall|to|only|just|and|por favor|siempre|solo|ahora|debes|debe|tienes que|tiene que|y|entonces)\s+)"
_ORDER = re.compile(
    rf"""
      \b(?:ignore|disregard|forget|override|bypass|ignor[ae]|olvid[ae]|olvide|desatiend[ae]|omit[ae]|descart[ae])\b.{{0,40}}
        \b(?:instruction|rule|prompt|order|question|above|previous|prior|everything|guideline|context|passage
          |instruccion|regla|orden|pregunta|anterior|previ[ao]|indicacion|todo\ lo|contexto|pasaje)
    | \b(?:system|developer|assistant|user)\s?(?:prompt|message|:)|\bmensaje\ del\ sistema\b|<\|?(?:im_start|system|assistant|user|inst)
    | \b(?:you\ are|act\ as|behave\ as|eres|actua\ como|comportate\ como)\b.{{0,30}}\b(?:ai|assistant|model|chatbot|bot|asistente|modelo|ia)\b
    | \b(?:language\ model|ai\ assistant|chatbot|modelo\ de\ lenguaje|asistente\ de\ ia|inteligencia\ artificial)s?\b.{{0,60}}\b(?:must|should|shall|has\ to|have\ to|debe|deben|tiene\ que)\b
    | \b(?:new|updated|nuevas?|actualizadas?)\s(?:instruction|rule|order|instruccion|regla|orden)(?:e?s)?\b
    | \b(?:in\ your|to\ this|the\ final|your\ final|en\ tu|en\ su|tu)\s(?:answer|reply|response|respuesta)\b
    | {_LEAD}{_SAY}(?:\s+(?:only|exactly|just|always|instead|the\ user|to\ the\ user|solo|solamente|exactamente|siempre|al\ usuario))*
        \s*(?:\bthat\b|\bwith\b|\bque\b|\bcon\b|\bthe\ words?\b|\blas?\ palabras?\b|\bthe\ (?:following|sentence)\b|\blo\ siguiente\b|[:"“«'‘])
    """,
    re.VERBOSE,
)


def is_order(text: str) -> bool:
    """Whether `text` tells a reader what to answer, or speaks to a language model."""
    return _ORDER.search(" ".join(fold(text).split())) is not None


def orders(passage: Passage) -> frozenset[int]:
    """Places in `passage.sentences` that hold orders or follow one directly."""
    found: set[int] = set()
    for place, sentence in enumerate(passage.sentences):
        if is_order(passage.text[sentence.start - passage.start : sentence.end - passage.start]):
            found.update(range(place, min(place + AFTER + 1, len(passage.sentences))))
    if not found and is_order(passage.text):
        # The order runs over a boundary of sentences; which of them it takes in cannot be told.
        return frozenset(range(len(passage.sentences)))
    return frozenset(found)

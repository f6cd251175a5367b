"""Text that speaks to a machine instead of asking or telling something: orders to whoever answers.

In a document it is data like the rest; in a question it tells that the documents are hardly what is asked.
"""

from __future__ import annotations

import re

from assistant.question import fold

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


_MACHINE = re.compile(
    r"""
      \b(?:hidden|secret|initial|original|your|tus?|ocult[oa]s?|secret[oa]s?)\s(?:\w+\s)?(?:prompts?|instructions?|rules|instrucciones|reglas)\b
    | \bprompts?\b.{0,20}\b(?:sistema|system|oculto|completo|word)\b
    | \b(?:developer|admin\w*|debug|god|unrestricted|jailbreak|dan)\s(?:mode|model)\b|\bmodo\s(?:desarrollador|administrador|dios|libre)\b
    | \b(?:ignor[ae]|ignoring|disregard|forget|set\saside|olvid[ae](?:te)?|deja\sde\slado|sin\susar)\s(?:about\s|de\s)?(?:all\s)?(?:the|your|any|los|las|tus|el|la)\s?(?:\w+\s)?
        (?:documents?|sources?|citations?|rules|documentos|fuentes|citas|reglas)\b
    | \b(?:you\sare\snow|from\snow\son|desde\s(?:ahora|este\smomento)\s(?:eres|no|responde)|a\spartir\sde\sahora|soy\s(?:el|tu)\s(?:administrador|programador|dueno)|i\sam\s(?:the|your)\s(?:admin\w*|developer|owner))\b
    | \b(?:pretend|imagine|act\sas|roleplay|haz\sde\scuenta|haz\scomo\sque|finge|imagina|actua\scomo|comportate)\b.{0,40}\b(?:you|your|that|the\sdocuments|eres|que|los\sdocumentos|si)\b
    | \b(?:repeat|say)\s(?:after\sme|exactly|word\sfor\sword)\b|\brepite\s(?:tal\scual|palabra\spor\spalabra|exactamente|despues\sde\smi)\b
    | \b(?:invent|make\sup|made-up|fabricate|inventa(?:te|r|d[oa])?)\b.{0,40}\b(?:quot\w+|citations?|figures?|statements?|numbers?|answers?|budget|citas?|cifras?|datos?|declaracion\w*|respuestas?|presupuesto)\b
    | \b(?:write|compose|tell|sing|escribe|escribeme|componme|cuentame|cantame|dime|redacta)\s(?:me\s|un\s|una\s)*(?:a\s|an\s|some\s)?(?:\w+\s)?(?:poem|joke|song|story|insult|waltz|rap|poema|chiste|cancion|cuento|insulto|vals|verso)\b
    | \b(?:delete|erase|wipe|borra|elimina)\b.{0,25}\b(?:documents?|index|data|documentos?|indice|datos)\b
    | \b(?:from\syour\s(?:own\s)?memory|de\stu\s(?:propia\s)?memoria|without\s(?:any\s)?(?:sources|citing|citations)|sin\s(?:citar|fuentes|ninguna\scita))\b
    """,
    re.VERBOSE,
)


def speaks_to_machine(question: str) -> bool:
    """Whether a question gives orders to whoever answers, or asks for what no document is for."""
    return is_order(question) or _MACHINE.search(" ".join(fold(question).split())) is not None

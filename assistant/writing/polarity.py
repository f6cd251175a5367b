"""Whether two sentences affirm or deny alike: negations, and words with their opposites, in English and Spanish."""

from __future__ import annotations

import re

from assistant.question import fold
from assistant.writing.quantities import in_place, quantities

_NOT_ONLY = re.compile(r"\b(?:not (?:only|just|merely)|no (?:solo|solamente|unicamente))\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|nowhere|fail(?:s|ed|ing)? to|refus(?:e|es|ed) to"
    r"|yet to|need not|no longer|se (?:nego|negaron|niega|niegan) a|nunca|jamas|ni|sin|ningun|ninguna|ninguno|nadie|nada|tampoco)\b|n['’]t\b"
)
# What denies without a word for it: it answers a denial, and none is asked for it.
_IMPLIED = re.compile(
    r"\b(?:lack(?:s|ed|ing)?|prohib\w*|forbid\w*|forbad\w*|ban(?:s|ned)?|barred|ceased?|cesar?on|stopped"
    r"|dej(?:a|o|an|aron|amos) de|exent\w+|exempt\w*|closed|cerrad[oa]s?|harmless|inofensiv\w+|turned down|declined to|gratis"
    r"|everybody else|everyone else|all others|los demas|absen(?:ce|t)|few|little|limited|hardly|scarcely|barely|apenas|inadequate|insufficient|un(?:able|recogni[sz]ed|available|titled)|inconsistent\w*"
    r"|reject(?:s|ed)?|den(?:y|ies|ied)|exclu\w+|unprecedented|surpassed|instead of|rather than|free of|other than|except"
    r"|refus(?:e|es|ed|al|ing)|avoid(?:s|ed|ing)?|evit(?:a|an|o|ar|ara|aron|e|en)|los(?:e|es|ing|t)|perd(?:io|ieron|er|ido)|pierd\w+|ignor(?:a|an|aba|aban|o|ed)|unaware"
    r"|below|under|beneath|por debajo|menor(?:es)? de|less than|fewer than|menos de|short of|off limits|acquit\w+|absuel\w+|waiv\w+|postpon\w+"
    r"|annul\w*|anul\w+|block\w*|bloque\w+|imp(?:ed|id)\w+|unopposed|unsafe|un(?!ited|der)[a-z]{3,}(?:ed|able|ible)|i[nm][a-z]{3,}[ai]bles?|blank"
    r"|falta|faltan|carec\w+|escas\w+|poc[oa]s?|insuficien\w+|salvo|excepto|rechaz\w+|en lugar de|en vez de|superad\w+|todavia|pendientes?|limitad\w+)\b"
)
# "No longer than six hours" says the same as "six hours at most", "not before 2021" as "only in 2021".
_LIMIT = re.compile(
    r"[^.;:!?]{0,30}?\b(?:(?:more|longer|later|further|higher|greater|mas|mayor) (?:than|de|que)|before|until|antes de) (?:the |los |las )?(?:\w+ )?(?=\w)"
)
_BOUND = re.compile(
    r"\b(?:at most|up to|maxim\w+|highest|largest|longest|latest|ceiling|capped|only|as late as|como maximo|a lo sumo|tope|hasta|solo|recien)\b"
)
_BEYOND = re.compile(r"\b(?:more than|over|above|at least|exceed\w*|mas de|superior|al menos|super(?:a|o|an|aron))\b")

_OPPOSITES = (
    (
        "increas rose risen rise rising grow grew soar climb grown gain(?:s|ed)?$ expand ampli doubl tripl aument crec duplic sub(?:e|io|ieron)",
        "decreas reduc declin plung dropp fell fall(?:s|en)?$ shrink shrank shrunk drop halv disminu baj(?:o|aron)$ cay lost perdido perdio reduj recort",
    ),
    ("more most mas mayor mayoria majority", "less fewer menos menor minoria minority"),
    ("legal(?:ly)?$ legales", "illegal ilegal"),
    ("highest largest biggest", "lowest smallest"),
    ("open(?:s|ed)?$ abiert abr(?:e|io|en|ieron|ira|iran)$", "clos(?:e|es|ed|ing)$ cerrad cierr cerr(?:o|aron)$ clausur"),
    ("accept acept approv aprob aprueb adopt(?:s|ed)?$ agreed orden(?:o|aron)$ ordered", "refus reject rechaz turn(?:ed|s) appeal apel deneg declin(?:ed|es)$ vet(?:o|aron)$"),
    ("alive survive sobrevivi viv(?:e|en|io)$", "dead death died dies muert murio murieron kill asesin falleci"),
    ("keep(?:s|ing)?$ kept conserva mantien mantuv retain", "los(?:e|es|ing)$ lost pierd perd(?:io|ieron|er)$ forfeit"),
    ("win(?:s|ning)?$ won beat beats gan(?:o|aron)$ vencio vencieron victor", "los(?:e|es)$ lost perdio perdieron derrot defeat"),
    ("includ incluid inclus also tambien ademas", "except salvo excepto exclu"),
    ("free gratis gratuit", "pay(?:s|ing)?$ charge cobr"),
    ("harmless inofensiv inocu", "dangerous peligros harmful dan(?:ino|ina)"),
    ("begin began begun start started inici empez comenz launch lanz", "end ended ends finish conclud terminat termin conclu finaliz"),
    ("before antes", "after despues"),
    ("support apoy endors respald", "oppos rechaz opon reject"),
    ("allow permi(?:t|ts|tted|te|ten|tio)$ autoriz", "barred$ forbid forbad prohib ban(?:s|ned)?$"),
    ("strengthen fortalec reforz", "weaken debilit"),
    ("strong fuerte", "weak debil"),
    ("safe safest segur", "dangerous peligros unsafe insegur"),
    ("voluntar", "forced obligator mandatory compulsory forzos"),
    ("all todos todas", "only solo unicamente"),
    ("internal interno interna internos", "foreign extranjer exterior"),
    ("temporar tempora", "permanent"),
    ("hire hired contrat", "fire(?:d|s)$ dismiss despid despedid"),
    ("buy(?:s|ing)?$ bought compr(?:a|o|an|aron)$", "sell(?:s|ing)?$ sold vend"),
    ("present$ attend asisti", "absent ausent"),
    ("ahead adelantad", "behind retras atras"),
    ("north(?:ern)?$ norte", "south(?:ern)?$ sur"),
    ("east(?:ern)?$ este$ oriental", "west(?:ern)?$ oeste occidental"),
    ("public(?:o|a|os|as)?$", "private privad"),
    ("improv mejor", "worsen empeor deteriorat"),
    ("protect proteg", "destroy destru"),
    ("always siempre", "never nunca jamas"),
    ("rich ric(?:o|a|os|as)$", "poor pobre"),
    ("fast faster fastest quick rapid", "slow slower lent"),
    ("success exit(?:o|os|oso|osa)$", "fail fracas"),
    ("urban urbano", "rural"),
    ("easy easily facil", "difficult dificil"),
    ("useful util(?:es)?$", "useless inutil"),
    ("best", "worst peor"),
    ("exceed surpass super(?:a|o|an|aron)$", "respet(?:a|o|an|aron)$ compl(?:y|ied)$"),
    ("uphold upheld confirm", "annul anul(?:o|a|aron)$ revoc quash overturn struck"),
    ("join(?:s|ed)?$ incorpor ingres(?:o|a|aron)$", "left$ leav abandon retir(?:o|a|aron|amos)$ withdr"),
    ("doubl duplic", "halv half$ mitad"),
)  # fmt: skip


def _side(stems: str) -> re.Pattern[str]:
    """A pattern for any of some stems; one that ends in `$` is a whole word."""
    words = (stem.replace("$", r"\b") if stem.endswith("$") else rf"{stem}\w*" for stem in stems.split())
    return re.compile(rf"\b(?:{'|'.join(words)})")


_SIDES = tuple((_side(one), _side(other)) for one, other in _OPPOSITES)


def strict_denials(text: str) -> list[tuple[int, int]]:
    """Places of the words in `text` that deny in so many words; "not only" does not."""
    folded = in_place(text)
    passed = [match.span() for match in _NOT_ONLY.finditer(folded)]
    return [match.span() for match in _NEGATION.finditer(folded) if not any(a <= match.start() < b for a, b in passed)]


def denials(text: str) -> list[tuple[int, int]]:
    """Places of all words in `text` that deny, in so many words or by what they imply."""
    return [*strict_denials(text), *(match.span() for match in _IMPLIED.finditer(in_place(text)))]


def is_limit(text: str, denial: tuple[int, int]) -> bool:
    """Whether a denial of `text` sets a limit: "no more than", "not before", "hasta 2021 no"."""
    folded = in_place(text)
    return bool(_LIMIT.match(folded, denial[1]) or re.search(r"\bhasta (?:\w+ ){1,3}$", folded[: denial[0]]))


def bounded(text: str) -> bool:
    """Whether a text sets a limit without denying: "at most", "the highest", "only"."""
    folded = in_place(text)
    return _BOUND.search(folded) is not None and _BEYOND.search(folded) is None


def opposite(claim: str, evidence: str) -> bool:
    """Whether the claim has a word whose opposite, and not the word itself, stands in the evidence."""
    claim, evidence = _AT_LEAST.sub(" ", fold(claim)), _AT_LEAST.sub(" ", fold(evidence))
    if _turned(claim):
        return True
    claim, evidence = _with_directions(claim), _with_directions(evidence)
    for one, other in _SIDES:
        for side, against in ((one, other), (other, one)):
            if (
                side.search(claim)
                and not against.search(claim)
                and against.search(evidence)
                and not side.search(evidence)
            ):
                return True
    return False


def _turned(claim: str) -> bool:
    """Whether a claim says that something fell from a smaller figure to a greater one, or rose from a greater one."""
    told = _with_directions(claim)[len(claim) :] if _FROM_TO.search(claim) else ""
    up, down = (bool(side.search(claim)) for side in _SIDES[0])
    return (told == " increase" and down and not up) or (told == " decrease" and up and not down)


_AT_LEAST = re.compile(
    r"\b(?:at least|al menos|por lo menos|at most|or more|o mas|more than|mas de|no more|any more)\b"
)
_SHARE = re.compile(r"(?:%|per ?cent|por ciento)\s+(?:(mas|more|higher)|(menos|less|fewer|lower))\b")


_FROM_TO = re.compile(r"\b(?:from|de) (\d[\d.,]*(?: ?%)?) (?:to|a) (\d[\d.,]*(?: ?%)?)")


def _with_directions(text: str) -> str:
    """The folded text, with "9 % more" and "from 420 to 910" said as an increase, their contraries as a decrease."""
    told = [" increase" if found[1] else " decrease" for found in _SHARE.finditer(text)]
    for found in _FROM_TO.finditer(text):
        first, last = (quantities(part) for part in found.groups())
        if first and last and first[0].kind == last[0].kind and not (first[0].is_year or last[0].is_year):
            told.append(" increase" if max(first[0].values) < max(last[0].values) else " decrease")
    return text + "".join(told)

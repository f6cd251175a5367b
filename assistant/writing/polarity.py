"""Whether two sentences affirm or deny alike: negations, and words with their opposites, in English and Spanish."""

from __future__ import annotations

import re

from assistant.question import fold
from assistant.writing.quantities import in_place

_NOT_ONLY = re.compile(r"\b(?:not (?:only|just|merely)|no (?:solo|solamente|unicamente))\b")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|nowhere|fail(?:s|ed|ing)? to|refus(?:e|es|ed) to"
    r"|yet to|need not|nunca|jamas|ni|sin|ningun|ninguna|ninguno|nadie|nada|tampoco)\b|n['’]t\b"
)
# What denies without a word for it: it answers a denial, and none is asked for it.
_IMPLIED = re.compile(
    r"\b(?:lack(?:s|ed|ing)?|absen(?:ce|t)|few|little|limited|hardly|scarcely|barely|apenas|inadequate|insufficient|un(?:able|recogni[sz]ed|available|titled)|inconsistent\w*"
    r"|reject(?:s|ed)?|den(?:y|ies|ied)|exclu\w+|unprecedented|surpassed|instead of|rather than|free of|other than|except"
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
        "increas rose rise rising grow grew grown expand doubl tripl aument crec duplic sub(?:e|io|ieron)",
        "decreas reduc declin fell fall(?:s|en)?$ shrink shrank drop halv disminu baj(?:o|aron)$ cay",
    ),
    ("more most mas mayor mayoria majority", "less fewer least menos menor minoria minority"),
    ("legal(?:ly)?$ legales", "illegal ilegal"),
    ("highest largest biggest", "lowest smallest"),
    ("begin began begun start started inici empez comenz launch lanz", "end ended ends finish conclud terminat termin conclu finaliz"),
    ("before antes", "after despues"),
    ("support apoy endors respald", "oppos rechaz opon reject"),
    ("allow permit autoriz", "forbid forbad prohib ban(?:s|ned)?$"),
    ("strengthen fortalec reforz", "weaken debilit"),
    ("strong fuerte", "weak debil"),
    ("safe safest segur", "dangerous peligros"),
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
    claim, evidence = _with_directions(fold(claim)), _with_directions(fold(evidence))
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


_SHARE = re.compile(r"(?:%|per ?cent|por ciento)\s+(?:(mas|more|higher)|(menos|less|fewer|lower))\b")


def _with_directions(text: str) -> str:
    """The folded text, with "9 % more" said as an increase and "9 % less" as a decrease."""
    return _SHARE.sub(lambda found: found[0] + (" increase" if found[1] else " decrease"), text)

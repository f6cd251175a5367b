"""What a question asks for: the kind of answer that would satisfy it, told from its words in English or Spanish."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from functools import lru_cache
from sys import getsizeof

from index.bounded import kept_within

LONGEST_WORD = 40
FOLDED_BYTES = 8_000_000
WORDS_BYTES = 16_000_000
NUMBER, MONEY, PERCENT, DATE, DURATION, CONTACT = "number", "money", "percent", "date", "duration", "contact"
PERSON, ORGANISATION, PLACE, LIST, DEFINITION, REASON, OTHER = (
    "person", "organisation", "place", "list", "definition", "reason", "other",
)  # fmt: skip

_HEAD = re.compile(
    r"\b(?:how many|how much|number of|cuant[oa]s?|numero de|cantidad de|(?:percentage|share|proportion|portion|porcentaje) (?:of|de))"
    r"\s+(?:(?:the|de|la|el|los|las|of|million|millones|different|distint[oa]s|otr[oa]s|other)\s+)*(\w+)"
)

# Tried in order; the first that matches decides. Patterns see lower case without accents.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (CONTACT, r"\b(phone|telephone|hotline|fax|e-?mail|street|postal|mailing) ?(number|address)?\b|\b(street|office|mailing|postal) address\b"
              r"|\baddress of\b|\btelefono\b|\bcelular\b|\bcorreo electronico\b|\bdireccion (de la|del|postal|exacta)\b|\bpagina web\b|\bwebsite\b"),
    (PERCENT, r"\b(what|which) (percentage|percent|share|proportion|fraction|portion)\b|\bpercentage\b|\bper cent\b"
              r"|\bque (porcentaje|proporcion|parte|fraccion)\b|\bporcentaje\b|\bproporcion\b"),
    (MONEY, r"\bhow much (money|funding|did it cost|does it cost|was (spent|paid|invested))\b|\bbudgets?\b|\bsalary\b|\bcosts?\b"
            r"|\bhow many (million |billion )?(dollars|euros|soles)\b|\bfunding amount\b|\bprice\b"
            r"|\bcuant[oa]s? (dinero|plata|millones de dolares|dolares|euros|soles|cuesta|costo)\b|\bpresupuesto\b"
            r"|\bmonto\b|\bsueldo\b|\bsalario\b|\bprecio\b|\ben (soles|euros|dolares)\b|\bcuanto (cuesta|costo|gasto|invirtio)\b"),
    (DURATION, r"\bhow (long|many (years|months|weeks|days))\b|\bduration\b|\bcuanto (tiempo|dura|duro)\b"
               r"|\bcuantos (anos|meses|dias)\b|\bduracion\b"),
    (DATE, r"\bwhen\b|\b(what|which|in what|since what) (year|date|month|day)s?\b|\bsince when\b|\bsingle year\b"
           r"|\b(start|end|starting|ending|launch)( and (start|end))? (year|date)s?\b|\blast updated?\b|\bfrom what year\b"
           r"|\bcuando\b|\b(que|cual) (ano|anos|fecha|mes|dia)\b|\ben que (ano|mes|fecha)\b|\ba partir de que\b|\bfecha\b"),
    (NUMBER, r"\bhow (many|much|large|big|high|tall|far|old)\b|\b(what|the|total) number of\b|\bnumber of\b|\btonnage\b|\bfigures?\b"
             r"|\bcuant[oa]s?\b|\b(que|el) numero de\b|\bnro\b|\bcantidad\b|\btamano\b|\bpoblacion\b|\bpopulation\b"),
    (REASON, r"\bwhy\b|\bhow come\b|\b(what|which) (reason|cause|motive)s?\b|\bwhat('s| is) the point\b|\bwhat led\b"
             r"|\bpor ?que (?!se llama)|\bpor q\b|\bpara que\b|\bque (razon|razones|motivo|motivos|causa)\b|\ba que se debi"),
    (DEFINITION, r"\bstands? for\b|\b(full|long) (name|form)\b|\bspell out\b|\bacronym\b|\bwhat does .{1,60} mean\b|\bdefinition of\b"
                 r"|\bque (significa|quiere decir|quieren decir)\b|\bsiglas?\b|\bde que es la sigla\b|\ba (que|q) se refiere\b|\bdefin"),
    (LIST, r"\b(which|what|name|list|give me|enumerate)\b.{0,40}\b(two|three|four|five|six|seven|eight|nine|ten)\b"
           r"|\b(list|enumerate|name)( me)? (all|the|some)\b|\bwho are the\b|\bquienes son (los|las)\b|\bwhat are the\b|\bwhich (are|were) the\b|\bgive me the\b"
           r"|\b(what|which) (other )?(\w+ )?(\w+ )?(organi[sz]ations|institutions|regions|countries|objectives|areas|threats|activities|partners|drivers"
           r"|results|initiatives|departments|groups|agencies|entities|programmes|programs|videos|peoples|federations|causes|crimes|topics|issues)\b"
           r"|\bcuales\b|\b(las|los) (dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez)\b|\benumer|\blista|\bmenciona"
           r"|\bque (otr[oa]s )?(\w+ )?(organizaciones|instituciones|regiones|paises|objetivos|areas|amenazas|actividades|socios|causas"
           r"|resultados|iniciativas|departamentos|grupos|entidades|programas|videos|pueblos|federaciones|delitos|temas)\b"),
    (PERSON, r"\bwho (is|was|runs|leads|led|heads|headed|directs|directed|founded|said|signed)\b|\bwhose\b|\bname of the (director|minister|head|chief)\b"
             r"|\bquien(es)?\b|\bcomo se llama (el|la) (ministr|director|president|jef|embajador)"),
    (PLACE, r"\bwhere\b|\b(what|which|in what|in which) (country|city|region|town|department|province|place|places|address|area)\b|\baddress\b"
            r"|\bdonde\b|\b(que|cual|en que) (pais|ciudad|region|departamento|provincia|lugar|zona)\b|\bdireccion\b"),
    (ORGANISATION, r"\bwho\b|\b(what|which) (organi[sz]ation|agency|institution|body|company|office|ministry|department|entity|unit|bureau|centre|center)\b"
                   r"|\bque (organizacion|agencia|institucion|entidad|empresa|oficina|ministerio|cartera|unidad|organismo|centro)\b"),
    (DEFINITION, r"^(so )?what('s| is| are) [^ ]+( [^ ]+){0,4}\?*$|^que (es|son) [^ ]+( [^ ]+){0,4}$|\bwhat is (an?|the) \w+\?*$"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS)


def fold(text: str) -> str:
    """Lower case without accents or inverted marks; the length may change."""
    return _folded_word(text) if len(text) <= LONGEST_WORD else _folded_text(text)


@lru_cache(maxsize=16_384)
def _folded_word(word: str) -> str:
    return _folded(word)


def _folded(text: str) -> str:
    lower = text.casefold()
    if lower.isascii():
        return lower
    decomposed = unicodedata.normalize("NFD", lower)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("¿", "").replace("¡", "")


_folded_text = kept_within(FOLDED_BYTES, lambda text, folded: getsizeof(text) + getsizeof(folded) + 200)(_folded)


def expected_kind(question: str) -> str:
    """One of the kinds of this module: what a sentence must hold to answer `question`."""
    folded = " ".join(fold(question).split())
    return next((kind for kind, pattern in _COMPILED if pattern.search(folded)), OTHER)


def counted(question: str) -> str | None:
    """The folded word that names what is counted ("how many *families*"); None for a question that counts nothing."""
    match = _HEAD.search(fold(question))
    return match.group(1) if match else None


_UNITS = r"(?:hundred|thousand|million|billion|mil|millon(?:es)?|cientos?)"
_NUMBER_WORDS = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|docenas?|veinte|treinta|cuarenta|cincuenta|sesenta)"
)
_YEAR = r"(?:1[5-9]\d\d|20\d\d)"
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre)"
)
_EVIDENCE: dict[str, re.Pattern[str]] = {
    NUMBER: re.compile(rf"\d|\b{_NUMBER_WORDS}\b|\b{_UNITS}\b|\bone\b|\bsingle\b|\bhalf\b|\bun[oa]?\b|\bmitad\b"),
    MONEY: re.compile(
        r"[$€£]\s?\d|\bs/\.?\s?\d|\d[\d.,]*\s?(?:\w+ )?(?:dollars|dolares|euros|soles|usd|pounds)\b|\b(?:usd|eur|pen)\s?\d"
    ),
    PERCENT: re.compile(
        r"\d\s?%|\bper ?cent\b|\bpor ciento\b|\bhalf\b|\bquarter\b|\bthird of\b|\bmitad\b|\btercio\b|\bmajority\b|\bmayoria\b"
    ),
    DATE: re.compile(
        rf"\b{_YEAR}\b|\b{_MONTH}\b|\b\d{{1,2}}[/-]\d{{1,2}}[/-]\d{{2,4}}\b|\b\d{{1,2}}(?:st|nd|rd|th) century\b|\bsiglo [ivx]+\b"
    ),
    CONTACT: re.compile(
        r"\+?\d[\d ()-]{6,}\d|\S@\S|https?://|www\.|\b(?:avenida|av\.|jiron|jr\.|calle|street|avenue|road|suite|floor|piso)\b"
    ),
    DURATION: re.compile(
        r"\b(?:year|month|week|day|decade|hour|minute|ano|mes|semana|dia|decada|hora|minuto|century|siglo)(?:s|es)?\b"
        rf"|{_YEAR}\s?[-–—]\s?{_YEAR}|\b(?:from|between|desde|entre)\b.{{0,30}}{_YEAR}"
    ),
}
_NAME = re.compile(
    r"(?<![.!?] )(?<!^)\b[A-ZÁÉÍÓÚÑ][\w’'.-]+(?:\s+(?:(?:de|del|la|of|the|von|van|for|and|y)\s+)*[A-ZÁÉÍÓÚÑ][\w’'.-]+)*|\b[A-ZÁÉÍÓÚÑ]{2,}\b"
)
_EXPANSION = re.compile(
    r"\([A-ZÁÉÍÓÚÑ][\w.&/-]{1,14}\)|\b[A-ZÁÉÍÓÚÑ]{2,}[A-Za-z-]*\b\W{0,5}\b[A-ZÁÉÍÓÚÑ]\w+|\b(?:is|are|means|refers to|stands for|es|son|significa)\b"
)
_REASON = re.compile(
    r"\b(?:because|since|due to|as a result|in order to|so that|therefore|to (?!the\b)\w+|thus|lead(?:s|ing)? to|caus\w+|driv\w+|for \w+ing|by \w+ing"
    r"|allow\w*|enabl\w+|help\w*|aim\w*|thanks to|porque|debido|para|a fin de|por lo que|gracias a|permit\w+|caus\w+)\b"
)


# What stands in the names of bodies and places; a run of capitals without any of them may be a person.
_NOT_PERSONS = frozenset(
    """agency alliance amazon amazonas amazonia america american andean andes association association's authority bank bureau canada centre
    center china city civil colombia commission committee congress convention cooperation council country court criminal
    department development directorate district division eastern ecuador embassy environment environmental europe european
    federation forest forests foreign foundation fund general government group high house human illegal indigenous institute
    institution international justice lands latin law lima local ministry mission national nations native north northern office
    organisation organization peoples peru peruvian police policy president presidency prevention procedure program programme
    project protection public rainforest region regional republic reserve resources river rural service society south state
    states strategy superintendency supervision town trade trafficking union unit united university us usaid valley war
    western wildlife women working world agencia alianza amazonica asociacion autoridad banco brasil brazil centro comision comite
    comunidad comunidades congreso consejo cooperacion corte defensoria departamento desarrollo direccion estado federacion
    fiscalia fondo fundacion gobierno grupo instituto internacional justicia ministerio mision nacional naciones oficina
    organizacion pais peruana peruano policia politica programa proyecto pueblos red region republica salud secretaria selva
    sistema sociedad superintendencia unidas unidos union universidad bolivia chile new san santa el la los las the""".split()  # noqa: SIM905
)
_CAPITALS = re.compile(r"[A-ZÁÉÍÓÚÑ][\w’'-]+(?:\s+(?:de|del|la|van|von|da|dos)\b)?(?:\s+[A-ZÁÉÍÓÚÑ][\w’'.-]+)+")


def names_person(text: str) -> bool:
    """Whether the text holds what can be a person's name: a run of capitalised words, none of a body or place."""
    return any(
        not _NOT_PERSONS & {word.strip(".") for word in fold(match.group()).replace("’s", "").replace("'s", "").split()}
        for match in _CAPITALS.finditer(text)
    )


_ACRONYM = re.compile(r"\b[A-ZÁÉÍÓÚÑ][A-ZÁÉÍÓÚÑ-]+\b")
VISIBLE = frozenset({NUMBER, MONEY, PERCENT, DATE, DURATION, CONTACT, PERSON})
_ASKS_DATE = re.compile(
    r"^(?:(?:and|since|y|desde|hasta|until) )?(?:when (?:did|was|were|is|are|will|has|have|had|does|do|can|should)|cuando)\b"
    r"|\b(?:since when|what year|which year|what date|which date|desde cuando|hasta cuando|que ano|que fecha|cual es la fecha)\b"
)
_ASKS_NUMBER = re.compile(r"\bhow many\b|\b(?:what|the|total) number of\b|\bcuant[oa]s\b|\b(?:que|el) numero de\b")
_ASKS_PERCENT = re.compile(r"\b(?:what|which|que|cual es el) (?:percentage|percent|porcentaje)\b")
_SURE = {NUMBER: _ASKS_NUMBER, PERCENT: _ASKS_PERCENT, DATE: _ASKS_DATE}


def shows_surely(question: str, kind: str) -> bool:
    """Whether a question's kind, and what answers it, are told so surely that nothing without a sign of it answers."""
    return kind in _SURE and _SURE[kind].search(fold(question).strip()) is not None


def spells_out(text: str, question: str) -> bool:
    """Whether `text` says what an acronym of the question stands for: `Name In Full (ABC)`, or `ABC Name In Full`."""
    for acronym in set(_ACRONYM.findall(question)):
        name = re.escape(acronym)
        if re.search(
            rf"[a-záéíóúñ]\W{{1,3}}\({name}\)|\b{name}\b[\s*:–—(-]{{1,5}}(?:The |La |El )?[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+ \w+",
            text,
        ):
            return True
    return False


def answer_spans(text: str, kind: str) -> list[tuple[int, int]]:
    """Where `text` holds something of the kind that was asked for; empty for kinds that show by no single place."""
    if kind in _EVIDENCE:
        spans: list[tuple[int, int]] = []
        for match in _EVIDENCE[kind].finditer(plain(text)):
            # The digits of one number are matched one by one.
            if spans and text[spans[-1][1] : match.start()] in ("", ".", ","):
                spans[-1] = (spans[-1][0], match.end())
            else:
                spans.append(match.span())
        return spans
    if kind in (PERSON, ORGANISATION, PLACE):
        return [match.span() for match in _CAPITALS.finditer(text)] or [match.span() for match in _NAME.finditer(text)]
    return []


def plain(text: str) -> str:
    """Lower case without accents, letter for letter: places in it are places in the text."""
    return "".join(map(_plain_letter, text))


@lru_cache(maxsize=4096)
def _plain_letter(letter: str) -> str:
    lower = unicodedata.normalize("NFD", letter)[0].lower()
    return lower if len(lower) == 1 else letter


def without(text: str, words: Set[str]) -> str:
    """The text without some words, given folded: without those of a question, what it would add."""
    return " ".join(word for word, plain in _plain_words(text) if plain not in words)


@kept_within(WORDS_BYTES, lambda text, _: 600 + 30 * len(text))
def _plain_words(text: str) -> tuple[tuple[str, str], ...]:
    """The words of a text, each with its plain form."""
    return tuple((word, fold(word).strip(".,;:()\"“”'")) for word in text.split())


def shows(kind: str) -> bool:
    """Whether a kind has a sign that `holds_kind` looks for."""
    return kind in _EVIDENCE or kind in (PERSON, ORGANISATION, PLACE, DEFINITION, REASON)


def holds_kind(text: str, kind: str) -> bool:
    """Whether `text` holds something of the kind that was asked for; True for kinds without a visible sign."""
    if kind in _EVIDENCE:
        return _EVIDENCE[kind].search(fold(text)) is not None
    if kind == PERSON:
        return names_person(text)
    if kind in (ORGANISATION, PLACE):
        return _NAME.search(text) is not None
    if kind == DEFINITION:
        return _EXPANSION.search(text) is not None
    if kind == REASON:
        return _REASON.search(fold(text)) is not None
    return True

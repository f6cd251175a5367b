"""Answers against the gold: exact match, token F1, and the strings that a right answer must cite.

Normalisation follows SQuAD (Rajpurkar et al. 2016, https://arxiv.org/abs/1606.05250): lower case, no punctuation,
no articles, single spaces; the articles are those of the answer's language, as in MLQA (Lewis et al. 2020).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from assistant.types import Answer

ARTICLES = {
    "en": frozenset({"a", "an", "the"}),
    "es": frozenset({"un", "una", "unos", "unas", "el", "la", "los", "las"}),
}
MARKER = re.compile(r"\s*\[\d+\]")


def normalise(text: str, lang: str) -> list[str]:
    """The tokens of `text` after SQuAD's normalisation; accents stay."""
    kept = "".join(
        " " if unicodedata.category(char)[0] == "Z" or char.isspace() else char
        for char in unicodedata.normalize("NFC", text.lower())
        if unicodedata.category(char)[0] not in "PS"
    )
    return [token for token in kept.split() if token not in ARTICLES.get(lang, frozenset())]


def without_markers(text: str) -> str:
    """An answer's text without its `[n]` markers."""
    return MARKER.sub("", text).strip()


def exact_match(text: str, gold: Iterable[str], lang: str) -> float:
    """1 if the normalised text equals a normalised gold answer, else 0."""
    tokens = normalise(text, lang)
    return float(any(tokens == normalise(answer, lang) for answer in gold))


def token_f1(text: str, gold: Sequence[str], lang: str) -> float:
    """The best F1 over the gold answers: harmonic mean of token precision and recall, tokens as a bag."""
    return max((_f1(normalise(text, lang), normalise(answer, lang)) for answer in gold), default=0.0)


def _f1(found: list[str], expected: list[str]) -> float:
    if not found or not expected:
        return float(found == expected)
    common = sum((Counter(found) & Counter(expected)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(found), common / len(expected)
    return 2 * precision * recall / (precision + recall)


def fold(text: str) -> str:
    """`text` without case, accents and runs of white space, for comparing what was written with what was meant."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(char for char in decomposed if not unicodedata.combining(char)).split())


def cites_all(answer: Answer, required: Iterable[str]) -> bool:
    """Whether every required string stands in the cited quotes, case and accents aside."""
    quotes = fold(" ".join(citation.quote for citation in answer.citations))
    return all(fold(text) in quotes for text in required)


def first_citation_holds(answer: Answer, gold: Iterable[str]) -> float:
    """1 if the quote of the first citation contains a gold answer, case and accents aside, else 0."""
    if answer.abstained or not answer.citations:
        return 0.0
    quote = fold(answer.citations[0].quote)
    return float(any(fold(text) in quote for text in gold))

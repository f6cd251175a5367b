"""Citations against the gold evidence.

Precision and recall after ALCE (Gao et al. 2023, https://arxiv.org/abs/2305.14627), with the question's own
evidence in the place of its entailment model: a citation is correct if it meets a quote of the evidence in the
same document, and a quote is recalled if a citation meets it. Two spans meet if they share at least half of the
shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.types import Citation
from eval.types import Question
from index.types import Span

Located = tuple[str, Span]
"""A span and the document in which it stands."""


def locate_evidence(question: Question, text_of: Callable[[str], str | None]) -> list[list[Located]]:
    """For every quote of the evidence, all places where it stands in the question's documents."""
    return [
        [(doc_id, span) for doc_id in question.docs for span in _occurrences(text_of(doc_id) or "", quote)]
        for quote in question.evidence
    ]


def citation_precision(citations: Sequence[Citation], evidence: Sequence[Sequence[Located]]) -> float:
    """Share of the citations that meet some quote of the evidence; 0 without citations."""
    places = [place for quote in evidence for place in quote]
    correct = [any(_meet(_located(citation), place) for place in places) for citation in citations]
    return sum(correct) / len(correct) if correct else 0.0


def citation_recall(citations: Sequence[Citation], evidence: Sequence[Sequence[Located]]) -> float:
    """Share of the quotes of the evidence that some citation meets, at any place where they stand."""
    met = [any(_meet(_located(citation), place) for citation in citations for place in quote) for quote in evidence]
    return sum(met) / len(met) if met else 0.0


def verbatim(citation: Citation, text_of: Callable[[str], str | None]) -> bool:
    """Whether the quote is, character for character, what stands at the cited place."""
    text = text_of(citation.doc_id)
    return text is not None and bool(citation.quote) and text[citation.start : citation.end] == citation.quote


def _located(citation: Citation) -> Located:
    return citation.doc_id, Span(citation.start, citation.end)


def _meet(first: Located, second: Located) -> bool:
    if first[0] != second[0]:
        return False
    (a, b), (c, d) = first[1], second[1]
    shared = min(b, d) - max(a, c)
    return shared > 0 and 2 * shared >= min(b - a, d - c)


def _occurrences(text: str, quote: str) -> list[Span]:
    spans, start = [], text.find(quote)
    while start >= 0:
        spans.append(Span(start, start + len(quote)))
        start = text.find(quote, start + 1)
    return spans

"""What is measured of a question against sentences, and of an answer: the inputs of the reader and of the refusal."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant import question as kinds
from assistant.asked import Stems, Word, covers, joined, stems_of
from assistant.matching import (
    best_matches,
    inside,
    sentence_edges,
    sentence_matches,
    similarities,
    word_matches,
    word_weights,
)
from assistant.orders import speaks_to_machine
from assistant.question import LIST, counted, fold, holds_kind, spells_out, without
from assistant.reranking import NUMBER, same_numbers
from assistant.retrieval import Candidate, Found, Query
from index.types import Sentence

CONSIDERED = 8
KINDS = (
    kinds.NUMBER,
    kinds.MONEY,
    kinds.PERCENT,
    kinds.DATE,
    kinds.DURATION,
    kinds.CONTACT,
    kinds.PERSON,
    kinds.ORGANISATION,
    kinds.PLACE,
    kinds.REASON,
    kinds.LIST,
    kinds.DEFINITION,
)
_SENTENCE_KINDS = ("heading", "item", "card", "field", "lead")
_OF_NO_KIND = {f"is_{kind}": 0.0 for kind in _SENTENCE_KINDS}
_OF_KIND = {kind: {**_OF_NO_KIND, f"is_{kind}": 1.0} for kind in _SENTENCE_KINDS}
_CAPITAL = re.compile(r"\b[A-ZÁÉÍÓÚÑ][\w’'-]*")


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence of a candidate passage with its features; `passage` counts candidates, `position` sentences, from 0."""

    passage: int
    position: int
    sentence: Sentence
    text: str
    features: Mapping[str, float]


def sentence_views(found: Found, considered: int = CONSIDERED) -> list[SentenceView]:
    """Every sentence of the best passages with its features."""
    views = []
    for number, candidate in enumerate(found.candidates[:considered]):
        views += _views(found.query, number, candidate)
    return views


def _views(query: Query, number: int, candidate: Candidate) -> list[SentenceView]:
    passage, asked = candidate.stored.passage, query.asked
    texts = [passage.text[s.start - passage.start : s.end - passage.start] for s in passage.sentences]
    in_passage = asked.coverage(stems_of(candidate.stored.whole))
    asked_stems = joined(*(word.stems for word in asked.words)) if asked.words else stems_of("")
    asked_words = set(fold(query.text).split())
    numbers = NUMBER.search(query.text) is not None
    definition = asked.kind == kinds.DEFINITION
    shown = kinds.shows(asked.kind)
    matched = _matched(query, candidate)
    gaps = candidate.sentence_scores - candidate.sentence_scores.max() if texts else candidate.sentence_scores
    before = [False] * len(asked.words)
    views = []
    for position, (sentence, text) in enumerate(zip(passage.sentences, texts, strict=True)):
        stems = stems_of(text)
        held = [covers(word, stems) for word in asked.words]
        features = {
            "similarity": float(candidate.sentence_scores[position]),
            "gap": float(gaps[position]),
            "late": float(matched.mean[position]),
            "late_least": float(matched.least[position]),
            "late_reverse": _reverse(matched.tokens[slice(*matched.edges[position])]),
            "passage": candidate.score,
            "passage_late": candidate.parts.get("late", 0.0),
            "rank": 1.0 / (1 + number),
            "coverage": _share(asked.words, held),
            "coverage_near": _share(asked.words, [one or other for one, other in zip(before, held, strict=True)]),
            "coverage_passage": in_passage,
            "kind": float(not shown or holds_kind(text, asked.kind)),
            "kind_new": float(not shown or holds_kind(without(text, asked_words), asked.kind)),
            "novel": math.log1p(len(stems["en"] - asked_stems["en"] - asked_stems["es"])),
            "same_numbers": same_numbers(query.text, text) if numbers else 1.0,
            "log_length": math.log(max(len(text), 1)),
            "short": float(len(text) < 40),
            **_OF_KIND.get(sentence.kind, _OF_NO_KIND),
            "spells_out": float(definition and spells_out(text, query.text)),
            "list_lead": float(asked.kind == LIST and sentence.kind in ("lead", "item")),
        }
        views.append(SentenceView(number, position, sentence, text, features))
        before = held
    return views


def _share(words: Sequence[Word], held: Sequence[bool]) -> float:
    """Share of the words, weighted by rarity, that are held; 1 for a question without any."""
    whole = sum(word.idf for word in words)
    return sum(word.idf for word, holds in zip(words, held, strict=True) if holds) / whole if whole else 1.0


class _Matched(NamedTuple):
    """A passage's sentences against the question's tokens.

    `mean` and `least` `(sentences,)`: the mean of the question tokens' best matches in the sentence, and that of the worst
    matched word; `tokens` `(passage tokens,)`: each token's best match in the question; `edges[i]`: those of sentence i.
    """

    mean: NDArray[np.float32]
    least: NDArray[np.float32]
    tokens: NDArray[np.float32]
    edges: list[list[int]]


def _matched(query: Query, candidate: Candidate) -> _Matched:
    """All sentences of a candidate at once."""
    similar = similarities(candidate)
    best = np.ascontiguousarray(sentence_matches(candidate).T)
    edges = sentence_edges(candidate).tolist()
    words = [list(word.tokens) for word in query.asked.words if word.tokens and max(word.tokens) < len(similar)]
    means = [best[:, tokens].mean(axis=1) if len(tokens) > 1 else best[:, tokens[0]] for tokens in words]
    least = np.minimum.reduce(means) if means else np.zeros(len(best), dtype=np.float32)
    tokens = similar.max(axis=0) if similar.size else np.zeros(0, dtype=np.float32)
    return _Matched(best.mean(axis=1), least, tokens, edges)


def _reverse(best: NDArray[np.float32]) -> float:
    """How well the question covers a sentence: mean over the better 40 % of what its tokens match best, `(tokens,)`."""
    if not len(best):
        return 0.0
    values = sorted(best.tolist(), reverse=True)
    better: list[float] = values[: max(3, int(len(values) * 0.4))]
    return sum(better) / len(better)


def answer_features(found: Found, views: Sequence[SentenceView], scores: Sequence[float]) -> dict[str, float]:
    """What tells whether the documents answer the question; empty without candidates."""
    if not found.candidates or not views:
        return {}
    query, asked = found.query, found.query.asked
    ranked = np.argsort(-np.asarray(scores), kind="stable").tolist()
    best = views[ranked[0]]
    top = found.candidates[best.passage]
    beside = around(top, best.position)
    contexts = [stems_of(c.stored.whole) for c in found.candidates[:3]]
    whole = joined(*contexts)
    weight = sum(word.idf for word in asked.words) or 1.0
    lacking = [word.idf for word in asked.words if not covers(word, whole)]
    unknown = [word.idf for word in asked.words if not word.known]
    named = [word for word in asked.words if is_name(word.text, query.text)]
    in_sentence = best_matches(similarities(top), inside(top, best.sentence))
    in_three = best_of([best_matches(similarities(c)) for c in found.candidates[:3] if c.similar is not None])
    head = _head(query)
    features = {
        "reading": scores[ranked[0]],
        "reading_margin": scores[ranked[0]] - float(np.mean([scores[i] for i in ranked[1:6]] or [0.0])),
        "passage": found.candidates[0].score,
        "coverage_passage": max(asked.coverage(context) for context in contexts),
        "coverage_three": asked.coverage(whole),
        "share_lacking": sum(lacking) / weight,
        "share_unknown": sum(unknown) / weight,
        "names_unknown": float(sum(not word.known for word in named)),
        "names_lacking": float(sum(not covers(word, whole) for word in named)),
        "counted_missing": float(head is not None and not covers(head, beside)),
        "counted_matched": float(in_sentence[list(head.tokens)].mean())
        if head is not None and len(in_sentence) > max(head.tokens)
        else 0.0,
        "kind_held": best.features["kind_new"],
        "kind_near": float(any(views[i].features["kind_new"] for i in ranked[:5])),
        "lacks_visible": float(asked.kind in kinds.VISIBLE and not best.features["kind_new"]),
        "lacks_visible_near": float(
            asked.kind in kinds.VISIBLE and not any(views[i].features["kind_new"] for i in ranked[:5])
        ),
        "lacks_definition": float(
            asked.kind == kinds.DEFINITION and not any(views[i].features["spells_out"] for i in ranked[:5])
        ),
        "same_numbers": same_numbers(query.text, top.stored.whole),
        "speaks_to_machine": float(speaks_to_machine(query.text)),
        "same_numbers_sentence": best.features["same_numbers"],
        **_words_matched(query, "passage", best_matches(similarities(top))),
        **_words_matched(query, "three", in_three),
        **_words_matched(query, "sentence", in_sentence),
    }
    for kind in KINDS:
        features[f"asks_{kind}"] = float(asked.kind == kind)
    for part in ("dense", "sentence", "lexical", "late"):
        values = sorted((c.parts[part] for c in found.candidates if part in c.parts), reverse=True) or [0.0]
        features[f"{part}_top"] = values[0]
        features[f"{part}_margin"] = values[0] - float(np.mean(values[1:6] or [0.0]))
    return features


def _head(query: Query) -> Word | None:
    """The word of the question that names what is counted."""
    name = counted(query.text)
    return next((word for word in query.asked.words if word.tokens and fold(word.text) == name), None)


def around(candidate: Candidate, position: int) -> Stems:
    """Stems of a sentence, its neighbours and the headings above."""
    passage = candidate.stored.passage
    near = passage.sentences[max(position - 1, 0) : position + 2]
    texts = [passage.text[s.start - passage.start : s.end - passage.start] for s in near]
    return joined(*map(stems_of, [candidate.stored.context, *texts]))


def is_name(word: str, question: str) -> bool:
    """Whether a word of the question is a name or a figure: capitals or digits, past the first word."""
    return any(c.isdigit() for c in word) or (
        _CAPITAL.fullmatch(word) is not None and not question.lstrip("¿¡ ").startswith(word)
    )


def best_of(matches: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The best of several passages' matches for each question token."""
    return np.maximum.reduce(list(matches)) if matches else np.zeros(1, dtype=np.float32)


def _words_matched(query: Query, where: str, best: NDArray[np.float32]) -> dict[str, float]:
    """The least and the weighted mean of the content words' best matches."""
    words, weights = word_matches(query, best), word_weights(query, best)
    if not len(words):
        return {f"words_{where}_least": 0.0, f"words_{where}_weighted": 0.0}
    total = float(weights.sum())
    return {
        f"words_{where}_least": float(words.min()),
        f"words_{where}_weighted": float(words @ weights / total) if total else float(words.mean()),
    }

"""What is measured of a question against sentences, and of an answer: the inputs of the reader and of the refusal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant import question as kinds
from assistant.asked import Stems, Word, covers, joined, stems_of
from assistant.matching import best_matches, inside, similarities, word_matches, word_weights
from assistant.orders import speaks_to_machine
from assistant.question import LIST, counted, fold, holds_kind, spells_out, without
from assistant.reranking import same_numbers
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
    similar = similarities(candidate)
    in_passage = asked.coverage(stems_of(candidate.stored.whole))
    asked_stems = joined(*(word.stems for word in asked.words)) if asked.words else stems_of("")
    asked_words = set(fold(query.text).split())
    before = stems_of("")
    views = []
    for position, sentence in enumerate(passage.sentences):
        text = passage.text[sentence.start - passage.start : sentence.end - passage.start]
        stems = stems_of(text)
        columns = inside(candidate, sentence)
        best = best_matches(similar, columns)
        words = word_matches(query, best)
        held = holds_kind(text, asked.kind)
        new = holds_kind(without(text, asked_words), asked.kind)
        features = {
            "similarity": float(candidate.sentence_scores[position]),
            "gap": float(candidate.sentence_scores[position] - candidate.sentence_scores.max()),
            "late": float(best.mean()),
            "late_least": float(words.min()) if len(words) else 0.0,
            "late_reverse": _reverse(similar, columns),
            "passage": candidate.score,
            "passage_late": candidate.parts.get("late", 0.0),
            "rank": 1.0 / (1 + number),
            "coverage": asked.coverage(stems),
            "coverage_near": asked.coverage(joined(before, stems)),
            "coverage_passage": in_passage,
            "kind": float(held),
            "kind_new": float(new),
            "novel": float(np.log1p(len(stems["en"] - asked_stems["en"] - asked_stems["es"]))),
            "same_numbers": same_numbers(query.text, text),
            "log_length": float(np.log(max(len(text), 1))),
            "short": float(len(text) < 40),
            **{f"is_{kind}": float(sentence.kind == kind) for kind in ("heading", "item", "card", "field", "lead")},
            "spells_out": float(asked.kind == kinds.DEFINITION and spells_out(text, query.text)),
            "list_lead": float(sentence.kind in ("lead", "item") and asked.kind == LIST),
        }
        views.append(SentenceView(number, position, sentence, text, features))
        before = stems
    return views


def _reverse(similar: NDArray[np.float32], columns: NDArray[np.bool_]) -> float:
    """How well the question covers the sentence: mean over the better 40 % of the sentence's tokens."""
    if not similar.size or not columns.any():
        return 0.0
    best = np.sort(similar[:, columns].max(axis=0))[::-1]
    return float(best[: max(3, int(len(best) * 0.4))].mean())


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
    return stems_of(" ".join([candidate.stored.context, *texts]))


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

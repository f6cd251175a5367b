"""Whether a written sentence is supported by a passage: the figures and names stand there, and the meaning is near enough.

The passage is looked at through windows: one sentence, two or three adjacent ones, a lead-in with items of its list. Figures
and names are rules; the meaning is a linear model over the token-level alignment of the sentence with the window (MaxSim on
the token vectors that the index holds), the coverage of its words, and signs of denial. The model and its threshold are
fitted by `python -m eval.support --fit`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

from assistant.asked import take_apart
from assistant.bridge import OTHER, Bridge, Translation
from assistant.weights import LinearModel, sigmoid
from assistant.writing.alignment import align, features_of
from assistant.writing.conflicts import SAME_WORD
from assistant.writing.evidence import Aligned, Claim, Evidence, Support, Window
from assistant.writing.mentions import other_forms, short_forms
from assistant.writing.names import names, unified
from assistant.writing.orders import orders
from assistant.writing.quantities import quantities
from assistant.writing.rules import missing_figures, missing_names
from assistant.writing.sources import Source
from index.embedding import Embedder
from index.language import question_language
from index.lexical import terms
from index.quantise import dequantise
from index.store import Generation
from index.stored import StoredPassage

SUPPORT_FILE = Path(__file__).with_name("support.json")
UNANSWERED, RIVAL, REPLACED = 0.5, 0.06, 0.9
PLAINLY_DROPPED = 0.25
COVERED, LONGER, BESIDE = 0.3, 0.02, 0.08
ADJACENT = 3
About = tuple[str, str, tuple[tuple[str, str], ...], Source]
LONGEST_LIST = 14
LONGEST_DOCUMENT = 200_000


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model of nearness and the probability from which on a sentence counts as supported."""

    model: LinearModel
    threshold: float


@cache
def fitted() -> Fitted:
    """The model that ships with Quipu."""
    content = json.loads(SUPPORT_FILE.read_text(encoding="utf-8"))
    return Fitted(LinearModel(**content["model"]), float(content["threshold"]))


class SupportChecker:
    """Checks sentences against passages of one generation. Thread-safe."""

    def __init__(self, generation: Generation, embedder: Embedder, bridge: Bridge, model: Fitted | None = None) -> None:
        self.generation = generation
        self.embedder = embedder
        self.bridge = bridge
        self.fitted = model or fitted()
        self._documents: dict[str, About] = {}
        self._evidence: dict[int, Evidence] = {}
        self._lock = Lock()

    def claim(self, sentence: str) -> Claim:
        """Make a sentence ready to be checked."""
        text = unified(sentence)
        language = question_language(text)
        translation = self.bridge.translate(text, language)
        encoded = self.embedder.encode([text], "passage", tokens=True)[0]
        asked = take_apart(text, language, translation, encoded.tokens, self.generation.lexical)
        return Claim(
            text,
            language,
            tuple(quantities(text)),
            tuple(names(text, ordinary(translation, language))),
            asked,
            translation,
            encoded,
        )

    def evidence(self, stored: StoredPassage) -> Evidence:
        """The passage with its stored vectors; remembered."""
        with self._lock:
            if stored.row not in self._evidence:
                if len(self._evidence) > 500:
                    self._evidence.clear()
                first, last = self.generation.token_offsets[stored.row : stored.row + 2]
                packed = np.asarray(self.generation.tokens[first:last])
                starts = packed["at"].astype(np.int64) - stored.context_length
                rows = slice(stored.first_sentence, stored.first_sentence + len(stored.passage.sentences))
                vectors = np.asarray(self.generation.sentences[rows]).astype(np.float32)
                about = self._about(stored.passage.doc_id)
                self._evidence[stored.row] = Evidence(stored, *about, dequantise(packed), starts, vectors)
            return self._evidence[stored.row]

    def check(self, claim: Claim, stored: StoredPassage) -> Support | None:
        """The window of a passage that supports the claim best; None for a passage without sentences."""
        return max(self.supports(claim, stored), key=rank, default=None)

    def supports(self, claim: Claim, stored: StoredPassage) -> list[Support]:
        """Every window of a passage, judged."""
        evidence = self.evidence(stored)
        tokens = claim.encoded.tokens
        similar = (
            tokens.vectors @ evidence.tokens.T
            if tokens is not None
            else np.zeros((0, len(evidence.tokens)), np.float32)
        )
        aligned = align(claim, evidence, similar)
        barred = orders(stored.passage)
        judged = [
            self._judge(claim, evidence, window, aligned)
            for window in windows(evidence)
            if not barred & set(window.places)
        ]
        return [self.judged(support) for support in beside_the_point(judged)]

    def judged(self, support: Support) -> Support:
        """The support with its probability by the fitted model."""
        probability = sigmoid(self.fitted.model.score(support.features))
        supported = not support.missing and not support.conflict and probability >= self.fitted.threshold
        return replace(support, probability=probability, supported=supported)

    def _judge(self, claim: Claim, evidence: Evidence, window: Window, aligned: Aligned) -> Support:
        text = window.text(evidence)
        items = sum(sentence.kind == "item" for sentence in window.sentences(evidence))
        figures = missing_figures(claim, text, items, evidence.about)
        about = f"{evidence.about}\n{other_forms(text, evidence.short_forms)}"
        absent = missing_names(claim, text, about, evidence.language, evidence.document)
        features = features_of(claim, evidence, window, text, aligned)
        return self.judged(
            Support(evidence.stored, window, figures + absent, conflict_of(features), features, 0.0, False)
        )

    def _about(self, doc_id: str) -> About:
        """Title, language and short forms of a document, and all its names."""
        if doc_id not in self._documents:
            document = self.generation.corpus.document(doc_id)
            if len(self._documents) > 500:
                self._documents.clear()
            text = document.text[:LONGEST_DOCUMENT]
            self._documents[doc_id] = (document.title, document.language, short_forms(text), Source(text))
        return self._documents[doc_id]


def rank(support: Support) -> tuple[bool, bool, float]:
    """What makes one window better than another: nothing missing, no conflict, then the meaning."""
    return (not support.missing, not support.conflict, support.probability)


def conflict_of(features: Mapping[str, float]) -> str:
    """How a claim plainly contradicts a window, whatever its meaning: `denial`, `opposite`, `figure` or `name`; empty if it does not.

    The limits are those that strike hardly any true sentence of the tuning halves; below them the model weighs the same features.
    """
    # Where the window denies and the claim has no such word at all, less is needed.
    same = PLAINLY_DROPPED if features["only_there"] else SAME_WORD
    if features["added"] > UNANSWERED or features["dropped"] > same:
        return "denial"
    if features["opposite"]:
        return "opposite"
    if features["rival_figures"] > RIVAL:
        return "figure"
    return "name" if features["replaced"] > REPLACED else ""


def relevance(features: Mapping[str, float]) -> float:
    """How much a window speaks of what the claim speaks of, whatever it says of it."""
    return features["late"] + COVERED * features["coverage"] - LONGER * features["more_sentences"]


def beside_the_point(judged: Sequence[Support]) -> list[Support]:
    """The windows, those in conflict that speak of the matter less than the best that lacks nothing.

    Where the sentence that the claim is about contradicts it, another one that says nothing of it does not support it.
    """
    whole = [support for support in judged if not support.missing]
    if not whole:
        return list(judged)
    nearest = max(whole, key=lambda support: relevance(support.features))
    limit = relevance(nearest.features) - BESIDE
    return [
        replace(support, conflict=support.conflict or nearest.conflict or "aside")
        if relevance(support.features) < limit
        else support
        for support in judged
    ]


def ordinary(translation: Translation, language: str) -> frozenset[str]:
    """Words of a sentence in `language` that the dictionary knows, as it translates them into other ones."""
    other = OTHER[language]
    return frozenset(
        word for word, stems in translation.by_word.items() if stems and stems != frozenset(terms(word, other))
    )


def windows(evidence: Evidence) -> Iterator[Window]:
    """The windows of a passage: single sentences, up to three adjacent ones, a lead-in with one item or all.

    Items of a list, and headings, each say their own: two of them make no window, or the name of one would serve for the other.
    """
    sentences = evidence.stored.passage.sentences
    for length in range(1, ADJACENT + 1):
        for first in range(len(sentences) - length + 1):
            kinds = [sentence.kind for sentence in sentences[first : first + length]]
            if length == 1 or (not {"item", "heading"} & set(kinds[1:]) and kinds[0] != "item"):
                yield Window(tuple(range(first, first + length)))
    for lead, sentence in enumerate(sentences):
        if sentence.kind != "lead":
            continue
        items = []
        for place in range(lead + 1, min(lead + 1 + LONGEST_LIST, len(sentences))):
            if sentences[place].kind != "item":
                break
            items.append(place)
            yield Window((lead, place))
        if len(items) > 1:
            yield Window((lead, *items))


__all__ = ["SUPPORT_FILE", "Claim", "Evidence", "Fitted", "Support", "SupportChecker", "Window", "fitted", "rank"]

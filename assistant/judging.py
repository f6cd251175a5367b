"""How well each sentence answers a question, and whether the documents answer it at all.

A linear model orders the sentences; with the embedding model that it was fitted to, the sentence network judges the best of
them anew and says whether any answers. With another model the linear models decide alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from assistant.features import SentenceView, answer_features, sentence_views
from assistant.retrieval import Found
from assistant.sentence_inputs import inputs_of
from assistant.sentence_network import SentenceNetwork
from assistant.weights import Weights, log_odds, sigmoid

LOOKED_AT_SEVERAL = 16
# How much a passage's best sentence counts beside the passage's own score, both in log odds.
SENTENCE_WEIGHT = 2.0
_NAMES = re.compile(r"\b[A-ZÁÉÍÓÚÑ][\w’'-]{2,}")
_TITLE_END = re.compile(r" > |\n")


@dataclass(frozen=True, slots=True)
class Cuts:
    """How far below the best a sentence may score and still be quoted.

    `close` as a place of its own, and `worth` more for each share of the question's words that it adds; `joined` beside
    one that is quoted; `fitting` in the best one's stead, where the best lacks the kind of thing that was asked for.
    """

    close: float
    worth: float
    joined: float
    fitting: float


LINEAR = Cuts(close=2.6, worth=2.5, joined=3.0, fitting=4.0)
NETWORK = Cuts(close=3.0, worth=2.5, joined=4.0, fitting=4.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """The sentences that were looked at with a score each, and the log odds that the documents answer.

    `seen` are the places of those that the network judged, `named` the documents that the question names. Without sentences
    `log_odds` is minus infinity.
    """

    views: tuple[SentenceView, ...]
    scores: tuple[float, ...]
    cuts: Cuts
    log_odds: float
    named: frozenset[str]
    seen: tuple[int, ...] = ()


def ranked(found: Found, judged: Judged) -> Found:
    """The passages in the order of their own score and their best sentence's, of those that the network has seen."""
    best: dict[int, float] = {}
    for i in judged.seen:
        place = judged.views[i].passage
        best[place] = max(best.get(place, -np.inf), judged.scores[i])
    if not best:
        return found
    candidates = found.candidates
    front = [
        candidates[place].scored(
            sigmoid((log_odds(candidates[place].score) + SENTENCE_WEIGHT * score) / (1 + SENTENCE_WEIGHT))
        )
        for place, score in best.items()
    ]
    front.sort(key=lambda candidate: -candidate.score)
    rest = [candidate for place, candidate in enumerate(candidates) if place not in best]
    top = max((candidate.score for candidate in rest), default=1.0) or 1.0
    back = [candidate.scored(front[-1].score * (candidate.score / top)) for candidate in rest]
    return replace(found, candidates=(*front, *back))


def judge(found: Found, weights: Weights, network: SentenceNetwork | None) -> Judged:
    """Judge the sentences of the best passages."""
    named = named_documents(found)
    views = sentence_views(found, LOOKED_AT_SEVERAL) if len(named) > 1 else sentence_views(found)
    if not views:
        return Judged((), (), LINEAR, -np.inf, named)
    columns = {name: np.array([view.features[name] for view in views]) for name in views[0].features}
    scores = weights.reading.scores(columns)
    features = answer_features(found, views, scores.tolist())
    inputs = inputs_of(found, views, scores.tolist()) if network else None
    if network is None or inputs is None:
        return Judged(tuple(views), tuple(scores.tolist()), LINEAR, weights.answerable.score(features), named)
    each, answered = network.judge(inputs, features)
    chosen = list(inputs.chosen)
    # The others stay in their order, behind those that the network has seen.
    judged = scores - scores[chosen].min() + each.min()
    judged[chosen] = each
    return Judged(tuple(views), tuple(judged.tolist()), NETWORK, answered, named, inputs.chosen)


def named_documents(found: Found) -> frozenset[str]:
    """Documents that the question names by a word of their titles that no other title has ("ABA ROLI", "COPOLAD")."""
    titles = {
        c.stored.passage.doc_id: set(_NAMES.findall(_TITLE_END.split(c.stored.context, maxsplit=1)[0]))
        for c in found.candidates[:LOOKED_AT_SEVERAL]
    }
    asked = set(_NAMES.findall(found.query.text))
    return frozenset(
        doc_id
        for doc_id, names in titles.items()
        if any(name in asked and sum(name in other for other in titles.values()) == 1 for name in names)
    )

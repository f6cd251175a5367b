"""Fit what tells whether the documents answer, and which sentence does: the linear model, the network, the thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.asked import stems_of
from assistant.features import answer_features, sentence_views
from assistant.matching import best_matches, similarities
from assistant.reranking import rerank
from assistant.retrieval import Candidate, Found, order
from assistant.sentence_inputs import Inputs, inputs_of
from assistant.sentence_network import Standard
from assistant.weights import LinearModel, sigmoid
from eval.cases import FOLDS, SETTINGS, Case, fold_of
from eval.corpora import kept
from eval.linear import columns_of, fit_logistic
from eval.refusals import auroc_of

Floats = NDArray[np.float64]
PENALTY = 4e-2
# How much an example of each kind teaches: a question set's own near misses are the truest.
WEIGHTS = {
    "set": {"whole": 2.0, "passage": 0.3, "sentence": 0.3},
    "beir": {"whole": 5.0, "half": 5.0, "passage": 1.5, "sentence": 1.5},
}
NEAR = ("near_miss", "wrong_premise")
# The share of answerable questions that may be refused for the sake of refusing the others.
REFUSED = 0.06
# The share of answerable questions among those that are asked, for which the confidence is calibrated.
USUAL = 0.7


@dataclass(frozen=True, slots=True)
class Example:
    """Features of an answer, whether the documents answer, and `what` was done to the question's documents.

    `source`, `corpus` and `kind` are the case's; `right` says which of the sentences that the network sees answer, `(n,)`.
    """

    source: str
    corpus: str
    kind: str
    fold: int
    what: str
    label: float
    features: dict[str, float]
    inputs: Inputs | None
    right: Floats


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as arrays: features `(n, features)`, labels, weights and folds `(n,)`."""

    examples: Sequence[Example]
    names: tuple[str, ...]
    rows: Floats
    labels: Floats
    weights: Floats
    folds: NDArray[np.int64]

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Table:
        """The arrays of some examples."""
        return cls(
            examples,
            tuple(examples[0].features),
            columns_of([e.features for e in examples]),
            np.array([e.label for e in examples]),
            np.array([WEIGHTS["set" if e.source == "set" else "beir"][e.what] for e in examples]),
            np.array([e.fold for e in examples]),
        )

    @property
    def own(self) -> NDArray[np.bool_]:
        """Which are questions of a set, as they were asked."""
        return np.array([e.source == "set" and e.what == "whole" for e in self.examples])


def fit_answerable(examples: Sequence[Example], say: Callable[[str], None]) -> tuple[LinearModel, float]:
    """The linear model that tells whether the documents answer, and its threshold."""
    table = Table.of(examples)
    linear, scores = _fit_linear(table)
    say_how_well("linear ", table, scores, say)
    scale, shift = _calibration(scores[table.own], table.labels[table.own])
    calibrated = replace(
        linear,
        intercept=linear.intercept * scale + shift,
        coefficients={name: value * scale for name, value in linear.coefficients.items()},
    )
    return calibrated, _threshold(table, scores * scale + shift)


def _fit_linear(table: Table) -> tuple[LinearModel, Floats]:
    scores = np.zeros(len(table.labels))
    for held_out in range(FOLDS):
        train = table.folds != held_out
        model = fit_logistic(table.rows[train], table.labels[train], table.weights[train], table.names, PENALTY)
        scores[~train] = model.scores(dict(zip(table.names, table.rows[~train].T, strict=True)))
    return fit_logistic(table.rows, table.labels, table.weights, table.names, PENALTY), scores


def fit_network(examples: Sequence[Example], model: str, unseen: bool, say: Callable[[str], None]) -> dict[str, object]:
    """The content of the network's file. `model` is the embedder's checksum.

    With `unseen`, say also how well it does on each corpus when it is fitted to the others.
    """
    from eval import sentence_network as torch_side
    from eval.sentence_network import Job

    table = Table.of([example for example in examples if example.inputs is not None])

    inputs = [e.inputs for e in table.examples if e.inputs is not None]
    rows = torch_side.Rows(
        inputs,
        [e.right for e in table.examples],
        [e.features for e in table.examples],
        table.labels,
        table.weights,
    )
    sentences = torch_side.standard_of([one.sentences for one in inputs])
    answer = torch_side.standard_of(rows.answer)
    given = torch_side.Tensors.of(rows, sentences, answer)

    corpora = np.array([e.corpus for e in table.examples])
    sets = list(dict.fromkeys(e.corpus for e in table.examples if e.source == "set"))
    held_out = [table.folds == fold for fold in range(FOLDS)] + [corpora == corpus for corpus in sets if unseen]
    whole = np.ones(len(table.labels), dtype=bool)
    jobs = [*(Job(~which) for which in held_out), *(Job(whole, seed) for seed in range(torch_side.NETWORKS))]
    networks = torch_side.fit_all(given, jobs)
    scores, each = np.zeros(len(table.labels)), np.zeros((len(table.labels), given.right.shape[1]))
    other = np.full(len(table.labels), np.nan)
    for number, (network, which) in enumerate(zip(networks, held_out, strict=False)):
        answered, chosen = torch_side.scores_of([network], given.at(torch_side.places(which)))
        if number < FOLDS:
            scores[which], each[which] = answered, chosen
        else:
            other[which] = answered
    say_how_well("network", table, scores, say)
    say_choice(table, each, say)
    if unseen:
        say_how_well("network, corpus unseen", table, other, say)
    scale, shift = _calibration(scores[table.own], table.labels[table.own])
    return {
        "model": model,
        "calibration": [round(scale, 5), round(shift, 5)],
        "threshold": _threshold(table, scores * scale + shift),
        "sentences": _moments(sentences),
        "answer": _moments(answer),
        "layers": [torch_side.layers_of(network) for network in networks[len(held_out) :]],
    }


def _moments(standard: Standard) -> dict[str, list[float]]:
    pairs = zip(standard.names, standard.means.tolist(), standard.scales.tolist(), strict=True)
    return {name: [mean, scale] for name, mean, scale in pairs}


def _calibration(scores: Floats, labels: Floats) -> tuple[float, float]:
    """Scale and shift that make scores log odds, where `USUAL` of the questions have an answer (Platt scaling)."""
    share = labels.mean()
    weights = np.where(labels == 1, USUAL / share, (1 - USUAL) / (1 - share))
    model = fit_logistic(scores[:, None], labels, weights, ("score",), 0.0)
    slope = model.coefficients["score"] / model.scales["score"]
    return slope, model.intercept - slope * model.means["score"]


def _threshold(table: Table, scores: Floats) -> float:
    """The confidence under which only `REFUSED` of the seeds' answerable questions fall (of all sets', without seeds)."""
    answered = table.own & (table.labels == 1)
    seeds = answered & np.array([e.corpus == "seeds" for e in table.examples])
    chosen = seeds if seeds.any() else answered if answered.any() else table.labels == 1
    return round(sigmoid(float(np.quantile(scores[chosen], REFUSED))), 4)


def say_how_well(what: str, table: Table, scores: Floats, say: Callable[[str], None]) -> None:
    """Say the AUROC by corpus and kind of example, and what a threshold on the seeds would refuse."""
    labels = table.labels
    for corpus in dict.fromkeys(e.corpus for e in table.examples):
        here = np.array([e.corpus == corpus for e in table.examples]) & ~np.isnan(scores)
        text = f"refusing  {what} {corpus:<20}"
        for name in ("whole", "half", "passage", "sentence"):
            known = [
                e.what == name or (name in ("passage", "sentence") and e.what == "whole" and e.label > 0)
                for e in table.examples
            ]
            which = here & np.array(known)
            if len(set(labels[which])) == 2:
                text += f" {name} {auroc_of(scores[which], labels[which]):.3f}"
        near = here & table.own & np.array([e.label > 0 or e.kind in NEAR for e in table.examples])
        if len(set(labels[near])) == 2:
            limit = float(np.quantile(scores[near & (labels == 1)], REFUSED))
            text += (
                f" near misses {auroc_of(scores[near], labels[near]):.3f};"
                f" refused, at {100 * REFUSED:.0f} % of the answerable: {(scores[here & table.own & (labels == 0)] < limit).mean():.3f}"
            )
        say(text)


def say_choice(table: Table, each: Floats, say: Callable[[str], None]) -> None:
    """Say how often the first, the first two and the first three sentences by their scores hold one that answers."""
    for corpus in dict.fromkeys(e.corpus for e in table.examples):
        ranks = [
            e.right[np.argsort(-scores[: len(e.right)], kind="stable")]
            for e, scores in zip(table.examples, each, strict=True)
            if e.corpus == corpus and e.what == "whole" and e.label > 0
        ]
        top = " ".join(f"{np.mean([right[:k].any() for right in ranks]):.3f}" for k in (1, 2, 3))
        say(f"reading   network {corpus:<20} sentence that answers, first 1/2/3: {top}")


# The tokens of sentences that were met before: thousands of examples show the same few hundred sentences.
_KEPT: dict[bytes, NDArray[np.void]] = {}


def examples_of(case: Case, reranking: LinearModel, reading: LinearModel, *, alone: bool = False) -> Iterator[Example]:
    """The case as it is; unless `alone`, also with half of the documents, without its passages, without what answers."""

    def example(what: str, label: float, candidates: Sequence[Candidate]) -> Iterator[Example]:
        found = ranked_anew(case.found, candidates, reranking)
        views = sentence_views(found)
        if views:
            columns = dict(zip(views[0].features, columns_of([dict(v.features) for v in views]).T, strict=True))
            scores = reading.scores(columns).tolist()
            features = answer_features(found, views, scores)
            inputs = inputs_of(found, views, scores)
            chosen = [views[i] for i in inputs.chosen] if inputs else []
            right = [float(case.answers(found.candidates[v.passage].stored.passage.doc_id, v.text)) for v in chosen]
            known = (
                replace(inputs, tokens=tuple(_KEPT.setdefault(t.tobytes(), t.copy()) for t in inputs.tokens))
                if inputs
                else None
            )
            yield Example(
                case.source, case.corpus, case.kind, fold_of(case), what, label, features, known, np.array(right)
            )

    whole = case.found.candidates
    yield from example("whole", float(case.answerable), whole)
    if alone:
        return
    if case.source != "set":
        half = [c for c in whole if kept(c.stored.passage.doc_id)]
        yield from example("half", float(all(kept(d) for d in case.docs)), half)
    if case.answerable:
        yield from example("passage", 0.0, [c for c in whole if not case.right_passage(c)])
        yield from example("sentence", 0.0, [without_answer(case, c) for c in whole])


def ranked_anew(found: Found, candidates: Sequence[Candidate], reranking: LinearModel) -> Found:
    """The candidates ranked anew, as if the documents held nothing else."""
    known = {id(c): stems_of(c.stored.whole) for c in candidates}
    words = tuple(
        replace(word, known=any(word.stems[tongue] & stems[tongue] for stems in known.values() for tongue in stems))
        for word in found.query.asked.words
    )
    query = replace(found.query, asked=replace(found.query.asked, words=words))
    ranked = order(candidates, SETTINGS, lambda best: best)
    return Found(query, rerank(query, ranked, reranking))


def without_answer(case: Case, candidate: Candidate) -> Candidate:
    """The candidate with the sentences that answer blanked out of its text, sentences, tokens and scores."""
    passage = candidate.stored.passage
    texts = [passage.text[s.start - passage.start : s.end - passage.start] for s in passage.sentences]
    gone = [i for i, text in enumerate(texts) if case.answers(passage.doc_id, text)]
    if not gone or len(gone) == len(texts) or candidate.similar is None or candidate.token_starts is None:
        return candidate
    text = passage.text
    remaining = np.ones(len(candidate.token_starts), dtype=bool)
    for i in gone:
        start, end = passage.sentences[i].start - passage.start, passage.sentences[i].end - passage.start
        text = text[:start] + " " * (end - start) + text[end:]
        remaining &= ~((candidate.token_starts >= start) & (candidate.token_starts < end))
    left = [i for i in range(len(texts)) if i not in gone]
    shorter = replace(passage, text=text, sentences=tuple(passage.sentences[i] for i in left))
    changed = replace(
        candidate,
        stored=replace(candidate.stored, passage=shorter),
        sentence_scores=candidate.sentence_scores[left],
        similar=candidate.similar[:, remaining],
        token_starts=candidate.token_starts[remaining],
        tokens=candidate.tokens[remaining] if candidate.tokens is not None else None,
    )
    words = case.found.query.asked
    before, after = words.coverage(stems_of(passage.text)), words.coverage(stems_of(text))
    parts = {
        **candidate.parts,
        "sentence": float(changed.sentence_scores.max()),
        "late": float(best_matches(similarities(changed)).mean()),
        "lexical": candidate.parts["lexical"] * (after / before if before else 1.0),
    }
    return replace(changed, parts=parts)

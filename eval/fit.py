"""Fit the weights of ranking, reading and refusing, and say how well they do on articles that they have not seen.

    python -m eval.fit --set eval/sets/seeds-dev.jsonl --beir XQUAD-EN --beir XQUAD-ES [--index DIR] [--write]

Everything is measured by the product's own code; only the linear models are fitted here. Three kinds of example teach
refusing: questions with their passage at hand; the same with the passage taken away; and the same with only the
sentence that answers taken away, which leaves what a near miss leaves: the right subject without the fact.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from assistant.asked import stems_of
from assistant.assistant import Assistant
from assistant.features import SentenceView, answer_features, sentence_views
from assistant.matching import best_matches, similarities
from assistant.reranking import RERANKED, passage_features, rerank
from assistant.retrieval import Candidate, Found, Settings, order
from assistant.weights import WEIGHTS_FILE, LinearModel, sigmoid
from eval.beir import load_beir
from eval.corpora import corpus_index, kept
from eval.linear import Group, fit_listwise, fit_logistic
from eval.refusals import auroc
from index.build import build_index
from index.models import DEFAULT_MODEL

FOLDS = 5
SET_WEIGHT = 2.0
RANKING = {"dense": 1.0, "sentence": 1.0, "lexical": 0.3, "late": 1.0}
SETTINGS = Settings(RANKING, rerank=False)
RERANK_PENALTY = 1e-2
READ_PENALTY = 2e-3
ANSWER_PENALTY = 4e-2
# How much an example of each kind teaches: a question set's own near misses are the rarest and the truest.
WEIGHTS = {
    "set": {"whole": 6.0, "passage": 0.5, "sentence": 0.5},
    "beir": {"whole": 1.0, "half": 1.0, "passage": 0.3, "sentence": 0.3},
}
NEAR = ("near_miss", "wrong_premise")
# The share of answerable questions that may be refused for the sake of refusing the others.
REFUSED = 0.05


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what the first ranking found, and how to tell the passages and sentences that answer it."""

    source: str
    group: str
    answerable: bool
    kind: str
    found: Found
    docs: frozenset[str]
    answers: Callable[[str, str], bool]

    def right_passage(self, candidate: Candidate) -> bool:
        """Whether the passage holds the answer."""
        return self.answers(candidate.stored.passage.doc_id, candidate.stored.passage.text)


def set_cases(path: Path, index: Path) -> Iterator[Case]:
    """Cases of a question set; a text answers if it holds, or lies in, a quote of the evidence."""
    assistant = Assistant.open(index, settings=SETTINGS)
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            question = json.loads(line)
            evidence = [" ".join(quote.split()) for quote in question["evidence"]]
            docs = frozenset(question["docs"])

            def answers(doc_id: str, text: str, evidence: list[str] = evidence, docs: frozenset[str] = docs) -> bool:
                flat = " ".join(text.split())
                return doc_id in docs and any(quote in flat or (flat in quote and len(flat) > 8) for quote in evidence)

            group = question["docs"][0] if question["docs"] else question["id"]
            found = assistant.retriever.find(question["question"])
            yield Case("set", group, question["answerable"], question["type"], found, docs, answers)
    finally:
        assistant.close()


def beir_cases(folder: Path, every: int) -> Iterator[Case]:
    """Cases of a BEIR folder whose queries carry gold answers; the group is the article, the id before its last dash.

    Only each `every`-th question is taken.
    """
    place = corpus_index(folder, DEFAULT_MODEL, lambda source, index: build_index(source, index))
    assistant = Assistant.open(place, settings=SETTINGS)
    try:
        for question in load_beir(folder).questions[::every]:
            gold, wanted = frozenset(question.docs), question.answers

            def answers(doc_id: str, text: str, gold: frozenset[str] = gold, wanted: tuple[str, ...] = wanted) -> bool:
                return doc_id in gold and any(answer in text for answer in wanted)

            group = question.docs[0].rsplit("-", 1)[0]
            found = assistant.retriever.find(question.question)
            yield Case(folder.name, group, True, "fact", found, gold, answers)
    finally:
        assistant.close()


def fold_of(case: Case) -> int:
    """Which fold a case belongs to: that of its article; questions of a set, over few documents, stand alone."""
    return zlib.crc32(case.found.query.text.encode() if case.source == "set" else case.group.encode()) % FOLDS


def _columns(features: Sequence[dict[str, float]]) -> NDArray[np.float64]:
    return np.array([list(row.values()) for row in features])


def _cross_validated(
    cases: Sequence[Case], groups: Sequence[Group], names: Sequence[str], penalty: float
) -> tuple[LinearModel, list[NDArray[np.float64]]]:
    """The model fitted on all groups, and every group's scores by the model of the other folds."""
    folds = np.array([fold_of(case) for case in cases])
    models = [
        fit_listwise([g for g, fold in zip(groups, folds, strict=True) if fold != held_out], names, penalty)
        for held_out in range(FOLDS)
    ]
    scores = [
        models[fold].scores(dict(zip(names, group.rows.T, strict=True)))
        for group, fold in zip(groups, folds, strict=True)
    ]
    return fit_listwise(groups, names, penalty), scores


def fit_reranking(cases: Sequence[Case], say: Callable[[str], None]) -> LinearModel:
    """Fit the final order of passages on the answerable cases."""
    cases = [case for case in cases if case.answerable]
    groups: list[Group] = []
    names: tuple[str, ...] = ()
    for case in cases:
        front = [c for c in case.found.candidates[:RERANKED] if c.similar is not None]
        rows = [passage_features(case.found.query, c) for c in front]
        names = tuple(rows[0])
        right = np.array([float(case.right_passage(c)) for c in front])
        groups.append(Group(_columns(rows), right, SET_WEIGHT if case.source == "set" else 1.0))
    model, scores = _cross_validated(cases, groups, names, RERANK_PENALTY)
    for source in dict.fromkeys(case.source for case in cases):
        chosen = [i for i, case in enumerate(cases) if case.source == source]
        before = np.mean([_reciprocal_rank(np.arange(len(groups[i].right), 0.0, -1), groups[i].right) for i in chosen])
        after = np.mean([_reciprocal_rank(scores[i], groups[i].right) for i in chosen])
        five = np.mean([groups[i].right[np.argsort(-scores[i], kind="stable")[:5]].any() for i in chosen])
        say(
            f"ranking   {source:<16} RR@10 of the answer's passage {before:.4f} -> {after:.4f}, in the first five {five:.3f}"
        )
    return model


def _reciprocal_rank(scores: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    places = np.flatnonzero(right[np.argsort(-scores, kind="stable")][:10])
    return 1 / (1 + int(places[0])) if len(places) else 0.0


def fit_reading(cases: Sequence[Case], say: Callable[[str], None]) -> LinearModel:
    """Fit the choice of sentences on the answerable cases, whose candidates are in their final order."""
    cases = [case for case in cases if case.answerable]
    groups: list[Group] = []
    names: tuple[str, ...] = ()
    for case in cases:
        views = sentence_views(case.found)
        names = tuple(views[0].features)
        right = [float(case.answers(_doc_id(case.found, view), view.text)) for view in views]
        rows = _columns([dict(view.features) for view in views])
        groups.append(Group(rows, np.array(right), SET_WEIGHT if case.source == "set" else 1.0))
    model, scores = _cross_validated(cases, groups, names, READ_PENALTY)
    for source in dict.fromkeys(case.source for case in cases):
        chosen = [i for i, case in enumerate(cases) if case.source == source]
        top = [
            np.mean([groups[i].right[np.argsort(-scores[i], kind="stable")[:k]].any() for i in chosen])
            for k in (1, 2, 3)
        ]
        say(f"reading   {source:<16} sentence that answers, first 1/2/3: {top[0]:.3f} {top[1]:.3f} {top[2]:.3f}")
    return model


def _doc_id(found: Found, view: SentenceView) -> str:
    return found.candidates[view.passage].stored.passage.doc_id


@dataclass(frozen=True, slots=True)
class _Example:
    """Features of an answer, whether the documents answer, and what was done to the question's documents."""

    case: Case
    what: str
    label: float
    features: dict[str, float]


def fit_answerable(
    cases: Sequence[Case], reranking: LinearModel, reading: LinearModel, say: Callable[[str], None]
) -> tuple[LinearModel, float]:
    """Fit the probability that the documents answer; returns the model and the threshold."""
    examples = [example for case in cases for example in _examples(case, reranking, reading)]
    names = tuple(examples[0].features)
    rows = _columns([example.features for example in examples])
    labels = np.array([example.label for example in examples])
    weights = np.array([WEIGHTS["set" if e.case.source == "set" else "beir"][e.what] for e in examples])
    folds = np.array([fold_of(example.case) for example in examples])
    scores = np.zeros(len(examples))
    for held_out in range(FOLDS):
        train = folds != held_out
        model = fit_logistic(rows[train], labels[train], weights[train], names, ANSWER_PENALTY)
        scores[~train] = model.scores(dict(zip(names, rows[~train].T, strict=True)))
    for source in dict.fromkeys(case.source for case in cases):
        for what in ("whole", "half", "passage", "sentence"):
            chosen = np.array(
                [
                    e.case.source == source
                    and (e.what == what or (what != "half" and e.what == "whole" and e.label > 0))
                    for e in examples
                ]
            )
            if len(set(labels[chosen])) == 2:
                say(f"refusing  {source:<16} {what:<9} AUROC {_auroc(scores[chosen], labels[chosen]):.4f}")
    near = np.array(
        [e.case.source == "set" and e.what == "whole" and (e.label > 0 or e.case.kind in NEAR) for e in examples]
    )
    if near.any() and len(set(labels[near])) == 2:
        say(f"refusing  set near misses alone     AUROC {_auroc(scores[near], labels[near]):.4f}")
    own = np.array([e.case.source == "set" and e.what == "whole" for e in examples])
    threshold = _threshold(scores[own], labels[own]) if own.any() else 0.5
    if own.any():
        given = np.array([sigmoid(score) for score in scores[own]]) >= threshold
        say(
            f"refusing  set, threshold {threshold:.3f}: unanswerable refused {1 - given[labels[own] == 0].mean():.3f}, "
            f"answerable refused {1 - given[labels[own] == 1].mean():.3f}"
        )
    return fit_logistic(rows, labels, weights, names, ANSWER_PENALTY), threshold


def _auroc(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    return float(auroc(scores, labels)(np.ones((1, len(scores))))[0])


def _threshold(scores: NDArray[np.float64], labels: NDArray[np.float64]) -> float:
    """The confidence under which only `REFUSED` of the answerable questions fall."""
    return round(sigmoid(float(np.quantile(scores[labels == 1], REFUSED))), 4)


def _examples(case: Case, reranking: LinearModel, reading: LinearModel) -> Iterator[_Example]:
    """The case as it is, with half of the documents, without its documents, and without what answers in them."""

    def example(what: str, label: float, candidates: Sequence[Candidate]) -> Iterator[_Example]:
        found = _found(case.found, candidates, reranking)
        views = sentence_views(found)
        if views:
            columns = dict(zip(views[0].features, _columns([dict(v.features) for v in views]).T, strict=True))
            features = answer_features(found, views, reading.scores(columns).tolist())
            yield _Example(case, what, label, features)

    whole = case.found.candidates
    yield from example("whole", float(case.answerable), whole)
    if case.source != "set":
        half = [c for c in whole if kept(c.stored.passage.doc_id)]
        yield from example("half", float(all(kept(d) for d in case.docs)), half)
    if case.answerable:
        yield from example("passage", 0.0, [c for c in whole if not case.right_passage(c)])
        yield from example("sentence", 0.0, [_without_answer(case, c) for c in whole])


def _found(found: Found, candidates: Sequence[Candidate], reranking: LinearModel) -> Found:
    """The candidates ranked anew, as if the documents held nothing else."""
    known = {id(c): stems_of(c.stored.whole) for c in candidates}
    words = tuple(
        replace(word, known=any(word.stems[tongue] & stems[tongue] for stems in known.values() for tongue in stems))
        for word in found.query.asked.words
    )
    query = replace(found.query, asked=replace(found.query.asked, words=words))
    ranked = order(candidates, SETTINGS, lambda candidate: candidate)
    return Found(query, rerank(query, ranked, reranking))


def _without_answer(case: Case, candidate: Candidate) -> Candidate:
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


@click.command()
@click.option("--set", "sets", multiple=True, type=click.Path(path_type=Path), help="A question set used for tuning.")
@click.option(
    "--beir", "folders", multiple=True, type=click.Path(path_type=Path), help="A BEIR folder with gold answers."
)
@click.option(
    "--index", type=click.Path(path_type=Path), default=Path(".index"), help="The index of the question sets."
)
@click.option("--every", default=1, show_default=True, help="Take only each N-th question of the BEIR folders.")
@click.option("--write", is_flag=True, help="Write the weights that the assistant reads.")
def main(sets: Sequence[Path], folders: Sequence[Path], index: Path, every: int, write: bool) -> None:
    """Fit the weights and print cross-validated figures."""
    cases = [case for path in sets for case in set_cases(path, index)]
    cases += [case for folder in folders for case in beir_cases(folder, every)]
    if not any(case.answerable for case in cases):
        raise click.UsageError("give at least one --set or --beir with answerable questions")
    reranking = fit_reranking(cases, click.echo)
    ranked = [
        replace(case, found=replace(case.found, candidates=rerank(case.found.query, case.found.candidates, reranking)))
        for case in cases
    ]
    reading = fit_reading(ranked, click.echo)
    answerable, threshold = fit_answerable(cases, reranking, reading, click.echo)
    if write:
        content = {
            "ranking": RANKING,
            "reranking": asdict(reranking),
            "reading": asdict(reading),
            "answerable": asdict(answerable),
            "threshold": threshold,
        }
        WEIGHTS_FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        click.echo(f"written: {WEIGHTS_FILE}")


if __name__ == "__main__":
    main()

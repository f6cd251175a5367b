"""Fit the weights of ranking, reading and refusing, and say how well they do on articles that they have not seen.

`python -m eval.fit --set SET... [--more SET...] --beir FOLDER... [--index DIR] [--network-only] [--write]`

Everything is measured by the product's own code; only models are fitted here. Three kinds of example teach refusing:
questions with their passage at hand; the same with the passage taken away; and the same with only the sentence that
answers taken away, which leaves what a near miss leaves: the right subject without the fact.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from assistant import sentence_network
from assistant.features import SentenceView, sentence_views
from assistant.reranking import RERANKED, passage_features, rerank
from assistant.retrieval import Found
from assistant.weights import WEIGHTS_FILE, LinearModel, Weights, packaged_weights
from eval.cases import FOLDS, RANKING, Case, beir_cases, fold_of, set_cases
from eval.fit_answers import Example, examples_of, fit_answerable, fit_network
from eval.linear import Group, columns_of, fit_listwise
from index.models import DEFAULT_MODEL, resolve

# How much a question teaches ranking and reading.
WEIGHTS = {"set": 1.0, "beir": 1.5}
RERANK_PENALTY = 1e-2
READ_PENALTY = 2e-3


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
        groups.append(Group(columns_of(rows), right, WEIGHTS["set" if case.source == "set" else "beir"]))
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
        rows = columns_of([dict(view.features) for view in views])
        groups.append(Group(rows, np.array(right), WEIGHTS["set" if case.source == "set" else "beir"]))
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


@click.command()
@click.option("--set", "sets", multiple=True, type=click.Path(path_type=Path), help="A question set used for tuning.")
@click.option(
    "--beir", "folders", multiple=True, type=click.Path(path_type=Path), help="A BEIR folder with gold answers."
)
@click.option(
    "--index", type=click.Path(path_type=Path), default=Path(".index"), help="The index of the question sets."
)
@click.option(
    "--more",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A question set of which only the network learns; these are not all held in memory.",
)
@click.option("--every", default=1, show_default=True, help="Take only each N-th question of the BEIR folders.")
@click.option("--unseen", is_flag=True, help="Say also how the network does on each corpus when fitted to the others.")
@click.option(
    "--network-only",
    is_flag=True,
    help="Fit the network alone, to what the written linear models find; no questions are held in memory.",
)
@click.option("--write", is_flag=True, help="Write the weights that the assistant reads.")
def main(
    sets: Sequence[Path],
    folders: Sequence[Path],
    index: Path,
    more: Sequence[Path],
    every: int,
    unseen: bool,
    network_only: bool,
    write: bool,
) -> None:
    """Fit the weights and print cross-validated figures."""
    if not sets and not folders:
        raise click.UsageError("give at least one --set or --beir with answerable questions")

    def cases() -> Iterator[Case]:
        for path in sets:
            yield from set_cases(path, index)
        for folder in folders:
            yield from beir_cases(folder, every)

    if network_only:
        weights = packaged_weights()
        examples = [e for case in cases() for e in examples_of(case, weights.reranking, weights.reading)]
    else:
        weights, examples = _fit_linear_models(list(cases()), click.echo)
    more_cases = (case for path in more for case in set_cases(path, index))
    examples += [e for case in more_cases for e in examples_of(case, weights.reranking, weights.reading, alone=True)]
    network = fit_network(examples, resolve(DEFAULT_MODEL).sha256, unseen, click.echo)
    if write:
        if not network_only:
            WEIGHTS_FILE.write_text(json.dumps(asdict(weights), indent=1) + "\n", encoding="utf-8")
            click.echo(f"written: {WEIGHTS_FILE}")
        text = json.dumps(network, separators=(",", ":"))
        sentence_network.WEIGHTS_FILE.write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")
        click.echo(f"written: {sentence_network.WEIGHTS_FILE}")


def _fit_linear_models(cases: Sequence[Case], say: Callable[[str], None]) -> tuple[Weights, list[Example]]:
    """The linear models, and the examples that the refusal was fitted to."""
    reranking = fit_reranking(cases, say)
    ranked = [
        replace(case, found=replace(case.found, candidates=rerank(case.found.query, case.found.candidates, reranking)))
        for case in cases
    ]
    reading = fit_reading(ranked, say)
    examples = [example for case in cases for example in examples_of(case, reranking, reading)]
    answerable, threshold = fit_answerable(examples, say)
    return Weights(RANKING, reranking, reading, answerable, threshold), examples


if __name__ == "__main__":
    main()

"""The check of written sentences, fitted and measured: `python -m eval.support [SET ...] [--index DIR ...] [--fit]`.

About half of the true sentences, with all that was made of them, may be looked at: there the model is fitted and its threshold
chosen (each collection of documents left out in turn, so that it is not flattered). The figures are of the other half, beside plain cosine
similarity with a threshold that was chosen in the same way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np

from assistant.weights import LinearModel
from assistant.writing.support import SUPPORT_FILE, Fitted, Support, SupportChecker
from eval.claims import ELSEWHERE, ENTITY, KINDS, NEGATION, NUMBER, TRUE, Example, examples, load_claims
from eval.linear import fit_logistic

FALSE_ALARMS = 0.05
PENALTY = 0.005
ROUNDS = 6
START = LinearModel(0.0, {"late": 5.0, "coverage": 2.0, "more_sentences": -0.1})
SHARES = {TRUE: 0.5, NUMBER: 0.05, ENTITY: 0.15, NEGATION: 0.1, ELSEWHERE: 0.2}
"""What each kind of sentence weighs in the fit, however many there are of it."""
DEFAULT_SET = Path(__file__).parent / "sets" / "seeds-dev-claims.jsonl"
NOTHING = -1e3
"""The score of a sentence whose figures or names no window holds, or that every such window contradicts."""


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence against the windows of what it cites, and the best cosine to a sentence there."""

    example: Example
    supports: tuple[Support, ...]
    cosine: float


@dataclass(frozen=True, slots=True)
class KindResult:
    """Of one kind: how many sentences, the share struck by the check, and by cosine similarity alone."""

    kind: str
    lang: str
    n: int
    struck: float
    struck_by_cosine: float


def judge(made: Sequence[Example], checker: SupportChecker) -> list[Row]:
    """Every example against the windows of the passages that it cites."""
    rows = []
    for example in made:
        supports = tuple(support for stored in example.cited for support in checker.supports(example.claim, stored))
        cosine = max(
            float((checker.evidence(stored).sentences @ example.claim.encoded.vector).max()) for stored in example.cited
        )
        rows.append(Row(example, supports, cosine))
    return rows


def best(row: Row, model: LinearModel) -> Support | None:
    """The window that supports best of those with nothing missing and no conflict; None if there is none."""
    left = [support for support in row.supports if not support.missing and not support.conflict]
    return max(left, key=lambda support: model.score(support.features), default=None)


def score(row: Row, model: LinearModel) -> float:
    """The linear score of the best window."""
    support = best(row, model)
    return NOTHING if support is None else model.score(support.features)


def fit_model(rows: Sequence[Row]) -> LinearModel:
    """Logistic regression over each sentence's best window, the windows chosen anew by each model in turn."""
    names = list(next(support.features for row in rows for support in row.supports))
    model = START
    for _ in range(ROUNDS):
        chosen = [(support, row.example.kind) for row in rows if (support := best(row, model)) is not None]
        kinds = [kind for _, kind in chosen]
        labels = np.array([float(kind == TRUE) for kind in kinds])
        counts = Counter(kinds)
        weights = np.array([SHARES[kind] / counts[kind] for kind in kinds])
        inputs = np.array([[support.features[name] for name in names] for support, _ in chosen])
        model = fit_logistic(inputs, labels, weights, names, PENALTY)
    return model


def left_out(rows: Sequence[Row]) -> list[float]:
    """The score of every row by a model of the other collections of documents alone."""
    models = {
        collection: fit_model([row for row in rows if row.example.collection != collection])
        for collection in {row.example.collection for row in rows}
    }
    return [score(row, models[row.example.collection]) for row in rows]


def fit(rows: Sequence[Row]) -> Fitted:
    """The model of these rows, and the threshold that strikes so few of the true sentences that the rules leave when their collection is left out."""
    scores = left_out(rows)
    threshold = _threshold([value for row, value in zip(rows, scores, strict=True) if row.example.kind == TRUE])
    return Fitted(fit_model(rows), float(1 / (1 + np.exp(-threshold))))


def cosine_threshold(rows: Sequence[Row]) -> float:
    """The cosine that strikes as many of the true sentences as the model."""
    return _threshold([row.cosine for row in rows if row.example.kind == TRUE])


def _threshold(values: Sequence[float]) -> float:
    """The score that 5 % of these fall short of, those aside that a rule strikes at any threshold."""
    left = np.sort([value for value in values if value > NOTHING])
    return float(left[int(FALSE_ALARMS * len(left))]) - 1e-6


def results(rows: Sequence[Row], fitted: Fitted, cosine: float) -> list[KindResult]:
    """Share struck by kind, over all and by language; of true sentences this is the share of false alarms."""
    limit = float(np.log(fitted.threshold / (1 - fitted.threshold)))
    found = []
    for kind in KINDS:
        for lang in ("all", "en", "es"):
            some = [row for row in rows if row.example.kind == kind and lang in ("all", row.example.lang)]
            if some:
                struck = np.mean([score(row, fitted.model) < limit for row in some])
                by_cosine = np.mean([row.cosine < cosine for row in some])
                found.append(KindResult(kind, lang, len(some), float(struck), float(by_cosine)))
    return found


def table(found: Sequence[KindResult]) -> list[str]:
    """The results as lines of a Markdown table."""
    lines = [
        "| what was done to the sentence | language | sentences | struck | struck by cosine alone |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        label = "nothing: true (a false alarm)" if one.kind == TRUE else one.kind
        lines.append(f"| {label} | {one.lang} | {one.n} | {one.struck:.3f} | {one.struck_by_cosine:.3f} |")
    return lines


def write_fitted(fitted: Fitted, path: Path = SUPPORT_FILE) -> None:
    """Write the model where the assistant reads it."""
    content: Mapping[str, object] = {"model": asdict(fitted.model), "threshold": round(fitted.threshold, 5)}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@click.command()
@click.argument("claims", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--index",
    "indexes",
    type=click.Path(path_type=Path),
    multiple=True,
    help="The index over the documents of a set; one for each, in the same order.",
)
@click.option("--fit", "fits", is_flag=True, help="Fit the model on the tuning half and write it.")
@click.option("--missed", is_flag=True, help="Print each sentence that was judged wrongly (tuning half with --fit).")
def main(claims: tuple[Path, ...], indexes: tuple[Path, ...], fits: bool, missed: bool) -> None:
    """Measure the check of written sentences on one or more sets of CLAIMS, all together."""
    sets = claims or (DEFAULT_SET,)
    if len(indexes) != len(sets) and (len(sets) > 1 or indexes):
        raise click.UsageError(f"{len(sets)} sets and {len(indexes)} indexes; give --index once for each set")
    rows = [row for path, index in zip(sets, indexes or (None,), strict=True) for row in _judged(path, index)]
    tuning = [row for row in rows if row.example.tuning]
    reported = [row for row in rows if not row.example.tuning]
    if fits:
        if len({row.example.collection for row in tuning}) < 2:
            raise click.UsageError(
                "--fit leaves each folder of documents out in turn; these claims are all of one: give sets over two or more"
            )
        write_fitted(fit(tuning))
    from assistant.writing.support import fitted

    model = fitted.__wrapped__()
    cosine = cosine_threshold(tuning)
    for line in table(results(reported, model, cosine)):
        click.echo(line)
    if missed:
        _print_missed(tuning if fits else reported, model, click.echo)


def _judged(claims: Path, index: Path | None) -> list[Row]:
    from assistant.assistant import Assistant
    from index.store import index_folder

    assistant = Assistant.open(index_folder(index))
    try:
        checker = assistant.writing_checker()
        return judge(list(examples(load_claims(claims), checker)), checker)
    finally:
        assistant.close()


def _print_missed(rows: Sequence[Row], model: Fitted, say: Callable[[str], None]) -> None:
    limit = float(np.log(model.threshold / (1 - model.threshold)))
    for row in rows:
        if (score(row, model.model) < limit) == (row.example.kind == TRUE):
            kinds = sorted({support.conflict or "missing " + ", ".join(support.missing) for support in row.supports})[
                :3
            ]
            say(f"{row.example.kind}: {row.example.claim.text}  {kinds if row.example.kind == TRUE else ''}")


if __name__ == "__main__":
    main()

"""The command `quipu eval`. Errors are left to the command line, which gives them their line and exit code."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.llm_options import llm_options, llm_settings
from assistant.options import index_option
from index.errors import UsageError

if TYPE_CHECKING:
    from eval.compare import SetComparison
    from eval.results import Results

HELP = """Measure answers on question sets, with intervals and a report.

SET is a question set (.jsonl) over the index, or a BEIR folder (corpus.jsonl, queries.jsonl, qrels/test.tsv),
whose corpus is indexed into the cache on first use.

\b
quipu eval eval/sets/seeds-dev.jsonl --baseline --out report/
quipu eval eval/sets/seeds-test.jsonl --fail-under right=0.9 --fail-under refused_answerable=0.1
quipu eval --compare before/ after/
quipu eval --results report/ --headline README.md
"""
FOLDER = click.Path(path_type=Path)


@click.command(name="eval", help=HELP, short_help="Measure answers on question sets.")
@click.argument("sets", nargs=-1, type=FOLDER, metavar="SET...")
@index_option
@click.option("--out", type=FOLDER, metavar="DIR", help="Write report.html, results.json, run.trec and answers.jsonl.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--baseline", is_flag=True, help="Measure plain LangChain, BM25 alone and dense alone beside it.")
@click.option("--unanswerable", is_flag=True, help="Ask BEIR questions again with half of the passages removed.")
@click.option("--tuned", is_flag=True, help="Mark the sets as used for tuning, as those called dev are anyhow.")
@click.option("--model", metavar="NAME", help="The embedding model for BEIR folders.")
@click.option("--without", multiple=True, metavar="PART", help="Switch off dense, sentence, lexical, late or rerank.")
@click.option(
    "--fail-under", "bars", multiple=True, metavar="MEASURE=VALUE",
    help="Exit with 1 if a figure misses the bar: is below it or, where low is better, above it.",
)  # fmt: skip
@click.option(
    "--results", "saved", type=FOLDER, metavar="DIR", help="Take the results of an earlier --out; ask nothing."
)
@click.option("--headline", type=FOLDER, metavar="README", help="Rewrite the headline table of a README.")
@click.option("--compare", nargs=2, type=FOLDER, metavar="A B", help="Say what changed from one --out to another.")
@llm_options
def eval_command(
    sets: tuple[Path, ...],
    index_dir: Path | None,
    out: Path | None,
    as_json: bool,
    baseline: bool,
    unanswerable: bool,
    tuned: bool,
    model: str | None,
    without: tuple[str, ...],
    bars: tuple[str, ...],
    saved: Path | None,
    headline: Path | None,
    compare: tuple[Path, Path] | None,
    llm: str | None,
    llm_url: str | None,
    llm_name: str | None,
    llm_set: tuple[str, ...],
) -> None:
    """Run `quipu eval`; see its help."""
    if sum((bool(sets), saved is not None, compare is not None)) != 1:
        raise UsageError("give sets to measure, or --results DIR, or --compare A B: one of the three")
    if compare is not None:
        _compare(*compare, as_json=as_json)
        return
    from eval.bars import missed_bars, parse_bar
    from eval.headline import rewrite_headline

    parsed = tuple(parse_bar(bar) for bar in bars)
    if saved is not None:
        results = _saved(saved, out)
    else:
        results = _run(
            sets, model, without, index_dir=index_dir, out=out, baseline=baseline, unanswerable=unanswerable,
            tuned=tuned, llm=llm_settings(llm or "none", llm_url, llm_name, llm_set),
        )  # fmt: skip
    if headline is not None:
        rewrite_headline(headline, results)
    _print(results, as_json=as_json)
    if out is not None:
        click.echo(f"report: {out / 'report.html'}", err=True)
    missed = missed_bars(results, parsed)
    for line in missed:
        click.echo(line, err=True)
    if missed:
        raise click.exceptions.Exit(1)


def _run(sets: Sequence[Path], model: str | None, without: tuple[str, ...], **options: Any) -> Results:
    from assistant.terminal import note, progress_bars
    from eval.runner import run
    from eval.system import Quipu
    from index.models import DEFAULT_MODEL

    with progress_bars() as progress:
        system = Quipu(model or DEFAULT_MODEL, without, say=note, progress=progress)
        try:
            return run(sets, system=system, progress=progress, **options)
        finally:
            system.close()


def _saved(folder: Path, out: Path | None) -> Results:
    from eval.report import write_report
    from eval.results import load_results, save_results

    results = load_results(folder)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        save_results(results, out)
        write_report(results, out)
    return results


def _compare(before: Path, after: Path, *, as_json: bool) -> None:
    from eval.compare import compare
    from eval.results import load_results
    from eval.terminal import open_console, print_comparison

    comparisons = compare(load_results(before), load_results(after))
    if as_json:
        click.echo(json.dumps([_comparison_json(comparison) for comparison in comparisons], ensure_ascii=False))
    else:
        print_comparison(comparisons, open_console())


def _comparison_json(comparison: SetComparison) -> dict[str, Any]:
    return {
        "set": comparison.name,
        "questions": comparison.questions,
        "notes": list(comparison.notes),
        "measures": {
            found.measure.name: {
                "before": found.before,
                "after": found.after,
                "difference": asdict(found.difference),
                "lost": [flip.id for flip in found.lost],
                "won": [flip.id for flip in found.won],
                "p": None if math.isnan(found.p) else found.p,
                "more_than_noise": found.more_than_noise,
                "verdict": found.verdict(),
            }
            for found in comparison.measures
        },
    }


def _print(results: Results, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(results.to_json(), ensure_ascii=False))
        return
    from eval.terminal import open_console, print_results

    print_results(results, open_console())

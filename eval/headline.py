"""The headline table of a README, rewritten from results between two markers."""

from __future__ import annotations

import re
from pathlib import Path

from eval.errors import ResultsError
from eval.measures import BASELINE_MEASURES, HEADLINE, MEASURES
from eval.results import Results
from eval.words import TUNED, between, difference, figure

BEGIN = "<!-- quipu eval: headline -->"
END = "<!-- quipu eval: end -->"


def headline_markdown(results: Results) -> str:
    """A Markdown table: a row a measure, a column a set, then the baselines, then where the figures come from."""
    names = [name for name in HEADLINE if any(name in result.measures for result in results.sets)]
    titles = [f"{result.name} ({TUNED})" if result.tuned else result.name for result in results.sets]
    rows = [f"| | {' | '.join(titles)} |", f"|---|{'---|' * len(titles)}"]
    for name in names:
        measure = MEASURES[name]
        cells = []
        for result in results.sets:
            found = result.measures.get(name)
            cells.append(f"**{figure(measure, found.value)}** ({between(measure, found)})" if found else "–")
        rows.append(f"| {measure.label} | {' | '.join(cells)} |")
    for label in dict.fromkeys(base.label for result in results.sets for base in result.baselines):
        rows.extend(
            _baseline_row(results, label, name) for name in BASELINE_MEASURES if name in ("evidence@5", "RR@10")
        )
    rows = [row for row in rows if row]
    first = results.sets[0].index
    source = (
        f"95% bootstrap intervals over questions in brackets. Model {first.model}; code "
        f"{results.provenance.quipu} ({results.provenance.revision}); {results.provenance.machine}; "
        f"{results.provenance.created[:10]}."
    )
    return "\n".join([*rows, "", source])


def rewrite_headline(readme: Path, results: Results) -> None:
    """Put the headline between the markers of `readme`.

    Raises `ResultsError` if the markers are not there exactly once.
    """
    try:
        text = readme.read_text(encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{readme}: cannot be read ({error.strerror})") from error
    pattern = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ResultsError(f"{readme}: expected one place between the lines {BEGIN} and {END}; put them in")
    block = f"{BEGIN}\n{headline_markdown(results)}\n{END}"
    readme.write_text(pattern.sub(lambda _: block, text), encoding="utf-8")


def _baseline_row(results: Results, label: str, name: str) -> str:
    measure = MEASURES[name]
    cells = []
    for result in results.sets:
        base = next((base for base in result.baselines if base.label == label), None)
        if base is None or name not in base.measures:
            cells.append("–")
            continue
        ours = base.differences.get(name)
        gain = f"; Quipu {difference(measure, ours)}" if ours else ""
        cells.append(f"{figure(measure, base.measures[name].value)}{gain}")
    if all(cell == "–" for cell in cells):
        return ""
    return f"| {measure.label}: {label} | {' | '.join(cells)} |"

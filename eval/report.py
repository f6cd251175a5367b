"""The report: one HTML page that needs nothing beside itself, with everything that was asked and found escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eval.failures import failures
from eval.measures import GROUPS, HEADLINE, MEASURES, Measure
from eval.plots import plots
from eval.results import Results, SetResult
from eval.types import Estimate
from eval.words import TUNED, between, difference, figure
from eval.writing import shown

FILE_NAME = "report.html"
TEMPLATES = Path(__file__).parent / "templates"
SLICE_MEASURES = (
    "right", "evidence@5", "gold_in_first_citation", "RR@10", "citation_precision", "citation_recall",
    "answered_unanswerable", "refused_answerable",
)  # fmt: skip
MOST_TEXT = 1500


def write_report(results: Results, folder: Path) -> Path:
    """Write report.html into `folder` and return its path."""
    path = folder / FILE_NAME
    path.write_text(render_report(results), encoding="utf-8")
    return path


def render_report(results: Results) -> str:
    """The page as HTML."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters["segments"] = segments
    environment.globals |= {"figure": figure, "between": between, "difference": difference, "MEASURES": MEASURES}
    environment.globals["written_figure"] = shown
    template = environment.get_template("report.html")
    return template.render(
        results=results,
        tuned_mark=TUNED,
        sets=[_view(number, result) for number, result in enumerate(results.sets, start=1)],
        gaps=[(gap, _named(gap.differences, MEASURES)) for gap in results.gaps],
    )


def segments(text: str, quotes: Iterable[str]) -> list[tuple[str, bool]]:
    """`text` in pieces, those that stand in one of `quotes` marked True; cut where it is very long."""
    marked = bytearray(len(text))
    for quote in quotes:
        start = text.find(quote) if quote else -1
        while start >= 0:
            marked[start : start + len(quote)] = b"\1" * len(quote)
            start = text.find(quote, start + 1)
    end = min(len(text), max(MOST_TEXT, marked.rfind(1) + 1))
    pieces: list[tuple[str, bool]] = []
    start = 0
    for place in range(1, end + 1):
        if place == end or marked[place] != marked[start]:
            pieces.append((text[start:place], bool(marked[start])))
            start = place
    if end < len(text):
        pieces.append((" …", False))
    return pieces


def _view(number: int, result: SetResult) -> Mapping[str, Any]:
    """What the template shows of one set."""
    found = failures(result)
    return {
        "anchor": f"set-{number}",
        "result": result,
        "headline": _named(result.measures, HEADLINE),
        "groups": [
            (group, rows)
            for group in GROUPS
            if (rows := _named(result.measures, [m.name for m in MEASURES.values() if m.group == group]))
        ],
        "slice_measures": [MEASURES[name] for name in SLICE_MEASURES if name in result.measures],
        "gap": _named(result.language_gap, MEASURES),
        "baseline_measures": [
            MEASURES[name]
            for name in MEASURES
            if name in result.measures and any(name in base.measures for base in result.baselines)
        ],
        "plots": plots(result),
        "failures": found,
        "reasons": _reason_counts(failure.reasons for failure in found),
        "languages": sorted({question.lang for question in result.questions}),
    }


def _named(estimates: Mapping[str, Estimate], names: Iterable[str]) -> list[tuple[Measure, Estimate]]:
    return [(MEASURES[name], estimates[name]) for name in names if name in estimates]


def _reason_counts(reasons: Iterable[tuple[str, ...]]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for several in reasons:
        for reason in several:
            short = reason.split(":")[0]
            counts[short] = counts.get(short, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])

"""Figures as people read them, the same in tables, pages and READMEs."""

from __future__ import annotations

import math

from eval.measures import Measure
from eval.types import Estimate

TUNED = "used for tuning"


def figure(measure: Measure, value: float) -> str:
    """`0.953`, or `41 ms` for a time; a dash where it is not defined."""
    if math.isnan(value):
        return "–"
    if measure.milliseconds:
        return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"
    return f"{value:.3f}"


def between(measure: Measure, estimate: Estimate) -> str:
    """The interval, `0.941–0.964`."""
    if math.isnan(estimate.low):
        return "–"
    return f"{figure(measure, estimate.low).removesuffix(' ms')}–{figure(measure, estimate.high)}"


def difference(measure: Measure, estimate: Estimate) -> str:
    """A difference with its sign and interval, `+0.021 [+0.010, +0.033]`."""
    if math.isnan(estimate.value):
        return "–"
    low, value, high = (_signed(measure, edge) for edge in (estimate.low, estimate.value, estimate.high))
    return f"{value} [{low}, {high}]"


def _signed(measure: Measure, value: float) -> str:
    text = f"{value:+,.1f}" if measure.milliseconds else f"{value:+.3f}"
    return text.lstrip("+-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")

"""Bars that figures must reach, for continuous integration: `MEASURE=VALUE`."""

from __future__ import annotations

import math
from dataclasses import dataclass

from eval.measures import MEASURES
from eval.results import Results
from index.errors import UsageError


@dataclass(frozen=True, slots=True)
class Bar:
    """The value that a measure must reach; one that is better low must not exceed it."""

    measure: str
    value: float


def parse_bar(text: str) -> Bar:
    """The bar that `MEASURE=VALUE` asks for. Raises `UsageError`."""
    name, sign, value = text.partition("=")
    if name not in MEASURES:
        raise UsageError(f'no measure is called "{name}"; expected one of {", ".join(MEASURES)}')
    try:
        if not sign or math.isnan(float(value)):
            raise ValueError
    except ValueError as error:
        raise UsageError(f'"{text}" is not MEASURE=VALUE, such as {name}=0.9') from error
    return Bar(name, float(value))


def missed_bars(results: Results, bars: tuple[Bar, ...]) -> list[str]:
    """One line for every bar that a set misses. Raises `UsageError` for a bar that no set can be held against."""
    lines = []
    for bar in bars:
        higher = MEASURES[bar.measure].higher_is_better
        held = False
        for result in results.sets:
            figure = result.measures.get(bar.measure)
            if figure is None or math.isnan(figure.value):
                continue
            held = True
            if figure.value < bar.value if higher else figure.value > bar.value:
                side = "below" if higher else "above"
                lines.append(
                    f"{result.name}: {bar.measure} is {figure.value:.4f}, {side} the bar of {bar.value:g} "
                    f"(95% interval {figure.low:.4f} to {figure.high:.4f}, {figure.n} questions)"
                )
        if not held:
            raise UsageError(f"no set here gives a figure for {bar.measure}; found {_given(results)}")
    return lines


def _given(results: Results) -> str:
    return ", ".join(dict.fromkeys(name for result in results.sets for name in result.measures))

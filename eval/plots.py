"""The report's plots as inline SVG that takes its colours and its font from the page around it."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eval import refusals
from eval.measures import LATENCY_PARTS, MEASURES
from eval.results import SetResult
from eval.summary import is_wrong
from eval.words import TUNED, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Placeholder colours that matplotlib draws with, and the page's own variables that take their place.
INK, MUTED, FIRST, SECOND = "#010203", "#040506", "#070809", "#0a0b0c"
PAGE_COLOURS = {INK: "var(--ink)", MUTED: "var(--muted)", FIRST: "var(--first)", SECOND: "var(--second)"}
SIZE = (5.2, 3.4)


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot, its title, and what it shows in a sentence."""

    title: str
    says: str
    svg: str


def plots(result: SetResult) -> list[Plot]:
    """The plots that a set's outcomes allow."""
    found = [_risk_coverage(result)]
    confidences = [(q.confidence, q.answerable) for q in result.questions]
    subject = ""
    if all(answerable for _, answerable in confidences) and result.removal:
        confidences = [(item.confidence, item.answerable) for item in result.removal]
        subject = ", half of the passages removed"
    if len({answerable for _, answerable in confidences}) == 2:
        found += [_reliability(result, confidences, subject), _distributions(result, confidences, subject)]
    if any(question.timings_ms for question in result.questions):
        found.append(_latency(result))
    return found


def _risk_coverage(result: SetResult) -> Plot:
    confidence = [q.confidence for q in result.questions]
    curve = refusals.risk_coverage(confidence, [is_wrong(q) for q in result.questions])
    answered = [q for q in result.questions if not q.abstained]
    coverage = len(answered) / len(result.questions)
    risk = sum(is_wrong(q) for q in answered) / max(len(answered), 1)

    def draw(axes: Axes) -> None:
        axes.step(np.append(0, curve.coverage), np.append(curve.risk[:1], curve.risk), where="pre", color=FIRST, lw=2)
        axes.plot([coverage], [risk], "o", color=SECOND, ms=8)
        axes.annotate(
            f"answers {coverage:.0%}, risk {risk:.1%}", (coverage, risk), (-8, 10), textcoords="offset points",
            ha="right" if coverage > 0.5 else "left", color=INK,
        )  # fmt: skip
        axes.set(xlim=(0, 1.02), ylim=(0, max(0.1, float(curve.risk.max()) * 1.15)))
        axes.set_xlabel("coverage: share of the questions answered")
        axes.set_ylabel("risk: share of these answered wrongly")

    says = (
        "Questions are answered from the most confident on; the dot is where Quipu stops. Past it nothing was "
        "answered, so every question counts as an error there."
    )
    return Plot("Risk and coverage", says, _svg(draw, result.tuned, f"{result.name} risk"))


def _reliability(result: SetResult, confidences: Sequence[tuple[float, bool]], subject: str) -> Plot:
    scores, labels = [c for c, _ in confidences], [label for _, label in confidences]
    bins = refusals.reliability(scores, labels)
    error = float(refusals.calibration_error(scores, labels)(np.ones((1, len(scores))))[0])

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=MUTED, ls="--", lw=1)
        axes.plot([b.confidence for b in bins], [b.rate for b in bins], color=FIRST, lw=2)
        axes.scatter(
            [b.confidence for b in bins], [b.rate for b in bins], s=[20 + 300 * b.n / len(scores) for b in bins],
            color=FIRST,
        )  # fmt: skip
        axes.text(0.98, 0.03, f"expected calibration error {error:.3f}", color=INK, ha="right")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05))
        axes.set_xlabel("confidence")
        axes.set_ylabel("share that the documents answer")

    says = (
        "On the dashed line, a confidence of 0.8 is right eight times in ten. "
        "A dot's area is its share of the questions."
    )
    return Plot(f"Calibration{subject}", says, _svg(draw, result.tuned, f"{result.name} calibration"))


def _distributions(result: SetResult, confidences: Sequence[tuple[float, bool]], subject: str) -> Plot:
    from matplotlib.ticker import MaxNLocator

    answerable = [c for c, label in confidences if label]
    unanswerable = [c for c, label in confidences if not label]

    def draw(axes: Axes) -> None:
        edges = [float(edge) for edge in np.linspace(0, 1, 21)]
        axes.hist(answerable, edges, color=FIRST, alpha=0.65, label=f"answerable ({len(answerable)})")
        axes.hist(unanswerable, edges, color=SECOND, alpha=0.65, label=f"unanswerable ({len(unanswerable)})")
        axes.set_xlabel("confidence")
        axes.set_ylabel("questions")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(axes)

    says = "The further the two heaps stand apart, the better refusals can be told from answers."
    return Plot(f"Confidence{subject}", says, _svg(draw, result.tuned, f"{result.name} confidence"))


def _latency(result: SetResult) -> Plot:
    parts = [part for part in LATENCY_PARTS if any(part in q.timings_ms for q in result.questions)]
    total = MEASURES["latency_total_p50"]
    times = {part: [q.timings_ms[part] for q in result.questions if part in q.timings_ms] for part in parts}

    def draw(axes: Axes) -> None:
        for row, part in enumerate(reversed(parts)):
            middle, high = np.quantile(times[part], [0.5, 0.95])
            axes.barh(row, high, color=FIRST, alpha=0.3, height=0.6, label="95th percentile" if row == 0 else None)
            axes.barh(row, middle, color=FIRST, height=0.6, label="median" if row == 0 else None)
            axes.text(high, row, f"  {figure(total, middle)} / {figure(total, high)}", va="center", color=INK)
        axes.set_yticks(range(len(parts)), list(reversed(parts)))
        axes.set_xlim(0, max(float(np.quantile(values, 0.95)) for values in times.values()) * 1.35 or 1)
        axes.set_xlabel("a question: median / 95th percentile, milliseconds")
        _legend(axes)

    return Plot("Latency", "How long each part of an answer takes.", _svg(draw, result.tuned, f"{result.name} latency"))


def _legend(axes: Axes) -> None:
    """A legend under the plot, where it hides nothing."""
    axes.legend(frameon=False, labelcolor=INK, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)


def _svg(draw: Callable[[Axes], None], tuned: bool, name: str) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    colours = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK)
    settings: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.size": 10,
        "axes.edgecolor": MUTED,
        **colours,
    }
    with matplotlib.rc_context(settings):
        canvas = Figure(figsize=SIZE, layout="constrained")
        axes = canvas.add_subplot()
        draw(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color=MUTED, alpha=0.25, lw=0.6)
        axes.set_axisbelow(True)
        if tuned:
            axes.set_title(TUNED, color=SECOND, fontsize=10, loc="right")
        target = io.StringIO()
        canvas.savefig(target, format="svg", transparent=True)
    return _embed(target.getvalue(), name)


def _embed(svg: str, name: str) -> str:
    """The bare `<svg>` element without metadata, its colours and font those of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" role="img">', svg, count=1)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1; font-family: inherit", svg)
    # The page holds many plots: only what is referred to keeps an id, and the id is the plot's own and always the same.
    prefix = hashlib.sha256(name.encode()).hexdigest()[:8]
    referred = list(dict.fromkeys(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg)))
    svg = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in referred else "", svg)
    for number, old in enumerate(referred):
        svg = re.sub(rf'(id="|#){re.escape(old)}(?=[")])', rf"\g<1>p{prefix}-{number}", svg)
    svg = svg.replace("xlink:href", "href")
    for placeholder, variable in PAGE_COLOURS.items():
        svg = svg.replace(placeholder, variable)
    return svg.strip()

"""What the chat tells Prometheus: counts and times, never a question or a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

if TYPE_CHECKING:
    from assistant.chat.line import Line
    from assistant.types import Answer

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
OUTCOMES = ("answered", "refused", "rejected", "limited", "busy", "failed")
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The numbers of one server. Thread-safe."""

    def __init__(self, generation: str = "", documents: int = 0) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._questions = Counter(
            "quipu_questions", "Questions by what came of them.", ["outcome"], registry=self.registry
        )
        for outcome in OUTCOMES:
            self._questions.labels(outcome)
        self._seconds = Histogram(
            "quipu_question_seconds",
            "From a question's arrival to its answer, waiting included.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._stages = Histogram(
            "quipu_stage_seconds", "Parts of answering.", ["stage"], buckets=_SECONDS, registry=self.registry
        )
        self._waiting = Gauge("quipu_questions_waiting", "Questions that wait for their turn.", registry=self.registry)
        self._working = Gauge("quipu_questions_working", "Questions that are being answered.", registry=self.registry)
        self.documents_opened = Counter(
            "quipu_documents_opened", "Documents opened in the reader.", registry=self.registry
        )
        self.pages_shown = Counter("quipu_pages_shown", "Pages rendered for the reader.", registry=self.registry)
        self.exports = Counter(
            "quipu_exports", "Conversations taken away, by what came of it.", ["outcome"], registry=self.registry
        )
        self.logins = Counter("quipu_logins", "Attempts to log in.", ["outcome"], registry=self.registry)
        held = Gauge("quipu_index_documents", "Documents in the index.", ["generation"], registry=self.registry)
        held.labels(generation).set(documents)

    def count(self, outcome: str, seconds: float | None = None) -> None:
        """Count a question; `outcome` is one of OUTCOMES."""
        self._questions.labels(outcome).inc()
        if seconds is not None:
            self._seconds.observe(seconds)

    def answered(self, answer: Answer) -> None:
        """Note how long the parts of an answer took."""
        for stage, milliseconds in answer.timings_ms.items():
            if stage != "total":
                self._stages.labels(stage).observe(milliseconds / 1e3)

    def watch(self, line: Line) -> None:
        """Read the gauges from this line whenever they are asked for."""
        self._waiting.set_function(lambda: line.waiting)
        self._working.set_function(lambda: line.working)

    def text(self) -> bytes:
        """All numbers in the exposition format of Prometheus."""
        return bytes(generate_latest(self.registry))

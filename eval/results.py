"""What an evaluation found, and its one file, results.json.

The dataclasses are the file's layout, field by field. A figure that is not defined is null.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.errors import ResultsError
from eval.types import Estimate

FORMAT_VERSION = 1
FILE_NAME = "results.json"

Estimates = Mapping[str, Estimate]
"""Figures by the name of their measure."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made the figures: code, machine, date, and the settings of the assistant."""

    created: str
    quipu: str
    revision: str
    python: str
    machine: str
    packages: Mapping[str, str]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IndexIdentity:
    """The index that answered, by its manifest."""

    generation: str
    model: str
    model_sha256: str
    format_version: int
    chunker: Mapping[str, Any]
    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """One question, what came of it, and its scores; a measure that does not apply to it is absent.

    `citations` and `hits` are as `ask --json` prints them; only the first hits are kept.
    """

    id: str
    question: str
    lang: str
    type: str
    answerable: bool
    docs: tuple[str, ...]
    evidence: tuple[str, ...]
    gold: tuple[str, ...]
    must_include: tuple[str, ...]
    answer: str
    abstained: bool
    confidence: float
    missing_terms: tuple[str, ...]
    citations: tuple[Mapping[str, Any], ...]
    hits: tuple[Mapping[str, Any], ...]
    timings_ms: Mapping[str, float]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """One question asked again with half of the passages removed; `answerable` if its own is left."""

    id: str
    answerable: bool
    abstained: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """A baseline's figures, and Quipu's minus its own on the same questions.

    `scores[measure][question id]` are the baseline's own.
    """

    name: str
    label: str
    measures: Estimates
    differences: Estimates
    scores: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class SetResult:
    """All figures of one set. `slices[dimension][value]`; `language_gap` is English minus Spanish.

    `written` compares answers written by a language model with the extractive ones, where one was given; see `eval.writing`.
    """

    name: str
    path: str
    sha256: str
    kind: str
    tuned: bool
    index: IndexIdentity
    measures: Estimates
    slices: Mapping[str, Mapping[str, Estimates]]
    language_gap: Estimates
    baselines: tuple[BaselineResult, ...]
    questions: tuple[QuestionResult, ...]
    removal: tuple[RemovalResult, ...] = ()
    written: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SetGap:
    """The same documents asked in English (`english`) and in Spanish (`spanish`): first minus second."""

    english: str
    spanish: str
    tuned: bool
    differences: Estimates


@dataclass(frozen=True, slots=True)
class Results:
    """An evaluation of one or more sets."""

    provenance: Provenance
    sets: tuple[SetResult, ...]
    gaps: tuple[SetGap, ...] = ()
    format_version: int = field(default=FORMAT_VERSION)

    def to_json(self) -> dict[str, Any]:
        """The results as JSON values."""
        data: dict[str, Any] = _without_nan(dataclasses.asdict(self))
        return data


def save_results(results: Results, folder: Path) -> Path:
    """Write results.json into `folder` and return its path."""
    path = folder / FILE_NAME
    path.write_text(json.dumps(results.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def load_results(path: Path) -> Results:
    """Read results.json, given itself or its folder. Raises `ResultsError`."""
    file = path / FILE_NAME if path.is_dir() else path
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultsError(f"{file}: not found; give a folder that `quipu eval --out` wrote") from error
    except (OSError, ValueError) as error:
        raise ResultsError(f"{file}: not a results file ({error}); give one that `quipu eval --out` wrote") from error
    version = data.get("format_version") if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise ResultsError(f"{file}: format version {version}, expected {FORMAT_VERSION}; run the evaluation again")
    try:
        return Results(
            provenance=Provenance(**data["provenance"]),
            sets=tuple(_set_result(row) for row in data["sets"]),
            gaps=tuple(SetGap(**{**row, "differences": _estimates(row["differences"])}) for row in data["gaps"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{file}: incomplete ({error}); run the evaluation again") from error


def _set_result(row: dict[str, Any]) -> SetResult:
    slices = {
        dimension: {value: _estimates(figures) for value, figures in values.items()}
        for dimension, values in row["slices"].items()
    }
    baselines = tuple(
        BaselineResult(
            **{**base, "measures": _estimates(base["measures"]), "differences": _estimates(base["differences"])}
        )
        for base in row["baselines"]
    )
    questions = tuple(_question_result(question) for question in row["questions"])
    return SetResult(
        **{
            **row,
            "index": IndexIdentity(**row["index"]),
            "measures": _estimates(row["measures"]),
            "slices": slices,
            "language_gap": _estimates(row["language_gap"]),
            "baselines": baselines,
            "questions": questions,
            "removal": tuple(RemovalResult(**item) for item in row["removal"]),
        }
    )


def _question_result(row: dict[str, Any]) -> QuestionResult:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return QuestionResult(**fields)


def _estimates(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Estimate]:
    def number(value: float | None) -> float:
        return math.nan if value is None else value

    return {
        name: Estimate(number(row["value"]), number(row["low"]), number(row["high"]), row["n"])
        for name, row in rows.items()
    }


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return value

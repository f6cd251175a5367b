"""What the chat's page for question sets needs of evaluation, and the program that it runs beside itself.

`python -m eval.workbench SET INDEX OUT` measures one set and prints how far it is, a JSON object a line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from assistant.workbench.evaluator import Change, Comparison, Figure
from assistant.workbench.evaluator import Flip as ShownFlip
from eval.compare import Flip, MeasureComparison, SetComparison
from eval.compare import compare as compare_results
from eval.measures import HEADLINE, MEASURES
from eval.questions import set_problems
from eval.results import load_results
from eval.words import between, difference, figure
from index.errors import QuipuError

if find_spec("ir_measures") is None or find_spec("jinja2") is None or find_spec("matplotlib") is None:
    raise ImportError("evaluation needs more packages; pip install 'quipu[eval]'")

PRINTED_EVERY = 0.2
"""Seconds between two lines of progress."""


def problems(path: Path, text_of: Callable[[str], str | None], most: int) -> list[str]:
    """What keeps the file from being a question set over these documents, its name and line first."""
    return [str(error).removeprefix(f"{path.parent}/") for error in set_problems(path, text_of, most)]


def command(question_set: Path, index: Path, out: Path) -> list[str]:
    """The command that measures a set into `out`."""
    return [sys.executable, "-m", "eval.workbench", str(question_set), str(index), str(out)]


def headline(out: Path) -> list[Figure]:
    """The figures that the report begins with."""
    return [
        Figure(
            result.name,
            name,
            MEASURES[name].label,
            MEASURES[name].says,
            figure(MEASURES[name], found.value),
            between(MEASURES[name], found),
            found.n,
            result.tuned,
        )
        for result in load_results(out).sets
        for name in HEADLINE
        if (found := result.measures.get(name)) is not None
    ]


def compare(before: Path, after: Path) -> list[Comparison]:
    """The sets that both runs hold, measure by measure."""
    return [_comparison(found) for found in compare_results(load_results(before), load_results(after))]


def _comparison(found: SetComparison) -> Comparison:
    return Comparison(found.name, found.questions, found.notes, tuple(map(_change, found.measures)))


def _change(found: MeasureComparison) -> Change:
    moved = found.difference.value
    return Change(
        found.measure.name,
        found.measure.label,
        figure(found.measure, found.before),
        figure(found.measure, found.after),
        difference(found.measure, found.difference),
        None if moved == 0 else (moved > 0) == found.measure.higher_is_better,
        found.more_than_noise,
        _shown(found.lost),
        _shown(found.won),
    )


def _shown(flips: Sequence[Flip]) -> tuple[ShownFlip, ...]:
    return tuple(ShownFlip(flip.id, flip.question) for flip in flips)


def main(arguments: Sequence[str]) -> int:
    """Measure one set; 1 if it fails, with the reason as the last line."""
    question_set, index, out = map(Path, arguments)
    last = 0.0

    def told(stage: str, done: int, total: int) -> None:
        nonlocal last
        if done == total or time.monotonic() - last >= PRINTED_EVERY:
            last = time.monotonic()
            _print({"stage": stage.partition(": ")[2] or stage, "done": done, "total": total})

    try:
        from eval.runner import run

        _print({"stage": "opening", "done": 0, "total": 1})
        run(question_set, index_dir=index, out=out, progress=told)
    except BrokenPipeError:
        # Nobody waits for this any more.
        return 1
    except QuipuError as error:
        _print({"error": str(error).replace(f"{question_set.parent}/", "")})
        return 1
    except OSError as error:
        _print({"error": f"{error.filename or out}: {error.strerror or error}"})
        return 1
    return 0


def _print(content: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

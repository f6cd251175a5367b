"""Measuring answers: question sets, measures, the runner, reports, baselines and calibration.

It calls `assistant` as any user would and is imported by neither of the other packages.

    from eval import run
    results = run("eval/sets/seeds-dev.jsonl", baseline=True, out="report")
"""

from eval.runner import run

__all__ = ["run"]

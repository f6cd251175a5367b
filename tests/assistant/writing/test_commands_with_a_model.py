"""`quipu ask` in a conversation, and with a model behind an address: written, rewritten, translated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from model_server import ModelServer

from assistant.cli import cli
from assistant.followup import standing_after
from assistant.writing.followup import Turn, leans, standing_question
from index.build import build_index

QUESTION = "How many justice operators did Prevent strengthen?"
SPANISH = "La alcaldesa de Lima inauguró 12 parques en 2021."


@pytest.fixture
def lima(write_folder: Any, tmp_path: Path) -> Path:
    build_index(write_folder({"lima.txt": SPANISH}), tmp_path / "lima", model="hash")
    return tmp_path / "lima"


def run(index: Path, *arguments: str) -> Any:
    return CliRunner().invoke(cli, ["ask", *arguments, "--index", str(index)])


def model_at(server: ModelServer) -> list[str]:
    return ["--llm", "openai-compatible", "--llm-url", server.url, "--llm-name", "m", "--llm-set", "retries=0"]


def test_a_follow_up_is_rewritten_by_rules_without_a_model(seed_index: Path) -> None:
    done = run(seed_index, "and where?", "--after", QUESTION, "--json")
    assert done.exit_code == 0, done.output
    asked = json.loads(done.stdout)["question"]
    assert asked.startswith("Where did Prevent strengthen")
    assert f"asked as: {asked}" in done.stderr


def test_follow_ups_of_follow_ups_are_rewritten_in_turn() -> None:
    earlier = [QUESTION, "and where?"]
    assert "Prevent" in standing_after("and since when?", earlier)
    assert standing_after("What is the capital of Peru?", earlier) == "What is the capital of Peru?"
    assert standing_after(QUESTION, []) == QUESTION


def test_a_question_that_stands_is_not_given_to_the_model() -> None:
    history = [Turn(QUESTION)]
    assert leans("And who funded it?", history)
    assert leans("¿Y desde cuándo?", history)
    assert leans("Who?", history)
    assert not leans("Which five Amazon regions does USAID prioritise in Peru?", history)
    assert not leans("And who funded it?", [])
    found = standing_question("And where?", history, None, None)
    assert (found.by, found.rewritten) == ("rules", True)


def test_where_the_model_fails_rules_rewrite(seed_index: Path, misbehaving: ModelServer) -> None:
    misbehaving.behaviour = "500"
    done = run(seed_index, "and where?", "--after", QUESTION, "--json", *model_at(misbehaving))
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["written"]["question"].startswith("Where did Prevent strengthen")


def test_quotes_are_translated_beside_the_originals(lima: Path, misbehaving: ModelServer) -> None:
    misbehaving.replies = lambda body: (
        "The mayor of Lima opened 12 parks in 2021."
        if "Translate" in body["messages"][0]["content"]
        else f"{SPANISH} [1]"
    )
    asked = "What did Lima do in 2021?"
    done = run(lima, asked, "--translate", *model_at(misbehaving))
    assert done.exit_code == 0, done.output
    assert "translated by the model" in done.output
    assert "The mayor of Lima opened 12 parks in 2021." in done.output
    assert SPANISH in done.output
    done = run(lima, asked, "--translate", "--json", *model_at(misbehaving))
    answer = json.loads(done.stdout)
    assert answer["translations"][0] == {
        "marker": 1,
        "language": "en",
        "text": "The mayor of Lima opened 12 parks in 2021.",
    }
    assert answer["citations"][0]["quote"] == SPANISH


def test_a_filter_holds_for_written_answers_too(seed_index: Path, misbehaving: ModelServer) -> None:
    done = run(seed_index, QUESTION, "--json", "--publisher", "USAID", *model_at(misbehaving))
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["hits"]
    assert all("5,500" not in hit["text"] for hit in answer["hits"])


@pytest.mark.parametrize(
    "arguments",
    [["--translate"], ["--llm-url", "http://127.0.0.1:1/v1"]],
)
def test_what_needs_a_model_says_so(seed_index: Path, arguments: list[str]) -> None:
    done = run(seed_index, QUESTION, *arguments)
    assert done.exit_code == 2
    assert "--llm" in done.stderr


def test_a_chat_with_a_model_that_cannot_be_meant_ends_in_one_line(seed_index: Path) -> None:
    done = CliRunner().invoke(cli, ["chat", "--llm", "nothing", "--index", str(seed_index)])
    assert done.exit_code == 2
    assert "provider:model" in done.stderr

"""Follow-ups as people type them, in both languages, and the question that each asks by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.followup import standing

SETS = Path(__file__).parents[2] / "eval" / "sets"

REWRITTEN = {
    "Which organisations work in Loreto?": {
        "and in Ucayali?": "Which organisations work in Ucayali?",
        "In Ucayali?": "Which organisations work in Ucayali?",
        "what about Madre de Dios?": "Which organisations work in Madre de Dios?",
        "since when?": "Which organisations work in Loreto, and since when?",
        "¿y en Ucayali?": "Which organisations work in Ucayali?",
        "how many?": "How many organisations work in Loreto?",
        "Who funds them?": "Who funds organisations?",
        "And what do they do there?": "What do organisations do in Loreto?",
        "tell me more": "Tell me more about organisations",
        "and communities?": "Which communities work in Loreto?",
    },
    "How many justice operators did Prevent strengthen?": {
        "and when?": "When did Prevent strengthen justice operators?",
        "and prosecutors?": "How many prosecutors did Prevent strengthen?",
        "When did it end?": "When did Prevent end?",
        "what was its budget?": "What was Prevent's budget?",
        "and the budget?": "What is the budget of Prevent?",
        "Who funded that programme?": "Who funded Prevent?",
        "and DEVIDA?": "How many justice operators did DEVIDA strengthen?",
        "¿y cuándo?": "When did Prevent strengthen justice operators?",
        "Why?": "Why did Prevent strengthen justice operators?",
        "and in 2020?": "How many justice operators did Prevent strengthen in 2020?",
        "and how many regulations?": "How many regulations did Prevent strengthen?",
        "¿Cuándo terminó?": "¿Cuándo terminó Prevent?",
    },
    "Since when has ABA ROLI worked in Peru?": {
        "and DEVIDA?": "Since when has DEVIDA worked in Peru?",
        "and in Ucayali?": "Since when has ABA ROLI worked in Ucayali?",
        "what does it do there?": "What does ABA ROLI do in Peru?",
        "and in Colombia since 2014?": "Since when has ABA ROLI worked in Colombia since 2014?",
        "where?": "Where has ABA ROLI worked in Peru?",
        "What about USAID?": "Since when has USAID worked in Peru?",
    },
    "¿Cuántas comunidades indígenas apoya Rainforest Foundation US?": {
        "¿y desde cuándo?": "¿Desde cuándo apoya Rainforest Foundation US comunidades indígenas?",
        "¿y en Ucayali?": "¿Cuántas comunidades indígenas apoya Rainforest Foundation US en Ucayali?",
        "¿y DEVIDA?": "¿Cuántas comunidades indígenas apoya DEVIDA?",
        "¿Cuál es su presupuesto?": "¿Cuál es el presupuesto de Rainforest Foundation US?",
        "¿Quién la financia?": "¿Quién financia Rainforest Foundation US?",
        "¿Cuándo empezó?": "¿Cuándo empezó Rainforest Foundation US?",
        "¿y las federaciones?": "¿Cuáles son las federaciones de Rainforest Foundation US?",
        "¿Cuáles son sus objetivos?": "¿Cuáles son los objetivos de Rainforest Foundation US?",
        "y cuántas federaciones?": "¿Cuántas federaciones apoya Rainforest Foundation US?",
        "¿Con quién trabaja?": "¿Con quién trabaja Rainforest Foundation US?",
        "¿Qué hace esa organización allí?": "¿Qué hace Rainforest Foundation US allí?",
    },
    "¿Dónde trabaja ABA ROLI en el Perú?": {
        "¿y desde cuándo?": "¿Desde cuándo trabaja ABA ROLI en el Perú?",
        "¿y en Colombia?": "¿Dónde trabaja ABA ROLI en Colombia?",
        "¿y DEVIDA?": "¿Dónde trabaja DEVIDA en el Perú?",
        "¿Quién trabaja allí?": "¿Quién trabaja en Perú?",
        "and since when?": "¿Desde cuándo trabaja ABA ROLI en el Perú?",
        "¿por qué?": "¿Por qué trabaja ABA ROLI en el Perú?",
        "¿y en 2014?": "¿Dónde trabaja ABA ROLI en el Perú en 2014?",
        "y el presupuesto?": "¿Cuál es el presupuesto de ABA ROLI?",
    },
    "Who funded Prevent?": {
        "since when?": "Who funded Prevent, and since when?",
        "and why?": "Who funded Prevent, and why?",
        "how much?": "Who funded Prevent, and how much?",
        "and USAID?": "Who funded USAID?",
    },
    "What are the main drivers of deforestation in Peru?": {
        "and in Loreto?": "What are the main drivers of deforestation in Loreto?",
        "and since when?": "What are the main drivers of deforestation in Peru, and since when?",
        "what about Colombia?": "What are the main drivers of deforestation in Colombia?",
        "and of mining?": "What are the main drivers of mining in Peru?",
        "What are its effects?": "What are the effects of the main drivers of deforestation?",
    },
    "¿Quién fue el cliente de Prevent?": {
        "¿y el presupuesto?": "¿Cuál es el presupuesto de Prevent?",
        "¿y cuándo terminó?": "¿Cuándo terminó Prevent?",
        "¿y USAID?": "¿Quién fue el cliente de USAID?",
        "¿Y para qué?": "¿Quién fue el cliente de Prevent, y para qué?",
    },
    "What is the size of the forests in Madre de Dios?": {
        "and in Loreto?": "What is the size of the forests in Loreto?",
        "¿y en Loreto?": "What is the size of the forests in Loreto?",
        "what about the rivers?": "What is the size of the rivers in Madre de Dios?",
    },
    "Which five Amazon regions does USAID prioritise?": {
        "and in 2016?": "Which five Amazon regions does USAID prioritise in 2016?",
        "and DEVIDA?": "Which five Amazon regions does DEVIDA prioritise?",
        "why?": "Why does USAID prioritise five Amazon regions?",
    },
}
STANDING = {
    "And who funded Prevent?": "Which organisations work in Loreto?",
    "What is the capital of Mongolia?": "How many justice operators did Prevent strengthen?",
    "Is it true that drugs are sold?": "How many justice operators did Prevent strengthen?",
    "what are the solutions?": "What are the main drivers of deforestation in Peru?",
    "And what are the objectives of COPOLAD?": "Which five Amazon regions does USAID prioritise?",
    "ok thanks": "Which five Amazon regions does USAID prioritise?",
    "budget": "Which five Amazon regions does USAID prioritise?",
    "DEVIDA": "Which five Amazon regions does USAID prioritise?",
}


@pytest.mark.parametrize(
    ("previous", "question", "expected"),
    [(previous, asked, expected) for previous, pairs in REWRITTEN.items() for asked, expected in pairs.items()],
)
def test_a_follow_up_is_put_so_that_it_stands_by_itself(previous: str, question: str, expected: str) -> None:
    assert standing(question, previous) == expected


@pytest.mark.parametrize(("question", "previous"), STANDING.items())
def test_a_question_that_stands_by_itself_is_left_alone(question: str, previous: str) -> None:
    assert standing(question, previous) is None


def test_a_conversation_is_followed_from_turn_to_turn() -> None:
    asked = "Which organisations work in Loreto?"
    for follow_up in ("and in Ucayali?", "¿y en Madre de Dios?", "how many?"):
        asked = standing(follow_up, asked) or "left alone"
    assert asked == "How many organisations work in Madre de Dios?"


def test_questions_of_the_question_sets_are_not_taken_for_follow_ups() -> None:
    questions = [
        json.loads(line)["question"]
        for name in ("seeds-dev", "seeds-test")
        for line in (SETS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    pairs = [(question, questions[(number * 7 + 3) % len(questions)]) for number, question in enumerate(questions)]
    taken = [question for question, previous in pairs if standing(question, previous) is not None]
    assert len(taken) <= 0.01 * len(questions), taken


@pytest.mark.parametrize(
    "question", ["", "  ", "?", "¿?", "and", "y", "y " * 90, "\u202e\x07", "it", "su", "and <b>it</b>?"]
)
@pytest.mark.parametrize("previous", [None, "", "?", "What", "¿Qué?", "<script>", "a " * 9999, "The the the"])
def test_whatever_is_typed_gives_a_question_or_nothing(question: str, previous: str | None) -> None:
    found = standing(question, previous)
    assert found is None or found.strip()

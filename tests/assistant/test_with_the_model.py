"""The seeds with the real model: known questions are answered right, and nothing leaves the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.assistant import Assistant

pytestmark = pytest.mark.model

# Replaces every way out that a program in Python has; loopback stays open.
NO_WAY_OUT = """
import socket
def refuse(self, address, *more):
    host = str(address[0]) if isinstance(address, tuple) else "local"
    if self.family in (socket.AF_INET, socket.AF_INET6) and not host.startswith(("127.", "::1", "localhost")):
        raise AssertionError(f"a connection to {address} was tried")
    return original(self, address, *more)
original, socket.socket.connect = socket.socket.connect, refuse
socket.socket.connect_ex = refuse
def resolve(host, *more, **options):
    raise AssertionError(f"the name {host} was looked up")
socket.getaddrinfo = resolve
"""


@pytest.mark.parametrize(
    ("question", "must_include"),
    [
        ("How many justice operators did Prevent strengthen?", ["5,500"]),
        ("¿Cuántas comunidades indígenas apoya Rainforest Foundation US?", ["60"]),
        ("What does DEVIDA stand for?", ["National Commission for Development and Life without Drugs"]),
        (
            "Which five Amazon regions does USAID prioritise?",
            ["San Martín", "Ucayali", "Amazonas", "Loreto", "Madre de Dios"],
        ),
        ("Since when has ABA ROLI worked in Peru?", ["Since 2012"]),
    ],
)
def test_a_known_question_is_answered_from_the_seeds(
    model_assistant: Assistant, question: str, must_include: list[str]
) -> None:
    answer = model_assistant.ask(question)
    assert not answer.abstained
    quoted = " ".join(citation.quote for citation in answer.citations)
    assert [words for words in must_include if words not in quoted] == []
    for citation in answer.citations:
        assert model_assistant.document(citation.doc_id).text[citation.start : citation.end] == citation.quote


@pytest.mark.parametrize(
    ("question", "language"),
    [("What is the capital of Mongolia?", "en"), ("¿Cuál es la capital de Mongolia?", "es")],
)
def test_what_the_seeds_do_not_say_is_refused(model_assistant: Assistant, question: str, language: str) -> None:
    answer = model_assistant.ask(question)
    assert answer.abstained
    assert answer.citations == ()
    assert answer.language == language
    assert "Mongolia" in answer.text


@pytest.mark.parametrize("question", ["🤷🤷🤷", "?"])
def test_a_question_without_words_is_refused(model_assistant: Assistant, question: str) -> None:
    assert model_assistant.ask(question).abstained


def offline() -> list[str]:
    """What runs a program in a network namespace without any interface, where the machine allows it."""
    able = shutil.which("unshare") and subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    return ["unshare", "-rn"] if able and able.returncode == 0 else []


def test_build_and_ask_work_without_a_network_and_try_no_connection(tmp_path: Path, seeds: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_WAY_OUT, encoding="utf-8")
    path = os.pathsep.join(
        [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH"), str(Path(__file__).parents[2])])]
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"PYTHONPATH": path, "QUIPU_INDEX": str(tmp_path / "index")}

    def quipu(*arguments: str) -> str:
        program = [*offline(), sys.executable, "-c", "from assistant.cli import main; main()", *arguments]
        done = subprocess.run(
            program, capture_output=True, encoding="utf-8", check=False, timeout=600, env=environment, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        assert "tried" not in done.stderr
        return done.stdout

    proof = subprocess.run(
        [*offline(), sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80), 1)"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert "was looked up" in proof.stderr or "was tried" in proof.stderr, "the guard itself must work"
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(seeds / "000_cf9958df2bfae6ec.txt", source)
    assert quipu("build", str(source)).startswith("built: 1 documents")
    answer = json.loads(quipu("ask", "How many justice operators did Prevent strengthen?", "--json"))
    assert set(answer["timings_ms"]) == {"embed", "search", "rerank", "read", "verify", "total"}
    assert answer["hits"]
    assert quipu("verify").endswith(" 0 wrong\n")

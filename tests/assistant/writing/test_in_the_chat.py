"""The chat's written answers without a browser: the line, stopping, filters, translating, and what a page may ask."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import ModelServer

from assistant.assistant import Assistant
from assistant.chat.metrics import Metrics
from assistant.chat.service import Asking, Service
from assistant.chat.written import Writing, history
from assistant.chat.written_functions import written_functions
from assistant.writing.config import LlmSettings
from assistant.writing.followup import Turn
from assistant.writing.support import Fitted, SupportChecker

QUESTION = "How many justice operators did Prevent strengthen?"
TRUE = "Prevent strengthened the capacities of 5,500 justice operators."

pytestmark = pytest.mark.usefixtures("always_answers")


@pytest.fixture
def writing_over(misbehaving: ModelServer, near: Fitted, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Writing]:
    def make(assistant: Assistant, **options: Any) -> Writing:
        checker = SupportChecker(assistant.generation, assistant.retriever.embedder, assistant.retriever.bridge, near)
        monkeypatch.setattr(assistant, "writing_checker", lambda: checker)
        settings = LlmSettings("openai-compatible", url=misbehaving.url, name="m", retries=0, token_timeout=5.0)
        return Writing(assistant, settings, Metrics(), **options)

    return make


@pytest.fixture
def writing(writing_over: Callable[..., Writing], seed_assistant: Assistant) -> Writing:
    return writing_over(seed_assistant)


def asked(**more: Any) -> dict[str, Any]:
    return {"question": QUESTION, "turn": 1, "language": "en", "run": "one", **more}


async def pages(writing: Writing, request: dict[str, Any]) -> list[str]:
    return [html async for html in writing.answer(request, Asking.of(request))]


def said(html: str) -> list[tuple[str, str]]:
    found = re.findall(r'class="q-said[^"]*" dir="auto" data-verdict="(\w+)">(.*?)</span></span>', html)
    return [(verdict, re.sub(r"<[^>]+>", "", words)) for verdict, words in found]


def test_a_turn_grows_and_is_counted(writing: Writing, misbehaving: ModelServer) -> None:
    misbehaving.text = f"{TRUE} [1] Cats rule all of Berlin. [1]"
    *_, last = asyncio.run(pages(writing, asked()))
    assert [verdict for verdict, _ in said(last)] == ["kept", "struck"]
    assert 'data-state="done"' in last
    text = writing.metrics.text().decode()
    assert 'quipu_written_answers_total{outcome="written"} 1.0' in text
    assert 'quipu_written_sentences_total{verdict="struck"} 1.0' in text
    assert "openai-compatible:m" in last
    assert misbehaving.url not in last, "the address of the model is nobody's business"


def test_stopped_by_its_name_the_answer_ends_with_what_was_checked(writing: Writing, misbehaving: ModelServer) -> None:
    misbehaving.behaviour, misbehaving.text, misbehaving.pace = "endless", f"{TRUE} [1] And", 0.01
    stop_writing, _ = written_functions(writing, writing.assistant)

    async def go() -> list[str]:
        seen = []
        async for html in writing.answer(asked(), Asking.of(asked())):
            seen.append(html)
            if 'data-verdict="kept"' in html:
                stop_writing({"run": "one"})
        return seen

    assert stop_writing({"run": "one"}) == {"stopped": False}
    last = asyncio.run(go())[-1]
    assert "Stopped; only what was checked so far is shown." in last
    assert misbehaving.ended.wait(5)
    assert stop_writing({"run": "one"}) == {"stopped": False}
    assert stop_writing(None) == {"stopped": False}


def test_a_visitor_who_goes_stops_the_model_and_makes_room(writing: Writing, misbehaving: ModelServer) -> None:
    misbehaving.behaviour, misbehaving.text, misbehaving.pace = "endless", f"{TRUE} [1] And", 0.01

    async def go() -> None:
        answer = writing.answer(asked(), Asking.of(asked()))
        async for html in answer:
            if 'data-verdict="kept"' in html:
                break
        await answer.aclose()

    asyncio.run(go())
    assert misbehaving.ended.wait(5)
    assert (writing.line.working, writing.line.waiting) == (0, 0)


def test_more_than_the_line_holds_are_told_so(
    writing_over: Callable[..., Writing], seed_assistant: Assistant, misbehaving: ModelServer
) -> None:
    misbehaving.behaviour, misbehaving.pace = "endless", 0.01
    writing = writing_over(seed_assistant, waiting=0)

    async def go() -> list[str]:
        running = [writing.answer(asked(run=str(n)), Asking.of(asked())) for n in range(4)]
        for one in running:
            await anext(one)
        turned_away = await pages(writing, asked(run="five"))
        for one in running:
            await one.aclose()
        return turned_away

    (notice,) = asyncio.run(go())
    assert "Very many people are asking" in notice


def test_only_what_a_filter_leaves_is_shown_to_the_model_and_cited(writing: Writing, misbehaving: ModelServer) -> None:
    where = {"publishers": ["USAID"]}
    *_, last = asyncio.run(pages(writing, asked(question="Which Amazon regions does USAID prioritise?", filter=where)))
    read = misbehaving.requests[-1]["messages"][1]["content"].split("Question:")[0]
    titles = {
        d.title
        for d in map(writing.assistant.document, writing.assistant.doc_ids())
        if d.metadata.get("publisher") != "USAID"
    }
    assert "USAID" in read
    assert not any(f'title="{title}"' in read for title in titles)
    assert "q-applied" in last
    assert 'data-verdict="kept"' not in last


def test_what_cannot_be_asked_is_said_in_a_notice(writing: Writing) -> None:
    (notice,) = asyncio.run(pages(writing, asked(question=" ")))
    assert "Write a question first." in notice


def test_the_service_writes_or_quotes_as_the_page_wants(writing: Writing, misbehaving: ModelServer) -> None:
    service = Service(writing.assistant, writing.metrics, writing=writing)

    async def last(request: dict[str, Any]) -> str:
        return [html async for html in service.answer(request, "somebody")][-1]

    assert "q-made" in asyncio.run(last(asked()))
    misbehaving.requests.clear()
    assert "q-made" not in asyncio.run(last(asked(mode="verbatim")))
    assert misbehaving.requests == []


def test_earlier_turns_come_from_the_page_as_far_as_they_are_what_they_should_be() -> None:
    sent = [["a?", "A"], "x", ["", "no question"], ["b?", 7], ["c?", "C" * 2_000]]
    assert history({"earlier": sent}) == [Turn("c?", "C" * 600)]
    assert history({"earlier": {"a": 1}}) == []
    assert history({}) == []


SPANISH = "La alcaldesa de Lima inauguró 12 parques en 2021."


def translate_in(writing: Writing, **request: Any) -> dict[str, Any]:
    _, translate_quotes = written_functions(writing, writing.assistant)
    return translate_quotes({"doc": "lima.txt", "spans": [[0, len(SPANISH)]], "language": "en", **request})


def test_a_quote_is_translated_from_the_document_and_never_from_the_page(
    writing_over: Callable[..., Writing], documents: Any, misbehaving: ModelServer
) -> None:
    writing = writing_over(documents({"lima.txt": SPANISH}))
    misbehaving.text = "The mayor of Lima opened 12 parks in 2021."
    assert translate_in(writing) == {"texts": [misbehaving.text]}
    assert SPANISH in misbehaving.requests[-1]["messages"][1]["content"]
    assert translate_in(writing, language="es") == {"error": "translate_same"}
    for bad in (
        {"doc": "../etc/passwd"},
        {"spans": [[0, 10**9]]},
        {"spans": [[5, 2]]},
        {"spans": "all"},
        {"language": "xx"},
    ):
        assert translate_in(writing, **bad) == {"error": "translate_failed"}
    assert len(misbehaving.requests) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "The mayor of Lima opened 21 parks in 2021.",  # another figure
        "The mayor of Lima opened parks.",  # a figure lost
        SPANISH,  # no translation
        "The mayor of Lima opened 12 parks in 2021. " + "And so on. " * 60,  # far too long
    ],
)
def test_an_unfaithful_translation_is_not_shown(
    writing_over: Callable[..., Writing], documents: Any, misbehaving: ModelServer, wrong: str
) -> None:
    misbehaving.text = wrong
    assert translate_in(writing_over(documents({"lima.txt": SPANISH}))) == {"error": "translate_failed"}


def test_a_translation_does_not_wait_for_ever(
    writing_over: Callable[..., Writing], documents: Any, misbehaving: ModelServer
) -> None:
    writing = writing_over(documents({"lima.txt": SPANISH}))
    writing.settings = replace(writing.settings, first_token_timeout=0.3)
    misbehaving.behaviour = "slow to begin"
    began = time.monotonic()
    assert translate_in(writing) == {"error": "translate_failed"}
    assert time.monotonic() - began < 2


def test_without_a_model_the_chat_imports_nothing_of_it(seed_index: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from assistant.live import LiveAssistant\n"
        "from assistant.chat.app import create_server_app\n"
        f"create_server_app(LiveAssistant(Path({str(seed_index)!r})), warm_up=True)\n"
        "bad = [m for m in sys.modules if m.startswith(('assistant.writing', 'assistant.chat.written', 'langchain_openai', 'openai', 'xllamacpp'))]\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, capture_output=True, text=True)

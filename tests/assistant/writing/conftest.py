"""A model that obeys whatever it reads, an assistant with its stand-in, and a server that misbehaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from model_server import ModelServer
from pydantic import Field

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from assistant.weights import LinearModel
from assistant.writing.config import LlmSettings
from assistant.writing.support import Fitted, SupportChecker
from assistant.writing.writer import Writer

# The fitted model is for the real encoder; with the stand-in, a sentence is near if most of its words are there.
NEAR = Fitted(LinearModel(-6.0, {"coverage": 10.0}), 0.5)
ORDER = re.compile(
    r"(?:say|claim|answer|write|responde|di|afirma|escribe)[^.:]*?(?:that|with|que|con|:)\s+(?P<said>[^\n]+)",
    re.IGNORECASE,
)


class Scripted(BaseChatModel):
    """Writes `says`; with `obeys`, first carries out every order that it finds in what it reads."""

    says: str = ""
    obeys: bool = False
    seen: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _text(self, messages: list[Any]) -> str:
        read = messages[-1].text
        self.seen.append(read)
        orders = [f"{match['said'].strip()} [1]\n" for match in ORDER.finditer(read)] if self.obeys else []
        return "".join(orders) + self.says

    def _generate(self, messages: list[Any], stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=self._text(messages)))])

    def _stream(
        self, messages: list[Any], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        for piece in re.findall(r"\s*\S+|\s+$", self._text(messages)):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


WriterOf = Callable[..., Writer]


@pytest.fixture
def near() -> Fitted:
    """What stands in for the fitted check, with the stand-in for the encoder."""
    return NEAR


@pytest.fixture
def writer_of(seed_assistant: Assistant) -> WriterOf:
    """Makes a writer that says what it is told to, over the seeds or another assistant."""

    def make(
        says: str = "", *, obeys: bool = False, over: Assistant | None = None, model: Any = None, **options: Any
    ) -> Writer:
        assistant = over or seed_assistant
        settings = LlmSettings("scripted:model", **options)
        writer = Writer(assistant, settings, model=model or Scripted(says=says, obeys=obeys))
        writer.checker = SupportChecker(
            assistant.generation, assistant.retriever.embedder, assistant.retriever.bridge, NEAR
        )
        return writer

    return make


@pytest.fixture
def always_answers(monkeypatch: pytest.MonkeyPatch, seed_assistant: Assistant) -> None:
    """No refusals: they are fitted to the real encoder."""
    monkeypatch.setattr(seed_assistant, "weights", _never_refusing(seed_assistant))


def _never_refusing(assistant: Assistant) -> Any:
    from dataclasses import replace

    return replace(assistant.weights, threshold=0.0)


@pytest.fixture
def documents(write_folder: Any, tmp_path: Path, bridge: Bridge) -> Iterator[Callable[[dict[str, str]], Assistant]]:
    """Builds an index over some texts and opens an assistant that never refuses."""
    from index.build import build_index
    from index.store import open_generation
    from index.testing import HashEmbedder

    opened = []

    def make(files: dict[str, str]) -> Assistant:
        build_index(write_folder(files), tmp_path / "index", model="hash")
        assistant = Assistant(open_generation(tmp_path / "index"), HashEmbedder(), bridge=bridge)
        assistant.weights = _never_refusing(assistant)
        opened.append(assistant)
        return assistant

    yield make
    for assistant in opened:
        assistant.close()


@pytest.fixture
def misbehaving() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()

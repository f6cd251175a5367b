"""Quipu behind LangChain's retriever interface."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableLambda

from assistant.assistant import Assistant
from assistant.langchain import QuipuRetriever, quipu_tool
from index.build import build_index
from index.testing import HashEmbedder


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    source = tmp_path / "source"
    source.mkdir()
    (source / "ríos.txt").write_text("The river Marañón is 1,737 km long.\n\nIt joins the Ucayali.", encoding="utf-8")
    (source / "minería.txt").write_text("Illegal mining poisons rivers with mercury.", encoding="utf-8")
    build_index(source, tmp_path / "index", model="hash")
    return Assistant.open(tmp_path / "index")


def test_documents_are_passages_with_their_place(assistant: Assistant) -> None:
    found = QuipuRetriever(assistant=assistant, k=2).invoke("How long is the Marañón?")
    assert [document.metadata["rank"] for document in found] == [1, 2]
    for document in found:
        place = document.metadata
        text = assistant.document(place["doc_id"]).text
        assert text[place["start"] : place["end"]] == document.page_content
    assert found[0].metadata["doc_id"] == "ríos.txt"


def test_the_retriever_composes_with_other_runnables(assistant: Assistant) -> None:
    chain = QuipuRetriever(assistant=assistant, k=1) | RunnableLambda(lambda found: found[0].page_content)
    assert chain.invoke("mercury mining") == "Illegal mining poisons rivers with mercury."


def test_the_fake_model_is_the_one_that_the_index_names(assistant: Assistant) -> None:
    assert assistant.manifest.model_sha256 == HashEmbedder().sha256


def test_the_tool_answers_with_citations(assistant: Assistant) -> None:
    tool = quipu_tool(assistant)
    message = tool.invoke(
        {"name": tool.name, "args": {"question": "How long is the Marañón?"}, "id": "1", "type": "tool_call"}
    )
    assert message.artifact["index"] == assistant.manifest.generation
    assert message.content.startswith(message.artifact["answer"])
    for citation in message.artifact["citations"]:
        text = assistant.document(citation["doc_id"]).text
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_a_question_that_cannot_be_asked_is_told_to_the_agent(assistant: Assistant) -> None:
    assert "cannot be asked" in quipu_tool(assistant).invoke({"question": " "})


def test_the_example_of_the_documentation_runs(assistant: Assistant, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "language-models.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        code = block.replace('Assistant.open(Path(".index"))', "ASSISTANT")
        exec(compile(code, "language-models.md", "exec"), {"ASSISTANT": assistant})
    assert "Marañón" in capsys.readouterr().out or blocks

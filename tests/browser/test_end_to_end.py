"""The chat over the real assistant: seeds to index, question to answer, citation to the exact characters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS, Served, served

pytestmark = [pytest.mark.browser, pytest.mark.model]

QUESTION = "How many justice operators did Prevent strengthen?"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from assistant.assistant import Assistant
    from index.build import build_index

    place = tmp_path_factory.mktemp("seeds") / "index"
    build_index(SEEDS, place)
    assistant = Assistant.open(place)
    try:
        with served(assistant, index=place) as running:
            yield running
    finally:
        assistant.close()


def follow_every_citation(page: Any) -> list[dict[str, Any]]:
    """Opens each citation of the answer in turn; what the page says it cites, and what the reader highlights."""
    found = []
    for marker, doc_id, start, end in page.eval_on_selector(
        "#q-stage .q-turn", "turn => JSON.parse(turn.dataset.citations)"
    ):
        page.click(f'#q-stage .q-chip[data-marker="{marker}"] >> nth=0')
        page.wait_for_selector(f'#q-reader mark.q-current[data-marker~="{marker}"]')
        marks = f'mark[data-marker~="{marker}"]'
        read = "all => all.map(mark => mark.textContent).join('')"
        found.append(
            {
                "doc_id": doc_id,
                "start": start,
                "end": end,
                "reader": page.eval_on_selector_all(f"#q-reader {marks}", read),
                "evidence": page.eval_on_selector_all(f"#q-stage .q-evidence {marks}", read),
            }
        )
        page.keyboard.press("Escape")
        page.wait_for_selector("#q-reader", state="hidden")
    return found


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        (QUESTION, "5,500 justice operators"),
        ("¿Cuántas comunidades indígenas apoya Rainforest Foundation US?", "60 Indigenous communities"),
        ("Since when has ABA ROLI worked in Peru?", "Since 2012"),
    ],
)
def test_what_is_highlighted_stands_in_the_file_at_the_cited_characters(
    visit: Any, real: Served, question: str, fact: str
) -> None:
    visitor = visit(url=real.url)
    page = visitor.open()
    visitor.ask(question)
    citations = follow_every_citation(page)
    assert citations
    for cited in citations:
        file = Path(SEEDS / cited["doc_id"]).read_bytes().decode("utf-8")
        assert cited["reader"] == cited["evidence"] == file[cited["start"] : cited["end"]]
    assert any(fact in cited["reader"] for cited in citations)
    assert visitor.complaints == []


def test_a_question_that_the_seeds_do_not_answer_is_refused_kindly(visit: Any, real: Served) -> None:
    visitor = visit(url=real.url)
    page = visitor.open()
    visitor.ask("What is the capital of Mongolia?")
    assert page.locator("#q-stage .q-refusal").count() == 1
    assert page.locator("#q-stage .q-card").count() >= 1
    assert page.locator("#q-stage .q-chip").count() == 0


def test_pictures_for_the_readme(visit: Any, real: Served) -> None:
    wide = visit(url=real.url)
    page = wide.open()
    wide.shot("real-start-wide")
    wide.ask("Which five Amazon regions does USAID prioritise?")
    wide.shot("real-answer-wide")
    page.click('#q-stage .q-chip[data-marker="1"] >> nth=0')
    page.wait_for_selector("#q-reader mark.q-current")
    wide.shot("chat-wide")
    narrow = visit(390, 844, url=real.url, locale="es-PE", device_scale_factor=2, has_touch=True)
    page = narrow.open()
    narrow.ask("¿Desde cuándo trabaja ABA ROLI en el Perú?")
    narrow.shot("chat-narrow")
    for visitor in (wide, narrow):
        assert visitor.page.locator("#q-stage .q-card mark").count() >= 1

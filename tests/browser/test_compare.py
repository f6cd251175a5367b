"""The page on which documents stand side by side: a cited cell for each, figures held together, and every place one click away."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Served, served

from assistant.assistant import Assistant
from index.build import build_index

pytestmark = pytest.mark.browser

LOSS = "In 2022, Peru lost {} of forest, more than in any year before."
METADATA = """
ministry.txt: {title: Ministry bulletin, publisher: Ministerio del Ambiente, language: en, date: "2023-04-02"}
watch.txt: {title: Forest watch, publisher: Watch, language: en}
acres.txt: {title: Forest watch in acres, publisher: Acre Club, language: en}
bosques.txt: {title: Los bosques del Perú, publisher: Kené, language: es}
boats.txt: {title: Boats of Nauta, publisher: Kené, language: en}
trap.txt: {title: "<img src=x onerror='window.stolen=1'>", publisher: "<b>Nobody</b>", language: en}
"""
FILES = {
    "metadata.yaml": METADATA,
    "ministry.txt": "A bulletin of the ministry.\n\n" + LOSS.format("146,000 hectares") + "\n",
    "watch.txt": LOSS.format("203,272 hectares") + "\n",
    "acres.txt": LOSS.format("361,000 acres") + "\n",
    "bosques.txt": "En 2022, el Perú perdió 203 272 hectáreas de bosque, más que en cualquier año anterior.\n",
    "boats.txt": "The club of Nauta bought nineteen boats and a drone for its patrols on the river.\n",
    "trap.txt": "In 2022, Peru lost 5 hectares of forest <script>window.stolen = 2</script> to "
    + "unbroken" * 40 + ", more than in any year before.\n",
}  # fmt: skip
QUESTION = "How much forest did Peru lose in 2022?"
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def forests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chat over a small corpus, with its index and the model's stand-in."""
    source = tmp_path_factory.mktemp("source")
    for name, content in FILES.items():
        (source / name).write_text(content, encoding="utf-8")
    index = tmp_path_factory.mktemp("forests") / "index"
    build_index(source, index, model="hash")
    assistant = Assistant.open(index)
    with served(assistant, index=index) as running:
        yield running
    assistant.close()


def open_page(visit: Any, forests: Served, query: str = "", **options: Any) -> Any:
    visitor = visit(url=forests.url, **options)
    visitor.open("compare" + query)
    return visitor


def compare(visitor: Any, question: str = QUESTION) -> Any:
    """Ask every document, and wait until all have been asked."""
    page = visitor.page
    page.fill("#q-input", question)
    page.press("#q-input", "Enter")
    page.wait_for_selector("#w-csv:not([hidden])")
    return page


def findings(page: Any) -> list[str]:
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    response = Axe().run(page, options=rules).response
    assert len(response["passes"]) > 10, "axe-core looked at nothing"
    return [
        f"{found['id']}: {node['html'][:160]}"
        for found in response["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_every_document_has_a_cell_and_each_opens_at_its_exact_place(visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests)
    page = compare(visitor)
    assert page.locator("#w-grid tbody tr").count() == len(FILES) - 1
    stated = page.locator("#w-stated tr").count()
    assert stated >= 3
    assert "Not stated" in page.inner_text("#w-silent")
    assert "Boats of Nauta" in page.inner_text("#w-silent")
    for n in range(stated):
        row = page.locator("#w-stated tr").nth(n)
        button = row.locator("[data-see]")
        doc, start, end = (button.get_attribute(f"data-{name}") for name in ("see", "start", "end"))
        button.click()
        page.wait_for_selector("#q-reader mark.q-current")
        read = page.eval_on_selector_all("#q-reader mark.q-current", "all => all.map(m => m.textContent).join('')")
        assert read == forests.assistant.document(doc).text[int(start) : int(end)]
        page.keyboard.press("Escape")
        page.wait_for_selector("#q-reader", state="hidden")
        assert button.evaluate("node => node === document.activeElement")
    assert visitor.complaints == []
    visitor.shot("compare-wide")


def test_figures_of_the_answers_are_held_together(visit: Any, forests: Served) -> None:
    page = compare(open_page(visit, forests))
    page.wait_for_selector(".w-pair")
    for summary in page.locator("#w-notes summary").all():
        summary.click()
    pairs = [" ".join(text.split()) for text in page.locator(".w-pair").all_inner_texts()]
    assert any(p.startswith("Conflict") and "146,000 hectares" in p and "203,272 hectares" in p for p in pairs)
    agreed = [p for p in pairs if p.startswith("These agree, after conversion and rounding") and "361,000 acres" in p]
    assert agreed and "≈ 146,000 ha" in agreed[0]
    side = page.locator(".w-pair-conflict .w-side").first
    written = side.locator("mark").inner_text()
    side.locator("[data-see]").click()
    page.wait_for_selector("#q-reader mark.q-current")
    assert page.inner_text("#q-reader mark.q-current") == written


def test_publishers_stand_together(visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests)
    visitor.page.click('[data-by="publisher"]')
    page = compare(visitor)
    assert page.locator("#w-grid tbody tr").count() == 5
    assert "2 documents" in page.inner_text("#w-grid")


def test_a_filter_narrows_whom_is_asked(visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests)
    page = visitor.page
    page.click("#q-narrow")
    page.click('[data-facet="publishers"] label:has-text("Watch")')
    page.click('[data-filter="done"]')
    assert "Watch" in page.inner_text("#q-active")
    compare(visitor)
    assert page.locator("#w-grid tbody tr").count() == 1


def test_the_grid_is_saved_as_csv(visit: Any, forests: Served) -> None:
    page = compare(open_page(visit, forests))
    with page.expect_download() as waiting:
        page.click("#w-csv")
    content = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert len(rows) == len(FILES) - 1
    quoted = next(row for row in rows if row["doc_id"] == "ministry.txt")
    text = forests.assistant.document("ministry.txt").text
    assert text[int(quoted["start"]) : int(quoted["end"])] == quoted["quote"]


def test_the_figures_of_all_documents_can_be_searched(visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests)
    page = visitor.page
    page.click('[data-mode="figures"]')
    page.wait_for_selector(".w-figure-group")
    page.fill("#q-input", "bosque")
    page.press("#q-input", "Enter")
    page.wait_for_selector(".w-flag")
    assert "361,000 acres" in page.inner_text("#w-figures")
    assert "nineteen" not in page.inner_text("#w-figures")
    visitor.shot("figures-wide")
    page.fill("#q-input", "zeppelins")
    page.press("#q-input", "Enter")
    page.wait_for_selector(".w-nothing")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("wide", {}),
        ("narrow", {"width": 360, "height": 740}),
        ("dark", {"color_scheme": "dark"}),
        ("spanish", {"locale": "es-PE"}),
        ("spanish-narrow-dark", {"locale": "es-PE", "width": 360, "height": 740, "color_scheme": "dark"}),
    ],
)
def test_everyone_can_read_it(name: str, options: dict[str, Any], visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests, **options)
    page = compare(visitor)
    page.wait_for_selector(".w-pair")
    assert fits(page)
    assert findings(page) == []
    if "spanish" in name:
        assert "No consta" in page.inner_text("#w-silent")
        assert "Contradicción" in page.inner_text("#w-notes")
    visitor.shot(f"compare-{name}")
    page.click('[data-mode="figures"]')
    page.wait_for_selector(".w-figure-group")
    assert fits(page)
    assert findings(page) == []
    visitor.shot(f"figures-{name}")


def test_the_keyboard_is_enough(visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests, f"?q={QUESTION.replace(' ', '+')}")
    page = visitor.page
    page.wait_for_selector("#w-csv:not([hidden])")
    page.focus("#w-csv")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("'see' in document.activeElement.dataset"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#q-reader mark.q-current")
    page.keyboard.press("Escape")
    assert page.evaluate("'see' in document.activeElement.dataset")


def test_the_language_changes_in_place(visit: Any, forests: Served) -> None:
    page = compare(open_page(visit, forests))
    page.click('[data-language="es"]')
    page.wait_for_selector("#w-silent >> text=No consta")
    assert "Seguridad" in page.inner_text("#w-grid")
    assert page.title() == "Comparar · Quipu"


def test_a_hostile_document_is_text(visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests, width=360, height=740)
    page = compare(visitor, QUESTION + " <img src=x onerror='window.stolen=3'>")
    assert page.evaluate("window.stolen") is None
    assert "<img src=x onerror='window.stolen=1'>" in page.inner_text("#w-grid")
    assert fits(page)
    assert all(url.startswith((forests.url, "data:", "blob:")) for url in visitor.requests)


def test_a_question_that_cannot_be_asked_is_said_in_words(visit: Any, forests: Served) -> None:
    visitor = open_page(visit, forests)
    page = visitor.page
    page.press("#q-input", "Enter")
    page.wait_for_function("document.getElementById('q-status').textContent.length > 0")
    assert page.inner_text("#q-status") == "Write a question first."

"""One walk through everything: from a PDF that is added on a page to the receipt that names the quote which changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import test_evaluate
from conftest import ABA, PREVENT, SEEDS, Served, Visitor, served
from small_pdf import write_pdf
from test_feedback import select_words
from test_take_away import docx_text, flat, open_panel, pdf_text, take

from assistant.live import LiveAssistant
from assistant.workbench import cases, feedback
from assistant.workbench.evaluate_page import WORDS
from index.build import build_index

pytestmark = [pytest.mark.browser, pytest.mark.model]

PDF = "vigilancia.pdf"
FIGURE = "214 hectáreas"
PAGES = (
    (
        "Informe anual de vigilancia comunitaria",
        "La federación de comunidades del río Tigre presenta el trabajo de sus comités de vigilancia.",
        "El informe reúne lo que anotaron los comités entre enero y diciembre de 2023.",
    ),
    (
        "Resultados de las patrullas",
        f"Los comités de vigilancia del río Tigre documentaron {FIGURE} taladas sin permiso.",
        "La mitad de esa superficie está cerca de la carretera nueva.",
        "Los comités entregaron 17 denuncias a la fiscalía ambiental de Loreto.",
    ),
    ("Próximos pasos", "La federación pedirá más radios y combustible para los comités en 2024."),
)
QUESTION = "¿Cuántas hectáreas taladas sin permiso documentaron los comités de vigilancia del río Tigre?"
MEANWHILE = ("How many justice operators did Prevent strengthen?", "Since when has ABA ROLI worked in Peru?")
CORRECTION = "214 hectáreas, la mitad cerca de la carretera nueva."
PATIENCE = 60_000
"""Milliseconds: a build and an evaluation load the model each in a process of its own."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The chat with its pages over two of the seeds, with the real model, as `quipu chat` serves it."""
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "documents").mkdir()
    for name in (PREVENT, ABA):
        shutil.copy(SEEDS / name, folder / "documents")
    build_index(folder / "documents", folder / "index")
    live = LiveAssistant(folder / "index", looks_every=0.2)
    with served(live, index=folder / "index") as running:
        yield running
    live.close()


def verify(receipts: Path, index: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", "verify", str(receipts), "--index", str(index)],
        capture_output=True, encoding="utf-8", timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def add_and_rebuild_while_asking(page: Any, chat: Visitor, pdf: Path) -> list[str]:
    """Adds the PDF on the page of documents and rebuilds; meanwhile the chat is asked. Gives what was asked."""
    page.set_input_files("#w-files", str(pdf))
    page.wait_for_selector(".w-is-new")
    asked: list[str] = []
    page.click("#w-start-build")
    page.wait_for_selector('#w-build[data-busy="true"]')
    while page.get_attribute("#w-build", "data-busy") == "true":
        question = MEANWHILE[len(asked) % len(MEANWHILE)]
        chat.ask(question)
        assert chat.page.locator("#q-stage .q-problem").count() == 0
        assert chat.page.locator("#q-stage .q-chip").count() >= 1
        asked.append(question)
    page.wait_for_selector(".w-is-new", state="detached")
    return asked


def test_a_stranger_comes_with_a_pdf_and_leaves_with_receipts(
    visit: Callable[..., Visitor], library: Served, tmp_path: Path
) -> None:
    index: Path = library.assistant._index
    source = index.parent / "documents"
    workbench = index / "workbench"
    write_pdf(tmp_path / PDF, PAGES)

    # A PDF is added, and the chat answers while the index is rebuilt.
    chat, bench = (visit(url=library.url, locale="es-PE") for _ in range(2))
    for visitor in (chat, bench):
        visitor.page.set_default_timeout(PATIENCE)
    page = chat.open()
    documents = bench.open("documents")
    documents.wait_for_selector("#w-list tbody tr")
    before = library.assistant.generation_id
    asked = add_and_rebuild_while_asking(documents, chat, tmp_path / PDF)
    assert asked, "the build was over before anything was asked"
    assert (source / PDF).read_bytes() == (tmp_path / PDF).read_bytes()
    bench.shot("stranger-1-documents")
    until = time.monotonic() + 20
    while library.assistant.generation_id == before:
        assert time.monotonic() < until, "the new generation was not taken up"
        time.sleep(0.1)

    # It is asked in Spanish, and the citation leads to its place on the printed page.
    chat.ask(QUESTION)
    assert FIGURE in flat(page.inner_text("#q-stage .q-text"))
    chat.shot("stranger-2-answer")
    page.click('#q-stage .q-chip[data-marker="1"] >> nth=0')
    page.wait_for_selector('#q-reader mark.q-current[data-marker~="1"]')
    cited = flat(
        page.eval_on_selector_all('#q-reader mark[data-marker~="1"]', "all => all.map(m => m.textContent).join('')")
    )
    assert FIGURE in cited
    page.click('#q-reader [data-page="2"]')
    page.wait_for_selector("#q-reader .q-sheet img")
    page.wait_for_function("document.querySelector('#q-reader .q-sheet img').complete")
    assert page.locator("#q-reader .q-sheet .q-box").count() >= 1
    page.eval_on_selector("#q-reader .q-sheet", "sheet => sheet.scrollIntoView()")
    chat.shot("stranger-3-page")
    page.keyboard.press("Escape")

    # The answer is corrected, and becomes a case whose quote is chosen in the document.
    page.click("#q-stage .j-thumb[data-judge=down]")
    page.fill("#q-stage .j-correction textarea", CORRECTION)
    page.click("#q-stage .j-correction [type=submit]")
    page.wait_for_selector("#q-stage .j-correction[hidden]", state="attached")
    (said,) = feedback.read_feedback(workbench / feedback.FILE)
    assert (said.question, said.rating, said.correction) == (QUESTION, "down", CORRECTION)
    page.click("#q-stage [data-case]")
    page.wait_for_selector("#j-quotes li")
    while page.locator("#j-quotes [data-case-do=remove]").count():
        page.click("#j-quotes [data-case-do=remove] >> nth=0")
    select_words(page, FIGURE)
    page.click("#j-use-selection")
    page.wait_for_selector("#j-quotes li")
    assert page.input_value("#j-must") == "214"
    assert page.input_value("#j-answer") == CORRECTION
    chat.shot("stranger-4-case")
    page.click("#j-case-form [type=submit]")
    page.wait_for_selector("#j-case", state="hidden")
    (case,) = cases.Cases(workbench / cases.FILE).all()
    assert (case.question, case.docs, case.evidence, case.must_include) == (QUESTION, (PDF,), (FIGURE,), ("214",))
    assert case.answer == CORRECTION

    # The set of cases is run, and its report read.
    evaluate = test_evaluate.open_page(bench)
    run = test_evaluate.run(evaluate, WORDS.text("es", "set_cases"))
    assert evaluate.inner_text(f'tr[data-run="{run}"] .e-col-figure >> nth=0') == "1.000"
    evaluate.click(f'[data-report="{run}"]')
    assert "Quipu" in evaluate.frame_locator("#e-shown iframe").locator("h1").inner_text()
    bench.shot("stranger-5-evaluate")

    # The conversation is taken away, and what was saved is opened and read.
    open_panel(page)
    _, docx = take(chat, "docx")
    _, pdf = take(chat, "pdf")
    name, receipts = take(chat, "json")
    chat.shot("stranger-6-take-away")
    found = docx_text(docx)
    assert [text for style, text in found if style == "Heading 1"][: len(asked) + 1] == [*asked, QUESTION]
    assert any(style == "Quipu Quote" and FIGURE in flat(text) for style, text in found)
    assert any(style == "Quipu Source" and PDF in text for style, text in found)
    printed = flat(pdf_text(pdf))
    assert FIGURE in printed
    assert PDF in printed
    kept = json.loads(receipts)["receipts"]
    assert [receipt["question"] for receipt in kept] == [*asked, QUESTION]
    (place,) = [citation for citation in kept[-1]["citations"] if FIGURE in flat(citation["quote"])]
    assert (place["doc_id"], place["page"]) == (PDF, 2)
    file = tmp_path / name
    file.write_bytes(receipts)
    whole = verify(file, index)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout == f"{sum(len(receipt['citations']) for receipt in kept)} checked, 0 wrong\n"

    # The document changes on the disk: the receipt says which quote, and what stands there now.
    changed = [[text.replace(FIGURE, "241 hectáreas") for text in texts] for texts in PAGES]
    write_pdf(source / PDF, changed)
    told = verify(file, index)
    assert told.returncode == 1
    wrong, *others = told.stdout.splitlines()
    assert f"{QUESTION!r}"[:60] in wrong
    assert f"[{place['marker']}]: the quote is not in {PDF} any more" in wrong
    assert FIGURE in wrong.split("it says now")[0]
    assert "241 hectáreas" in wrong.split("it says now")[1]
    assert others[-1].endswith(" checked, 1 wrong")
    for visitor in (chat, bench):
        assert visitor.complaints == []
        visitor.shot("stranger-7-end")

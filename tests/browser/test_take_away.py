"""Taking answers away in a real browser: footnotes on the clipboard, and real files, opened and read."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    COMMUNITIES,
    HOSTILE_TEXT,
    JUSTICE,
    MONGOLIA,
    PREVENT,
    RAINFOREST,
    SEEDS,
    TRAP,
    FrozenAssistant,
    Served,
    served,
)
from test_chat import findings, fits

from assistant.chat.users import hashed_password

pytestmark = pytest.mark.browser

FORMATS = ("docx", "pdf", "md", "json")


def open_panel(page: Any) -> None:
    page.click("#q-take-button")
    page.wait_for_selector("#q-take:not([hidden])")


def take(visitor: Any, suffix: str) -> tuple[str, bytes]:
    """Choose a format in the open panel; the name and content of what the browser saved."""
    with visitor.page.expect_download() as saved:
        visitor.page.click(f'[data-take="{suffix}"]')
    download = saved.value
    content = Path(download.path()).read_bytes()
    if folder := os.environ.get("QUIPU_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"taken.{suffix}").write_bytes(content)
    return download.suggested_filename, content


def said(page: Any) -> str:
    """What the panel says, where it can be read."""
    return str(page.wait_for_selector("#q-take:not([aria-busy]) #q-take-said:not(:empty)").inner_text())


def pdf_text(content: bytes) -> str:
    """The text as a reader of PDFs copies it; pdfium puts a sign of its own where a line ends in a hyphen."""
    from pypdfium2 import PdfDocument

    text = "\n".join(page.get_textpage().get_text_range() for page in PdfDocument(content))
    return text.replace("\r\n", "\n").replace("\x02", "-").replace("\ufffe", "-")


def docx_text(content: bytes) -> list[tuple[str, str]]:
    """Style and text of every paragraph, hyperlinks included."""
    from docx import Document

    return [(p.style.name, p.text) for p in Document(io.BytesIO(content)).paragraphs]


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def asked(visit: Any) -> Any:
    """A window with an answer in English, one in Spanish and a refusal."""
    visitor = visit()
    visitor.open()
    for question in (JUSTICE, COMMUNITIES, MONGOLIA):
        visitor.ask(question)
    return visitor


def test_nothing_can_be_taken_away_before_something_was_asked(visit: Any) -> None:
    page = visit().open()
    assert page.is_hidden("#q-take-button")


def test_a_word_document_holds_questions_answers_and_numbered_sources(asked: Any, chat: Served) -> None:
    open_panel(asked.page)
    asked.shot("take-away-wide")
    name, content = take(asked, "docx")
    assert re.fullmatch(r"quipu-answers-\d{4}-\d\d-\d\d\.docx", name)
    assert said(asked.page) == f"Saved: {name}"
    found = docx_text(content)
    headings = [text for style, text in found if style == "Heading 1"]
    assert headings == [JUSTICE, COMMUNITIES, MONGOLIA, "Sources", "About these answers"]
    sources = [text for style, text in found if style == "Quipu Source"]
    quotes = [text for style, text in found if style == "Quipu Quote"]
    citations = [c for q in (JUSTICE, COMMUNITIES) for c in chat.assistant.ask(q).citations]
    assert len(sources) == len(quotes) == len(citations)
    for number, (source, quote, citation) in enumerate(zip(sources, quotes, citations, strict=True), start=1):
        assert source.startswith(f"[{number}]\t{citation.title}. ")
        assert f"{citation.doc_id}, characters {citation.start}–{citation.end}." in source
        assert quote == f"“{citation.quote}”"
    assert "DAI, 3 October 2019" in sources[0]
    assert "https://www.dai.com/our-work/projects/peru-prevent" in sources[0]
    refusal = [text for style, text in found if style == "Quipu Refusal"]
    assert refusal == [
        "The documents do not say. Not found in the documents: Mongolia. The nearest passages are shown."
    ]
    assert len([text for style, text in found if style == "Quipu Excerpt"]) == 3
    assert asked.complaints == []


def test_a_pdf_can_be_searched_and_its_links_lead_on(asked: Any, chat: Served) -> None:
    from pypdf import PdfReader

    open_panel(asked.page)
    _, content = take(asked, "pdf")
    found = PdfReader(io.BytesIO(content))
    assert (found.metadata.title, found.metadata.author) == ("3 answers from the documents", "Quipu")
    text = flat(pdf_text(content))
    for question in (JUSTICE, COMMUNITIES):
        for citation in chat.assistant.ask(question).citations:
            assert f"{citation.doc_id}, characters {citation.start}–{citation.end}" in text
    assert "The documents do not say." in text
    links = [note.get_object()["/A"].get("/URI") for page in found.pages for note in page.get("/Annots", [])
             if "/A" in note.get_object()]  # fmt: skip
    assert "https://www.dai.com/our-work/projects/peru-prevent" in links
    assert found.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert found.trailer["/Root"]["/Lang"] == "en"


def test_markdown_and_receipts_in_the_language_of_the_interface(asked: Any, chat: Served) -> None:
    page = asked.page
    page.click('[data-language="es"]')
    open_panel(page)
    assert page.inner_text("#q-take-title") == "Llevarse esta conversación"
    asked.shot("take-away-spanish")
    name, content = take(asked, "md")
    assert name.startswith("quipu-respuestas-")
    text = content.decode("utf-8")
    assert "3 preguntas · 5 fuentes" in text
    assert "3 de octubre de 2019" in text
    assert said(page) == f"Guardado: {name}"
    _, content = take(asked, "json")
    receipts = json.loads(content)["receipts"]
    assert [receipt["question"] for receipt in receipts] == [JUSTICE, COMMUNITIES, MONGOLIA]
    for receipt, question in zip(receipts, (JUSTICE, COMMUNITIES), strict=False):
        assert receipt["citations"] == [c.to_json() for c in chat.assistant.ask(question).citations]
    assert receipts[2]["abstained"]


def test_the_panel_is_worked_by_keyboard_and_has_no_serious_finding(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(JUSTICE)
    page.focus("#q-take-button")
    page.keyboard.press("Enter")
    focused = "document.activeElement.dataset.take"
    assert page.get_attribute("#q-take-button", "aria-expanded") == "true"
    assert page.evaluate(focused) == "docx"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "md"
    page.keyboard.press("End")
    assert page.evaluate(focused) == "json"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "docx"
    assert findings(page) == []
    page.click('[data-tool="theme"]')
    assert findings(page) == []
    page.focus('[data-take="pdf"]')
    page.keyboard.press("Escape")
    assert page.is_hidden("#q-take")
    assert page.evaluate("document.activeElement.id") == "q-take-button"
    page.keyboard.press("Enter")
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename.endswith(".docx")
    assert page.get_attribute("#q-take-said", "role") == "status"


@pytest.mark.parametrize("dark", [False, True])
def test_the_panel_fits_the_smallest_telephone(visit: Any, dark: bool) -> None:
    visitor = visit(360, 640, color_scheme="dark" if dark else "light", locale="es-PE", has_touch=True)
    page = visitor.open()
    visitor.ask(COMMUNITIES)
    open_panel(page)
    visitor.shot(f"take-away-smallest{'-dark' if dark else ''}")
    assert fits(page)
    box = page.locator("#q-take").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert box["y"] + box["height"] <= 640
    for choice in page.locator(".q-take-choice").all():
        assert choice.bounding_box()["height"] >= 44
    name, _ = take(visitor, "pdf")
    assert said(page) == f"Guardado: {name}"
    assert findings(page) == []


def test_what_a_page_makes_up_is_left_out_and_said(asked: Any, chat: Served) -> None:
    page = asked.page
    page.evaluate(
        """() => {
          const turn = document.querySelector('#q-history .q-turn');
          const record = JSON.parse(turn.dataset.record);
          record.citations[0].quote = 'Prevent was a great success. '.repeat(2);
          record.text = record.citations[0].quote + ' [1] ' + record.citations[1].quote + ' [2] And all agree. [2]';
          turn.dataset.record = JSON.stringify(record);
        }"""
    )
    open_panel(page)
    _, content = take(asked, "md")
    text = content.decode("utf-8")
    assert "2 quotes were left out" in said(page)
    asked.shot("take-away-left-out")
    kept = chat.assistant.ask(JUSTICE).citations[1]
    assert flat(kept.quote.lstrip("* ")) in flat(text)
    body = text[text.index(f"## {JUSTICE}") :]
    assert "great success" not in body
    assert "And all agree" not in body
    assert "Left out" in text
    assert "great success" in text[: text.index(f"## {JUSTICE}")]
    _, content = take(asked, "json")
    assert [c["marker"] for c in json.loads(content)["receipts"][0]["citations"]] == [2]


def test_a_hostile_document_is_text_in_every_format(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(TRAP)
    open_panel(page)
    taken = {suffix: take(visitor, suffix)[1] for suffix in FORMATS}
    quotes = [citation["quote"] for citation in json.loads(taken["json"])["receipts"][0]["citations"]]
    assert all(quote in HOSTILE_TEXT for quote in quotes)
    assert any("\u202e" in quote for quote in quotes)
    markdown, pdf = taken["md"].decode("utf-8"), pdf_text(taken["pdf"])
    word = "\n".join(text for _, text in docx_text(taken["docx"]))
    assert "<script" not in re.sub(r"\\<", "", markdown)
    assert r"\<script\>" in markdown
    assert "<script>" in pdf
    assert "javascript:" not in taken["pdf"].decode("latin-1")
    assert "<script>window.stolen = 1</script>" in word
    for text in (markdown, pdf, word):
        assert "\u202e" not in text
        assert "\x07" not in text
        assert "long" * 150 in text.replace("\n", "")
    assert visitor.complaints == []


def test_footnotes_are_copied_as_plain_and_as_rich_text(visit: Any, chat: Served) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.open()
    visitor.ask(COMMUNITIES)
    page.click('[data-language="es"]')
    page.click('#q-stage [data-action="copy"]')
    page.wait_for_selector("#q-stage >> text=Copiado")
    plain = page.evaluate("navigator.clipboard.readText()")
    citations = chat.assistant.ask(COMMUNITIES).citations
    lines = plain.replace("\r", "").split("\n")
    assert lines[0] == COMMUNITIES
    assert "Fuentes" in lines
    for citation in citations:
        place = f"{RAINFOREST}:{citation.start}-{citation.end}"
        assert f"[{citation.marker}] {citation.title}. Rainforest Foundation US. {place}: «{citation.quote}»" in plain
    rich = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          return (await item.getType('text/html')).text();
        }"""
    )
    # Chromium writes the markup in its own way.
    assert len(re.findall(r"<sup[^>]*>\[\d\]</sup>", rich)) == len(citations)
    assert re.search(rf"<b[^>]*>{re.escape(COMMUNITIES)}</b>", rich)
    for citation in citations:
        assert f"«{citation.quote.split('(')[0][:40]}" in rich
    assert visitor.complaints == []


def test_a_hostile_answer_is_copied_as_text(visit: Any) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.open()
    visitor.ask(TRAP)
    page.click('#q-stage [data-action="copy"]')
    page.wait_for_selector("#q-stage >> text=Copied")
    rich = page.evaluate("async () => (await (await navigator.clipboard.read())[0].getType('text/html')).text()")
    assert "&lt;script&gt;" in rich
    assert "<script" not in rich
    assert "<img" not in rich
    assert not re.search(r"<a[^>]*javascript:", rich)


def test_without_the_clipboards_interface_both_forms_are_copied_all_the_same(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(JUSTICE)
    page.evaluate(
        """() => {
          Object.defineProperty(navigator, 'clipboard', { value: undefined });
          addEventListener('copy', (event) => {
            window.copied = ['text/plain', 'text/html'].map((type) => event.clipboardData.getData(type));
          });
        }"""
    )
    page.click('#q-stage [data-action="copy"]')
    page.wait_for_function("window.copied")
    plain, rich = page.evaluate("window.copied")
    assert plain.startswith(JUSTICE)
    assert "<sup>[1]</sup>" in rich


def test_a_server_that_is_gone_is_said(visit: Any) -> None:
    with served(FrozenAssistant()) as running:
        visitor = visit(url=running.url)
        page = visitor.open()
        visitor.ask(JUSTICE)
        open_panel(page)
        page.route("**/export", lambda route: route.abort())
        page.click('[data-take="pdf"]')
        page.wait_for_selector("#q-take-said.q-take-problem")
        assert "does not answer" in said(page)


def test_files_are_for_those_who_are_logged_in_and_within_limits(visit: Any) -> None:
    users = {"ana": hashed_password("ana", "a long password")}
    with served(FrozenAssistant(), users=users, questions_a_minute=1) as running:
        visitor = visit(url=running.url)
        page = visitor.page
        page.goto(running.url)
        page.fill("#name", "ana")
        page.fill("#password", "a long password")
        page.click("button[type=submit]")
        page.wait_for_selector("html.q-ready", state="attached")
        visitor.ask(JUSTICE)
        open_panel(page)
        for _ in range(6):
            take(visitor, "md")
            said(page)
        page.click('[data-take="md"]')
        page.wait_for_selector("#q-take-said.q-take-problem")
        assert "Try again in a minute" in said(page)
        visitor.context.clear_cookies()
        page.click('[data-take="md"]')
        page.wait_for_selector("#q-take-said >> text=not logged in")


# From the chat to `quipu verify`, over a real index


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Served, Path, Path]]:
    import shutil

    from assistant.live import LiveAssistant
    from index.build import build_index

    source, index = tmp_path / "documents", tmp_path / "index"
    shutil.copytree(SEEDS, source)
    build_index(source, index, model="hash")
    assistant = LiveAssistant(index, looks_every=0.2)
    try:
        with served(assistant) as running:
            yield running, source, index
    finally:
        assistant.close()


def test_receipts_taken_in_the_browser_name_the_quote_that_changed(visit: Any, real: Any, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from assistant.cli import cli
    from index.build import build_index

    running, source, index = real
    visitor = visit(url=running.url)
    page = visitor.open()
    visitor.ask(JUSTICE)
    assert page.locator("#q-stage .q-chip").count() >= 1
    open_panel(page)
    _, content = take(visitor, "json")
    file = tmp_path / "receipts.json"
    file.write_bytes(content)
    assert CliRunner().invoke(cli, ["verify", str(file), "--index", str(index)]).exit_code == 0
    path = source / PREVENT
    path.write_text(path.read_text(encoding="utf-8").replace("5,500 justice", "6,600 justice"), encoding="utf-8")
    build_index(source, index, model="hash")
    result = CliRunner().invoke(cli, ["verify", str(file), "--index", str(index)])
    assert result.exit_code == 1
    assert JUSTICE in result.stdout
    assert "it says now: 'Prevent strengthened the capacities 6,600 justice operators" in result.stdout
    # What is still open in the page is checked against the documents as they are now.
    running.assistant.refresh()
    _, content = take(visitor, "docx")
    assert "left out" in said(page)
    found = docx_text(content)
    assert any("the words are not in the document any more" in text for _, text in found)
    assert not any("5,500" in text for style, text in found if style == "Normal")

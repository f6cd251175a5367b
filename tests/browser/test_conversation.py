"""Follow-ups, filters, printed pages, waiting and logging in, in a real browser."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conftest import COPOLAD, HOSTILE, JUSTICE, MONGOLIA, PREVENT, USAID, FrozenAssistant, Served, served
from small_pdf import write_pdf
from test_chat import findings, fits, open_reader

from assistant.chat.bench import FIRST_WORDS
from assistant.chat.users import hashed_password
from index.types import Span

pytestmark = pytest.mark.browser

REGIONS = "Which five Amazon regions does USAID prioritise?"


def open_filter(page: Any) -> None:
    page.click("#q-narrow")
    page.wait_for_selector("#q-filter .q-check")


# Follow-ups


def test_a_follow_up_is_shown_as_it_was_understood_and_can_be_changed(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(REGIONS)
    visitor.ask("and DEVIDA?")
    assert page.inner_text("#q-stage h2") == "Which five Amazon regions does DEVIDA prioritise?"
    assert page.inner_text("#q-stage .q-followed q").strip("“”") == "and DEVIDA?"
    visitor.shot("follow-up-wide")
    page.click('#q-stage [data-action="edit"]')
    assert page.input_value("#q-input") == "Which five Amazon regions does DEVIDA prioritise?"
    page.fill("#q-input", JUSTICE)
    page.press("#q-input", "Enter")
    visitor.answer()
    assert page.locator("#q-stage .q-followed").count() == 0
    # The conversation goes on from the question as it was understood.
    visitor.ask("¿y cuándo?")
    assert page.inner_text("#q-stage h2") == "When did Prevent strengthen justice operators?"
    page.click('#q-stage [data-action="literal"]')
    page.wait_for_function("document.querySelector('#q-stage h2')?.textContent === '¿y cuándo?'")
    assert page.locator("#q-stage .q-followed").count() == 0
    assert visitor.complaints == []


def test_a_new_conversation_follows_up_on_nothing(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(REGIONS)
    page.click('[data-tool="new"]')
    visitor.ask("and DEVIDA?")
    assert page.inner_text("#q-stage h2") == "and DEVIDA?"


# Filters


def test_a_search_is_narrowed_and_the_answer_says_so(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    open_filter(page)
    assert page.locator('[data-facet="documents"] .q-check').count() == 6
    page.check('[data-facet="publishers"] input[data-value="USAID"]')
    page.wait_for_selector("#q-filter-count >> text=1 document fits")
    visitor.shot("filter-wide")
    page.click('[data-filter="done"]')
    assert page.inner_text("#q-active .q-part-chip") == "USAID"
    visitor.ask(JUSTICE)
    assert page.inner_text("#q-stage .q-applied li") == "USAID"
    assert page.locator("#q-stage .q-refusal").count() == 1
    visitor.shot("filtered-wide")
    page.click('#q-stage [data-action="everything"]')
    page.wait_for_selector("#q-stage .q-chip")
    assert page.locator("#q-stage .q-applied").count() == 0
    assert page.is_hidden("#q-active")


def test_documents_dates_headings_and_languages_can_be_chosen(visit: Any, chat: Served) -> None:
    visitor = visit()
    page = visitor.open()
    open_filter(page)
    page.fill("#q-filter-find", "copolad")
    page.wait_for_function("document.querySelectorAll('[data-facet=\"documents\"] .q-check').length === 1")
    page.check('[data-facet="documents"] .q-check input')
    page.fill("#q-filter-since", "2014-01-01")
    page.wait_for_selector("#q-filter-count >> text=No document fits")
    page.click('#q-active [data-unfilter="since"]')
    page.wait_for_selector("#q-filter-count >> text=1 document fits")
    page.check('[data-facet="languages"] input[data-value="en"]')
    assert page.eval_on_selector_all("#q-active .q-part-chip", "chips => chips.map(c => c.textContent)") == [
        chat.assistant.document(COPOLAD).title,
        "English",
    ]
    page.click('[data-language="es"]')
    assert page.inner_text('#q-active [data-unfilter="languages"]') == "Inglés"
    page.keyboard.press("Escape")
    assert page.is_hidden("#q-filter")
    visitor.ask(JUSTICE)
    page.click('[data-tool="new"]')
    assert page.is_hidden("#q-active")


def test_a_link_keeps_its_filter(visit: Any, chat: Served) -> None:
    where = {"publishers": ["DAI"], "since": "2019"}
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.open(f"?q={quote(JUSTICE)}&filter={quote(json.dumps(where))}")
    visitor.answer()
    assert page.eval_on_selector_all("#q-stage .q-applied li", "all => all.map(l => l.textContent)") == [
        "DAI",
        "from 2019 on",
    ]
    assert page.locator("#q-stage .q-chip").count() == 2
    page.click('#q-stage [data-action="link"]')
    page.wait_for_selector("#q-stage >> text=Link copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    other = visit()
    other.open(copied.removeprefix(chat.url))
    other.answer()
    assert other.page.locator("#q-stage .q-applied li").count() == 2
    for broken in ("{", '{"documents": 7, "since": ["x"]}', "null"):
        visitor.open(f"?filter={quote(broken)}")
        assert page.is_hidden("#q-active")


def test_a_filter_that_names_what_is_not_there_is_said_in_words(visit: Any) -> None:
    visitor = visit()
    page = visitor.open(
        f"?q={quote(JUSTICE)}&filter={quote(json.dumps({'publishers': ['<img src=x onerror=alert(1)>']}))}"
    )
    visitor.answer()
    assert "No document is from “<img src=x" in page.inner_text("#q-stage .q-problem")
    assert page.locator("#q-stage img, #q-active img").count() == 0


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (360, 640, "dark")])
def test_the_filter_is_accessible_by_keyboard_and_fits(visit: Any, width: int, height: int, scheme: str) -> None:
    visitor = visit(width, height, color_scheme=scheme)
    page = visitor.open()
    page.focus("#q-narrow")
    page.keyboard.press("Enter")
    page.wait_for_selector("#q-filter .q-check")
    page.wait_for_function("document.activeElement.id === 'q-filter-find'")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_selector("#q-active .q-part-chip")
    page.wait_for_selector("#q-filter-count:not(:empty)")
    visitor.shot(f"filter-{width}-{scheme}")
    assert findings(page) == []
    assert fits(page)
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "q-narrow"


# Hostile text in all of it


def test_hostile_titles_publishers_and_questions_are_text_in_filters_and_follow_ups(visit: Any, chat: Served) -> None:
    visitor = visit(width=360, height=640)
    page = visitor.open()
    open_filter(page)
    document = chat.assistant.document(HOSTILE)
    shown = page.inner_text('[data-facet="documents"]')
    assert document.title in shown
    assert document.metadata["publisher"] in page.inner_text('[data-facet="publishers"]')
    page.check(f'[data-facet="documents"] input[data-value="{HOSTILE}"]')
    assert page.inner_text("#q-active .q-part-chip") == document.title
    page.click('[data-filter="done"]')
    visitor.ask("Show me the trap")
    assert page.inner_text("#q-stage .q-applied li") == document.title
    visitor.ask("How many <b>Prevent</b> \u202eoperators\u202c does <img src=x onerror=window.stolen=9> Prevent have?")
    visitor.ask('and "<script>window.stolen=8</script>" & \u202eDEVIDA\u202c ' + "Long" * 30 + "?")
    assert "<script>" in page.inner_text("#q-stage h2")
    assert page.locator("#q-stage .q-followed q").count() == 1
    assert page.evaluate("window.stolen") is None
    assert page.locator(".q-turn img, .q-turn script, .q-turn b, #q-filter b, #q-active b, #q-filter i").count() == 0
    assert fits(page)
    visitor.shot("hostile-filter-narrow")
    assert visitor.complaints == []


def test_no_inline_script_runs_but_those_of_the_page_itself(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    page.evaluate(
        """() => {
          const script = document.createElement('script');
          script.textContent = 'window.injected = 1';
          document.body.append(script);
          const div = document.createElement('div');
          div.innerHTML = '<img src="data:image/png;base64,x" onerror="window.injected = 2">';
          document.body.append(div);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.injected") is None
    assert len(visitor.complaints) >= 2


# Printed pages


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, chat: Served) -> Any:
    """The frozen assistant with a PDF of three pages in the place of its first document."""
    import pypdfium2 as pdfium

    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    lines = chat.assistant.document(PREVENT).text[1800:].replace("’", "'").replace("—", "-").split(". ")
    write_pdf(path, [[f"{line.strip()}." for line in lines[n : n + 3]] for n in (0, 3, 6)])
    with pdfium.PdfDocument(path) as pdf:
        texts = [page.get_textpage().get_text_range() + "\n" for page in pdf]
    starts = [sum(map(len, texts[:n])) for n in range(4)]
    pages = tuple(Span(a, b) for a, b in pairwise(starts))
    assistant = FrozenAssistant()
    assistant.documents[PREVENT] = replace(assistant.documents[PREVENT], text="".join(texts), pages=pages)
    assistant.files[PREVENT] = path
    with served(assistant) as running:
        yield running


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (360, 640)])
def test_the_page_of_a_pdf_is_shown_as_printed_with_the_place_boxed(
    visit: Any, printed: Served, width: int, height: int
) -> None:
    document = printed.assistant.document(PREVENT)
    visitor = visit(width, height, url=printed.url)
    page = visitor.open()
    visitor.ask(MONGOLIA)
    quote_ = re.search(r"The Prevent activity was designed[^.]*\.", document.text.replace("\r\n", "  "))
    assert quote_ is not None
    # The reader is asked for a place of the document directly, as an answer's citation would.
    page.evaluate(
        """([doc, start, end]) => {
          const card = document.querySelector('#q-stage .q-card');
          card.dataset.doc = doc;
          Object.assign(card.querySelector('[data-open]').dataset, {start, end});
        }""",
        [PREVENT, *quote_.span()],
    )
    page.click("#q-stage .q-card [data-open] >> nth=0")
    page.wait_for_selector("#q-reader mark.q-current")
    assert page.eval_on_selector("#q-reader .q-document", "shown => shown.textContent") == document.text
    assert page.eval_on_selector_all("#q-reader .q-page", "all => all.map(p => p.dataset.label)") == [
        "Page 1", "Page 2", "Page 3",
    ]  # fmt: skip
    page.click('#q-reader [data-page="1"]')
    page.wait_for_selector("#q-reader .q-sheet img")
    page.wait_for_function("document.querySelector('#q-reader .q-sheet img').complete")
    assert page.eval_on_selector("#q-reader .q-sheet img", "image => image.naturalWidth") > 600
    assert page.locator("#q-reader .q-box").count() >= 1
    assert page.get_attribute('#q-reader [data-page="1"]', "aria-expanded") == "true"
    page.eval_on_selector("#q-reader .q-sheet", "sheet => sheet.scrollIntoView()")
    visitor.shot(f"pdf-page-{width}")
    assert findings(page) == []
    assert fits(page)
    page.click('#q-reader [data-page="1"]')
    assert page.locator("#q-reader .q-sheet").count() == 0
    assert visitor.complaints == []


def test_without_the_file_the_page_numbers_stay(visit: Any, printed: Served) -> None:
    path = printed.assistant.files.pop(PREVENT)
    try:
        visitor = visit(url=printed.url)
        page = visitor.open()
        visitor.ask(MONGOLIA)
        page.eval_on_selector("#q-stage .q-card", f"card => {{ card.dataset.doc = {json.dumps(PREVENT)}; }}")
        page.click("#q-stage .q-card [data-open] >> nth=0")
        page.wait_for_selector("#q-reader .q-page", state="attached")
        assert page.locator("#q-reader .q-page").count() == 3
        assert page.locator("#q-reader [data-page]").count() == 0
    finally:
        printed.assistant.files[PREVENT] = path


# Waiting in line


def test_who_waits_sees_the_place_in_the_line(visit: Any) -> None:
    with served(FrozenAssistant(), at_once=1) as running:
        visitors = [visit(url=running.url) for _ in range(3)]
        for visitor in visitors:
            visitor.open()
        running.assistant.gate.clear()
        for visitor in visitors:
            visitor.page.fill("#q-input", JUSTICE)
            visitor.page.press("#q-input", "Enter")
            visitor.page.wait_for_timeout(300)
        last = visitors[-1].page
        last.wait_for_selector("#q-stage .q-place")
        assert last.inner_text("#q-stage .q-place") == "Waiting: your question is number 2 in the line."
        assert "Waiting" in last.inner_text("#q-status")
        visitors[-1].shot("waiting")
        last.click("#q-stop")
        last.wait_for_selector("#q-pending >> text=Stopped. Nothing was answered.")
        running.assistant.gate.set()
        for visitor in visitors[:-1]:
            visitor.page.wait_for_selector("#q-stage .q-chip")
        last.click('#q-pending [data-action="retry"]')
        last.wait_for_selector("#q-stage .q-chip")
        for visitor in visitors:
            visitor.context.close()


# Logging in and limits


@pytest.fixture(scope="module")
def closed() -> Any:
    with served(FrozenAssistant(), users={"ana": hashed_password("ana", "correct horse")}) as running:
        yield running


def get(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_only_who_logs_in_can_ask(visit: Any, closed: Served) -> None:
    visitor = visit(url=closed.url, locale="es-PE")
    page = visitor.page
    page.goto(f"{closed.url}?q={quote(JUSTICE)}")
    page.wait_for_selector("#password")
    assert "Entre para preguntar" in page.inner_text("main")
    assert findings(page) == []
    visitor.shot("login")
    page.fill("#name", "ana")
    page.fill("#password", "wrong horse")
    page.click("button")
    page.wait_for_selector('[role="alert"]')
    page.fill("#name", "ana")
    page.fill("#password", "correct horse")
    page.click("button")
    # The question of the link is asked once the visitor is known.
    page.wait_for_selector("#q-stage .q-chip")
    page.click('[data-tool="logout"]')
    page.wait_for_selector("#password")
    page.goto(closed.url)
    page.wait_for_selector("#password")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("healthz", 200),
        ("metrics", 401),
        ("config", 401),
        ("gradio_api/heartbeat/x", 401),
        ("login", 200),
    ],
)
def test_without_logging_in_nothing_is_told(closed: Served, path: str, status: int) -> None:
    assert get(f"{closed.url}{path}") == status


def test_metrics_count_and_tell_nothing_of_the_questions(visit: Any, chat: Served) -> None:
    visitor = visit()
    visitor.open()
    visitor.ask(JUSTICE)
    with urllib.request.urlopen(f"{chat.url}metrics", timeout=10) as reply:
        text = reply.read().decode("utf-8")
    counted = re.search(r'quipu_questions_total\{outcome="answered"\} (\d+)', text)
    assert counted is not None
    assert int(counted[1]) >= 1
    assert 'quipu_index_documents{generation="frozen"} 6.0' in text
    assert "quipu_question_seconds_bucket" in text
    assert "process_resident_memory_bytes" in text
    assert "operators" not in text


def test_who_asks_too_often_is_told_to_wait(visit: Any) -> None:
    with served(FrozenAssistant(), questions_a_minute=3) as running:
        visitor = visit(url=running.url)
        page = visitor.open()
        visitor.ask(JUSTICE)
        visitor.ask(MONGOLIA)
        assert "very often" in page.inner_text("#q-stage .q-problem")
        assert page.input_value("#q-input") == MONGOLIA
        visitor.context.close()


# How quick it is


def test_the_page_is_ready_and_the_first_words_come_at_once(visit: Any, chat: Served) -> None:
    visitor = visit()
    page = visitor.open()
    ready = page.evaluate(
        "performance.getEntriesByName('quipu-ready')[0].startTime - performance.getEntriesByType('navigation')[0].responseStart"
    )
    visitor.ask(JUSTICE)
    visitor.ask(MONGOLIA)
    first = page.evaluate(
        FIRST_WORDS,
        REGIONS,
    )
    # On a busy machine all takes longer; `make bench-chat` measures on a quiet one.
    assert ready < 4_500
    assert first < 1_000
    assert page.locator("#q-stage .q-chip").count() >= 1
    assert USAID in page.get_attribute("#q-stage .q-card", "data-doc")


def test_pages_and_documents_outside_the_index_are_not_reachable(visit: Any, chat: Served, tmp_path: Path) -> None:
    secret = tmp_path / "secret.pdf"
    write_pdf(secret, [["secret"]])
    visitor = visit()
    page = visitor.open()
    visitor.ask(JUSTICE)
    open_reader(page, 1)
    for path in (str(secret), "../../../etc/passwd", f"file={secret}"):
        page.eval_on_selector("#q-stage .q-card", f"card => {{ card.dataset.doc = {json.dumps(path)}; }}")
        page.keyboard.press("Escape")
        page.eval_on_selector(
            "#q-stage .q-card [data-open]", "button => { Object.assign(button.dataset, {open: 0, start: 0, end: 5}); }"
        )
        page.click("#q-stage .q-card [data-open] >> nth=0")
        page.wait_for_selector("#q-reader-body >> text=could not be opened")
        assert get(f"{chat.url}gradio_api/file={quote(path)}") == 404

"""The chat in a real browser: asking, following citations, languages, keyboard, narrow windows, hostile text."""

from __future__ import annotations

import logging
import re
import time
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import (
    COMMUNITIES,
    HOSTILE,
    HOSTILE_TEXT,
    JUSTICE,
    MONGOLIA,
    RAINFOREST,
    TRAP,
    FrozenAssistant,
    Served,
    served,
)

from assistant.chat.strings import text

pytestmark = pytest.mark.browser

WIDTHS = {"wide": (1440, 900), "narrow": (390, 844), "smallest": (360, 640)}
SERIOUS = {"serious", "critical"}


def marked(page: Any, scope: str, marker: int) -> str:
    """The text that is highlighted for a marker, as the page holds it."""
    return "".join(
        page.eval_on_selector_all(f'{scope} mark[data-marker~="{marker}"]', "all => all.map(m => m.textContent)")
    )


def open_reader(page: Any, marker: int) -> None:
    page.click(f'#q-stage .q-chip[data-marker="{marker}"]')
    page.wait_for_selector(f'#q-reader mark.q-current[data-marker="{marker}"]')


def in_sight(page: Any, selector: str) -> bool:
    return bool(
        page.eval_on_selector(
            selector,
            """mark => {
              const box = mark.getBoundingClientRect(), pane = document.getElementById('q-reader-body').getBoundingClientRect();
              return box.top >= pane.top && box.bottom <= pane.bottom;
            }""",
        )
    )


def findings(page: Any) -> list[str]:
    """What axe-core finds serious in the page as it stands."""
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    response = Axe().run(page, options=rules).response
    assert len(response["passes"]) > 10, "axe-core looked at nothing"
    return [
        f"{found['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for found in response["violations"]
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


# Asking


def test_an_answer_stands_beside_its_evidence(visit: Any, chat: Served) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(JUSTICE)
    for citation in chat.assistant.ask(JUSTICE).citations:
        assert marked(page, "#q-stage .q-evidence", citation.marker) == citation.quote
    assert "Well supported" in page.inner_text("#q-stage .q-support")
    assert page.inner_text("#q-stage .q-card .q-meta >> nth=0") == "DAI · 3 October 2019"
    answer, evidence = (page.locator(f"#q-stage {part}").bounding_box() for part in (".q-answer", ".q-evidence"))
    assert answer["x"] + answer["width"] <= evidence["x"]
    assert page.inner_text("#q-status") == "The answer is ready."
    assert visitor.complaints == []


def test_a_citation_leads_to_its_place_in_the_whole_document(visit: Any, chat: Served) -> None:
    visitor = visit(height=600)
    page = visitor.open()
    visitor.ask(COMMUNITIES)
    citations = chat.assistant.ask(COMMUNITIES).citations
    open_reader(page, 3)
    assert marked(page, "#q-reader", 3) == citations[2].quote
    assert in_sight(page, "#q-reader mark.q-current")
    document = chat.assistant.document(RAINFOREST)
    assert page.eval_on_selector("#q-reader .q-document", "shown => shown.textContent") == document.text
    # The places of the other two citations are marked too.
    assert page.locator("#q-reader mark:not(.q-current)").count() == 2
    assert page.inner_text("#q-position") == "3 of 3"
    assert page.inner_text("#q-reader-title") == document.title
    page.click("#q-reader .q-contents summary")
    page.click("#q-reader .q-outline >> text=Threats")
    page.wait_for_function("document.activeElement.textContent.includes('Threats')")


def test_citations_are_walked_by_key_and_the_way_back_is_kept(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask("Which five Amazon regions does USAID prioritise?")
    first = '#q-stage .q-chip[data-marker="1"]'
    page.focus(first)
    page.keyboard.press("Enter")
    page.wait_for_selector('#q-reader mark.q-current[data-marker="1"]')
    before = page.inner_text("#q-reader-title")
    page.keyboard.press("n")
    page.wait_for_selector('#q-reader mark.q-current[data-marker="2"]')
    # The second citation stands in another document.
    assert page.inner_text("#q-reader-title") != before
    assert page.get_attribute('[data-reader="next"]', "aria-disabled") == "true"
    page.keyboard.press("p")
    page.wait_for_selector('#q-reader mark.q-current[data-marker="1"]')
    page.keyboard.press("Escape")
    page.wait_for_selector("#q-reader", state="hidden")
    assert page.evaluate(f"document.activeElement.matches('{first}')")


def test_pointing_at_a_citation_shows_its_quote(visit: Any, chat: Served) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(JUSTICE)
    page.hover('#q-stage .q-chip[data-marker="1"]')
    page.wait_for_selector("#q-tip:not([hidden])")
    quoted = chat.assistant.ask(JUSTICE).citations[0].quote
    assert page.eval_on_selector(".q-tip-quote", "tip => tip.textContent") == quoted
    page.keyboard.press("Escape")
    page.wait_for_selector("#q-tip", state="hidden")


def test_a_refusal_shows_what_is_missing_and_what_is_nearest(visit: Any, chat: Served) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(MONGOLIA)
    assert page.inner_text("#q-stage .q-text .q-term") == "Mongolia"
    assert "Nearest passages" in page.inner_text("#q-stage .q-evidence")
    assert page.locator("#q-stage .q-card").count() == 3
    assert page.locator("#q-stage mark").count() == 0
    page.click("#q-stage .q-card >> nth=1 >> [data-open]")
    page.wait_for_selector("#q-reader mark.q-current")
    passage = chat.assistant.ask(MONGOLIA).hits[1].passage
    assert marked(page, "#q-reader", 0) == passage.text
    assert in_sight(page, "#q-reader mark.q-current")


def test_no_score_is_ever_shown(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    for question in (JUSTICE, MONGOLIA):
        visitor.ask(question)
    shown = page.inner_text("body")
    assert not re.search(r"\b0\.\d+|\d+ ?%|\bscore\b", re.sub(r"“.*?”", "", shown.split("Copy")[-1]))
    assert "0.91" not in shown
    assert "0.08" not in shown


# A conversation


def test_a_new_question_comes_to_the_top_below_the_masthead(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    for question in (COMMUNITIES, MONGOLIA, JUSTICE):
        visitor.ask(question)
        turn, masthead = (page.locator(part).bounding_box() for part in ("#q-stage .q-turn", ".q-masthead"))
        assert masthead["y"] == 0
        assert turn["y"] == pytest.approx(masthead["height"], abs=2)


def test_turns_stay_in_order_and_keep_their_evidence(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    for question in (JUSTICE, MONGOLIA, COMMUNITIES):
        visitor.ask(question)
    shown = page.eval_on_selector_all(".q-turn", "turns => turns.map(t => t.dataset.question)")
    assert shown == [JUSTICE, MONGOLIA, COMMUNITIES]
    page.click('#q-history .q-turn >> nth=0 >> .q-chip[data-marker="2"]')
    page.wait_for_selector('#q-reader mark.q-current[data-marker="2"]')
    page.click('[data-reader="close"]')
    page.click('[data-tool="new"]')
    assert page.locator(".q-turn").count() == 0
    assert page.is_visible("#q-intro")
    # The same question gives its answer again, also when nothing about the answer has changed.
    visitor.ask(COMMUNITIES)
    assert page.locator(".q-turn").count() == 1


def test_an_example_is_asked_with_one_click(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    assert [page.locator(f'.q-examples[lang="{code}"] button').count() for code in ("en", "es")] == [3, 3]
    page.click(f"text={JUSTICE}")
    visitor.answer()
    assert page.inner_text("#q-stage h2") == JUSTICE
    assert page.is_hidden("#q-intro")


def test_a_question_can_be_stopped_and_asked_again(visit: Any) -> None:
    # A server of its own, which has not kept the answer.
    with served(FrozenAssistant()) as running:
        visitor = visit(url=running.url)
        page = visitor.open()
        running.assistant.gate.clear()
        page.fill("#q-input", JUSTICE)
        page.press("#q-input", "Enter")
        page.wait_for_selector("text=Reading the documents…")
        assert page.is_hidden("#q-send")
        page.click("#q-stop")
        page.wait_for_selector("#q-pending >> text=Stopped. Nothing was answered.")
        running.assistant.gate.set()
        page.click('#q-pending [data-action="retry"]')
        visitor.answer()
        assert page.locator("#q-stage .q-chip").count() == 2
        assert page.is_visible("#q-send")
        visitor.context.close()


def test_visitors_share_nothing(visit: Any) -> None:
    one, other = visit(), visit(locale="es-PE")
    one.open()
    other.open()
    one.ask(JUSTICE)
    other.ask(MONGOLIA)
    for visitor, own, foreign in ((one, JUSTICE, MONGOLIA), (other, MONGOLIA, JUSTICE)):
        questions = visitor.page.eval_on_selector_all(".q-turn", "turns => turns.map(t => t.dataset.question)")
        assert questions == [own]
        assert foreign not in visitor.page.inner_text("#q-stage")


def test_a_link_asks_its_question(visit: Any) -> None:
    visitor = visit()
    page = visitor.open(f"?q={quote(COMMUNITIES)}")
    visitor.answer()
    assert page.inner_text("#q-stage h2") == COMMUNITIES


def test_an_answer_and_its_link_can_be_copied(visit: Any, chat: Served) -> None:
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.open()
    visitor.ask(COMMUNITIES)
    page.click('#q-stage [data-action="copy"]')
    page.wait_for_selector("#q-stage >> text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{COMMUNITIES}\n\n")
    for citation in chat.assistant.ask(COMMUNITIES).citations:
        assert f"{citation.doc_id}:{citation.start}-{citation.end}: “{citation.quote}”" in copied
    page.click('#q-stage [data-action="link"]')
    page.wait_for_selector("#q-stage >> text=Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{chat.url}?q={quote(COMMUNITIES, safe='')}"


# Bad input


def test_an_empty_question_is_not_sent(visit: Any, chat: Served) -> None:
    visitor = visit()
    page = visitor.open()
    before = len(chat.assistant.asked)
    page.fill("#q-input", "   ")
    page.click("#q-send")
    assert page.inner_text("#q-status") == "Write a question first."
    assert page.locator(".q-turn").count() == 0
    assert len(chat.assistant.asked) == before


def test_a_question_that_is_too_long_is_refused_in_words_and_kept(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    question = "why " * 5000
    visitor.ask(question)
    assert "19,999 characters. At most 2,000" in page.inner_text("#q-stage .q-problem")
    page.click('[data-language="es"]')
    assert "19.999 caracteres" in page.inner_text("#q-stage .q-problem")
    page.click('[data-language="en"]')
    assert page.input_value("#q-input").strip() == question.strip()
    assert fits(page)
    visitor.ask(JUSTICE)
    assert page.locator("#q-stage .q-chip").count() == 2


def test_a_failure_is_said_kindly_and_gives_nothing_away(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask("please crash")
    shown = page.inner_text("body")
    assert "Something went wrong" in shown
    assert "secret" not in shown
    assert "Traceback" not in shown


# Text that is hostile


def test_a_hostile_document_is_shown_as_text_everywhere(visit: Any, chat: Served) -> None:
    visitor = visit(width=390, height=844)
    page = visitor.open()
    visitor.ask(TRAP)
    for citation in chat.assistant.ask(TRAP).citations:
        assert marked(page, "#q-stage .q-evidence", citation.marker) == citation.quote
    assert page.eval_on_selector_all("#q-stage .q-said", "all => all.map(s => s.textContent)")[0].startswith(
        "Trap <script>"
    )
    open_reader(page, 2)
    assert page.eval_on_selector("#q-reader .q-document", "shown => shown.textContent") == HOSTILE_TEXT
    assert page.inner_text("#q-reader-title") == chat.assistant.document(HOSTILE).title
    assert page.evaluate("window.stolen") is None
    assert (
        page.locator("#q-stage img, #q-reader img, #q-stage script, #q-reader a, #q-stage b, #q-reader b").count() == 0
    )
    assert fits(page)
    visitor.shot("hostile-narrow")


@pytest.mark.parametrize(
    "question",
    [
        '<img src=x onerror="window.stolen=1"> "quoted" \'single\' & ${1+1} {{value}} `x`',
        "\u202eright to left\u202c \u0007 \U0001f9f6 " + "long" * 300,
    ],
)
def test_a_hostile_question_is_shown_as_text(visit: Any, question: str) -> None:
    visitor = visit(width=360, height=640)
    page = visitor.open(f"?q={quote(question)}")
    visitor.answer()
    assert page.eval_on_selector("#q-stage h2", "title => title.textContent") == question.strip()
    assert page.get_attribute("#q-stage .q-turn", "data-question") == question.strip()
    assert page.evaluate("window.stolen") is None
    assert page.locator("#q-stage img").count() == 0
    assert fits(page)


# Languages


def test_the_interface_follows_the_browser_and_can_be_switched(visit: Any) -> None:
    visitor = visit(locale="es-PE")
    page = visitor.open()
    assert page.get_attribute("html", "lang") == "es"
    assert page.inner_text("#q-intro h1") == text("es", "intro_title")
    assert page.get_attribute("#q-input", "placeholder") == text("es", "placeholder")
    visitor.shot("start-spanish")
    visitor.ask(COMMUNITIES)
    assert text("es", "partial") in page.inner_text("#q-stage .q-support")
    visitor.shot("answer-spanish")
    page.click('[data-language="en"]')
    assert text("en", "partial") in page.inner_text("#q-stage .q-support")
    assert "Citation 1" in page.get_attribute("#q-stage .q-chip", "aria-label")
    assert page.inner_text("#q-stage h2") == COMMUNITIES
    page.reload()
    page.wait_for_selector("html.q-ready", state="attached")
    assert page.inner_text("#q-intro h1") == text("en", "intro_title")


def test_a_language_that_is_not_spoken_here_is_english(visit: Any) -> None:
    assert visit(locale="fr-FR").open().get_attribute("html", "lang") == "en"


# For everyone


@pytest.mark.parametrize(
    ("size", "scheme"), [("wide", "light"), ("wide", "dark"), ("narrow", "light"), ("smallest", "dark")]
)
def test_every_state_is_accessible_and_fits_its_window(visit: Any, size: str, scheme: str) -> None:
    width, height = WIDTHS[size]
    visitor = visit(width, height, color_scheme=scheme)
    page = visitor.open()
    assert page.get_attribute("html", "data-theme") == scheme
    problems: dict[str, list[str]] = {}

    def look(state: str) -> None:
        visitor.shot(f"{state}-{size}-{scheme}")
        problems[state] = findings(page) + ([] if fits(page) else ["wider than its window"])

    look("start")
    visitor.ask(JUSTICE)
    look("answer")
    open_reader(page, 1)
    look("reader")
    page.keyboard.press("Escape")
    visitor.ask(MONGOLIA)
    look("refusal")
    assert {state: found for state, found in problems.items() if found} == {}


def test_the_keyboard_alone_is_enough(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    assert page.evaluate("document.activeElement.id") == "q-input"
    page.keyboard.type(JUSTICE)
    page.keyboard.press("Enter")
    visitor.answer()
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(document.activeElement.dataset.action || document.activeElement.className || document.activeElement.tagName)"
            )
        )
        if page.evaluate("document.activeElement.classList.contains('q-chip')"):
            break
    assert seen[-1].startswith("q-chip"), seen
    page.wait_for_selector("#q-tip:not([hidden])")
    page.keyboard.press("Enter")
    page.wait_for_selector("#q-reader mark.q-current")


def test_on_a_narrow_window_the_reader_holds_the_focus(visit: Any) -> None:
    visitor = visit(width=390, height=844, has_touch=True)
    page = visitor.open()
    visitor.ask(JUSTICE)
    page.tap('#q-stage .q-chip[data-marker="1"]')
    page.wait_for_selector("#q-reader mark.q-current")
    assert page.evaluate("document.getElementById('q-reader').matches(':modal')")
    assert in_sight(page, "#q-reader mark.q-current")
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#q-reader')"
        )
    page.keyboard.press("Escape")
    page.wait_for_selector("#q-reader", state="hidden")


def test_dark_and_light_can_be_chosen_and_the_choice_stays(visit: Any) -> None:
    visitor = visit(color_scheme="light")
    page = visitor.open()
    page.click('[data-tool="theme"]')
    assert page.get_attribute("html", "data-theme") == "dark"
    page.reload()
    page.wait_for_selector("html.q-ready", state="attached")
    assert page.get_attribute("html", "data-theme") == "dark"


@pytest.mark.parametrize(("motion", "moving"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_those_who_ask_for_that(visit: Any, motion: str, moving: bool) -> None:
    visitor = visit(reduced_motion=motion)
    page = visitor.open()
    visitor.ask(JUSTICE)
    seconds = page.eval_on_selector("#q-stage .q-said", "said => parseFloat(getComputedStyle(said).animationDuration)")
    assert (seconds > 0.1) is moving


# Safe to serve


def test_no_request_leaves_for_another_host(visit: Any, chat: Served) -> None:
    visitor = visit()
    page = visitor.open()
    visitor.ask(JUSTICE)
    open_reader(page, 1)
    page.keyboard.press("Escape")
    visitor.ask(MONGOLIA)
    page.click('[data-tool="theme"]')
    ours = urlsplit(chat.url).netloc
    assert {urlsplit(url).netloc for url in visitor.requests if not url.startswith(("data:", "blob:"))} == {ours}
    fonts = page.evaluate("[...document.fonts].filter(f => f.status !== 'unloaded').map(f => f.family)")
    assert fonts == []
    assert visitor.complaints == []


def fetch(url: str, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers


def test_the_server_says_that_it_is_well_and_hands_out_nothing_else(chat: Served) -> None:
    status, headers = fetch(f"{chat.url}healthz")
    assert status == 200
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["server"] is None
    for path in ("gradio_api/file=/etc/passwd", "gradio_api/info2", "monitoring", "docs", "openapi.json"):
        assert fetch(f"{chat.url}{path}")[0] == 404
    assert fetch(f"{chat.url}healthz", Host="evil.example")[0] == 400


def test_the_server_ends_quietly_while_a_stream_is_open(chromium: Any, caplog: pytest.LogCaptureFixture) -> None:
    # Chromium's fixture keeps an event loop running here; without one Gradio makes its own and never closes it.
    log = logging.getLogger("uvicorn.error")
    with served(FrozenAssistant()) as running:
        # The web server's log goes to the terminal and not to the root logger, where caplog listens.
        log.addHandler(caplog.handler)
        stream = urllib.request.urlopen(f"{running.url}gradio_api/heartbeat/abc", timeout=10)
        ending = time.monotonic()
    stream.close()
    log.removeHandler(caplog.handler)
    assert time.monotonic() - ending < 3
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []

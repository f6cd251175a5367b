"""Feedback in a real browser: thumbs, corrections, cases made in the reader, and what the documents do not say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS, Served, Visitor, served
from test_chat import findings, fits

from assistant.chat.strings import LANGUAGES
from assistant.chat.users import hashed_password
from assistant.live import LiveAssistant
from assistant.workbench import asked, cases, feedback, gaps
from assistant.workbench.evaluate_page import WORDS as EVALUATE_WORDS
from assistant.workbench.feedback_html import WORDS
from assistant.workbench.types import Rights
from index.build import build_index

pytestmark = pytest.mark.browser

JUSTICE = "How many justice operators did Prevent strengthen?"
MONGOLIA = "What is the capital of Mongolia?"
MONGOLIA_ES = "¿Cuál es la capital de Mongolia?"
HOSTILE = "Who is <script>window.stolen=1</script> <img src=x onerror=window.stolen=2>?"


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The chat over the seeds with its pages, as `quipu chat` serves it."""
    index = tmp_path_factory.mktemp("workbench") / "index"
    build_index(SEEDS, index, model="hash")
    assistant = LiveAssistant(index)
    with served(assistant, index=index) as running:
        yield running
    assistant.close()


@pytest.fixture(autouse=True)
def _nothing_said(workbench: Served) -> None:
    for name in (asked.FILE, feedback.FILE, cases.FILE, gaps.FILE):
        (folder_of(workbench) / name).unlink(missing_ok=True)


def folder_of(workbench: Served) -> Path:
    found: Path = workbench.assistant._index / "workbench"
    return found


def kept_cases(workbench: Served) -> list[cases.Case]:
    return cases.Cases(folder_of(workbench) / cases.FILE).all()


def open_page(visitor: Visitor, path: str, shown: str = "") -> Any:
    page = visitor.open(path)
    page.wait_for_selector(f"#f-view[data-shown{f'={shown}' if shown else ''}] > *")
    return page


def select_words(page: Any, words: str) -> None:
    """Select these words of the document in the dialog, as a mouse would."""
    page.evaluate(
        """words => {
          const root = document.querySelector('#j-text .q-document');
          const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
          const nodes = []; let text = '';
          while (walker.nextNode()) { nodes.push([text.length, walker.currentNode]); text += walker.currentNode.data; }
          const start = text.indexOf(words), end = start + words.length;
          if (start < 0) throw new Error('not in the document: ' + words);
          const at = (offset) => { const [from, node] = [...nodes].reverse().find(([from]) => from <= offset); return [node, offset - from]; };
          const range = document.createRange();
          range.setStart(...at(start)); range.setEnd(...at(end));
          getSelection().removeAllRanges(); getSelection().addRange(range);
        }""",
        words,
    )
    page.wait_for_selector("#j-use-selection:enabled")


def test_a_thumb_and_a_correction_are_kept_and_can_be_taken_back(visit: Any, workbench: Served) -> None:
    visitor = visit(url=workbench.url)
    page = visitor.open()
    visitor.ask(JUSTICE)
    page.click("#q-stage .j-thumb[data-judge=down]")
    page.wait_for_selector("#q-stage .j-correction:not([hidden])")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert findings(page) == []
    page.keyboard.type("It was <b>5,500</b>, says the report.")
    visitor.shot("feedback-thumbs")
    page.click("#q-stage .j-correction [type=submit]")
    page.wait_for_selector("#q-stage .j-correction[hidden]", state="attached")
    assert page.inner_text("#q-stage .j-note") == WORDS.text("en", "judge_thanks")
    (said,) = feedback.read_feedback(folder_of(workbench) / feedback.FILE)
    assert (said.question, said.rating, said.correction) == (JUSTICE, "down", "It was <b>5,500</b>, says the report.")
    assert said.citations
    assert page.get_attribute("#q-stage .j-thumb[data-judge=down]", "aria-pressed") == "true"
    page.click("#q-stage .j-thumb[data-judge=up]")
    page.wait_for_selector("#q-stage .j-thumb[data-judge=up][aria-pressed=true]")
    assert [one.rating for one in feedback.read_feedback(folder_of(workbench) / feedback.FILE)] == ["up"]
    page.click("#q-stage .j-thumb[data-judge=up]")
    page.wait_for_selector("#q-stage .j-thumb[data-judge=up][aria-pressed=false]")
    assert feedback.read_feedback(folder_of(workbench) / feedback.FILE) == []
    assert visitor.complaints == []


def test_a_refusal_becomes_a_case_with_a_quote_chosen_in_the_document(visit: Any, workbench: Served) -> None:
    visitor = visit(url=workbench.url)
    page = visitor.open()
    visitor.ask(MONGOLIA)
    page.click("#q-stage [data-case]")
    page.wait_for_selector("#j-case[open] #j-text .q-document")
    assert page.input_value("#j-question") == MONGOLIA
    assert page.is_disabled("#j-use-selection")
    # Saved without a quote, it says what is missing.
    page.click("#j-case-form [type=submit]")
    page.wait_for_selector("#j-problem:not([hidden])")
    assert "choose the quote" in page.inner_text("#j-problem")
    page.fill("#j-question", JUSTICE)
    page.fill("#j-find", "Prevent")
    page.wait_for_function(
        "document.querySelector('#j-text .q-document').textContent.includes('5,500 justice operators')"
    )
    select_words(page, "strengthened the capacities 5,500 justice operators")
    assert findings(page) == []
    page.click("#j-use-selection")
    page.wait_for_selector("#j-quotes li")
    page.wait_for_selector("#j-text mark")
    assert page.input_value("#j-must") == "5,500"
    page.fill("#j-answer", "5,500 justice operators")
    visitor.shot("feedback-case")
    page.click("#j-case-form [type=submit]")
    page.wait_for_selector("#j-case", state="hidden")
    assert page.inner_text("#q-stage .j-note") == WORDS.text("en", "case_kept", id="case-0001")
    (case,) = kept_cases(workbench)
    assert case.evidence == ("strengthened the capacities 5,500 justice operators",)
    assert (case.must_include, case.answer, case.lang) == (("5,500",), "5,500 justice operators", "en")
    assert case.evidence[0] in workbench.assistant.document(case.docs[0]).text
    assert visitor.complaints == []


def test_an_answer_is_a_case_in_two_clicks_and_runs_with_quipu_eval(
    visit: Any, workbench: Served, tmp_path: Path
) -> None:
    visitor = visit(url=workbench.url)
    page = visitor.open()
    visitor.ask(JUSTICE)
    page.click("#q-stage [data-case]")
    page.wait_for_selector("#j-quotes li")
    page.click("#j-case-form [type=submit]")
    page.wait_for_selector("#j-case", state="hidden")
    assert page.evaluate("document.activeElement.matches('#q-stage [data-case]')")
    # And a question that is to be refused.
    visitor.ask(MONGOLIA)
    page.click("#q-stage [data-case]")
    page.click("[name=j-answerable][value=no]")
    page.wait_for_selector(".j-document", state="hidden")
    assert findings(page) == []
    visitor.shot("feedback-case-refusal")
    page.click("#j-case-form [type=submit]")
    page.wait_for_selector("#j-case", state="hidden")
    assert [case.answerable for case in kept_cases(workbench)] == [True, False]
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "eval", str(folder_of(workbench) / cases.FILE), "--index",
         str(workbench.assistant._index), "--json"],
        capture_output=True, text=True, timeout=120, env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["sets"]
    assert [question["scores"]["correct"] for question in found["questions"]] == [1.0, 1.0]


def test_a_case_is_made_without_a_mouse(visit: Any, workbench: Served) -> None:
    visitor = visit(url=workbench.url)
    page = visitor.open()
    visitor.ask(JUSTICE)
    page.focus("#q-stage [data-case]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#j-quotes li")
    page.focus("#j-quotes [data-case-do=remove]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#j-quotes-none:not([hidden])")
    page.focus(".j-paste summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("these words stand nowhere")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#j-problem:not([hidden])")
    assert page.inner_text("#j-problem") == WORDS.text("en", "case_not_verbatim")
    page.fill("#j-pasted", "5,500 justice operators")
    page.focus("[data-case-do=paste]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#j-quotes li")
    page.focus("#j-case-form [type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#j-case", state="hidden")
    assert kept_cases(workbench)[0].evidence == ("5,500 justice operators",)
    page.focus("#q-stage [data-case]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#j-case[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#j-case", state="hidden")


def say(workbench: Served, question: str, rating: str, correction: str = "", by: str = "") -> str:
    turns = asked.Turns(folder_of(workbench) / asked.FILE)
    turn = turns.begin(workbench.assistant.ask(question))
    turns.flush()
    remembered = turns.get(turn)
    assert remembered is not None
    if rating:
        feedback.keep(folder_of(workbench) / feedback.FILE, remembered, rating, correction, by)
    return turn


def test_the_page_lists_what_was_said_and_makes_cases_of_it(visit: Any, workbench: Served) -> None:
    say(workbench, MONGOLIA, "up")
    say(workbench, HOSTILE, "down", "<script>window.stolen=3</script>", "<i>eve</i>")
    say(workbench, JUSTICE, "down", "5,500 of them.", "ana")
    visitor = visit(url=workbench.url)
    page = open_page(visitor, "feedback")
    assert page.eval_on_selector_all(".f-item h2", "all => all.map(one => one.textContent)") == [
        JUSTICE,
        HOSTILE,
        MONGOLIA,
    ]
    assert "ana" in page.inner_text(".f-item >> nth=0")
    # A link inside a quoted sentence is shown by its words, as in the chat.
    assert page.locator(".f-item >> nth=0 >> .f-answer .q-target").count() == 1
    assert page.inner_text(".f-item >> nth=1 >> .f-correction p") == "<script>window.stolen=3</script>"
    assert page.inner_text('[data-count="said"]') == "3"
    assert findings(page) == []
    assert fits(page)
    visitor.shot("feedback-wide")
    page.click(".f-item >> nth=0 >> [data-case]")
    page.wait_for_selector("#j-quotes li")
    assert page.input_value("#j-answer") == "5,500 of them."
    page.click("#j-case-form [type=submit]")
    page.wait_for_selector(".f-item >> nth=0 >> .f-made")
    page.click('[data-view="cases"]')
    page.wait_for_selector("#f-view[data-shown=cases] [data-remove]")
    assert JUSTICE in page.inner_text("#f-view")
    assert findings(page) == []
    visitor.shot("feedback-cases")
    page.click("#f-view [data-remove]")
    page.click("#w-confirm [data-answer=no]")
    assert len(kept_cases(workbench)) == 1
    page.click("#f-view [data-remove]")
    page.click("#w-confirm [data-answer=yes]")
    page.wait_for_selector("#f-view .w-nothing")
    assert kept_cases(workbench) == []
    assert page.evaluate("window.stolen") is None
    assert visitor.complaints == []


def test_refused_questions_are_sorted_and_a_gap_can_be_dismissed(visit: Any, workbench: Served) -> None:
    for question in (MONGOLIA, MONGOLIA, MONGOLIA_ES, "How do I bake a pizza with pineapple?", HOSTILE, JUSTICE):
        say(workbench, question, "")
    visitor = visit(url=workbench.url)
    # What is asked in the chat counts as well.
    visitor.open()
    visitor.ask(MONGOLIA)
    page = open_page(visitor, "feedback#gaps", "gaps")
    first = page.locator(".f-gap").first
    assert "Mongolia" in first.locator("h2").inner_text()
    assert first.locator(".f-times").inner_text() == "4"
    assert first.locator(".f-questions li").count() == 2
    assert "Mongolia" in first.locator(".f-find").inner_text()
    assert JUSTICE not in page.inner_text("#f-view")
    assert findings(page) == []
    assert fits(page)
    visitor.shot("feedback-gaps")
    first.locator("[data-see]").first.click()
    page.wait_for_selector("#q-reader[open] .q-document")
    page.click("[data-reader=close]")
    before = page.locator(".f-gap").count()
    first.locator("[data-dismiss]").click()
    page.wait_for_selector(".f-dismissed")
    assert page.locator("#f-view > .f-gaps > .f-gap").count() == before - 1
    assert "Mongolia" not in page.inner_text("#f-view > .f-gaps")
    page.click(".f-dismissed summary")
    page.click(".f-dismissed [data-restore]")
    page.wait_for_selector(".f-dismissed", state="detached")
    assert page.locator(".f-gap").count() == before
    assert visitor.complaints == []


def test_the_page_fits_a_telephone_in_spanish_and_in_the_dark(visit: Any, workbench: Served) -> None:
    say(workbench, MONGOLIA_ES, "down", "Ulán Bator, aunque no venga en los documentos. " * 3)
    say(workbench, "long" * 60, "")
    visitor = visit(url=workbench.url, width=360, height=800, locale="es-PE", color_scheme="dark", has_touch=True)
    for view in ("said", "gaps", "cases"):
        page = open_page(visitor, f"feedback?view={view}#{view}", view)
        assert page.inner_text("h1") == WORDS.text("es", "title")
        assert fits(page)
        assert findings(page) == []
        visitor.shot(f"feedback-{view}-narrow-es")
    page = visitor.open()
    visitor.ask(MONGOLIA_ES)
    page.click("#q-stage [data-case]")
    page.wait_for_selector("#j-case[open] #j-text .q-document")
    assert fits(page)
    assert findings(page) == []
    visitor.shot("feedback-case-narrow-es")
    assert visitor.complaints == []


def test_nothing_is_kept_where_it_is_switched_off(visit: Any, workbench: Served, tmp_path: Path) -> None:
    with served(workbench.assistant, index=workbench.assistant._index, record=False) as silent:
        visitor = visit(url=silent.url)
        page = visitor.open()
        visitor.ask(MONGOLIA)
        page = open_page(visitor, "feedback#gaps", "gaps")
        assert WORDS.text("en", "not_recorded") in page.inner_text("#f-view")
    assert asked.read_asked(folder_of(workbench) / asked.FILE) == []


def test_strangers_may_judge_but_see_nothing_of_others(visit: Any, workbench: Served) -> None:
    rights = Rights(documents=False, manage=False)
    with served(workbench.assistant, index=workbench.assistant._index, rights=rights) as public:
        visitor = visit(url=public.url)
        page = visitor.open()
        assert page.locator('a[href="/feedback"], a[href="/evaluate"]').count() == 0
        visitor.ask(JUSTICE)
        assert page.locator("[data-case]").count() == 0
        page.click("#q-stage .j-thumb[data-judge=up]")
        page.wait_for_selector("#q-stage .j-thumb[aria-pressed=true]")
        assert page.request.get(f"{public.url}evaluate/report?run=x").status == 404
    assert len(feedback.read_feedback(folder_of(workbench) / feedback.FILE)) == 1


def test_who_is_logged_in_stands_beside_what_was_said(visit: Any, workbench: Served) -> None:
    users = {"ana": hashed_password("ana", "correct horse")}
    with served(workbench.assistant, index=workbench.assistant._index, users=users) as closed:
        visitor = visit(url=closed.url)
        page = visitor.page
        page.goto(f"{closed.url}feedback")
        page.fill("#name", "ana")
        page.fill("#password", "correct horse")
        page.click("button[type=submit]")
        page.wait_for_selector("#f-view[data-shown]")
        visitor.open()
        visitor.ask(JUSTICE)
        page.click("#q-stage .j-thumb[data-judge=up]")
        page.wait_for_selector("#q-stage .j-thumb[data-judge=up][aria-pressed=true]")
        open_page(visitor, "feedback")
        assert "ana" in page.inner_text(".f-item .w-note")
    assert [one.by for one in feedback.read_feedback(folder_of(workbench) / feedback.FILE)] == ["ana"]
    assert "ana" not in (folder_of(workbench) / asked.FILE).read_text(encoding="utf-8")


def test_both_languages_have_the_same_words() -> None:
    for words in (WORDS, EVALUATE_WORDS):
        english, spanish = (words.tables[language] for language in LANGUAGES)
        assert english.keys() == spanish.keys()
        for key, text in english.items():
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", spanish[key])), key

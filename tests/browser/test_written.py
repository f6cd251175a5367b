"""Answers that a language model writes, in a real browser: checked as they come, stopped, failing, translated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from conftest import SEEDS, Served, served
from model_server import ModelServer
from test_chat import findings, fits

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from assistant.weights import LinearModel
from assistant.writing.config import LlmSettings
from assistant.writing.support import Fitted, SupportChecker
from index.build import build_index
from index.store import open_generation
from index.testing import HashEmbedder

pytestmark = pytest.mark.browser

QUESTION = "How many justice operators did Prevent strengthen?"
PREGUNTA = "¿Cuántos parques inauguró la alcaldesa de Lima?"
TRUE = "Prevent strengthened the capacities of 5,500 justice operators."
LIE = "Prevent strengthened the capacities of 7,200 justice operators."
MADE = "DAI was the implementer of the Prevent program in Peru."
LIMA = "La alcaldesa de Lima inauguró 12 parques en 2021."
# The fitted check is for the real encoder; with the stand-in, a sentence is near if most of its words are there.
NEAR = Fitted(LinearModel(-6.0, {"coverage": 10.0}), 0.5)


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def writing_chat(tmp_path_factory: pytest.TempPathFactory, bridge: Bridge, model: ModelServer) -> Iterator[Served]:
    """The chat over the seeds and a Spanish document, with a scripted model behind an address."""
    source = tmp_path_factory.mktemp("written") / "source"
    source.mkdir()
    for path in SEEDS.iterdir():
        (source / path.name).write_bytes(path.read_bytes())
    (source / "lima.txt").write_text(
        f"Los parques de Lima\n\n{LIMA} Las vecinas y los vecinos eligieron los nombres de los parques.\n", "utf-8"
    )
    build_index(source, source.parent / "index", model="hash")
    assistant = Assistant(open_generation(source.parent / "index"), HashEmbedder(), bridge=bridge)
    assistant.weights = replace(assistant.weights, threshold=0.0)
    checker = SupportChecker(assistant.generation, assistant.retriever.embedder, bridge, NEAR)
    assistant.writing_checker = lambda: checker  # type: ignore[method-assign]
    settings = LlmSettings(
        "openai-compatible",
        url=model.url,
        name="scripted",
        retries=0,
        first_token_timeout=1.5,
        token_timeout=5.0,
        max_tokens=200,
    )
    with served(assistant, llm=settings, index=source.parent / "index") as running:
        yield running
    assistant.close()


@pytest.fixture
def write(visit: Any, writing_chat: Served, model: ModelServer) -> Iterator[Callable[..., Any]]:
    """A visitor of the chat whose model writes as told."""

    def begin(says: str = "", *, behaviour: str = "well", replies: Any = None, **options: Any) -> Any:
        model.behaviour, model.text, model.replies, model.pace = behaviour, says, replies, 0.0
        model.requests.clear()
        model.ended.clear()
        visitor = visit(url=writing_chat.url, **options)
        visitor.open()
        return visitor

    yield begin
    model.behaviour = "well"


def verdicts(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all("#q-stage .q-said", "all => all.map(one => one.dataset.verdict)")
    return found


def test_each_sentence_is_shown_with_its_verdict_and_the_model_is_named(write: Any) -> None:
    visitor = write(f"{TRUE} [1] {LIE} [1] The mission has three integrated Development Objectives. {MADE} [77]")
    page = visitor.page
    visitor.ask(QUESTION)
    visitor.shot("written-wide")
    assert verdicts(page)[:2] == ["kept", "struck"]
    assert page.inner_text("#q-stage .q-struck del") == LIE
    assert "7,200" in page.inner_text("#q-stage .q-struck .q-reason")
    made = page.inner_text("#q-stage .q-made")
    assert "Written by openai-compatible:scripted. Each sentence was checked against the documents." in made
    assert "1 sentence supported as cited" in made
    assert page.get_by_role("img", name="Checked: the cited passage supports this sentence").count() == 1
    page.hover("#q-stage .q-chip")
    page.wait_for_selector("#q-tip >> text=5,500 justice operators")
    page.click("#q-stage .q-chip")
    page.wait_for_selector("#q-reader .q-mark.q-current >> text=5,500 justice operators")
    page.keyboard.press("Escape")
    assert findings(page) == []
    assert visitor.complaints == []


def test_wrong_markers_are_corrected_and_missing_ones_added_in_sight(write: Any) -> None:
    visitor = write(f"{TRUE} [8] Prevent strengthened 5,500 justice operators.")
    visitor.ask(QUESTION)
    page = visitor.page
    assert verdicts(page) == ["repointed", "marked"]
    assert page.get_by_role("img", name="Checked, citation corrected: the model named another passage").count() == 1
    assert page.get_by_role("img", name="Checked, citation added: the model named no passage").count() == 1
    page.click('[data-language="es"]')
    assert page.get_by_role("img", name="Comprobada, cita corregida: el modelo señaló otro pasaje").count() == 1
    assert "Redactada por openai-compatible:scripted" in page.inner_text("#q-stage .q-made")
    visitor.shot("written-spanish")


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "dark"), (320, "light")])
def test_it_fits_every_screen(write: Any, width: int, scheme: str) -> None:
    visitor = write(f"{TRUE} [1] {LIE} [1] {TRUE[:-1]} in Peru. [1]", width=width, color_scheme=scheme)
    visitor.shot(f"written-first-{width}-{scheme}")
    visitor.ask(QUESTION)
    visitor.shot(f"written-{width}-{scheme}")
    assert fits(visitor.page)
    assert findings(visitor.page) == []


def test_sentences_come_one_by_one_and_stop_really_stops_the_model(write: Any, model: ModelServer) -> None:
    visitor = write(f"{TRUE} [1] And", behaviour="endless")
    model.pace = 0.02
    page = visitor.page
    page.fill("#q-input", QUESTION)
    page.press("#q-input", "Enter")
    page.wait_for_selector('#q-stage [data-state="streaming"] [data-verdict="kept"]')
    page.wait_for_selector("#q-stage .q-writing >> text=writes sentence 2")
    assert "scripted" in page.inner_text("#q-stage .q-model")
    assert "writes sentence 2" in page.text_content("#q-status")
    # A chip can be used while the model writes, and keeps the focus.
    page.focus("#q-stage .q-chip")
    visitor.shot("written-streaming")
    assert not model.ended.is_set()
    page.click("#q-stop")
    page.wait_for_selector('#q-stage .q-turn[data-state="done"]')
    assert model.ended.wait(5), "the connection to the model must be closed"
    assert page.inner_text("#q-stage .q-note") == "Stopped; only what was checked so far is shown."
    assert verdicts(page) == ["kept"]
    assert page.is_visible("#q-send")
    visitor.shot("written-stopped")
    assert visitor.complaints == []


def test_stopped_before_the_first_sentence_the_quoted_answer_stands(write: Any, model: ModelServer) -> None:
    visitor = write("And", behaviour="endless")
    model.pace = 0.02
    page = visitor.page
    page.fill("#q-input", QUESTION)
    page.press("#q-input", "Enter")
    page.wait_for_selector("#q-stage .q-writing >> text=writes sentence 1")
    page.click("#q-stop")
    page.wait_for_selector("#q-stage .q-fallback >> text=Stopped before the first sentence")
    assert "5,500 justice operators" in page.inner_text("#q-stage .q-text")
    assert model.ended.wait(5)


def test_a_page_that_is_closed_stops_the_model(write: Any, model: ModelServer) -> None:
    visitor = write(f"{TRUE} [1] And", behaviour="endless")
    model.pace = 0.02
    page = visitor.page
    page.fill("#q-input", QUESTION)
    page.press("#q-input", "Enter")
    page.wait_for_selector('#q-stage [data-verdict="kept"]')
    page.close()
    assert model.ended.wait(20), "nobody is there to read on"


FAILURES = [
    ("500", "The language model's server failed (HTTP 500)"),
    ("429", "overloaded"),
    ("401", "refused the key"),
    ("cut off", "cut off"),
    ("slow to begin", "did not"),
    ("invalid json", "not text"),
]


@pytest.mark.filterwarnings("ignore")  # the client library warns of what is not as it should be
@pytest.mark.parametrize(("behaviour", "reason"), FAILURES)
def test_where_the_model_fails_the_quoted_answer_appears_with_the_reason(
    write: Any, writing_chat: Served, behaviour: str, reason: str
) -> None:
    visitor = write(f"{TRUE} [1] {TRUE}", behaviour=behaviour)
    page = visitor.page
    visitor.ask(QUESTION)
    visitor.shot(f"written-fails-{behaviour.replace(' ', '-')}")
    line = page.inner_text("#q-stage .q-fallback")
    assert line.startswith("Not written by openai-compatible:scripted.")
    assert reason in line
    quoted = writing_chat.assistant.ask(QUESTION).citations
    assert page.locator("#q-stage .q-text .q-chip").count() >= len(quoted)
    assert "5,500 justice operators" in page.inner_text("#q-stage .q-text")
    assert visitor.complaints == []


def test_the_reason_is_given_in_the_language_of_the_question(write: Any) -> None:
    visitor = write(behaviour="500", locale="es-PE")
    visitor.ask(PREGUNTA)
    line = visitor.page.inner_text("#q-stage .q-fallback")
    assert line.startswith("No redactada por openai-compatible:scripted. Falló el servidor del modelo de lenguaje")
    assert "12 parques" in visitor.page.inner_text("#q-stage .q-text")


def test_when_too_much_is_struck_the_quoted_answer_appears_and_the_rest_is_folded_away(write: Any) -> None:
    visitor = write(f"{LIE} [1] Cats rule the whole of Berlin. [2]")
    page = visitor.page
    visitor.ask(QUESTION)
    assert "is supported" in page.inner_text("#q-stage .q-fallback")
    assert "7,200" not in page.inner_text("#q-stage .q-text")
    page.click("#q-stage .q-discarded summary")
    assert LIE in page.inner_text("#q-stage .q-discarded li >> nth=0")
    visitor.shot("written-struck")
    assert findings(page) == []


def test_endless_text_ends_at_the_limit(write: Any, model: ModelServer) -> None:
    visitor = write(f"{TRUE} [1] And", behaviour="endless")
    visitor.ask(QUESTION)
    assert model.ended.wait(5)
    assert "are not supported" in visitor.page.inner_text("#q-stage .q-fallback")
    assert "so on and on" not in visitor.page.inner_text("#q-stage .q-text")


def rewriting(to: str) -> Callable[[dict[str, Any]], str]:
    def reply(body: dict[str, Any]) -> str:
        return to if "Rewrite" in body["messages"][0]["content"] else f"{TRUE} [1]"

    return reply


@pytest.mark.parametrize(
    ("rewritten", "asked"),
    [
        ("Where did Prevent strengthen justice operators?", "Where did Prevent strengthen justice operators?"),
        # A rewriting that names something new is not taken; the rules have one.
        ("Where did the Titanic sink in 1912?", "where did Prevent strengthen justice operators"),
    ],
)
def test_a_follow_up_is_rewritten_by_the_model_or_by_rules_and_can_be_changed(
    write: Any, model: ModelServer, rewritten: str, asked: str
) -> None:
    visitor = write(replies=rewriting(rewritten))
    page = visitor.page
    visitor.ask(QUESTION)
    visitor.ask("and where?")
    assert asked.lower().rstrip("?") in page.inner_text("#q-stage h2").lower()
    assert page.inner_text("#q-stage .q-followed q") == "and where?"
    sent = next(body for body in model.requests if "Rewrite" in body["messages"][0]["content"])
    assert QUESTION in sent["messages"][1]["content"], "the conversation goes with it"
    assert "5,500" in sent["messages"][1]["content"]
    visitor.shot("written-followup")
    page.click('#q-stage [data-action="edit"]')
    assert page.input_value("#q-input") == page.inner_text("#q-stage h2")
    page.click('#q-stage [data-action="literal"]')
    page.wait_for_function("document.querySelector('#q-stage h2')?.textContent === 'and where?'")


def test_written_or_verbatim_is_the_visitor_s_choice_and_is_remembered(write: Any, model: ModelServer) -> None:
    visitor = write(f"{TRUE} [1]")
    page = visitor.page
    assert "A language model writes the answers" in page.inner_text("#q-intro")
    page.click('#q-mode [data-mode="verbatim"]')
    assert "quoted from a document" in page.inner_text("#q-intro")
    visitor.shot("written-choice")
    visitor.ask(QUESTION)
    assert model.requests == []
    assert page.locator("#q-stage .q-made").count() == 0
    page.reload()
    page.wait_for_selector("html.q-ready", state="attached")
    assert page.get_attribute('#q-mode [data-mode="verbatim"]', "aria-pressed") == "true"
    visitor.ask(QUESTION)
    page.click('#q-stage [data-action="written"]')
    page.wait_for_selector("#q-stage .q-made")
    assert verdicts(page) == ["kept"]
    page.click('#q-stage [data-action="verbatim"]')
    page.wait_for_selector('#q-stage .q-turn[data-state="done"] [data-action="written"]')
    assert len(model.requests) == 1


def translating(to: str) -> Callable[[dict[str, Any]], str]:
    def reply(body: dict[str, Any]) -> str:
        return to if "Translate" in body["messages"][0]["content"] else "NO_ANSWER"

    return reply


def test_a_translation_that_changes_a_figure_is_not_shown(write: Any) -> None:
    visitor = write(replies=translating("The mayor of Lima opened 21 parks in 2021."))
    page = visitor.page
    visitor.ask("What did Lima do in 2021?")
    page.locator('#q-stage .q-card[data-doc="lima.txt"]').get_by_role("button", name="Translate").first.click()
    page.wait_for_selector("#q-stage .q-translation")
    shown = page.inner_text("#q-stage .q-translation")
    assert "21 parks" not in shown
    assert "The model could not translate this" in shown


def test_a_quote_in_another_language_is_translated_beside_the_original(write: Any, model: ModelServer) -> None:
    visitor = write(replies=translating("The mayor of Lima opened 12 parks in 2021."))
    page = visitor.page
    visitor.ask("What did Lima do in 2021?")
    card = page.locator('#q-stage .q-evidence > .q-card[data-doc="lima.txt"]')
    card.get_by_role("button", name="Translate").click()
    page.wait_for_selector("#q-stage .q-translated")
    assert card.locator(".q-translated >> nth=0").inner_text() == "The mayor of Lima opened 12 parks in 2021."
    assert card.locator(".q-translated >> nth=0").get_attribute("lang") == "en"
    assert LIMA in card.locator(".q-excerpt").inner_text()
    assert "The original above is the citation" in card.inner_text()
    visitor.shot("written-translated")
    assert findings(page) == []
    asked = len(model.requests)
    card.get_by_role("button", name="Hide the translation").click()
    assert page.locator("#q-stage .q-translation").count() == 0
    card.get_by_role("button", name="Translate").click()
    page.wait_for_selector("#q-stage .q-translated")
    assert len(model.requests) == asked, "a translation is kept"
    assert visitor.complaints == []


def test_without_a_model_there_is_nothing_of_it(visit: Any) -> None:
    visitor = visit()
    page = visitor.open()
    assert page.locator("#q-mode").count() == 0
    assert "quoted from a document" in page.inner_text("#q-intro")
    visitor.ask(QUESTION)
    assert page.locator("#q-stage .q-translate, #q-stage [data-action=written]").count() == 0

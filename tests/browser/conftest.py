"""A frozen assistant over the seed documents, the chat served over it, and Chromium to read it with."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.filters import Described, Facets, Filter
from assistant.types import Answer, Citation, Hit
from index.errors import QuestionError
from index.types import Document, Manifest, Passage, Sentence

SEEDS = Path(__file__).parents[2] / "seeds"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PREVENT, USAID, COPOLAD, RAINFOREST, ABA = (path.name for path in sorted(SEEDS.glob("*.txt")))
HOSTILE = "hostile.txt"

EXAMPLES = {
    PREVENT: ("How many justice operators did Prevent strengthen?", "¿Quién fue el cliente de Prevent?"),
    USAID: ("Which five Amazon regions does USAID prioritise?", "¿En qué regiones amazónicas trabaja USAID?"),
    RAINFOREST: (
        "Since when has ABA ROLI worked in Peru?",
        "¿Cuántas comunidades indígenas apoya Rainforest Foundation US?",
    ),
}

HOSTILE_TEXT = (
    "Trap <script>window.stolen = 1</script> & \"quotes\" 'single' [1] ${1+1} {{value}} `tick`\r\n"
    '<img src=x onerror="window.stolen = 2"> <a href="javascript:alert(1)">link</a>\n'
    "\u202eright to left\u202c and \x07 control, " + "long" * 200 + "\n\n</div></dialog><b>bold</b> end."
)

JUSTICE = "How many justice operators did Prevent strengthen?"
COMMUNITIES = "¿Cuántas comunidades indígenas apoya Rainforest Foundation US?"
MONGOLIA = "What is the capital of Mongolia?"
TRAP = "Show me the trap"

# Question: citations as (document, words that the quoted sentence begins with), confidence, language.
ANSWERS: dict[str, tuple[list[tuple[str, str]], float, str]] = {
    JUSTICE: ([(PREVENT, "Prevent strengthened the capacities"), (PREVENT, "* Implement capacity")], 0.91, "en"),
    COMMUNITIES: (
        [
            (RAINFOREST, "RFUS supports around 60"),
            (RAINFOREST, "Directly supporting 60"),
            (RAINFOREST, "The Organization of the Indigenous Peoples of the Eastern Amazon"),
        ],
        0.62,
        "es",
    ),
    "Which five Amazon regions does USAID prioritise?": (
        [(USAID, "Geographic Focus: To achieve"), (COPOLAD, "- DEVIDA National")],
        0.83,
        "en",
    ),
    "Since when has ABA ROLI worked in Peru?": (
        [(ABA, "Since 2012, ABA ROLI"), (ABA, "In 2020, ABA ROLI")],
        0.3,
        "en",
    ),
    TRAP: ([(HOSTILE, "Trap <script>"), (HOSTILE, "<img src=x"), (HOSTILE, "\u202eright")], 0.8, "en"),
}


def passages_of(doc_id: str, text: str) -> list[Passage]:
    """Paragraphs as passages, with a heading above where a short line stands alone."""
    result: list[Passage] = []
    heading: tuple[str, ...] = ()
    for block in re.finditer(r"[^\n](?:.|\n(?!\n))*", text):
        words = block.group()
        if len(words) < 60 and not re.search(r"[\n\d-]", words):
            heading = (words.strip("#* "),)
            continue
        starts = [block.start()] + [block.start() + m.end() for m in re.finditer(r"[.!?]\s+(?=[A-Z-])|\n", words)]
        ends = [*starts[1:], block.end()]
        sentences = tuple(
            Sentence(start, start + len(text[start:end].rstrip()))
            for start, end in zip(starts, ends, strict=True)
            if text[start:end].strip()
        )
        result.append(Passage(doc_id, block.start(), block.end(), words, heading, sentences))
    return result


@dataclass
class FrozenAssistant:
    """Answers a handful of questions from the seed documents; refuses the rest. Same interface as Assistant."""

    documents: dict[str, Document] = field(default_factory=dict)
    gate: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate.set()
        stated = yaml.safe_load((SEEDS / "metadata.yaml").read_text(encoding="utf-8"))
        for doc_id in sorted(stated):
            text = (SEEDS / doc_id).read_bytes().decode("utf-8")
            metadata = {key: str(value) for key, value in stated[doc_id].items() if key != "title"}
            if doc_id in EXAMPLES:
                metadata["example_en"], metadata["example_es"] = EXAMPLES[doc_id]
            if doc_id == PREVENT:
                metadata["source"] = "https://www.dai.com/our-work/projects/peru-prevent"
            self.documents[doc_id] = Document(doc_id, text, stated[doc_id]["title"], "en", metadata)
        self.documents[HOSTILE] = Document(
            HOSTILE,
            HOSTILE_TEXT,
            "<b onclick=alert(1)>Hostile</b> title",
            "en",
            {"publisher": "<i>Nobody</i>", "source": "javascript:window.stolen=3", "date": "<u>never</u>"},
        )

    def doc_ids(self) -> tuple[str, ...]:
        return tuple(self.documents)

    def document(self, doc_id: str) -> Document:
        return self.documents[doc_id]

    def passages(self, doc_id: str) -> list[Passage]:
        text = self.documents[doc_id].text
        if doc_id == HOSTILE:
            ends = [*(m.end() for m in re.finditer("\n", text)), len(text)]
            spans = [Sentence(a, b) for a, b in zip([0, *ends], ends, strict=False) if text[a:b].strip()]
            return [Passage(doc_id, 0, len(text), text, ("<h1>Trap</h1>",), tuple(spans))]
        return passages_of(doc_id, text)

    generation_id = "frozen"
    manifest = Manifest(
        2, "frozen", None, "2026-01-02T03:04:05+00:00", "seeds", "0" * 64, "hash", "1" * 64, 64, {}, 6, 40, 200, 0, {}
    )

    @property
    def facets(self) -> Facets:
        return Facets(
            self,  # type: ignore[arg-type]
            tuple(
                Described(d.doc_id, d.title, d.metadata.get("publisher", ""), d.language, d.metadata.get("date", ""))
                for d in self.documents.values()
            ),
        )

    def sections(self) -> tuple[list[int], list[str], list[tuple[int, str]]]:
        """What a corpus says of its passages, for the filters."""
        found = [(number, passage) for number, doc_id in enumerate(self.documents) for passage in self.passages(doc_id)]
        return [number for number, _ in found], ["\n".join(passage.headings) for _, passage in found], []

    def source_file(self, doc_id: str) -> Path | None:
        return self.files.get(doc_id)

    def ask(self, question: str, k: int = 10, where: Filter | None = None) -> Answer:
        answer = self._answer(question)
        if not where:
            return answer
        self.facets.rows(where)
        kept = [number for number, known in enumerate(self.facets.documents) if self.facets.chosen(where)[number]]
        allowed = {self.facets.documents[number].doc_id for number in kept}
        if all(citation.doc_id in allowed for citation in answer.citations):
            return replace(answer, where=where)
        return replace(answer, text="The documents do not say.", citations=(), hits=(), abstained=True, where=where)

    def _answer(self, question: str) -> Answer:
        if not self.gate.wait(20):
            raise TimeoutError("the test never opened the gate")
        self.asked.append(question)
        if not question.strip():
            raise QuestionError("the question is empty; write what you want to know")
        if len(question) > 2000:
            raise QuestionError(f"the question has {len(question):,} characters, at most 2,000 are allowed; shorten it")
        if "crash" in question:
            raise RuntimeError("a secret of the server")
        timings = dict.fromkeys(("embed", "search", "rerank", "read", "verify", "total"), 1.0)
        if question not in ANSWERS:
            spanish = question.startswith("¿")
            hits = [p for doc_id in (COPOLAD, ABA, USAID) for p in self.passages(doc_id) if len(p.text) > 200][:9:4]
            words = re.findall(r"\b[A-ZÁÉÍÓÚ]\w+", question)[1:]
            known = " ".join(document.text for document in self.documents.values())
            missing = tuple(word for word in words if word not in known)
            text = "Los documentos no lo dicen." if spanish else "The documents do not say."
            if missing:
                text += f" {'No aparece' if spanish else 'Not found'}: {', '.join(missing)}."
            return Answer(
                question, text, (), tuple(Hit(p, rank, 0.5) for rank, p in enumerate(hits, 1)), True, 0.08,
                "es" if spanish else "en", timings, "frozen", missing,
            )  # fmt: skip
        wanted, confidence, language = ANSWERS[question]
        citations: list[Citation] = []
        hits_found: list[Passage] = []
        for marker, (doc_id, beginning) in enumerate(wanted, start=1):
            document = self.documents[doc_id]
            passage, span = next(
                (p, s)
                for p in self.passages(doc_id)
                for s in p.sentences
                if document.text.startswith(beginning, s.start)
            )
            quote = document.text[span.start : span.end]
            citations.append(
                Citation(marker, doc_id, document.title, span.start, span.end, quote, None, passage.headings)
            )
            if passage not in hits_found:
                hits_found.append(passage)
        hits_found += [p for p in self.passages(ABA) if p not in hits_found][1:3]
        answer = " ".join(f"{citation.quote} [{citation.marker}]" for citation in citations)
        hits_found_ranked = tuple(Hit(p, rank, 1.0 / rank) for rank, p in enumerate(hits_found, start=1))
        return Answer(
            question, answer, tuple(citations), hits_found_ranked, False, confidence, language, timings, "frozen"
        )


@dataclass(frozen=True)
class Served:
    """A chat that answers at `url`, and the assistant behind it."""

    url: str
    assistant: Any


@contextmanager
def served(assistant: Any, **options: Any) -> Iterator[Served]:
    """The chat served as a user would have it, on a free port; `options` as `create_server_app` takes them."""
    from assistant.chat import app, server

    listener = server.listen("127.0.0.1", 0)
    addresses: list[str] = []
    ready = threading.Event()

    def on_ready(url: str) -> None:
        addresses.append(url)
        ready.set()

    web = server.web_server(
        app.create_server_app(assistant, **options), "127.0.0.1", listener.getsockname()[1], on_ready
    )
    thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        assert ready.wait(60), "the chat did not start"
        yield Served(addresses[0], assistant)
    finally:
        web.should_exit = True
        thread.join(15)
        listener.close()


@pytest.fixture(scope="package")
def chat() -> Iterator[Served]:
    with served(FrozenAssistant()) as running:
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Chromium, for the tests of this folder only: Playwright keeps an event loop running in the main thread."""
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        pytest.fail(f"no Chromium at {CHROMIUM}; install it (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """One person's browser window on the chat; remembers every request and every complaint of the page."""

    def __init__(self, browser: Any, url: str, **options: Any) -> None:
        defaults = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", "reduced_motion": "reduce"}
        self.context = browser.new_context(**(defaults | options))
        self.url = url
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def open(self, query: str = "") -> Any:
        self.page.goto(self.url + query)
        self.page.wait_for_selector("html.q-ready", state="attached")
        return self.page

    def ask(self, question: str) -> Any:
        """Ask, and wait for the whole answer; gives the turn."""
        self.page.fill("#q-input", question)
        self.page.press("#q-input", "Enter")
        return self.answer()

    def answer(self) -> Any:
        self.page.wait_for_selector("#q-pending:empty", state="attached")
        return self.page.wait_for_selector('#q-stage .q-turn:not([data-state="streaming"])')

    def shot(self, name: str) -> None:
        """Keep a picture for people to look at, where QUIPU_SCREENSHOTS names a folder."""
        if folder := os.environ.get("QUIPU_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture
def visit(chromium: Any, chat: Served) -> Iterator[Callable[..., Visitor]]:
    """Opens browser windows on the chat over the frozen assistant: `visit(width=390, color_scheme="dark")`."""
    opened: list[Visitor] = []

    def open_window(width: int = 1440, height: int = 900, url: str = chat.url, **options: Any) -> Visitor:
        visitor = Visitor(chromium, url, viewport={"width": width, "height": height}, **options)
        opened.append(visitor)
        return visitor

    yield open_window
    for visitor in opened:
        visitor.context.close()
    chat.assistant.gate.set()

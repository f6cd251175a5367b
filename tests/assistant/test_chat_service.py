"""What stands between a page and the assistant: the line, limits, kept answers, users, logging in, printed pages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner
from small_pdf import write_pdf
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from assistant.assistant import Assistant
from assistant.batching import SharedEncoder
from assistant.chat import narrowing, reader
from assistant.chat.evidence import Mark
from assistant.chat.limits import Rate
from assistant.chat.line import Line, LineFullError
from assistant.chat.login import COOKIE, Login, Sessions
from assistant.chat.metrics import Metrics
from assistant.chat.pages import page
from assistant.chat.service import FIRST_PLACE, KEPT_BYTES, Service
from assistant.chat.users import Users, UsersError, hashed_password, read_users, write_users
from assistant.cli import cli
from assistant.filters import Filter
from assistant.types import Answer
from index.build import build_index
from index.embedding import Encoded
from index.errors import IndexDamagedError, UsageError
from index.store import open_generation
from index.testing import HashEmbedder
from index.types import Document, Span

# The line


def test_the_line_goes_in_order_and_moves_up() -> None:
    async def walk() -> list[list[int]]:
        line = Line(1, 3)
        tickets = [line.join() for _ in range(4)]
        seen = [[line.place(ticket) for ticket in tickets]]
        with pytest.raises(LineFullError):
            line.join()
        line.leave(tickets[2])
        seen.append([line.place(tickets[n]) for n in (0, 1, 3)])
        line.leave(tickets[0])
        assert await line.called(tickets[1], 1)
        assert not await line.called(tickets[3], 0.01)
        seen.append([line.place(tickets[n]) for n in (1, 3)])
        for ticket in (tickets[1], tickets[3], tickets[3]):
            line.leave(ticket)
        assert (line.working, line.waiting) == (0, 0)
        return seen

    assert asyncio.run(walk()) == [[0, 1, 2, 3], [0, 1, 2], [0, 1]]


def test_a_rate_lets_a_burst_through_and_then_so_many_a_minute() -> None:
    now = [0.0]
    rate = Rate(30, 2, lambda: now[0])
    assert [rate.wait("a"), rate.wait("a")] == [0, 0]
    assert rate.wait("a") == pytest.approx(2)
    assert rate.wait("b") == 0
    now[0] = 2.1
    assert rate.wait("a") == 0
    assert rate.wait("a") > 0
    assert all(Rate(0, 1).wait("a") == 0 for _ in range(9))


# The service


class Asked:
    """A real assistant that counts what it is asked, and waits for a gate."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self.gate = threading.Event()
        self.gate.set()
        self.questions: list[str] = []

    def ask(self, question: str, *, where: Filter | None = None) -> Answer:
        self.gate.wait(10)
        self.questions.append(question)
        return self._assistant.ask(question, where=where)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._assistant, name)


@pytest.fixture
def asked(seed_assistant: Assistant) -> Asked:
    return Asked(seed_assistant)


def turns(service: Service, *asked_for: dict[str, Any]) -> list[list[str]]:
    async def answer(one: dict[str, Any]) -> list[str]:
        return [html async for html in service.answer(one, "somebody")]

    async def everyone() -> list[list[str]]:
        return list(await asyncio.gather(*(answer(one) for one in asked_for)))

    return asyncio.run(everyone())


def test_the_same_question_is_worked_on_once_and_a_filter_makes_it_another(asked: Asked) -> None:
    service = Service(asked)
    question = {"question": "Who funded Prevent?", "language": "en", "turn": 1}
    first, again = turns(service, question)[0], turns(service, question)[0]
    assert first == again
    assert len(asked.questions) == 1
    narrowed = turns(service, {**question, "filter": {"publishers": ["DAI"]}})[0]
    assert "Searched only" in narrowed[-1]
    assert len(asked.questions) == 2
    assert len(service._kept) == 2
    for number in range(KEPT_BYTES // service._kept.held * 2 + 50):
        turns(service, {"question": f"Another, number {number}?", "turn": 1})
    assert len(service._kept) > 50
    assert service._kept.held <= KEPT_BYTES


def test_who_waits_is_told_the_place_and_who_comes_too_late_to_come_again(asked: Asked) -> None:
    service = Service(asked, at_once=1, waiting=1)
    asked.gate.clear()
    threading.Timer(2 * FIRST_PLACE, asked.gate.set).start()
    one, two, three = turns(service, *({"question": f"What is {name}?", "turn": 1} for name in ("A", "B", "C")))
    assert 'data-state="done"' in one[-1]
    assert "your question is next" in two[0]
    assert 'data-state="done"' in two[-1]
    assert len(three) == 1
    assert "Very many people" in three[0]
    text = service.metrics.text().decode()
    assert 'quipu_questions_total{outcome="busy"} 1.0' in text
    assert "quipu_questions_waiting 0.0" in text


def test_who_waits_for_a_moment_only_gets_one_whole_answer_and_no_place(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.chat.service.FIRST_PLACE", 30)
    service = Service(asked, at_once=1)
    asked.gate.clear()
    threading.Timer(0.2, asked.gate.set).start()
    shown = turns(service, *({"question": f"Who funded number {name}?", "turn": 1} for name in "ABC"))
    assert ["q-place" in html for htmls in shown for html in htmls] == [False] * sum(map(len, shown))
    assert [len(htmls) for htmls in shown[:2]] == [1, 1]
    assert len(shown[2]) >= 1
    assert all('data-state="done"' in htmls[-1] for htmls in shown)


@pytest.mark.parametrize(
    ("where", "english", "spanish"),
    [
        ({"documents": ["gone.txt"]}, "no document called “gone.txt”", "ningún documento llamado «gone.txt»"),
        ({"publishers": ["<b>Nobody</b>"]}, "“&lt;b&gt;Nobody&lt;/b&gt;”", "es de «&lt;b&gt;Nobody&lt;/b&gt;»"),
        ({"languages": ["qu"]}, "in the language “qu”", "en el idioma «qu»"),
        ({"since": "soon"}, "“soon” is not a date", "«soon» no es una fecha"),
        ({"since": "2190"}, "Nothing is left to search", "No queda nada donde buscar"),
    ],
)
def test_a_filter_that_cannot_be_applied_is_told_in_the_language_of_the_page(
    asked: Asked, where: dict[str, Any], english: str, spanish: str
) -> None:
    service = Service(asked)
    for language, words in (("en", english), ("es", spanish)):
        (html,) = turns(service, {"question": "Who?", "language": language, "filter": where, "turn": 1})[0]
        assert words in html
        assert 'data-action="everything"' in html
        assert "quipu status" not in html


def test_a_question_that_cannot_be_asked_is_told_in_the_language_of_the_page(asked: Asked) -> None:
    service = Service(asked)
    (long,) = turns(service, {"question": "á" * 2_001, "language": "es"})[0]
    assert "La pregunta tiene 2001 caracteres" in long
    assert "error_empty" in turns(service, {"question": " ", "language": "es"})[0][0]


def test_an_index_that_cannot_be_read_is_told_in_the_language_of_the_page(asked: Asked) -> None:
    asked.ask = lambda *_, **__: (_ for _ in ()).throw(IndexDamagedError("corpus.sqlite <gone>"))  # type: ignore[method-assign]
    (html,) = turns(Service(asked), {"question": "¿Quién?", "language": "es"})[0]
    assert "Avise a quien administra este servidor" in html
    assert '<span class="q-quiet" lang="en">corpus.sqlite &lt;gone&gt;</span>' in html


def test_a_visitor_who_leaves_gives_up_the_place(asked: Asked) -> None:
    service = Service(asked, at_once=1)

    async def leave() -> None:
        asked.gate.clear()
        working = service.answer({"question": "What is A?"}, "a")
        task = asyncio.ensure_future(anext(working))
        await asyncio.sleep(0.05)
        waiting = service.answer({"question": "What is B?"}, "b")
        await anext(waiting)
        await waiting.aclose()  # type: ignore[attr-defined]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        asked.gate.set()

    asyncio.run(leave())
    assert (service.line.working, service.line.waiting) == (0, 0)


def test_warming_up_counts_nothing_and_a_failure_of_it_ends_nothing(
    asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(asked)
    service.warm_up()
    assert len(asked.questions) == 2
    assert 'quipu_questions_total{outcome="answered"} 0.0' in service.metrics.text().decode()
    asked.ask = None  # type: ignore[assignment]
    service.warm_up()
    assert "to warm up" in caplog.text


def test_a_panel_lists_what_can_be_chosen(seed_assistant: Assistant) -> None:
    found = narrowing.narrow(seed_assistant, {"text": "FACT perú", "filter": {"languages": ["en"], "since": "2015"}})
    assert [row[1] for row in found["documents"]] == ["COPOLAD country fact sheet: Peru"]
    assert found["fitting"] == 1
    assert found["total"] == 5
    assert ["DAI", 1] in found["publishers"]
    assert found["languages"] == [["en", 5]]
    assert "Select Results" in found["headings"]
    assert narrowing.narrow(seed_assistant, {"filter": {"publishers": ["Nobody"]}, "text": 7})["fitting"] == 0


# One encoder for many


class Slow(HashEmbedder):
    """Remembers the batches that it was given; waits until told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.go = threading.Event()

    def encode(self, texts: Any, kind: str, **options: Any) -> list[Encoded]:
        self.batches.append(len(texts))
        self.go.wait(5)
        if "fail" in texts:
            raise RuntimeError("the model failed")
        return super().encode(texts, kind, **options)


def test_questions_that_wait_together_are_encoded_together_and_alike() -> None:
    slow = Slow()
    shared = SharedEncoder(slow)
    questions = [f"What is number {n}?" for n in range(9)]
    with ThreadPoolExecutor(9) as workers:
        waiting = [workers.submit(shared.encode, [question], "query", tokens=True) for question in questions]
        while not slow.batches:
            pass
        threading.Timer(0.2, slow.go.set).start()
        encoded = [one.result(10)[0] for one in waiting]
    alone = HashEmbedder().encode(questions, "query", tokens=True)
    assert all(np.array_equal(one.vector, other.vector) for one, other in zip(encoded, alone, strict=True))
    assert sum(slow.batches) == 9
    assert len(slow.batches) <= 3
    with pytest.raises(RuntimeError, match="the model failed"):
        shared.encode(["fail"], "query", tokens=True)
    assert len(shared.encode(["a", "b"], "passage")) == 2


# Users


def test_users_are_kept_as_hashes_that_only_the_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    run = CliRunner().invoke
    added = run(cli, ["user", "add", "ana", "--users", str(path), "--password-stdin"], input="correct horse\n")
    assert added.exit_code == 0, added.output
    assert (
        run(cli, ["user", "add", "bo", "--users", str(path)], input="battery staple\nbattery staple\n").exit_code == 0
    )
    assert path.stat().st_mode & 0o777 == 0o600
    assert "horse" not in path.read_text()
    assert run(cli, ["user", "list", "--users", str(path)]).stdout == "ana\nbo\n"
    users = Users(read_users(path))
    assert users.known("ana", "correct horse")
    assert not users.known("ana", "battery staple")
    assert not users.known("nobody", "correct horse")
    assert run(cli, ["user", "remove", "bo", "--users", str(path)]).exit_code == 0
    gone = run(cli, ["user", "remove", "bo", "--users", str(path)])
    assert gone.exit_code == 1
    assert "no user called 'bo'" in gone.stderr


@pytest.mark.parametrize(
    ("name", "password"), [("a:b", "long enough"), ("", "long enough"), ("ana", "short"), ("a", "x" * 1001)]
)
def test_names_and_passwords_that_cannot_be_used_are_refused(name: str, password: str) -> None:
    with pytest.raises(UsageError):
        hashed_password(name, password)


@pytest.mark.parametrize("content", ["ana:plain text", "ana", ":$argon2id$x", b"\xff\xfe"])
def test_a_file_of_users_of_another_form_is_refused(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "users.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsersError):
        read_users(path)
    with pytest.raises(UsersError, match="does not exist"):
        read_users(tmp_path / "none.txt")


def test_a_chat_for_nobody_is_refused(tmp_path: Path) -> None:
    write_users(tmp_path / "users.txt", {})
    result = CliRunner().invoke(cli, ["chat", "--users", str(tmp_path / "users.txt")])
    assert result.exit_code == 1
    assert "names nobody" in result.stderr


# Logging in


def test_a_session_ends_by_itself() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    token = sessions.begin("ana")
    assert sessions.name(token) == "ana"
    assert sessions.name(token + "x") is None
    now[0] = 12 * 3600 + 1
    assert sessions.name(token) is None


@pytest.fixture
def door() -> Login:
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.scope["quipu.visitor"])

    async def anybody(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    routes = [Route("/", who), Route("/metrics", who), Route("/healthz", anybody)]
    return Login(Starlette(routes=routes), Users({"ana": hashed_password("ana", "correct horse")}), Metrics())


def call(
    app: Any, method: str, path: str, body: str = "", query: str = "", **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of one request to an application."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("10.0.0.7", 5), "server": ("test", 80), "scheme": "http", "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    shown = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], shown, b"".join(m.get("body", b"") for m in sent[1:]).decode()


def test_a_visitor_logs_in_asks_and_logs_out(door: Login) -> None:
    status, headers, _ = call(door, "GET", "/", query="q=Who%3F")
    assert (status, headers["location"]) == (303, "/login?q=Who%3F")
    _, _, html = call(door, "GET", "/login", query="q=%22%3E%3Cscript%3E", accept_language="fr, es;q=0.8")
    assert "Contraseña" in html
    assert "<script" not in html
    status, _, html = call(door, "POST", "/login", "name=ana&password=wrong+horse")
    assert status == 401
    assert "do not belong together" in html
    status, headers, _ = call(door, "POST", "/login", "name=ana&password=correct+horse", query="q=Who%3F")
    assert (status, headers["location"]) == (303, "/?q=Who%3F")
    assert "HttpOnly" in headers["set-cookie"]
    cookie = headers["set-cookie"].split(";")[0]
    assert call(door, "GET", "/", cookie=cookie)[2] == "user:ana"
    assert call(door, "POST", "/logout", cookie=cookie)[0] == 303
    assert call(door, "GET", "/", cookie=cookie)[0] == 303
    assert call(door, "GET", "/", cookie=f"{COOKIE}=guessed")[0] == 303


def test_logging_in_leads_back_to_the_page_that_was_asked_for_and_to_no_other_site(door: Login) -> None:
    status, headers, _ = call(door, "GET", "/documents", query="lang=es")
    assert (status, headers["location"]) == (303, "/login?lang=es&page=%2Fdocuments")
    ana = "name=ana&password=correct+horse"
    _, headers, _ = call(door, "POST", "/login", ana, query="lang=es&page=%2Fdocuments")
    assert headers["location"] == "/documents?lang=es"
    for elsewhere in ("https://evil.example", "//evil.example", "/logout"):
        _, headers, _ = call(door, "POST", "/login", ana, query=f"page={elsewhere}")
        assert headers["location"] == "/"
    assert call(door, "POST", "/documents/upload")[0] == 401


def test_passwords_cannot_be_tried_fast(door: Login) -> None:
    tried = [call(door, "POST", "/login", f"name=ana&password=try+number+{n}")[0] for n in range(8)]
    assert tried[:6] == [401] * 6
    assert 429 in tried[6:]
    assert call(door, "POST", "/login", "name=ana&password=correct+horse")[0] == 429


def test_prometheus_logs_in_with_each_request(door: Login) -> None:
    assert call(door, "GET", "/metrics")[0] == 401
    assert call(door, "GET", "/metrics", authorization="Basic !!!")[0] == 401
    assert call(door, "GET", "/metrics", authorization="Basic YW5hOmNvcnJlY3QgaG9yc2U=")[0] == 200
    assert call(door, "GET", "/healthz")[0] == 200


# Printed pages


@pytest.fixture
def printed(tmp_path: Path) -> Iterator[tuple[Path, Document]]:
    path = tmp_path / "report.pdf"
    write_pdf(
        path, [["First page. The forest is large."], ["Second page, with a sentence that goes on " * 4 + "to its end."]]
    )
    with pdfium.PdfDocument(path) as pdf:
        texts = [sheet.get_textpage().get_text_range() + "\n" for sheet in pdf]
    pages = (Span(0, len(texts[0])), Span(len(texts[0]), len(texts[0] + texts[1])))
    yield path, Document("report.pdf", "".join(texts), "Report", "en", {}, pages)


def test_the_cited_place_is_boxed_on_its_page(printed: tuple[Path, Document]) -> None:
    path, document = printed
    start = document.text.index("The forest")
    shown = page(path, document, 1, [Mark(start, start + 20, 3), Mark(document.pages[1].start, len(document.text), 4)])
    assert shown is not None
    assert shown.image.startswith(b"\xff\xd8")
    assert (shown.width, shown.height) == (1131, 1600)
    (box,) = shown.boxes
    assert box.marker == 3
    # "The forest" begins behind "First page. ", 60 points from the left of 595, near the top.
    assert 10 < box.left < 30
    assert 5 < box.top < 15
    wrapped = page(path, document, 2, [Mark(document.pages[1].start, len(document.text) - 1, 1)])
    assert wrapped is not None
    assert len(wrapped.boxes) == 3


def test_a_page_that_is_not_there_is_not_shown(printed: tuple[Path, Document], tmp_path: Path) -> None:
    path, document = printed
    assert page(path, document, 3, []) is None
    assert page(path, document, 0, []) is None
    assert page(tmp_path / "gone.pdf", document, 1, []) is None
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    assert page(tmp_path / "broken.pdf", document, 1, []) is None
    write_pdf(path, [["Another file by now."]])
    assert page(path, document, 1, []) is None


def test_only_files_of_the_index_inside_the_source_folder_are_opened(tmp_path: Path, embedder: HashEmbedder) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("The forest is large and the river is long.", encoding="utf-8")
    (source / "linked.txt").write_text("The forest is small and the river is short.", encoding="utf-8")
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-")
    build_index(source, tmp_path / "index", model="hash")
    assistant = Assistant(open_generation(tmp_path / "index"), embedder)
    assert assistant.source_file("a.txt") == (source / "a.txt").resolve()
    for doc_id in ("../secret.pdf", "/etc/passwd", "", "missing.txt", "a.txt\0"):
        assert assistant.source_file(doc_id) is None
        if doc_id:
            with pytest.raises(KeyError):
                reader.page_image(assistant, {"doc": doc_id, "page": 1})
    (source / "linked.txt").unlink()
    (source / "linked.txt").symlink_to(tmp_path / "secret.pdf")
    assert assistant.source_file("linked.txt") is None
    assert reader.page_image(assistant, {"doc": "a.txt", "page": 1}) is None
    assistant.close()

"""The pages beside the chat: which are open, their words, their requests, and what each of their functions refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from assistant.assistant import Assistant
from assistant.chat.guard import Guard
from assistant.chat.masthead import masthead_html
from assistant.chat.metrics import Metrics
from assistant.chat.strings import strings
from assistant.workbench import documents
from assistant.workbench.desk import Desk, desk_of
from assistant.workbench.pages import PAGES, add_routes, shown_pages
from assistant.workbench.seen import AT_ONCE, seen_html
from assistant.workbench.types import Rights, Workbench
from assistant.workbench.uploads import Limits
from index.build import build_index
from index.generations import generations
from index.store import open_generation
from index.testing import HashEmbedder
from index.types import Document, Passage, Sentence

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
WORDS = sorted((Path(documents.__file__).parent).glob("*.json"))


@pytest.fixture
def workbench(write_folder: WriteFolder, tmp_path: Path, embedder: HashEmbedder, bridge: Any) -> Iterator[Workbench]:
    source = write_folder({"a.txt": "A text about otters.", "b.txt": "A text about herons."})
    build_index(source, tmp_path / "index", embedder=embedder)
    assistant = Assistant(open_generation(tmp_path / "index"), embedder, bridge=bridge)
    yield Workbench(assistant, tmp_path / "index", Metrics())
    assistant.generation.close()


def source_of(desk: Desk) -> Path:
    return desk.catalogue.read().folder.path


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.name)
def test_the_words_of_a_page_are_the_same_in_both_languages_and_none_is_the_chats(path: Path) -> None:
    import re

    table = json.loads(path.read_text(encoding="utf-8"))
    assert table["en"].keys() == table["es"].keys()
    assert not table["en"].keys() & strings()["en"].keys()
    for key, words in table["en"].items():
        # A reason that the index gives is a value in itself, one for each language.
        slots = ({"en"}, {"es"}) if key == "why" else ({*re.findall(r"\{(\w+)\}", words)},) * 2
        assert tuple({*re.findall(r"\{(\w+)\}", side)} for side in (words, table["es"][key])) == slots, key
        assert words.strip()
        assert table["es"][key].strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_every_page_has_a_link_in_both_languages(page: Any) -> None:
    assert f"nav_{page.path}" in strings()["en"]
    assert f"nav_{page.path}" in strings()["es"]
    bar = masthead_html(page.path, [one.path for one in PAGES])
    assert f'<a href="/{page.path}" aria-current="page">' in bar
    assert bar.count("aria-current") == 1


def test_pages_that_keep_something_are_not_there_without_an_index(workbench: Workbench) -> None:
    assert "documents" in [page.path for page in shown_pages(workbench)]
    without = Workbench(workbench.assistant, None, workbench.metrics)
    assert all(not page.needs_index for page in shown_pages(without))
    assert not without.writable()


def test_several_visitors_at_once_find_the_index_writable(workbench: Workbench) -> None:
    with ThreadPoolExecutor(8) as visitors:
        assert all(visitors.map(lambda _: workbench.writable(), range(2000)))
    assert list(workbench.folder.glob(".*")) == []


@pytest.mark.parametrize(
    ("local", "users", "uploads", "expected"),
    [
        (True, False, None, Rights(True, True)),
        (False, True, None, Rights(True, True)),
        (False, False, None, Rights(False, False)),
        (True, False, False, Rights(False, True)),
        (False, False, True, Rights(True, False)),
    ],
)
def test_strangers_may_only_read_unless_somebody_says_otherwise(
    local: bool, users: bool, uploads: bool | None, expected: Rights
) -> None:
    assert Rights.on(local=local, users=users, uploads=uploads) == expected


def client_of(workbench: Workbench) -> TestClient:
    app = FastAPI()
    add_routes(app, workbench)
    return TestClient(Guard(app), base_url="http://localhost")


def test_a_document_comes_in_by_a_request(workbench: Workbench) -> None:
    source = source_of(desk_of(workbench))
    client = client_of(workbench)
    reply = client.post("/documents/upload?name=deep/né.txt", content=b"A text about tapirs.")
    assert (reply.status_code, reply.json()) == (200, {"name": "deep/né.txt", "same": False, "replaced": False})
    assert (source / "deep/né.txt").read_bytes() == b"A text about tapirs."
    assert client.post("/documents/upload?name=deep/né.txt", content=b"Another.").status_code == 409
    assert client.post("/documents/upload?name=deep/né.txt&mode=replace", content=b"Another.").json()["replaced"]
    assert client.post("/documents/upload?name=deep/né.txt", content=b"Another.").json()["same"]
    assert client.post("/documents/upload?name=a.exe", content=b"MZ").status_code == 415
    assert client.post("/documents/upload?name=..%2Fout.txt", content=b"x").json()["error"] == "refused_name"
    assert client.post("/documents/upload", content=b"x").json()["error"] == "refused_name"
    assert not list(source.parent.glob("out.txt"))


def test_a_document_that_is_too_large_is_refused_before_it_arrives(workbench: Workbench) -> None:
    desk = desk_of(workbench)
    desk.limits = Limits(file_bytes=10)
    reply = client_of(workbench).post("/documents/upload?name=a2.txt", content=b"12345678901")
    assert (reply.status_code, reply.json()["error"]) == (413, "refused_size")
    assert not desk.incoming.exists()


@pytest.mark.parametrize("headers", [
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "http://evil.example"}, {"origin": "null"},
])  # fmt: skip
def test_nothing_is_changed_by_another_sites_page(workbench: Workbench, headers: dict[str, str]) -> None:
    reply = client_of(workbench).post("/documents/upload?name=evil.txt", content=b"x", headers=headers)
    assert reply.status_code == 403
    assert not (source_of(desk_of(workbench)) / "evil.txt").exists()


@pytest.mark.parametrize("headers", [
    {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "http://localhost"}, {},
    {"origin": "https://docs.example.org", "x-forwarded-host": "docs.example.org"},
])  # fmt: skip
def test_its_own_pages_may_change_something(workbench: Workbench, headers: dict[str, str]) -> None:
    reply = client_of(workbench).post("/documents/upload?name=good.txt", content=b"x", headers=headers)
    assert reply.status_code == 200


CLOSED = Rights(documents=False, manage=False)


@pytest.mark.parametrize(("work", "asked"), [
    (documents._planned, {"files": [["c.txt", 3]]}),
    (documents._removed, {"files": ["a.txt"]}),
    (documents._trash, {}),
    (documents._restored, {"id": "x"}),
    (documents._deleted, {"all": True}),
    (lambda desk, _: documents._started(desk), {}),
    (lambda desk, _: documents._stopped(desk), {}),
    (documents._rolled_back, {"generation": "x"}),
])  # fmt: skip
def test_what_visitors_may_not_do_is_not_done(workbench: Workbench, work: Any, asked: dict[str, Any]) -> None:
    closed = Workbench(workbench.assistant, workbench.index, workbench.metrics, CLOSED)
    desk = desk_of(closed)
    assert work(desk, asked) == {"error": "refused_off"}
    assert (source_of(desk) / "a.txt").exists()
    assert desk.state()["notices"] == ["notice_closed"]


def test_an_index_that_cannot_be_written_is_shown_and_not_changed(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workbench, "writable", lambda _: False)
    desk = desk_of(workbench)
    state = desk.state()
    assert (state["notices"], state["change"], state["manage"]) == (["notice_read_only"], False, False)
    assert "a.txt" in documents._listed(desk, {})["html"]
    assert documents._started(desk) == {"error": "refused_off"}


def test_only_files_of_the_list_are_removed(workbench: Workbench) -> None:
    desk = desk_of(workbench)
    source = source_of(desk)
    (source.parent / "outside.txt").write_text("x")
    reply = documents._removed(desk, {"files": ["../outside.txt", "a.txt", "nothing.txt", 7]})
    assert reply["removed"] == 1
    assert [name for name, _ in reply["problems"]] == ["../outside.txt", "nothing.txt", "7"]
    assert (source.parent / "outside.txt").exists()
    assert desk.state()["waiting"] == {"new": 0, "changed": 0, "removed": 1}
    (removed,) = documents.trash.removed_documents(desk.trash)
    assert documents._restored(desk, {"id": removed.trash_id}) == {"name": "a.txt"}
    assert desk.state()["waiting"]["removed"] == 0


def test_what_a_rule_of_the_folder_leaves_out_is_told(workbench: Workbench) -> None:
    desk = desk_of(workbench)
    (source_of(desk) / ".quipuignore").write_text("draft*\n")
    (source_of(desk) / "draft.txt").write_text("x")
    desk.catalogue.look_again()
    assert documents._left_out(desk, {"files": ["draft.txt", "a.txt"]}) == {"files": ["draft.txt"]}


def test_going_back_to_what_is_not_there_is_said(workbench: Workbench) -> None:
    desk = desk_of(workbench)
    assert "there is no generation" in documents._rolled_back(desk, {"generation": "../../etc"})["said"]
    live = generations(desk.index)[0].name
    assert live in documents._versions(desk, {})["html"]


class OneDocument:
    """A library with one document, whose passages are its paragraphs."""

    def __init__(self, text: str) -> None:
        self._document = Document("<b>.txt", text, "<i>Title</i>", "en")
        starts = [0, *(at + 2 for at in range(len(text)) if text.startswith("\n\n", at))]
        ends = [*(start - 2 for start in starts[1:]), len(text)]
        self._passages = [
            Passage("<b>.txt", start, end, text[start:end], ("<u>Above</u>",), (Sentence(start, end),))
            for start, end in zip(starts, ends, strict=True)
        ]

    def doc_ids(self) -> list[str]:
        return ["<b>.txt"]

    def document(self, doc_id: str) -> Document:
        return self._document

    def passages(self, doc_id: str) -> list[Passage]:
        return self._passages


def test_a_text_is_shown_whole_escaped_and_in_parts() -> None:
    import html
    import re

    text = "\n\n".join(f"Paragraph {number} <script>alert({number})</script>" for number in range(AT_ONCE + 5))
    library: Any = OneDocument(text)
    first = seen_html(library, {"doc": "<b>.txt"}, "en")
    rest = seen_html(library, {"doc": "<b>.txt", "first": AT_ONCE}, "en")
    assert f'data-seen-more="{AT_ONCE}"' in first
    assert "data-seen-more" not in rest
    assert "<script" not in first + rest
    assert "<u>" not in first
    shown = re.findall(r'<span class="w-sentence w-kind-sentence">(.*?)</span>', first + rest)
    assert [html.unescape(one) for one in shown] == text.split("\n\n")
    with pytest.raises(KeyError):
        seen_html(library, {"doc": "other"}, "en")

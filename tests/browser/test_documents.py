"""The page of documents in Chromium: list, add, remove, see, rebuild while asking, go back; in both languages, wide and narrow."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import SEEDS, Visitor, served
from small_pdf import write_pdf

from assistant.live import LiveAssistant
from assistant.workbench.types import Rights
from index.build import build_index
from index.lock import build_lock

pytestmark = pytest.mark.browser

PATIENCE = 60_000
"""Milliseconds: a machine that is busy with other things draws a page slowly."""
HOSTILE = '<img src=x onerror="window.stolen=1"> ‮gpj.txt'
SPANISH = (
    "# Informe de bosques\n\nEn 2023 la federación registró 4 200 hectáreas taladas en Ucayali. "
    "Las comunidades piden patrullas.\n\n- Ucayali: 4 200 hectáreas\n- Loreto: 1 100 hectáreas\n"
)


@dataclass(frozen=True)
class Bench:
    """The pages at `url` over an index of `folder`, which is followed as it changes."""

    url: str
    assistant: LiveAssistant
    folder: Path
    index: Path


def corpus(place: Path) -> Path:
    """Five seeds, one that cannot be read, one that is a copy, one in a format that is not read, one with a hostile name."""
    shutil.copytree(SEEDS, place)
    copied = sorted(SEEDS.glob("*.txt"))[0]
    (place / "zz-copy.txt").write_bytes(copied.read_bytes())
    (place / "broken.pdf").write_bytes(b"%PDF-1.4 this is no PDF")
    (place / "picture.png").write_bytes(b"\x89PNG\r\n")
    (place / HOSTILE.replace("/", "_")).write_text(
        "<script>window.stolen = 2</script>\n\nA trap. It says <b>nothing</b>.\n"
    )
    return place


@contextmanager
def standing(place: Path) -> Iterator[Bench]:
    index = place / "index"
    folder = corpus(place / "docs")
    build_index(folder, index, model="hash")
    with closing(LiveAssistant(index, looks_every=0.2)) as live, served(live, index=index) as running:
        yield Bench(running.url, live, folder, index)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Pages of a test's own, whose index it may build anew."""
    with standing(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Pages for the tests that leave the index and what it holds as they are; one document waits for the next build."""
    with standing(tmp_path_factory.mktemp("shared")) as running:
        (running.folder / "nuevo.md").write_text(SPANISH, encoding="utf-8")
        yield running


def opened(visit: Callable[..., Visitor], bench: Bench, **options: Any) -> Any:
    visitor = visit(url=bench.url, **options)
    visitor.page.set_default_timeout(PATIENCE)
    page = visitor.open("documents")
    page.wait_for_selector("#w-list tbody tr")
    return visitor, page


def row(page: Any, words: str) -> Any:
    return page.locator("#w-list tbody tr", has=page.locator(".w-col-title", has_text=words))


def rebuilt(page: Any) -> None:
    page.click("#w-start-build")
    page.wait_for_selector('#w-build[data-busy="true"]', timeout=40_000)
    page.wait_for_selector('#w-build[data-busy="false"]', timeout=150_000)


def upload(page: Any, *files: dict[str, Any]) -> None:
    page.set_input_files("#w-files", list(files))
    page.wait_for_selector("#w-arriving:not([hidden])")


def sent(page: Any) -> None:
    page.wait_for_function("document.getElementById('w-arriving-end').textContent.match(/Close|Cerrar/)")


def file(name: str, content: str | bytes) -> dict[str, Any]:
    return {
        "name": name,
        "mimeType": "application/octet-stream",
        "buffer": content.encode() if isinstance(content, str) else content,
    }


def axe(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    response = Axe().run(page, options=rules).response
    assert len(response["passes"]) > 10, "axe-core looked at nothing"
    return [
        f"{found['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
        for found in response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


def test_every_document_is_listed_with_what_became_of_it(visit: Callable[..., Visitor], shared: Bench) -> None:
    visitor, page = opened(visit, shared)
    assert page.title() == "Documents · Quipu"
    assert page.get_attribute('.q-nav a[href="/documents"]', "aria-current") == "page"
    prevent = row(page, "000_cf9958df2bfae6ec.txt")
    assert "Peru—Prevent activity" in prevent.inner_text()
    assert "3 October 2019" in prevent.inner_text()
    assert "Searchable" in prevent.inner_text()
    copy = row(page, "zz-copy.txt").inner_text()
    assert "Nearly the same as" in copy
    assert "000_cf9958df2bfae6ec.txt" in copy
    assert "Not read" in row(page, "broken.pdf").inner_text()
    assert "format .png is not read" in row(page, "picture.png").inner_text()
    visitor.shot("documents-wide")
    page.click('[data-group="trouble"]')
    page.wait_for_function("document.querySelectorAll('#w-list tbody tr').length === 2")
    page.click('[data-group=""]')
    page.click('[data-sort="passages"]')
    page.wait_for_selector('th[aria-sort="ascending"] [data-sort="passages"]')
    page.click('[data-sort="passages"]')
    page.wait_for_selector('th[aria-sort="descending"] [data-sort="passages"]')
    counts = [int(text) for text in page.locator("td.w-col-passages").all_inner_texts() if text.strip()]
    assert counts == sorted(counts, reverse=True)
    page.fill("#w-find", "rainforest")
    page.wait_for_function("document.querySelectorAll('#w-list tbody tr').length === 1")
    assert visitor.complaints == []


@pytest.mark.parametrize(("name", "options"), [
    ("wide-spanish", {"locale": "es-PE"}),
    ("dark", {"color_scheme": "dark"}),
    ("narrow", {"width": 360, "height": 780}),
    ("narrow-dark-spanish", {"width": 360, "height": 780, "color_scheme": "dark", "locale": "es-PE"}),
])  # fmt: skip
def test_the_page_stands_in_both_languages_light_and_dark_at_every_width(
    visit: Callable[..., Visitor], shared: Bench, name: str, options: dict[str, Any]
) -> None:
    visitor, page = opened(visit, shared, **options)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    missing = page.evaluate(
        "[...document.querySelectorAll('[data-t]')].filter(n => /[{}]|undefined/.test(n.textContent)).map(n => n.dataset.t)"
    )
    assert missing == []
    assert "es" in options.get("locale", "en") or page.inner_text("h1") == "Documents"
    visitor.shot(f"documents-{name}")
    page.click('[data-see="001_ae0f56fbf5c1f930.txt"]')
    page.wait_for_selector(".w-seen")
    assert axe(page) == []
    visitor.shot(f"documents-text-{name}")
    assert visitor.complaints == []


def test_hostile_names_and_texts_are_shown_as_text(visit: Callable[..., Visitor], shared: Bench) -> None:
    visitor, page = opened(visit, shared)
    found = row(page, "onerror=")
    assert "<img src=x onerror=" in found.inner_text()
    assert "⟨U+202E⟩gpj.txt" in found.inner_text()
    assert page.locator("#w-list img").count() == 0
    found.locator("[data-see]").click()
    page.wait_for_selector(".w-seen")
    assert "<script>window.stolen = 2</script>" in page.inner_text("#q-reader-body")
    visitor.shot("documents-hostile")
    page.keyboard.press("Escape")
    found.locator("[data-pick]").check()
    page.click("#w-remove")
    assert "<img src=x" in page.inner_text("#w-confirm-names")
    visitor.shot("documents-confirm")
    page.keyboard.press("Escape")
    assert page.evaluate("window.stolen") is None
    assert visitor.complaints == []


def test_the_text_is_shown_as_the_index_sees_it(visit: Callable[..., Visitor], shared: Bench) -> None:
    visitor, page = opened(visit, shared)
    page.click('[data-see="000_cf9958df2bfae6ec.txt"]')
    page.wait_for_selector(".w-seen")
    passages = shared.assistant.passages("000_cf9958df2bfae6ec.txt")
    shown = page.eval_on_selector_all(".w-seen-text", "nodes => nodes.map(node => node.textContent)")
    assert shown == [passage.text for passage in passages]
    assert page.locator(".w-seen").first.locator("h3").inner_text() == f"Passage 1 of {len(passages)}"
    assert axe(page) == []
    visitor.shot("documents-text")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.see") == "000_cf9958df2bfae6ec.txt"


def test_a_document_is_added_asked_for_while_the_index_is_rebuilt_and_then_answers(
    visit: Callable[..., Visitor], bench: Bench, tmp_path: Path
) -> None:
    visitor, page = opened(visit, bench)
    write_pdf(tmp_path / "annex.pdf", [["The annex counts 77 canoes on the river Tigre."], ["The end."]])
    upload(page, file("informe.md", SPANISH), file("annex.pdf", (tmp_path / "annex.pdf").read_bytes()))
    sent(page)
    assert page.inner_text("#w-arriving-text") == "2 documents were added."
    assert (bench.folder / "informe.md").read_text(encoding="utf-8") == SPANISH
    page.wait_for_selector(".w-is-new")
    assert "2 changes wait: 2 new" in page.inner_text("#w-build-text")
    visitor.shot("documents-added")
    before = bench.assistant.generation_id
    problems: list[BaseException] = []
    answered: list[str] = []
    over = threading.Event()

    def ask() -> None:
        try:
            while not over.is_set():
                answered.append(bench.assistant.ask("Who funded Prevent?").text)
                over.wait(0.05)
        except BaseException as error:
            problems.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        rebuilt(page)
        page.wait_for_function("document.getElementById('w-build-text').textContent.includes('up to date')")
    finally:
        over.set()
        asking.join(30)
    assert problems == []
    assert len(answered) > 1
    assert bench.assistant.generation_id != before
    assert "2 added" in page.inner_text("#w-last")
    page.wait_for_selector(".w-is-new", state="detached")
    assert "Searchable" in row(page, "informe.md").inner_text()
    assert "PDF" in row(page, "annex.pdf").inner_text()
    visitor.shot("documents-rebuilt")
    chat = visit(url=bench.url)
    chat.page.set_default_timeout(PATIENCE)
    chat.open()
    chat.ask("How many canoes does the annex count on the river Tigre?")
    assert "77 canoes" in chat.page.inner_text("#q-stage")
    chat.open()
    chat.page.wait_for_function("document.getElementById('q-intro').textContent.includes('9 documents are open')")
    assert visitor.complaints == []


def test_what_may_not_come_in_is_named_with_its_reason(visit: Callable[..., Visitor], shared: Bench) -> None:
    before = sorted(path.name for path in shared.folder.iterdir())
    visitor, page = opened(visit, shared)
    upload(
        page,
        file("virus.exe", b"MZ"),
        file(".hidden.txt", "x"),
        file("empty.txt", ""),
        file("good.txt", "A good text about rivers."),
    )
    sent(page)
    notes = page.locator("#w-arriving-list li").all_inner_texts()
    assert [bool(re.search(reason, note)) for reason, note in zip(
        ("type of file is not read", "hidden files", "is empty", "added"), notes, strict=True
    )] == [True] * 4  # fmt: skip
    assert page.inner_text("#w-arriving-text").startswith("1 of 4 documents were added")
    visitor.shot("documents-refused")
    assert sorted(path.name for path in shared.folder.iterdir()) == sorted([*before, "good.txt"])


def test_a_taken_name_is_asked_about_and_the_document_before_is_in_the_trash(
    visit: Callable[..., Visitor], shared: Bench
) -> None:
    (shared.folder / "note.txt").write_text("The first note.")
    visitor, page = opened(visit, shared)
    upload(page, file("note.txt", "Another note."))
    page.wait_for_selector("#w-confirm[open]")
    assert "note.txt" in page.inner_text("#w-confirm-names")
    assert axe(page) == []
    visitor.shot("documents-conflict")
    page.click('[data-answer="both"]')
    sent(page)
    assert (shared.folder / "note (2).txt").read_text() == "Another note."
    upload(page, file("note.txt", "A third note."))
    page.click('[data-answer="replace"]')
    sent(page)
    assert (shared.folder / "note.txt").read_text() == "A third note."
    page.click("#w-trash summary")
    page.wait_for_selector("#w-trash [data-restore]")
    assert "note.txt" in page.inner_text("#w-trash")
    assert "replaced" in page.inner_text("#w-trash")


def test_a_removed_document_goes_to_the_trash_and_comes_back(visit: Callable[..., Visitor], bench: Bench) -> None:
    name = "004_a036f7a8eb7d90be.txt"
    content = (bench.folder / name).read_bytes()
    visitor, page = opened(visit, bench)
    row(page, name).locator("[data-pick]").check()
    page.click("#w-remove")
    assert "Remove 1 document?" in page.inner_text("#w-confirm")
    page.click('[data-answer="yes"]')
    page.wait_for_selector(".w-is-removed")
    assert not (bench.folder / name).exists()
    assert "searchable until the next build" in row(page, name).inner_text()
    page.click("#w-trash summary")
    page.wait_for_selector("#w-trash [data-restore]")
    visitor.shot("documents-trash")
    page.click("#w-trash [data-restore]")
    page.wait_for_selector(".w-is-removed", state="detached")
    assert (bench.folder / name).read_bytes() == content
    row(page, name).locator("[data-pick]").check()
    page.click("#w-remove")
    page.click('[data-answer="yes"]')
    page.wait_for_selector("#w-trash [data-delete]")
    page.click("#w-trash [data-delete]")
    page.click('#w-confirm [data-answer="yes"]')
    page.wait_for_function("!document.querySelector('#w-trash [data-delete]')")
    rebuilt(page)
    page.wait_for_function(f"!document.getElementById('w-list').textContent.includes('{name}')")
    page.wait_for_function("document.getElementById('w-build-text').textContent.includes('up to date')")
    assert name not in bench.assistant.doc_ids()


def test_a_build_of_somebody_else_is_said_and_one_of_ours_can_be_stopped(
    visit: Callable[..., Visitor], bench: Bench
) -> None:
    visitor, page = opened(visit, bench)
    with build_lock(bench.index) as recorded:
        recorded(lambda *_: None)("embedding", 3, 10)
        page.wait_for_function(
            "document.getElementById('w-build-text').textContent.includes('Somebody else')", timeout=40_000
        )
        assert page.is_hidden("#w-stop-build")
        assert page.is_hidden("#w-start-build")
        visitor.shot("documents-held")
    page.wait_for_function("document.getElementById('w-build-text').textContent.includes('up to date')", timeout=40_000)
    for number in range(400):
        text = "\n\n".join(
            f"Paragraph {number}.{part} tells of river {number * part} and of its fish." for part in range(180)
        )
        (bench.folder / f"many-{number:03}.txt").write_text(text)
    page.click("#w-start-build")
    page.wait_for_selector("#w-stages progress", timeout=60_000)
    before = bench.assistant.generation_id
    visitor.shot("documents-building")
    page.click("#w-stop-build")
    page.wait_for_selector('#w-build[data-busy="false"]', timeout=60_000)
    assert "Stopped" in page.inner_text("#w-last")
    assert axe(page) == []
    assert bench.assistant.generation_id == before
    page.wait_for_selector('[data-group="waiting"]', timeout=40_000)
    page.click('[data-group="waiting"]')
    page.wait_for_function(
        "document.querySelector('.w-pager') && document.querySelector('.w-pager').textContent.includes('400 in all')"
    )
    page.click('[data-page-number="2"]')
    page.wait_for_function("document.querySelector('.w-pager').textContent.includes('Page 2 of 8')")
    assert page.locator("#w-list tbody tr").count() == 50
    visitor.shot("documents-many")


def test_an_earlier_version_can_be_made_live_again(visit: Callable[..., Visitor], bench: Bench) -> None:
    first = bench.assistant.generation_id
    (bench.folder / "later.txt").write_text("A text that came later.")
    visitor, page = opened(visit, bench)
    rebuilt(page)
    page.click("#w-versions summary")
    page.wait_for_selector("#w-versions [data-rollback]")
    visitor.shot("documents-versions")
    page.click("#w-versions [data-rollback]")
    page.click('[data-answer="yes"]')
    page.wait_for_function("document.getElementById('w-said').textContent.includes('that version')", timeout=40_000)
    deadline = time.monotonic() + 10
    while bench.assistant.generation_id != first and time.monotonic() < deadline:
        time.sleep(0.1)
    assert bench.assistant.generation_id == first
    page.wait_for_selector(".w-is-new")


def test_a_folder_that_is_gone_is_said_and_its_documents_stay(visit: Callable[..., Visitor], bench: Bench) -> None:
    bench.folder.rename(bench.folder.with_name("elsewhere"))
    visitor, page = opened(visit, bench)
    assert "is not there any more" in page.inner_text("#w-notice")
    assert page.is_hidden("#w-add")
    assert page.is_hidden("#w-start-build")
    assert page.locator("[data-pick]").count() == 0
    assert "Searchable" in row(page, "000_cf9958df2bfae6ec.txt").inner_text()
    visitor.shot("documents-gone")


@pytest.mark.parametrize(("rights", "said"), [
    (Rights(documents=False), "not added or removed in the browser"),
    (Rights(documents=False, manage=False), "can be seen but not changed"),
])  # fmt: skip
def test_what_is_switched_off_is_not_offered_and_not_done(
    visit: Callable[..., Visitor], shared: Bench, rights: Rights, said: str
) -> None:
    with served(shared.assistant, index=shared.index, rights=rights) as closed:
        _, page = opened(visit, closed)
        assert said in page.inner_text("#w-notice")
        assert page.is_hidden("#w-add")
        assert page.is_hidden("#w-start-build") is not rights.manage
        reply = page.request.post(closed.url + "documents/upload?name=sneaked.txt", data=b"sneaked")
        assert (reply.status, reply.json()["error"]) == (403, "refused_off")
        assert not (shared.folder / "sneaked.txt").exists()


def test_the_keyboard_alone_reaches_everything(visit: Callable[..., Visitor], shared: Bench) -> None:
    _, page = opened(visit, shared)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('[data-skip]')")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "w-main"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || JSON.stringify({...document.activeElement.dataset})"))
    wanted = {
        "w-start-build",
        "w-choose",
        "w-find",
        "w-kind",
        "w-language",
        json.dumps({"sort": "title"}, separators=(",", ":")),
    }
    assert wanted <= reached


def test_all_pages_are_reached_from_the_chat_and_share_language_and_theme(
    visit: Callable[..., Visitor], shared: Bench
) -> None:
    visitor = visit(url=shared.url)
    visitor.page.set_default_timeout(PATIENCE)
    page = visitor.open()
    assert page.get_attribute('.q-nav a[href="/"]', "aria-current") == "page"
    page.click('[data-language="es"]')
    page.click('[data-tool="theme"]')
    page.click('.q-nav a[href="/documents"]')
    page.wait_for_selector("#w-list tbody tr")
    assert page.inner_text("h1") == "Documentos"
    assert page.title() == "Documentos · Quipu"
    assert page.get_attribute("html", "data-theme") == "dark"
    assert visitor.complaints == []
    assert all(request.startswith((shared.url, "data:", "blob:")) for request in visitor.requests)


@pytest.mark.parametrize("locale", ["en-GB", "es-PE"])
def test_the_way_to_every_page_fits_a_telephone(visit: Callable[..., Visitor], shared: Bench, locale: str) -> None:
    visitor = visit(url=shared.url, width=360, height=740, locale=locale)
    visitor.page.set_default_timeout(PATIENCE)
    for path in ("", "documents", "compare", "feedback", "evaluate"):
        page = visitor.open(path)
        if not path:
            visitor.ask("Who funded Prevent?")
            assert page.is_visible("#q-take-button")
        links = page.locator(".q-nav a")
        assert links.count() == 5
        assert page.get_attribute(".q-nav a[aria-current]", "href") == f"/{path}"
        outside = page.evaluate(
            """() => [...document.querySelectorAll(".q-nav a, .q-tools button, .q-brand svg")]
              .filter((node) => node.checkVisibility()).map((node) => [node.outerHTML, node.getBoundingClientRect()])
              .filter(([, box]) => box.left < 0 || box.right > innerWidth || box.top < 0).map(([html]) => html)"""
        )
        assert outside == []
        covered = page.evaluate(
            """() => [...document.querySelectorAll(".q-nav a, .q-tools button")].filter((node) => node.checkVisibility())
              .filter((node) => {
                const box = node.getBoundingClientRect();
                return !node.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
              }).map((node) => node.outerHTML)"""
        )
        assert covered == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        visitor.shot(f"bar-{path or 'chat'}-{locale[:2]}")


def test_files_are_dropped_anywhere_on_the_page(visit: Callable[..., Visitor], shared: Bench) -> None:
    _, page = opened(visit, shared)
    page.evaluate("""() => {
      const carried = new DataTransfer();
      carried.items.add(new File(["A dropped text about otters."], "dropped.txt"));
      for (const type of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
      }
    }""")
    sent(page)
    assert (shared.folder / "dropped.txt").read_text() == "A dropped text about otters."


def test_another_site_cannot_send_documents(visit: Callable[..., Visitor], shared: Bench) -> None:
    _, page = opened(visit, shared)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        reply = page.request.post(shared.url + "documents/upload?name=evil.txt", data=b"evil", headers=headers)
        assert reply.status == 403
    assert not (shared.folder / "evil.txt").exists()

"""Running question sets in a real browser: uploads, progress while the chat answers, reports, comparisons."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SEEDS, Served, Visitor, served
from test_chat import findings, fits

from assistant.live import LiveAssistant
from assistant.workbench.cases import Cases, case_of
from assistant.workbench.evaluate_page import WORDS
from assistant.workbench.runs import FOLDER
from index.build import build_index

pytestmark = pytest.mark.browser

JUSTICE = "How many justice operators did Prevent strengthen?"
QUOTE = "Prevent strengthened the capacities 5,500 justice operators"
LONGER = 120_000
"""Milliseconds that a run may take on a busy machine."""


def row(number: int, **changes: Any) -> dict[str, Any]:
    prevent = sorted(path.name for path in SEEDS.glob("*.txt"))[0]
    return {
        "id": f"q-{number}", "question": f"{JUSTICE[:-1]} ({number})?", "lang": "en", "type": "number", "answerable": True,
        "docs": [prevent], "evidence": [QUOTE], "answer": "5,500", "must_include": ["5,500"], **changes,
    }  # fmt: skip


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)


UNANSWERABLE = {"answerable": False, "docs": [], "evidence": [], "answer": "", "must_include": [], "type": "off_topic"}
SMALL = lines(
    row(1, question=JUSTICE),
    row(2, question="What is the capital of Mongolia?", **UNANSWERABLE),
    row(3, question="Which <script>window.stolen=1</script> band fronted the Consecuencias campaign?",
        evidence=["The Orquesta Explosión band spearheaded the campaign"], must_include=["Nobody <b>at all</b>"], type="fact"),
)  # fmt: skip
LONG = lines(*(row(number) for number in range(400)))


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The chat over the seeds with its pages, and a folder with a small and a long set."""
    folder = tmp_path_factory.mktemp("evaluate")
    build_index(SEEDS, folder / "index", model="hash")
    sets = folder / "sets"
    sets.mkdir()
    (sets / "small.jsonl").write_text(SMALL, encoding="utf-8")
    (sets / "long-dev.jsonl").write_text(LONG, encoding="utf-8")
    (sets / "not-a-set.jsonl").write_text('{"_id": "1", "text": "a query"}\n', encoding="utf-8")
    assistant = LiveAssistant(folder / "index")
    with served(assistant, index=folder / "index", sets=[sets]) as running:
        yield running
    assistant.close()


def open_page(visitor: Visitor) -> Any:
    page = visitor.open("evaluate")
    page.wait_for_selector("#e-sets [name=set]")
    page.wait_for_selector("#e-runs > *")
    return page


def choose(page: Any, name: str) -> None:
    page.click(f'.e-set:has-text("{name}") input')


def run(page: Any, name: str) -> str:
    """Run the set of this name to its end; the id of the run."""
    before = page.eval_on_selector_all("tr[data-run]", "all => all.map(one => one.dataset.run)")
    choose(page, name)
    page.click("#e-run")
    page.wait_for_function(
        "before => { const rows = [...document.querySelectorAll('tr[data-run]')]; return rows.length && !before.includes(rows[0].dataset.run); }",
        arg=before,
        timeout=LONGER,
    )
    return str(page.get_attribute("tr[data-run]", "data-run"))


def test_a_set_is_run_its_report_read_and_two_runs_compared(visit: Any, workbench: Served) -> None:
    visitor = visit(url=workbench.url)
    page = open_page(visitor)
    names = page.eval_on_selector_all(".e-set strong", "all => all.map(one => one.textContent)")
    assert "small" in names
    assert "not-a-set" not in names
    # The sets that stand beside the source folder are offered too.
    assert "seeds-dev" in names
    assert findings(page) == []
    first = run(page, "small")
    assert page.inner_text(f'tr[data-run="{first}"] .e-col-figure >> nth=0') == "0.500"
    assert page.inner_text(f'tr[data-run="{first}"] .e-col-figure >> nth=2') == "0.000"
    page.click(f'[data-report="{first}"]')
    frame = page.frame_locator("#e-shown iframe")
    assert "Quipu evaluation" in frame.locator("h1").inner_text()
    # The report's own scripts run, and reach nothing: what was asked is text in it.
    frame.locator(".filters input").first.fill("Consecuencias")
    assert frame.locator("details.failure:visible").count() == 1
    inside = next(one for one in page.frames if "/evaluate/report" in one.url)
    assert inside.evaluate("window.stolen") is None
    assert inside.evaluate("window.origin") == "null"
    assert page.locator(".e-tiles li").count() >= 5
    page.wait_for_timeout(300)
    visitor.shot("evaluate-report")
    assert findings(page) == []
    page.click("#e-shown [data-do=close]")
    second = run(page, "small")
    assert page.is_disabled("#e-compare")
    page.check(f'[data-pick="{first}"]')
    page.check(f'[data-pick="{second}"]')
    page.click("#e-compare")
    page.wait_for_selector("#e-shown .e-same, #e-shown .e-changes")
    assert WORDS.text("en", "nothing_certain") in page.inner_text("#e-shown")
    page.click("#e-shown .e-same summary")
    assert WORDS.text("en", "verdict_same") in page.inner_text("#e-shown .e-same")
    assert findings(page) == []
    assert fits(page)
    visitor.shot("evaluate-compare")
    page.click(f'[data-remove-run="{second}"]')
    page.click("#w-confirm [data-answer=yes]")
    page.wait_for_selector(f'tr[data-run="{second}"]', state="detached")
    assert page.evaluate("window.stolen") is None
    assert visitor.complaints == []


def test_the_chat_answers_while_a_set_runs_and_a_run_can_be_stopped(visit: Any, workbench: Served) -> None:
    visitor, other = visit(url=workbench.url), visit(url=workbench.url)
    page = open_page(visitor)
    choose(page, "long-dev")
    page.click("#e-run")
    page.wait_for_function("document.querySelector('.e-going progress')?.value > 0", timeout=LONGER)
    assert page.is_disabled("#e-run")
    assert findings(page) == []
    visitor.shot("evaluate-running")
    other.open()
    other.ask(JUSTICE)
    assert "5,500" in other.page.inner_text("#q-stage .q-text")
    # Whoever opens the page sees the same run; it goes on when this page is left.
    watching = open_page(other)
    assert watching.locator(".e-going").count() == 1
    focused = "document.activeElement.matches('[data-stop]')"
    page.focus("[data-stop]")
    page.wait_for_timeout(1500)
    assert page.evaluate(focused)
    page.keyboard.press("Enter")
    page.wait_for_selector(".e-going", state="detached")
    assert WORDS.text("en", "status_stopped") in page.inner_text("tr[data-run] >> nth=0")
    watching.wait_for_selector(".e-going", state="detached")
    page.click("[data-remove-run] >> nth=0")
    page.click("#w-confirm [data-answer=yes]")
    assert visitor.complaints == []
    assert other.complaints == []


def test_a_set_is_uploaded_and_what_is_wrong_with_its_lines_is_named(visit: Any, workbench: Served) -> None:
    visitor = visit(url=workbench.url)
    page = open_page(visitor)
    bad = (
        lines(row(1), row(1), row(2, evidence=["No <b>document</b> says this."]), row(3, docs=["gone.txt"]))
        + "nonsense\n"
    )
    page.set_input_files("#e-file", {"name": "my set.jsonl", "mimeType": "", "buffer": bad.encode()})
    page.wait_for_selector("#e-problems:not([hidden]) li")
    problems = page.eval_on_selector_all("#e-problems li", "all => all.map(one => one.textContent)")
    assert [problem.split(" ", 1)[0] for problem in problems] == [f"my-set.jsonl:{line}:" for line in (2, 3, 4, 5)]
    assert "No <b>document</b> says this." in problems[1]
    assert findings(page) == []
    visitor.shot("evaluate-problems")
    page.set_input_files("#e-file", {"name": "my set.jsonl", "mimeType": "", "buffer": lines(row(1)).encode()})
    page.wait_for_selector('[name=set][value="uploaded/my-set.jsonl"]:checked')
    assert page.is_hidden("#e-problems")
    page.set_input_files("#e-file", {"name": "notes.txt", "mimeType": "", "buffer": b"words"})
    page.wait_for_selector("#e-problems:not([hidden])")
    assert "ends in .jsonl" in page.inner_text("#e-problems")
    page.click('[data-remove-set="uploaded/my-set.jsonl"]')
    page.click("#w-confirm [data-answer=yes]")
    page.wait_for_selector('[value="uploaded/my-set.jsonl"]', state="detached")
    assert [line for line in visitor.complaints if "422" not in line] == []


def test_cases_come_first_and_a_run_that_fails_says_why(visit: Any, workbench: Served) -> None:
    folder = workbench.assistant._index / "workbench"
    kept = Cases(folder / "cases.jsonl")
    prevent = workbench.assistant.doc_ids()[0]
    kept.add(case_of({"question": JUSTICE, "quotes": [{"doc": prevent, "quote": QUOTE}]}, workbench.assistant, "en"))
    written = kept.path.read_text(encoding="utf-8")
    kept.path.write_text(written.replace("5,500 justice", "5,600 justice"), encoding="utf-8")
    visitor = visit(url=workbench.url)
    page = open_page(visitor)
    assert page.inner_text(".e-set strong >> nth=0") == WORDS.text("en", "set_cases")
    assert page.is_checked("[name=set] >> nth=0")
    run(page, WORDS.text("en", "set_cases"))
    assert "does not stand verbatim" in page.inner_text("tr[data-run] >> nth=0 >> .e-error")
    assert "cases.jsonl:1:" in page.inner_text("tr[data-run] >> nth=0 >> .e-error")
    visitor.shot("evaluate-failed")
    kept.path.unlink()


def test_the_page_fits_a_telephone_in_spanish(visit: Any, workbench: Served) -> None:
    visitor = visit(url=workbench.url, width=360, height=800, locale="es-PE", color_scheme="dark", has_touch=True)
    page = open_page(visitor)
    if not page.locator("[data-report]").count():
        run(page, "small")
    assert page.inner_text("h1") == WORDS.text("es", "title")
    assert fits(page)
    assert findings(page) == []
    visitor.shot("evaluate-narrow-es")
    page.click("[data-report] >> nth=0")
    page.wait_for_selector("#e-shown iframe")
    assert fits(page)
    assert findings(page) == []
    visitor.shot("evaluate-report-narrow-es")
    page.click('[data-language="en"]')
    assert page.inner_text("h1") == WORDS.text("en", "title")
    assert visitor.complaints == []


def test_only_reports_are_served_and_only_into_our_own_frame(workbench: Served) -> None:
    def got(path: str) -> Any:
        try:
            return urllib.request.urlopen(f"{workbench.url}{path}", timeout=20)
        except urllib.error.HTTPError as error:
            return error

    folder = workbench.assistant._index / "workbench" / FOLDER
    done = [one.name for one in folder.iterdir() if (one / "out" / "report.html").is_file()]
    for run_id in ("", "x", "../../../CURRENT", "20260101-000000-abcdef", f"{done[0] if done else 'x'}/../x", "%2e%2e"):
        assert got(f"evaluate/report?run={run_id}").status == 404
    for path in ("evaluate/report/x", "evaluate/report/../../CURRENT", "evaluate/upload", "evaluate/../healthz"):
        assert got(path).status == 404
    answer = got(f"evaluate/report?run={done[0]}")
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("sandbox allow-scripts")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert got("evaluate").headers["x-frame-options"] == "DENY"

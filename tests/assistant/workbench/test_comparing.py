"""What the page of comparisons asks of the server: cells a few at a time, notes, a CSV file, figures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from assistant.chat.metrics import Metrics
from assistant.chat.strings import strings
from assistant.workbench import compare, compare_html
from assistant.workbench.comparing import A_STEP, Comparisons, Wanted
from assistant.workbench.types import Workbench
from index.build import build_index
from index.errors import QuestionError
from index.store import open_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
QUESTION = "How many families live in the village?"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def workbench(write_folder: WriteFolder, tmp_path: Path, embedder: HashEmbedder, bridge: Bridge) -> Iterator[Workbench]:
    texts = {
        f"village-{n}.txt": f"In 2017, {300 + n} families lived in the village of Nauta, says {HOSTILE} number {n}.\n"
        for n in range(A_STEP + 2)
    }
    source = write_folder({**texts, "metadata.yaml": f'village-0.txt: {{title: "{HOSTILE}"}}\n'})
    build_index(source, tmp_path / "index", embedder=embedder)
    assistant = Assistant(open_generation(tmp_path / "index"), embedder, bridge=bridge)
    yield Workbench(assistant, tmp_path / "index", Metrics())
    assistant.generation.close()


@pytest.fixture
def call(workbench: Workbench) -> Callable[..., dict[str, Any]]:
    """A function of the page by its name."""
    functions = {function.__name__: function for function in compare.functions(workbench)}
    return lambda name, **asked: functions[name](asked)


def test_cells_come_a_few_at_a_time_until_all_are_there(call: Callable[..., dict[str, Any]]) -> None:
    first = call("compare_step", question=QUESTION, done=0, language="en")
    assert (len(first["cells"]), first["done"], first["asked"]) == (A_STEP, A_STEP, A_STEP + 2)
    last = call("compare_step", question=QUESTION, done=first["done"], language="en")
    assert (len(last["cells"]), last["done"]) == (2, A_STEP + 2)
    rows = "".join(cell["html"] for cell in (*first["cells"], *last["cells"]))
    assert rows.count("<tr ") == A_STEP + 2
    assert HOSTILE not in rows
    assert "&lt;script&gt;" in rows


def test_each_stated_cell_opens_its_quote(call: Callable[..., dict[str, Any]], workbench: Workbench) -> None:
    reply = call("compare_step", question=QUESTION, done=0, language="es")
    for cell in reply["cells"]:
        found = re.search(r'data-see="([^"]+)" data-start="(\d+)" data-end="(\d+)"', cell["html"])
        assert (found is not None) == cell["stated"]
        if found:
            text = workbench.assistant.document(found.group(1)).text
            assert text[int(found.group(2)) : int(found.group(3))].strip()
        else:
            assert "No consta" in cell["html"]


def test_a_comparison_goes_on_where_another_page_left_it(workbench: Workbench) -> None:
    comparisons = Comparisons(limit=3)
    assistant = workbench.assistant
    assert isinstance(assistant, Assistant)
    running = comparisons.running(assistant, Wanted(QUESTION))
    cells = running.upto(2)
    assert comparisons.running(assistant, Wanted(QUESTION)) is running
    assert running.upto(3)[:2] == cells
    assert running.total == 3
    assert comparisons.running(assistant, Wanted(QUESTION, offset=3)) is not running


def test_the_latest_comparisons_are_kept_and_no_more(workbench: Workbench) -> None:
    from assistant.workbench.comparing import KEPT

    comparisons = Comparisons()
    assistant = workbench.assistant
    assert isinstance(assistant, Assistant)
    first = comparisons.running(assistant, Wanted(QUESTION))
    for n in range(KEPT):
        comparisons.running(assistant, Wanted(f"{QUESTION} {n}"))
    assert comparisons.running(assistant, Wanted(QUESTION)) is not first


def test_notes_csv_and_figures_are_given(call: Callable[..., dict[str, Any]]) -> None:
    content = call("compare_csv", question=QUESTION, language="en")["csv"]
    assert content.startswith("subject,doc_id,")
    assert content.count("\r\n") == A_STEP + 3
    notes = call("compare_notes", question=QUESTION, language="en")
    assert HOSTILE not in notes["html"]
    figures = call("list_figures", term="families", language="en")
    assert figures["figures"] == A_STEP + 2
    assert HOSTILE not in figures["html"]
    assert "302 families" in figures["html"]
    assert call("list_figures", term="zeppelins", language="es")["figures"] == 0
    assert call("narrow", filter={})["total"] == A_STEP + 2


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"question": ""}, "compare_question"),
        ({"question": 7}, "compare_question"),
        ({}, "compare_question"),
        ({"question": "x" * 3000}, "compare_question"),
        ({"question": QUESTION, "filter": {"documents": ["none.txt"]}}, "compare_nothing"),
        ({"question": QUESTION, "filter": {"since": "2050"}}, "compare_nothing"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(
    asked: dict[str, Any], problem: str, call: Callable[..., dict[str, Any]]
) -> None:
    for name in ("compare_step", "compare_notes", "compare_csv"):
        assert call(name, **asked) == {"error": problem}
    assert problem in compare_html.WORDS.tables["en"]


@pytest.mark.parametrize("done", [-1, 10**9, "x", None, 1.5, True])
def test_a_place_that_is_none_begins_anew(done: object, call: Callable[..., dict[str, Any]]) -> None:
    reply = call("compare_step", question=QUESTION, done=done)
    assert reply["done"] == A_STEP


def test_what_a_page_wants_is_read_with_care() -> None:
    wanted = Wanted.from_json({"question": " a \n b ", "by": "<b>", "filter": 3, "offset": -4})
    assert (wanted.question, wanted.by, bool(wanted.where), wanted.offset) == ("a b", "document", False, 0)
    with pytest.raises(QuestionError):
        Wanted.from_json({"question": None})


def test_the_words_are_the_same_in_both_languages() -> None:
    own = json.loads(Path(compare_html.__file__).with_name("compare.json").read_text(encoding="utf-8"))
    assert own["en"].keys() == own["es"].keys()
    assert not own["en"].keys() & strings()["en"].keys()


def test_every_word_that_the_page_uses_is_there() -> None:
    script = (Path(compare_html.__file__).parent / "theme" / "compare.js").read_text(encoding="utf-8")
    keys = set(re.findall(r'words\("(\w+)"', script))
    table = compare_html.WORDS.tables["en"]
    assert keys
    assert {key for key in keys if key not in table and f"{key}_other" not in table} == set()
    assert compare_html.body_html()

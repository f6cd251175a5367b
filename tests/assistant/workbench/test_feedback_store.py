"""Feedback on answers: what is kept of a turn, files that survive crashes and several writers, cases out of turns."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.assistant import Assistant
from assistant.chat.metrics import Metrics
from assistant.chat.service import Asking, Service
from assistant.filters import Filter
from assistant.types import Answer, Citation
from assistant.workbench import asked, cases, feedback, journal, judging
from assistant.workbench.types import Rights, Workbench
from index.errors import SourceError
from index.types import Document

TEXT = "Prevent strengthened 5,500 justice operators.\nIt ran\tfrom 2018 to 2023.\r\nEl río Ucayali — sí.\n"


class Library:
    def __init__(self, **documents: str) -> None:
        self.documents = {f"{name}.txt": text for name, text in documents.items()}

    def doc_ids(self) -> list[str]:
        return list(self.documents)

    def document(self, doc_id: str) -> Document:
        if doc_id not in self.documents:
            raise SourceError(doc_id)
        return Document(doc_id, self.documents[doc_id], doc_id, "en", {})


LIBRARY = Library(prevent=TEXT, other="Nothing of interest stands here.")


def an_answer(question: str = "Who was strengthened?", **changes: object) -> Answer:
    citation = Citation(1, "prevent.txt", "Prevent", 0, 45, TEXT[:45])
    found = Answer(question, f"{TEXT[:45]} [1]", (citation,), (), False, 0.9, "en", {}, "g1")
    return replace(found, **changes)  # type: ignore[arg-type]


# The file


def test_a_half_written_last_line_is_passed_over_and_never_swallows_the_next(tmp_path: Path) -> None:
    path = tmp_path / "new" / "things.jsonl"
    journal.append(path, [{"n": 1, "said": "¿qué?\u2028\ud800"}])
    with path.open("ab") as file:
        file.write(b'{"n": 2, "sai')
    assert [row["n"] for row in journal.rows(path)] == [1]
    journal.append(path, [{"n": 3}, {"n": 4}])
    assert [row["n"] for row in journal.rows(path)] == [1, 3, 4]
    assert journal.rows(path)[0]["said"] == "¿qué?\u2028?"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(
    st.lists(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text())), max_size=5), st.integers(0)
)
def test_rows_come_back_wherever_a_crash_cuts_the_last_line(rows: list[dict[str, object]], cut: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        journal.append(path, rows)
        kept = json.loads(json.dumps(rows, ensure_ascii=False).encode("utf-8", "replace"))
        assert journal.rows(path) == kept
        if rows:
            content = path.read_bytes()
            last = len(content) - len(content[:-1].rsplit(b"\n", 1)[-1]) - 1
            path.write_bytes(content[: last + cut % (len(content) - last)])
            found = journal.rows(path)
            assert found[: len(rows) - 1] == kept[:-1]
            journal.append(path, [{"after": True}])
            assert journal.rows(path) == [*found, {"after": True}]


def test_several_processes_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    program = (
        "import sys; from pathlib import Path; from assistant.workbench import journal\n"
        "for n in range(40): journal.append(Path(sys.argv[1]), [{'by': sys.argv[2], 'n': n, 'long': 'x' * 5000}])"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(path), by]) for by in "abc"]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    found = [(row["by"], row["n"]) for row in journal.rows(path)]
    assert sorted(found) == [(by, n) for by in "abc" for n in range(40)]
    assert [n for by, n in found if by == "b"] == list(range(40))


def test_a_full_file_and_a_folder_that_cannot_be_written_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_BYTES", 100)
    path = tmp_path / "rows.jsonl"
    journal.append(path, [{"n": 1}])
    with pytest.raises(journal.JournalError, match="is full"):
        journal.append(path, [{"long": "x" * 100}])
    assert journal.rows(path) == [{"n": 1}]
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(journal.JournalError, match="cannot be written"):
        journal.append(tmp_path / "file" / "rows.jsonl", [{"n": 1}])


def test_what_a_full_disk_left_of_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.jsonl"
    journal.append(path, [{"n": 1}])
    whole = path.read_bytes()
    write = os.write

    def full(file: int, content: memoryview) -> int:
        if len(content) < 50:
            raise OSError(28, "No space left on device")
        return write(file, content[:60])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(journal.JournalError, match="No space left"):
        journal.append(path, [{"long": "x" * 80}])
    assert path.read_bytes() == whole


# Turns


def test_what_was_asked_is_kept_without_who_asked(tmp_path: Path, seed_assistant: Assistant) -> None:
    path = tmp_path / asked.FILE
    turns = asked.Turns(path)
    answered = turns.begin(an_answer())
    refusal = seed_assistant.ask("What is the capital of Mongolia?")
    assert refusal.abstained
    refused = turns.begin(refusal)
    narrowed = turns.begin(an_answer(where=Filter(languages=("en",))))
    turns.flush()
    assert len({answered, refused, narrowed}) == 3
    first, second, third = asked.read_asked(path)
    assert (first.question, first.abstained, first.narrowed) == ("Who was strengthened?", False, False)
    assert (second.id, second.abstained) == (refused, True)
    assert "Mongolia" in second.missing
    assert second.nearest[0] == refusal.hits[0].passage.doc_id
    assert third.narrowed
    kept = json.loads(path.read_text(encoding="utf-8").splitlines()[0])
    assert kept.keys() == {
        "id", "time", "question", "language", "abstained", "missing", "nearest", "narrowed", "index"
    }  # fmt: skip


def test_without_a_place_nothing_is_kept_and_turns_can_still_be_judged(tmp_path: Path) -> None:
    turns = asked.Turns(None)
    turn = turns.get(turns.begin(an_answer()))
    turns.flush()
    assert list(tmp_path.iterdir()) == []
    assert turn is not None
    assert turn["citations"][0]["quote"] == TEXT[:45]


def test_the_earliest_turns_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "REMEMBERED", 2)
    turns = asked.Turns(None)
    first, second, third = (turns.begin(an_answer()) for _ in range(3))
    assert turns.get(first) is None
    assert turns.get(second) is not None
    assert turns.get(third) is not None
    assert turns.get("made-up") is None


def test_a_place_that_cannot_be_written_stops_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    turns = asked.Turns(tmp_path / "file" / asked.FILE)
    for _ in range(3):
        turns.begin(an_answer())
        turns.flush()
    assert sum("not kept" in line for line in caplog.messages) == 1


def test_an_answer_in_the_chat_carries_an_id_of_its_own_once_it_is_whole(
    tmp_path: Path, seed_assistant: Assistant
) -> None:
    turns = asked.Turns(tmp_path / asked.FILE)
    workbench = Workbench(seed_assistant, tmp_path, Metrics(), turns=turns)
    service = Service(seed_assistant, judged=judging.judged(workbench))
    asking = Asking.of({"question": "How many justice operators did Prevent strengthen?", "language": "es"})
    first, again = list(service.stages(asking)), list(service.stages(asking))
    ids = [re.findall(r'data-turn="([^"]+)"', html) for html in (*first, *again)]
    assert ids[: len(first) - 1] == [[]] * (len(first) - 1)
    assert ids[len(first) - 1] != ids[-1]
    remembered = turns.get(ids[-1][0])
    assert remembered is not None
    assert remembered["question"] == asking.question
    assert judging.WORDS.text("es", "judge_up") in first[-1]
    turns.flush()
    assert len(asked.read_asked(tmp_path / asked.FILE)) == 2
    strangers = Workbench(seed_assistant, tmp_path, Metrics(), Rights(manage=False), turns=turns)
    assert "data-case" in first[-1]
    assert "data-case" not in judging.judged(strangers)(an_answer(), "en")
    assert judging.dialog_html(strangers) == ""
    assert [function.__name__ for function in judging.functions(strangers)] == ["judge"]


def test_a_case_of_a_turn_that_is_still_remembered_begins_with_its_correction(
    tmp_path: Path, seed_assistant: Assistant
) -> None:
    turns = asked.Turns(tmp_path / asked.FILE)
    workbench = Workbench(seed_assistant, tmp_path, Metrics(), turns=turns)
    functions = {one.__name__: one for one in judging.functions(workbench)}
    turn = turns.begin(seed_assistant.ask("How many justice operators did Prevent strengthen?"))
    assert functions["case_form"]({"turn": turn})["answer"] == ""
    remembered = turns.get(turn)
    assert remembered is not None
    feedback.keep(workbench.folder / feedback.FILE, remembered, "down", "5,500 of them.")
    form = functions["case_form"]({"turn": turn})
    assert (form["answer"], form["quotes"][0]["musts"]) == ("5,500 of them.", ["5,500"])
    assert form["documents"]
    assert functions["case_form"]({"turn": "unknown"}) == {"error": "judge_gone"}


# Feedback


def test_what_is_said_last_of_a_turn_counts(tmp_path: Path) -> None:
    path = tmp_path / feedback.FILE
    turns = asked.Turns(None)
    one, two = (turns.get(turns.begin(an_answer(question))) for question in ("One?", "¿Dos?"))
    assert one is not None
    assert two is not None
    feedback.keep(path, one, "up")
    feedback.keep(path, two, "down", "  In 2023, not 2018. ", by="ana")
    feedback.keep(path, one, "down", "<b>No</b>")
    found = feedback.read_feedback(path)
    assert [(f.question, f.rating, f.correction, f.by) for f in found] == [
        ("One?", "down", "<b>No</b>", ""),
        ("¿Dos?", "down", "In 2023, not 2018.", "ana"),
    ]
    assert found[0].citations[0] == feedback.Quoted("prevent.txt", "Prevent", 0, 45, TEXT[:45])
    feedback.keep(path, one, "")
    assert [f.question for f in feedback.read_feedback(path)] == ["¿Dos?"]
    assert len(journal.rows(path)) == 4


@pytest.mark.parametrize(("rating", "correction"), [("sideways", ""), (1, ""), (None, ""), ("up", "x" * 4_001)])
def test_feedback_that_makes_no_sense_is_refused(tmp_path: Path, rating: object, correction: str) -> None:
    turns = asked.Turns(None)
    turn = turns.get(turns.begin(an_answer()))
    assert turn is not None
    with pytest.raises(feedback.FeedbackError):
        feedback.keep(tmp_path / feedback.FILE, turn, rating, correction)
    assert list(tmp_path.iterdir()) == []


# Cases


def request(**changes: object) -> dict[str, object]:
    quotes = [{"doc": "prevent.txt", "quote": "strengthened 5,500 justice operators"}]
    return {"question": " How many  were strengthened? ", "answerable": True, "quotes": quotes, **changes}


def test_a_case_is_a_line_of_a_question_set(tmp_path: Path) -> None:
    kept = cases.Cases(tmp_path / cases.FILE)
    case = kept.add(cases.case_of(request(must_include=["5,500"], answer="5,500 people"), LIBRARY, "en"))
    (line,) = (tmp_path / cases.FILE).read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "id": "case-0001",
        "question": "How many were strengthened?",
        "lang": "en",
        "type": "number",
        "answerable": True,
        "docs": ["prevent.txt"],
        "evidence": ["strengthened 5,500 justice operators"],
        "answer": "5,500 people",
        "must_include": ["5,500"],
    }
    assert kept.all() == [case]


def test_a_quote_is_taken_as_the_document_has_it(tmp_path: Path) -> None:
    quotes = [{"doc": "prevent.txt", "quote": " from 2018 to\n2023. El río "}]
    case = cases.case_of(request(quotes=quotes), LIBRARY, "es")
    assert case.evidence == ("from 2018 to 2023.\r\nEl río",)
    assert case.evidence[0] in TEXT
    assert case.answer == case.evidence[0]
    quotes[0]["quote"] = "It ran from 2018"
    assert cases.case_of(request(quotes=quotes), LIBRARY, "en").evidence == ("It ran\tfrom 2018",)


def test_a_case_that_the_documents_do_not_answer(tmp_path: Path) -> None:
    case = cases.case_of({"question": "Who won?", "answerable": False, "quotes": "nonsense"}, LIBRARY, "en")
    assert (case.answerable, case.docs, case.evidence, case.type) == (False, (), (), "unanswerable")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"question": "  "}, "empty"),
        ({"question": "x" * 2_001}, "2,001 characters"),
        ({"quotes": []}, "choose the quote"),
        ({"quotes": [{"doc": "prevent.txt", "quote": "  "}]}, "does not stand verbatim"),
        ({"quotes": [{"doc": "prevent.txt", "quote": "5.500 justice operators"}]}, "does not stand verbatim"),
        ({"quotes": [{"doc": "../secret.txt", "quote": "x"}]}, "not a document"),
        ({"quotes": [{"doc": "prevent.txt", "quote": "P"}] * 6}, "6 quotes"),
        ({"must_include": ["6,000"]}, '"6,000" does not stand'),
        ({"must_include": [str(n) for n in range(11)]}, "11 things"),
        ({"answer": "x" * 4_001}, "4,001 characters"),
    ],
)
def test_a_case_that_cannot_be_run_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(cases.CaseError, match=said):
        cases.case_of(request(**changes), LIBRARY, "en")


def test_the_same_question_is_one_case_and_a_new_one_has_an_id_of_its_own(tmp_path: Path) -> None:
    kept = cases.Cases(tmp_path / cases.FILE)
    for question in ("One?", "Two?", "Three?"):
        kept.add(cases.case_of(request(question=question), LIBRARY, "en"))
    again = kept.add(cases.case_of(request(question="two?", answer="better"), LIBRARY, "en"))
    assert (again.id, [case.question for case in kept.all()]) == ("case-0002", ["One?", "two?", "Three?"])
    assert kept.remove("case-0001")
    assert not kept.remove("case-0001")
    assert kept.add(cases.case_of(request(question="Four?"), LIBRARY, "en")).id == "case-0004"


def test_many_at_once_lose_no_case(tmp_path: Path) -> None:
    def add(number: int) -> None:
        cases.Cases(tmp_path / cases.FILE).add(cases.case_of(request(question=f"Number {number}?"), LIBRARY, "en"))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = cases.Cases(tmp_path / cases.FILE).all()
    assert sorted(case.id for case in found) == [f"case-{n:04d}" for n in range(1, 13)]


def test_cases_whose_quote_is_gone_are_named(tmp_path: Path) -> None:
    kept = cases.Cases(tmp_path / cases.FILE)
    kept.add(cases.case_of(request(), LIBRARY, "en"))
    kept.add(cases.case_of({"question": "Who won?", "answerable": False}, LIBRARY, "en"))
    assert cases.vanished(kept.all(), LIBRARY) == set()
    changed = Library(prevent=TEXT.replace("5,500", "5,600"), other="")
    assert cases.vanished(kept.all(), changed) == {"case-0001"}
    assert cases.vanished(kept.all(), Library(other="")) == {"case-0001"}


@pytest.mark.parametrize(
    ("quote", "answer", "expected"),
    [
        ("It helped 5,500 people.", "", ["5,500"]),
        # Which one was asked for, nobody can tell without an answer.
        ("It helped 5,500 people on 200,000 hectares.", "", []),
        ("It helped 5,500 people on 200,000 hectares.", "Some 200,000 of them", ["200,000"]),
        ("USAID gave US$ 15 million, 20% more.", "US$ 15 million", ["US$ 15"]),
        ("USAID gave 20% more.", "", ["20%"]),
        ("Orquesta Explosión", "", ["Orquesta Explosión"]),
        ("A long sentence without any figure that nobody would want to see quoted word for word.", "", []),
    ],
)
def test_what_must_be_cited_is_proposed(quote: str, answer: str, expected: list[str]) -> None:
    assert cases.proposed_musts(quote, answer) == expected
    quotes = [{"doc": "a.txt", "quote": quote}]
    assert cases.case_of(request(quotes=quotes, must_include=expected), Library(a=quote), "en").must_include == tuple(
        expected
    )

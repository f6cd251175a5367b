"""Sets that may be run, and runs: one at a time, in a process of their own, with their end written down."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from assistant.assistant import Assistant
from assistant.workbench import evaluator as evaluators
from assistant.workbench import process, sets
from assistant.workbench.evaluator import Comparison, Figure
from assistant.workbench.runs import Run, RunError, Runs
from index.errors import QuipuError

ROW = {"id": "q", "question": "Who?", "lang": "en", "type": "fact", "answerable": False, "docs": [], "evidence": [],
       "answer": "", "must_include": []}  # fmt: skip
FIGURE = Figure("small", "right", "Right", "…", "0.500", "0.1–0.9", 2, False)


class Scripted:
    """Evaluates with a program of the test's own."""

    def __init__(self, program: str) -> None:
        self.program = program

    def problems(self, path: Path, text_of: Callable[[str], str | None], most: int) -> Sequence[str]:
        return ()

    def command(self, question_set: Path, index: Path, out: Path) -> Sequence[str]:
        return [sys.executable, "-c", self.program, str(question_set), str(out)]

    def headline(self, out: Path) -> Sequence[Figure]:
        if not (out / "report.html").is_file():
            raise QuipuError("there is no report")
        return [FIGURE]

    def compare(self, before: Path, after: Path) -> Sequence[Comparison]:
        return ()


DONE = """
import json, sys, pathlib
for n in range(3): print(json.dumps({"stage": "asking", "done": n + 1, "total": 3}))
out = pathlib.Path(sys.argv[2]); out.mkdir()
(out / "report.html").write_text(pathlib.Path(sys.argv[1]).read_text())
"""
WAITS = """
import time
print('{"stage": "asking", "done": 1, "total": 9}', flush=True)
time.sleep(60)
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.jsonl"
    path.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[str], Runs]]:
    made: list[Runs] = []

    def runs(program: str) -> Runs:
        made.append(Runs(tmp_path / "workbench", tmp_path / "index", Scripted(program)))
        return made[-1]

    yield runs
    for one in made:
        one.close()


def ended(runs: Runs, run: Run) -> Run:
    for _ in range(600):
        found = runs.get(run.id)
        if found is not None and found.status != "running" and runs.running() is None:
            return found
        time.sleep(0.02)
    raise AssertionError("the run did not end")


def going(runs: Runs, run: Run) -> Run:
    for _ in range(600):
        found = runs.get(run.id)
        if found is not None and found.done:
            return found
        time.sleep(0.02)
    raise AssertionError("the run did not begin")


def test_a_run_is_of_the_set_as_it_was_and_ends_with_its_figures(
    make: Callable[[str], Runs], small: Path, tmp_path: Path
) -> None:
    runs = make(DONE)
    begun = runs.start(small, questions=1, by="ana", index="g1")
    small.write_text("changed", encoding="utf-8")
    run = ended(runs, begun)
    assert (run.status, run.by, run.index, run.figures, run.done) == ("done", "ana", "g1", (FIGURE,), 3)
    report = runs.report(run.id)
    assert report is not None
    assert json.loads(report.read_text(encoding="utf-8")) == ROW
    # Another server over the same index reads the same.
    assert Runs(tmp_path / "workbench", tmp_path / "index", Scripted("")).all() == [run]
    assert runs.remove(run.id)
    assert runs.all() == []
    assert runs.report(run.id) is None


def test_one_run_at_a_time_also_beside_another_server(make: Callable[[str], Runs], small: Path) -> None:
    runs, other = make(WAITS), make(DONE)
    run = runs.start(small, questions=1)
    assert going(runs, run).status == "running"
    with pytest.raises(RunError, match="small is being run"):
        runs.start(small, questions=1)
    with pytest.raises(RunError, match="another server"):
        other.start(small, questions=1)
    with pytest.raises(RunError, match="stop it before"):
        runs.remove(run.id)
    assert not other.stop(run.id)
    seen = other.get(run.id)
    assert seen is not None
    assert seen.status == "running"
    assert runs.stop(run.id)
    assert ended(runs, run).status == "stopped"
    assert ended(other, other.start(small, questions=1)).status == "done"


def test_what_a_run_started_ends_with_it(
    make: Callable[[str], Runs], small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"
    program = f"""
import pathlib, subprocess, sys, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path({str(child)!r}).write_text(str(helper.pid))
print('{{"stage": "asking", "done": 1, "total": 9}}', flush=True)
helper.wait()
import time; time.sleep(60)
"""
    runs = make(program)
    run = runs.start(small, questions=1)
    going(runs, run)
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.3)
    runs.close()
    assert ended(runs, run).status == "stopped"
    pid = int(child.read_text())
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            break
        time.sleep(0.02)
    else:
        raise AssertionError("the helper lives on")


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ('print(\'{"error": "small.jsonl:1: not JSON"}\'); raise SystemExit(1)', "small.jsonl:1: not JSON"),
        ("raise ValueError('a bug')", "ValueError: a bug"),
        ("import os; os.kill(os.getpid(), 9)", "code -9"),
        ("print('nonsense'); print('[1]'); print('{\"stage\": 1}')", "there is no report"),
    ],
)
def test_a_run_that_fails_says_why(
    program: str, said: str, make: Callable[[str], Runs], small: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    runs = make(program)
    run = ended(runs, runs.start(small, questions=1))
    assert run.status == "failed"
    assert said in run.error
    with pytest.raises(RunError):
        runs.out(run.id)


def test_a_run_whose_server_died_was_interrupted(make: Callable[[str], Runs], small: Path, tmp_path: Path) -> None:
    runs = make(DONE)
    run = ended(runs, runs.start(small, questions=1))
    path = tmp_path / "workbench" / "runs" / run.id / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | {"status": "running"}), encoding="utf-8")
    assert [one.status for one in runs.all()] == ["interrupted"]
    with FileLock(tmp_path / "workbench" / "runs" / "running.lock"):
        assert [one.status for one in runs.all()] == ["running"]
    path.write_text("{", encoding="utf-8")
    assert runs.all() == []


def test_runs_are_named_by_their_own_ids_only(make: Callable[[str], Runs], tmp_path: Path) -> None:
    runs = make(DONE)
    (tmp_path / "workbench" / "secret").mkdir(parents=True)
    for name in ("../secret", "", ".", "/etc", "20260101-000000-abcde/"):
        assert runs.get(name) is None
        assert runs.report(name) is None
        assert not runs.remove(name)
        assert not runs.stop(name)
    assert (tmp_path / "workbench" / "secret").is_dir()


# Sets


def test_cases_come_first_then_uploads_then_what_was_found(tmp_path: Path) -> None:
    workbench, named, source = tmp_path / "workbench", tmp_path / "named", tmp_path / "there" / "documents"
    beside = source.parent / "eval" / "sets"
    for folder in (workbench / "sets", named, source, beside):
        folder.mkdir(parents=True)
    line = json.dumps(ROW) + "\n"
    (workbench / "cases.jsonl").write_text(line * 2)
    (workbench / "sets" / "mine.jsonl").write_text(line + "\n" + line + line)
    (named / "b.jsonl").write_text(line)
    (named / "a.jsonl").write_text(line)
    (named / "queries.jsonl").write_text('{"_id": "1", "text": "x"}\n')
    (named / "broken.jsonl").write_text("{")
    (named / "empty.jsonl").write_text("")
    (named / "notes.txt").write_text(line)
    (beside / "c.jsonl").write_text(line)
    found = sets.find_sets(workbench, [named, *sets.neighbours(source), tmp_path / "gone"])
    assert [(one.key, one.name, one.questions) for one in found] == [
        ("cases", "cases", 2), ("uploaded/mine.jsonl", "mine", 3), ("found/0/a.jsonl", "a", 1), ("found/0/b.jsonl", "b", 1),
        ("found/1/c.jsonl", "c", 1),
    ]  # fmt: skip


def test_an_upload_is_kept_under_a_plain_name_and_replaces_its_like(tmp_path: Path) -> None:
    line = (json.dumps(ROW) + "\n").encode()
    for name in ("My set (1).jsonl", "..\\..\\My set (1).jsonl", "/etc/My set (1).JSONL"[:-6] + ".jsonl"):
        kept = sets.keep_upload(tmp_path, name, line, lambda _: ())
        assert (kept.key, kept.questions) == ("uploaded/My-set-1.jsonl", 1)
    assert [one.name for one in sets.find_sets(tmp_path)] == ["My-set-1"]
    assert sets.remove_upload(tmp_path, kept.key)
    assert not sets.remove_upload(tmp_path, kept.key)
    assert not sets.remove_upload(tmp_path, "../My-set-1.jsonl")
    assert sets.find_sets(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("set.json", b"{}", "ends in .jsonl"),
        ("...jsonl", b"{}", "ends in .jsonl"),
        ("a.jsonl", b" " * (sets.LARGEST + 1), "bytes"),
        ("a.jsonl", b"{}\n" * (sets.MOST_QUESTIONS + 1), "10,001 questions"),
    ],
)
def test_an_upload_past_the_limits_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(sets.SetFileError, match=said):
        sets.keep_upload(tmp_path, name, content, lambda _: ())
    assert sets.find_sets(tmp_path) == []


def test_a_set_with_problems_is_not_kept_and_the_one_before_stays(tmp_path: Path) -> None:
    line = (json.dumps(ROW) + "\n").encode()
    sets.keep_upload(tmp_path, "a.jsonl", line, lambda _: ())
    with pytest.raises(sets.SetFileError) as refused:
        sets.keep_upload(tmp_path, "a.jsonl", b"nonsense", lambda path: [f"{path.name}:1: not JSON"])
    assert refused.value.problems == ("a.jsonl:1: not JSON",)
    assert [one.questions for one in sets.find_sets(tmp_path)] == [1]


def test_no_more_sets_are_kept_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "MOST_UPLOADED", 1)
    line = (json.dumps(ROW) + "\n").encode()
    sets.keep_upload(tmp_path, "a.jsonl", line, lambda _: ())
    sets.keep_upload(tmp_path, "a.jsonl", line, lambda _: ())
    with pytest.raises(sets.SetFileError, match="remove one first"):
        sets.keep_upload(tmp_path, "b.jsonl", line, lambda _: ())


# The evaluator that ships with Quipu


def test_without_an_evaluator_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def load(self) -> Any:
            raise ImportError("no package called ir_measures")

    monkeypatch.setattr(evaluators, "entry_points", lambda group: [Missing()])
    assert evaluators.find_evaluator() is None


def test_all_lines_of_a_set_are_checked(seed_assistant: Assistant, tmp_path: Path) -> None:
    from eval import workbench

    doc_id = seed_assistant.doc_ids()[0]
    good = {
        **ROW,
        "answerable": True,
        "docs": [doc_id],
        "evidence": [seed_assistant.document(doc_id).text[:40]],
        "answer": "x",
    }
    rows = [good | {"id": "1"}, {**ROW, "id": "1"}, {**ROW, "id": ""}, {**good, "id": "4", "evidence": ["nowhere"]}]
    path = tmp_path / "set.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows) + "{", encoding="utf-8")

    def text_of(name: str) -> str | None:
        return seed_assistant.document(name).text if name == doc_id else None

    found = workbench.problems(path, text_of, 20)
    assert [problem.split(" ")[0] for problem in found] == [f"set.jsonl:{number}:" for number in (2, 3, 4, 5)]
    assert len(workbench.problems(path, text_of, 2)) == 2
    path.write_text(json.dumps(good) + "\n\n", encoding="utf-8")
    assert workbench.problems(path, text_of, 20) == []
    path.write_text("\n", encoding="utf-8")
    assert "holds no question" in workbench.problems(path, text_of, 20)[0]
    path.write_bytes(b"\xff")
    assert "not UTF-8" in workbench.problems(path, text_of, 20)[0]


def test_the_program_measures_a_set_and_says_how_far_it_is(seed_index: Path, tmp_path: Path) -> None:
    from eval import workbench

    path, out = tmp_path / "small.jsonl", tmp_path / "out"
    rows = [{**ROW, "id": str(n), "question": f"What is the capital of Mongolia ({n})?"} for n in range(3)]
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    done = subprocess.run(
        workbench.command(path, seed_index, out), capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[0]["stage"] == "opening"
    assert told[-1] == {"stage": "asking", "done": 3, "total": 3}
    figures = {figure.name: figure for figure in workbench.headline(out)}
    assert figures["answered_unanswerable"].value == "0.000"
    assert figures["answered_unanswerable"].questions == 3
    (same,) = workbench.compare(out, out)
    assert {change.better for change in same.changes} == {None}
    path.write_text("nonsense\n", encoding="utf-8")
    failed = subprocess.run(
        workbench.command(path, seed_index, out), capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert failed.returncode == 1
    assert json.loads(failed.stdout.splitlines()[-1])["error"].startswith("small.jsonl:1: not JSON")


def test_a_report_runs_its_scripts_in_an_origin_of_its_own_and_in_our_frame_alone() -> None:
    from assistant.chat.guard import Guard

    def headers(path: str) -> dict[bytes, bytes]:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            kind = [(b"content-type", b"text/html"), (b"x-frame-options", b"ALLOWALL")]
            await send({"type": "http.response.start", "status": 200, "headers": kind})
            await send({"type": "http.response.body", "body": b"<script>1</script>"})

        sent: list[dict[str, Any]] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"localhost")]}
        with pytest.raises(StopIteration):
            Guard(application, None)(scope, None, send).send(None)  # type: ignore[arg-type]
        return dict(sent[0]["headers"])

    report, page = headers("/evaluate/report"), headers("/evaluate")
    assert report[b"content-security-policy"].endswith(b"frame-ancestors 'self'; sandbox allow-scripts")
    assert b"connect-src" not in report[b"content-security-policy"]
    assert report[b"x-frame-options"] == b"SAMEORIGIN"
    assert b"frame-src 'self'" in page[b"content-security-policy"]
    assert b"frame-ancestors 'none'" in page[b"content-security-policy"]
    assert page[b"x-frame-options"] == b"DENY"

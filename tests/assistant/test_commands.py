"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from assistant.cli import cli

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
README = Path(__file__).parents[2] / "README.md"
QUESTION = "How many justice operators did Prevent strengthen?"
COMMANDS = sorted(cli.list_commands(click.Context(cli)))
ANSWER_KEYS = {
    "id",
    "question",
    "language",
    "answer",
    "abstained",
    "confidence",
    "citations",
    "hits",
    "timings_ms",
    "index",
}
CITATION_TYPES = {
    "marker": int,
    "doc_id": str,
    "title": str,
    "start": int,
    "end": int,
    "quote": str,
    "page": (int, type(None)),
    "headings": list,
}
HIT_TYPES = {"rank": int, "score": float, "doc_id": str, "start": int, "end": int, "text": str}
TIMINGS = {"embed", "search", "rerank", "read", "verify", "total"}


def run(*arguments: str | Path) -> Result:
    """Run a command in this process; fails if anything but a clean exit came out."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], prog_name="quipu")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def quipu(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, its output in pipes."""
    program = [sys.executable, "-c", "from assistant.cli import main; main()"]
    return subprocess.run(
        [*program, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        **options,
    )


def error_line(result: Result) -> str:
    """The error that was printed; checks that it is one line on stderr and that stdout is empty."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    assert result.stderr.rstrip().endswith(lines[0])
    assert result.stdout == ""
    return lines[0]


@pytest.fixture
def index(seed_index: Path, tmp_path: Path) -> Path:
    """A copy of the index over the seeds that a test may harm."""
    return Path(shutil.copytree(seed_index, tmp_path / "copy"))


def change_manifest(index: Path, **fields: object) -> None:
    from dataclasses import replace

    from index.store import live_folder, read_manifest, write_manifest

    folder = live_folder(index)
    write_manifest(folder, replace(read_manifest(folder), **fields))  # type: ignore[arg-type]


# Help and documentation


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_the_option_index(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    # The file of users belongs to a server, not to an index.
    assert "--index" in result.output or name == "user"
    assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_the_readme(name: str) -> None:
    assert f"quipu {name}" in README.read_text(encoding="utf-8")


def test_the_commands_of_the_contract_are_there() -> None:
    assert {"build", "search", "ask", "eval", "chat", "status", "verify"} <= set(COMMANDS)


def test_help_loads_no_heavy_library() -> None:
    program = (
        "import sys\nfrom assistant.cli import cli\n"
        "try: cli(['--help'], prog_name='quipu')\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'gradio', 'faiss', 'sentence_transformers', 'matplotlib', 'tantivy', 'lingua'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "quipu build" in done.stdout


def test_the_version_is_printed() -> None:
    result = run("--version")
    assert result.stdout.startswith("quipu ")
    assert result.exit_code == 0


# Building


def test_build_counts_what_it_made_and_then_finds_nothing_to_do(write_folder: WriteFolder, tmp_path: Path) -> None:
    source = write_folder({"río.txt": "El río Marañón nace en los Andes."})
    first = run("build", source, "--index", tmp_path / "i", "--model", "hash")
    assert first.exit_code == 0
    assert first.stdout.startswith(
        "built: 1 documents, 1 passages, 1 sentences; 2 texts encoded, 0 reused (generation 20"
    )
    second = run("build", source, "--index", tmp_path / "i", "--model", "hash")
    assert second.stdout.startswith("unchanged: 1 documents")
    assert second.stderr == ""


def test_build_json_has_the_counts_and_what_was_skipped(write_folder: WriteFolder, tmp_path: Path) -> None:
    source = write_folder({"a.txt": "Words.", "b.pdf": "x", "c\n.txt": b"\x00"})
    result = run("build", source, "--index", tmp_path / "i", "--model", "hash", "--json")
    content = json.loads(result.stdout)
    assert (content["documents"], content["unchanged"]) == (1, False)
    assert [s["doc_id"] for s in content["skipped"]] == ["b.pdf", "c\n.txt"]
    assert result.exit_code == 0
    assert len(result.stderr.splitlines()) == 3, "a line for each skipped file, and how many"


def test_strict_fails_where_a_file_was_skipped_and_the_rest_is_searchable(
    write_folder: WriteFolder, tmp_path: Path
) -> None:
    source = write_folder({"a.txt": "Words of gold.", "b.txt": b"\x00\x01"})
    result = run("build", source, "--index", tmp_path / "i", "--model", "hash", "--strict")
    assert result.exit_code == 1
    assert "skipped 'b.txt': is not text" in result.stderr
    assert "gold" in run("search", "gold", "--index", tmp_path / "i").stdout
    (source / "b.txt").unlink()
    assert run("build", source, "--index", tmp_path / "i", "--model", "hash", "--strict").exit_code == 0


def test_spanish_in_windows_1252_is_built_and_found(write_folder: WriteFolder, tmp_path: Path) -> None:
    source = write_folder({"a.txt": "El señor Núñez protege los árboles.".encode("cp1252")})
    assert run("build", source, "--index", tmp_path / "i", "--model", "hash", "--strict").exit_code == 0
    assert "Núñez" in run("search", "nunez", "--index", tmp_path / "i").stdout


@pytest.mark.parametrize("files", [None, {}, {"b.odt": "x"}])
def test_a_missing_or_empty_source_is_one_clear_line(
    write_folder: WriteFolder, tmp_path: Path, files: Mapping[str, str] | None
) -> None:
    source = tmp_path / "gone" if files is None else write_folder(files)
    result = run("build", source, "--index", tmp_path / "i", "--model", "hash")
    assert result.exit_code == 1
    assert str(source) in error_line(result)
    assert not (tmp_path / "i").exists()


def test_a_malformed_metadata_file_is_one_clear_line(write_folder: WriteFolder, tmp_path: Path) -> None:
    source = write_folder({"a.txt": "x", "metadata.yaml": "a.txt: [1\n\n\n"})
    result = run("build", source, "--index", tmp_path / "i", "--model", "hash")
    assert result.exit_code == 1
    assert "metadata.yaml" in error_line(result)


def test_an_unknown_model_is_one_clear_line_that_lists_the_known_ones(
    write_folder: WriteFolder, tmp_path: Path
) -> None:
    result = run("build", write_folder({"a.txt": "x"}), "--index", tmp_path / "i", "--model", "no-such-model")
    assert result.exit_code == 1
    assert "multilingual-e5-small" in error_line(result)


# Asking and searching


def check_answer(content: dict[str, Any]) -> None:
    """The shape of one answer, by the contract."""
    assert set(content) == ANSWER_KEYS
    assert isinstance(content["question"], str)
    assert content["language"] in ("en", "es")
    assert isinstance(content["answer"], str)
    assert isinstance(content["abstained"], bool)
    assert isinstance(content["confidence"], float)
    assert 0 <= content["confidence"] <= 1
    assert set(content["timings_ms"]) == TIMINGS
    assert all(isinstance(ms, float) for ms in content["timings_ms"].values())
    assert isinstance(content["index"], str)
    for citation in content["citations"]:
        assert set(citation) == set(CITATION_TYPES)
        assert all(isinstance(citation[name], kind) for name, kind in CITATION_TYPES.items())
        assert f"[{citation['marker']}]" in content["answer"]
    for hit in content["hits"]:
        assert set(hit) == set(HIT_TYPES)
        assert all(isinstance(hit[name], kind) for name, kind in HIT_TYPES.items())


def test_ask_json_has_the_shape_of_the_contract_and_quotes_the_file(seed_index: Path, seeds: Path) -> None:
    result = run("ask", QUESTION, "--json", "--index", seed_index)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1
    content = json.loads(result.stdout)
    check_answer(content)
    assert content["id"] is None
    assert content["question"] == QUESTION
    for citation in content["citations"]:
        text = (seeds / citation["doc_id"]).read_bytes().decode("utf-8")
        assert text[citation["start"] : citation["end"]] == citation["quote"]


def test_ask_for_people_prints_the_answer_and_its_sources(seed_index: Path) -> None:
    content = json.loads(run("ask", QUESTION, "--json", "--index", seed_index).stdout)
    result = run("ask", QUESTION, "--index", seed_index)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    shown = content["citations"] or content["hits"][:3]
    assert all(f"{place['doc_id']}:{place['start']}-{place['end']}" in result.stdout for place in shown)


def test_a_refusal_exits_with_0_and_shows_the_nearest_passages(seed_index: Path) -> None:
    result = run("ask", "What is the capital of Mongolia?", "--index", seed_index)
    assert result.exit_code == 0
    assert result.stdout.startswith("The documents do not say.")
    assert "Mongolia" in result.stdout.splitlines()[0]


def test_questions_of_a_file_are_answered_in_order_one_line_each(seed_index: Path, tmp_path: Path) -> None:
    questions = ["Who funds ABA ROLI?", "¿Qué regiones prioriza USAID?\u2028", "gold 🌳"]
    lines = [
        json.dumps({"id": f"q{n}", "question": q, "lang": "en"}, ensure_ascii=False) for n, q in enumerate(questions)
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("\ufeff" + "\r\n\n".join(lines), encoding="utf-8")
    result = run("ask", "--questions", file, "--json", "--index", seed_index)
    assert result.exit_code == 0
    answers = [json.loads(line) for line in result.stdout.split("\n")[:-1]]
    assert [(a["id"], a["question"]) for a in answers] == [(f"q{n}", q) for n, q in enumerate(questions)]
    for answer in answers:
        check_answer(answer)
    (tmp_path / "a.jsonl").write_text(result.stdout, encoding="utf-8")
    assert run("verify", tmp_path / "a.jsonl", "--index", seed_index).exit_code == 0


def test_a_question_that_cannot_be_asked_does_not_stop_the_others(seed_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    questions = ["gold mining", "", "x" * 20_000, "\ud800 broken", "illegal logging"]
    file.write_text("\n".join(json.dumps({"id": i, "question": q}) for i, q in enumerate(questions)), encoding="utf-8")
    result = run("ask", "--questions", file, "--json", "--index", seed_index)
    assert result.exit_code == 1
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [a["id"] for a in answers] == ["0", "1", "2", "3", "4"]
    for answer in answers:
        check_answer(answer)
    assert result.stderr.splitlines()[-1] == "Error: 2 of 5 questions could not be asked; each is named above"
    assert result.stderr.startswith("1: the question is empty")


def test_search_json_and_plain_lines_agree(seed_index: Path) -> None:
    content = json.loads(run("search", "gold mining", "-k", "3", "--json", "--index", seed_index).stdout)
    assert set(content) == {"query", "hits", "index"}
    assert [hit["rank"] for hit in content["hits"]] == [1, 2, 3]
    plain = run("search", "gold mining", "-k", "3", "--index", seed_index).stdout.splitlines()
    rows = [line.split("\t") for line in plain]
    assert [(row[0], row[2]) for row in rows] == [
        (str(hit["rank"]), f"{hit['doc_id']}:{hit['start']}-{hit['end']}") for hit in content["hits"]
    ]
    assert all(len(row) == 4 for row in rows)


def test_a_run_has_each_document_once_with_falling_scores(seed_index: Path, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"_id": "a 1", "text": "gold mining"}\n{"_id": 2, "text": "¿minería?"}\n', encoding="utf-8")
    result = run("search", "--queries", queries, "-k", "4", "--run", tmp_path / "out.trec", "--index", seed_index)
    assert (result.exit_code, result.stdout) == (0, "")
    rows = [line.split(" ") for line in (tmp_path / "out.trec").read_text(encoding="utf-8").splitlines()]
    assert all(len(row) == 6 and row[1] == "Q0" and row[5] == "quipu" for row in rows)
    for query in ("a%201", "2"):
        own = [row for row in rows if row[0] == query]
        assert [int(row[3]) for row in own] == [1, 2, 3, 4]
        assert len({row[2] for row in own}) == 4
        scores = [float(row[4]) for row in own]
        assert scores == sorted(scores, reverse=True)
    piped = run("search", "--queries", queries, "-k", "4", "--run", "-", "--index", seed_index)
    assert piped.stdout == (tmp_path / "out.trec").read_text(encoding="utf-8")


def test_a_query_that_cannot_be_searched_is_named_and_the_others_are_in_the_run(
    seed_index: Path, tmp_path: Path
) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"_id": "x", "text": " "}\n{"_id": "y", "text": "gold"}\n', encoding="utf-8")
    result = run("search", "--queries", queries, "--run", tmp_path / "out.trec", "--index", seed_index)
    assert result.exit_code == 1
    assert result.stderr.startswith("x: the question is empty")
    assert {line.split()[0] for line in (tmp_path / "out.trec").read_text(encoding="utf-8").splitlines()} == {"y"}


# Wrong usage and bad input


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize(("question", "said"), [("", "empty"), (" \t", "empty"), ("x" * 20_000, "20,000 characters")])
def test_a_question_that_cannot_be_asked_is_wrong_usage(
    seed_index: Path, command: str, question: str, said: str
) -> None:
    result = run(command, question, "--index", seed_index)
    assert result.exit_code == 2
    assert said in error_line(result)


@pytest.mark.parametrize("question", ["🤷🤷🤷", "?", "\udcff\udcfe", "-", "العربية"])
def test_a_question_without_known_words_is_refused_kindly(seed_index: Path, question: str) -> None:
    result = run("ask", "--json", "--index", seed_index, "--", question)
    assert result.exit_code == 0
    content = json.loads(result.stdout)
    check_answer(content)
    assert content["abstained"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["search"],
        ["ask", "x", "--questions", "f"],
        ["search", "x", "--queries", "f"],
        ["search", "--queries", "f"],
        ["search", "x", "-k", "0"],
        ["ask", "x", "-k", "many"],
        ["chat", "--port", "70000"],
        ["nonsense"],
        ["ask", "x", "--nonsense"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["ask", "x"], ["search", "x"], ["status"], ["verify"], ["chat"]])
def test_a_missing_index_is_one_clear_line(tmp_path: Path, arguments: list[str]) -> None:
    for place in (tmp_path / "none", tmp_path):
        result = run(*arguments, "--index", place)
        assert result.exit_code == 1
        assert f"no index at {place}; run quipu build" in error_line(result)


@pytest.mark.parametrize("arguments", [["ask", "x"], ["search", "x"], ["status"], ["verify"]])
def test_a_newer_format_is_one_clear_line(index: Path, arguments: list[str]) -> None:
    change_manifest(index, format_version=7)
    result = run(*arguments, "--index", index)
    assert result.exit_code == 1
    assert "format 7, expected 2; install a newer quipu" in error_line(result)


def test_an_index_of_another_model_is_one_clear_line(index: Path) -> None:
    change_manifest(index, model_sha256="0" * 64)
    result = run("ask", "x", "--index", index)
    assert result.exit_code == 1
    assert "was built with the model hash" in error_line(result)


def test_an_index_of_a_model_that_is_gone_is_one_clear_line(index: Path) -> None:
    change_manifest(index, model_name="./models/gone")
    result = run("ask", "x", "--index", index)
    assert result.exit_code == 1
    assert "./models/gone" in error_line(result)


def test_a_damaged_index_is_one_clear_line(index: Path) -> None:
    from index.store import live_folder

    (live_folder(index) / "sentences.npy").write_bytes(b"")
    result = run("ask", "x", "--index", index)
    assert result.exit_code == 1
    assert "damaged: sentences.npy has 0 bytes" in error_line(result)
    found = run("verify", "--index", index, "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["wrong"][0].startswith("sentences.npy has 0 bytes")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('{"id": "a", "question": "x"}\nnonsense\n', 2),
        ('{"id": "a"}\n', 1),
        ('\n\n["list"]\n', 3),
        ("[" * 50_000, 1),
        ('{"id": "a", "question": 7}', 1),
        ('{"id": [], "question": "x"}', 1),
    ],
)
def test_a_line_that_is_no_question_is_named_by_file_and_number(
    seed_index: Path, tmp_path: Path, content: str, line: int
) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(content, encoding="utf-8")
    result = run("ask", "--questions", file, "--json", "--index", seed_index)
    assert result.exit_code == 1
    assert f"{file}, line {line}: expected a JSON object" in error_line(result)


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "latin-1"])
def test_a_question_file_that_cannot_be_read_is_named(seed_index: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "q.jsonl"
    if kind == "empty":
        file.write_text("\n", encoding="utf-8")
    elif kind == "folder":
        file.mkdir()
    elif kind == "latin-1":
        file.write_bytes('{"question": "¿Qué?"}'.encode("latin-1"))
    result = run("ask", "--questions", file, "--index", seed_index)
    assert result.exit_code == 1
    assert str(file) in error_line(result)


def test_a_run_that_cannot_be_written_is_named(seed_index: Path, tmp_path: Path) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text('{"_id": "y", "text": "gold"}', encoding="utf-8")
    result = run("search", "--queries", queries, "--run", tmp_path / "no" / "out.trec", "--index", seed_index)
    assert result.exit_code == 1
    assert "could not be written" in error_line(result)


# Status and verify


def test_status_json_tells_model_and_documents(seed_index: Path) -> None:
    content = json.loads(run("status", "--json", "--index", seed_index).stdout)
    assert content["model"] == "hash"
    assert (content["documents"], len(content["doc_ids"])) == (5, 5)
    assert "002_ed1a19cb0af9e84d.txt" in run("status", "--index", seed_index).stdout


def test_names_and_texts_of_documents_do_not_steer_the_terminal(write_folder: WriteFolder, tmp_path: Path) -> None:
    source = write_folder({"red\x1b[31m.txt": "Gold \x1b]0;owned\x07 is mined.", "bad\x1b[2J.pdf": "x"})
    built = run("build", source, "--index", tmp_path / "i", "--model", "hash")
    shown = [run(*command, "--index", tmp_path / "i") for command in (["ask", "gold"], ["search", "gold"], ["status"])]
    for result in (built, *shown):
        assert "\x1b" not in result.output
        assert "\x07" not in result.output


def test_verify_finds_nothing_wrong_with_a_whole_index(seed_index: Path) -> None:
    result = run("verify", "--index", seed_index)
    assert result.exit_code == 0
    assert result.stdout.endswith("checked, 0 wrong\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quote": "never said"}, "not in"),
        ({"start": 1, "end": 5}, "moved"),
        ({"doc_id": "gone.txt"}, "no document"),
        ({"quote": ""}, "not in"),
    ],
)
def test_verify_names_a_quote_that_does_not_stand(
    seed_index: Path, seeds: Path, tmp_path: Path, change: Mapping[str, object], said: str
) -> None:
    doc_id = "004_a036f7a8eb7d90be.txt"
    text = (seeds / doc_id).read_text(encoding="utf-8")
    start = text.index("Since 2012")
    good = {"marker": 1, "doc_id": doc_id, "start": start, "end": start + 10, "quote": "Since 2012"}
    file = tmp_path / "answers.jsonl"
    file.write_text(json.dumps({"citations": [good, {**good, "marker": 2, **change}]}) + "\n", encoding="utf-8")
    result = run("verify", file, "--index", seed_index, "--json")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    assert content["checked"] == 2
    assert len(content["wrong"]) == 1
    assert f"{file}, line 1, [2]: " in content["wrong"][0]
    assert said in content["wrong"][0]


def test_offsets_from_the_end_do_not_count_as_standing(seed_index: Path, seeds: Path, tmp_path: Path) -> None:
    doc_id = "004_a036f7a8eb7d90be.txt"
    text = (seeds / doc_id).read_text(encoding="utf-8")
    citation = {"marker": 1, "doc_id": doc_id, "start": -9, "end": -1, "quote": text[-9:-1]}
    file = tmp_path / "answers.jsonl"
    file.write_text(json.dumps({"citations": [citation]}), encoding="utf-8")
    assert run("verify", file, "--index", seed_index).exit_code == 1


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[]", '{"citations": 1}', '{"citations": [1]}', '{"citations": [{"marker": 1}]}', "[" * 50_000],
)
def test_verify_names_a_line_that_is_no_answer(seed_index: Path, tmp_path: Path, line: str) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text('{"citations": []}\n' + line, encoding="utf-8")
    result = run("verify", file, "--index", seed_index)
    assert result.exit_code == 1
    assert f"{file}, line 2: expected a line of" in error_line(result)


# In a process of its own


def test_stdout_in_a_pipe_holds_json_and_nothing_else_whatever_the_locale(seed_index: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "QUIPU_INDEX": str(seed_index)}
    done = quipu("ask", "¿Quién fue el cliente de Prevent? 🌳", "--json", env=environment)
    assert done.returncode == 0
    assert done.stderr == ""
    content = json.loads(done.stdout)
    check_answer(content)
    assert content["question"].endswith("🌳")


def test_a_reader_that_closes_the_pipe_early_ends_the_command_quietly(seed_index: Path, tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(json.dumps({"question": f"gold {n}"}) for n in range(40)), encoding="utf-8")
    program = f"{sys.executable} -c 'from assistant.cli import main; main()'"
    done = subprocess.run(
        ["bash", "-c", f"{program} ask --questions {file} --json --index {seed_index} | head -n 1"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_an_error_in_a_process_is_one_line_on_stderr(tmp_path: Path) -> None:
    done = quipu("ask", "x", "--index", tmp_path / "none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"Error: there is no index at {tmp_path / 'none'}; run quipu build, or name another place with --index"
    ]


def test_a_fault_of_quipu_itself_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import assistant.cli

    def fail(**_: object) -> None:
        raise RuntimeError("a part broke\nwith details")

    monkeypatch.setattr(assistant.cli, "cli", fail)
    monkeypatch.delenv("QUIPU_DEBUG", raising=False)
    with pytest.raises(SystemExit) as ended:
        assistant.cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "Error: quipu failed in a way it should not (RuntimeError: a part broke); set QUIPU_DEBUG=1 to see where"
    ]

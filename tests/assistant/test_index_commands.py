"""The commands that keep an index: what they print, and how they are stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assistant.cli import cli
from index.inspection import check
from index.store import current_generation

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
PROGRAM = [sys.executable, "-c", "from assistant.cli import main; main()"]


def interruptible() -> None:
    """Let a child hear SIGINT, also where the tests run in the background of a shell, which has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], prog_name="quipu")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def source(write_folder: WriteFolder) -> Path:
    return write_folder(
        {"law.txt": "The law of 2011.", "gold.txt": "Gold is mined by hand.", "old.txt": "An old road."}
    )


@pytest.fixture
def index(source: Path, tmp_path: Path) -> Path:
    assert run("build", source, "--index", tmp_path / "i", "--model", "hash").exit_code == 0
    return tmp_path / "i"


def change(source: Path) -> None:
    (source / "law.txt").write_text("The law of 2015.", encoding="utf-8")
    (source / "new.txt").write_text("A new road.", encoding="utf-8")
    (source / "old.txt").unlink()


def test_build_says_what_was_added_changed_and_removed(source: Path, index: Path) -> None:
    change(source)
    result = run("build", source, "--index", index, "--model", "hash")
    assert result.stderr.splitlines() == ["added 1: new.txt", "changed 1: law.txt", "removed 1: old.txt"]
    (source / "gold.txt").unlink()
    content = json.loads(run("build", source, "--index", index, "--model", "hash", "--json").stdout)
    assert (content["added"], content["changed"], content["removed"], content["kept"]) == ([], [], ["gold.txt"], 2)


def test_generations_are_listed_and_gone_back_to(source: Path, index: Path) -> None:
    first = current_generation(index)
    change(source)
    run("build", source, "--index", index, "--model", "hash", "--keep", "3")
    second = current_generation(index)
    lines = run("generations", "--index", index).stdout.splitlines()
    assert [line[:2] for line in lines] == ["* ", "  "]
    assert str(second) in lines[0]
    assert "3 documents" in lines[0]
    result = run("rollback", "--index", index)
    assert str(first) in result.stdout
    listed = json.loads(run("generations", "--index", index, "--json").stdout)
    assert [(one["generation"], one["live"]) for one in listed] == [(second, False), (first, True)]
    assert run("rollback", "--index", index).exit_code == 1
    assert run("rollback", "nonsense", "--index", index).stderr.startswith("Error: there is no generation")


def test_without_an_index_each_is_one_clear_line(tmp_path: Path) -> None:
    for command in (["generations"], ["rollback"], ["verify", "--repair"]):
        result = run(*command, "--index", tmp_path / "none")
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: there is no index at")


def test_verify_repairs_what_is_damaged(source: Path, index: Path) -> None:
    assert run("verify", "--repair", "--index", index).stderr == "the index was whole; nothing was repaired\n"
    (index / "generations" / str(current_generation(index)) / "sentences.npy").write_bytes(b"")
    assert run("verify", "--index", index).exit_code == 1
    result = run("verify", "--repair", "--index", index)
    assert result.exit_code == 0
    assert result.stderr.startswith("repaired: 0 texts encoded anew")
    assert result.stdout.endswith(" checked, 0 wrong\n")


def test_a_gate_that_is_not_there_is_wrong_usage(source: Path, index: Path) -> None:
    result = run("build", source, "--index", index, "--model", "hash", "--gate", source / "none.jsonl")
    assert result.exit_code == 2
    assert "none.jsonl: not found" in result.stderr


def test_the_gate_of_the_command_line_refuses_and_names_the_questions(
    source: Path, index: Path, tmp_path: Path
) -> None:
    line = {
        "id": "q1", "question": "How is gold mined?", "lang": "en", "type": "fact", "answerable": True,
        "docs": ["gold.txt"], "evidence": ["Gold is mined by hand."], "answer": "by hand", "must_include": [],
    }  # fmt: skip
    (tmp_path / "set.jsonl").write_text(json.dumps(line), encoding="utf-8")
    (source / "gold.txt").unlink()
    live = current_generation(index)
    result = run("build", source, "--index", index, "--model", "hash", "--gate", tmp_path / "set.jsonl")
    assert result.exit_code == 1
    assert "q1 (How is gold mined?)" in result.stderr
    assert current_generation(index) == live


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_ends_cleanly_and_goes_on_later(
    write_folder: WriteFolder, tmp_path: Path, stop: signal.Signals
) -> None:
    texts = {f"{n:03d}.txt": "\n\n".join(f"Village {m} of {n} has a port." for m in range(90)) for n in range(120)}
    source, index = write_folder(texts), tmp_path / "i"
    arguments = ["build", str(source), "--index", str(index), "--model", "hash"]
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible
    )
    cache = index / "cache" / "embeddings.sqlite-wal"
    while process.poll() is None and not (cache.exists() and cache.stat().st_size > 300_000):
        time.sleep(0.01)
    process.send_signal(stop)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert out == ""
    assert err.splitlines()[-1].startswith("Error: the build was stopped; the index is as it was")
    assert not (index / "build.json").exists()
    assert list((index / "generations").iterdir()) == []
    content = json.loads(run(*arguments, "--json").stdout)
    assert content["documents"] == 120
    assert content["encoded"] < content["passages"] + content["sentences"] - 200
    assert check(index)[1] == []


def test_watch_builds_at_once_and_after_each_change_and_goes_on_after_an_error(source: Path, tmp_path: Path) -> None:
    index = tmp_path / "i"
    arguments = ["watch", str(source), "--index", str(index), "--model", "hash", "--quiet-for", "0.2"]
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=interruptible,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.stdout.readline().startswith("built: 3 documents")
        (source / "new.txt").write_text("A new road.", encoding="utf-8")
        assert process.stdout.readline().startswith("built: 4 documents")
        (source / "metadata.yaml").write_text("law.txt: [", encoding="utf-8")
        while "metadata.yaml" not in (line := process.stderr.readline()) or not line.startswith("Error"):
            assert line
        (source / "metadata.yaml").unlink()
        assert process.stdout.readline().startswith("unchanged: 4 documents")
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err.splitlines()[-1] == "watching ended"
    assert check(index)[1] == []

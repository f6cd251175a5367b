"""`quipu show`, and the patterns of `quipu build`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.cli import cli
from index.build import build_index

FIRST = "La ley protege el río.\n\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    (folder / "ley.txt").write_text(FIRST + "Otra línea, con \x1b[31mcolor.\n\n" + "Relleno. " * 400, encoding="utf-8")
    (folder / "datos.csv").write_text("Región,Hectáreas\nUcayali,12\nLoreto,9\n", encoding="utf-8")
    place = tmp_path_factory.mktemp("index")
    build_index(folder, place, model="hash")
    return place


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_whole_text_is_printed_without_what_would_steer_a_terminal(index: Path) -> None:
    code, out, err = run("show", "ley.txt", "--index", index)
    assert code == 0
    assert out.startswith(FIRST + "Otra línea, con \N{REPLACEMENT CHARACTER}[31mcolor.")
    assert "ley.txt:0-" in err


def test_a_quote_can_be_checked_character_for_character(index: Path) -> None:
    code, out, _ = run("show", "ley.txt", "--at", "3", "--end", "20", "--index", index, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["text"] == FIRST[3:20]
    assert (found["start"], found["end"], found["page"]) == (3, 20, None)


def test_the_surroundings_of_a_place_say_its_row(index: Path) -> None:
    code, out, err = run("show", "datos.csv", "--at", "60", "--index", index)
    assert code == 0
    assert "- Región: Loreto | Hectáreas: 9" in out
    assert "row 3" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing.txt"], 1, "holds no document called 'nothing.txt'"),
        (["ley.txt", "--at", "99999"], 1, "lies behind its end"),
        (["ley.txt", "--end", "5"], 2, "--end needs --at"),
        (["ley.txt", "--at", "5", "--end", "5"], 2, "--end needs --at"),
    ],
)
def test_a_place_that_is_none_is_named(index: Path, arguments: list[str], code: int, message: str) -> None:
    found, _, err = run("show", *arguments, "--index", index)
    assert (found, message in err) == (code, True), err


def test_build_takes_patterns_and_names_copies(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("a.txt", "copy.txt", "b.md", "c.md"):
        (folder / name).write_text(
            "The same words, in each of the four." if name != "c.md" else "Others.", encoding="utf-8"
        )
    code, out, err = run("build", folder, "--index", tmp_path / "i", "--model", "hash", "--include", "*.txt", "--json")
    assert code == 0
    report = json.loads(out)
    assert report["documents"] == 2
    assert report["duplicates"] == [{"doc_id": "copy.txt", "cited_as": "a.txt"}]
    assert "'copy.txt' is nearly the same as 'a.txt', which is cited for both" in err
    code, out, _ = run(
        "build", folder, "--index", tmp_path / "i", "--model", "hash", "--exclude", "*.txt", "--exclude", "c*", "--json"
    )
    assert json.loads(out)["documents"] == 1

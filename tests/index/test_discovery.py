"""Which files are chosen: ignore files, patterns, order, links."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.discovery import SourceFile, discover
from index.errors import SourceError

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]


def found(folder: Path, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    return [file.doc_id for file in discover(folder, include=include, exclude=exclude) if isinstance(file, SourceFile)]


def test_an_ignore_file_leaves_out_what_git_would(write_folder: WriteFolder) -> None:
    rules = "# drafts\ndrafts/\n*.tmp.txt\n/top.txt\n!drafts/kept.txt\nsub/**/old.txt\n!keep.tmp.txt\n"
    files = ["a.txt", "drafts/x.txt", "drafts/kept.txt", "b.tmp.txt", "keep.tmp.txt", "top.txt", "sub/top.txt", "sub/p/q/old.txt"]  # fmt: skip
    folder = write_folder({".quipuignore": rules, **dict.fromkeys(files, "words")})
    assert found(folder) == ["a.txt", "keep.tmp.txt", "sub/top.txt"]


def test_an_ignore_file_in_a_folder_counts_below_it_and_has_the_last_word(write_folder: WriteFolder) -> None:
    folder = write_folder(
        {
            ".quipuignore": "*.csv\n", "a.csv": "1", "sub/.quipuignore": "!wanted.csv\n/here.txt\n",
            "sub/wanted.csv": "a,b", "sub/other.csv": "1", "sub/here.txt": "x", "sub/in/here.txt": "x", "here.txt": "x",
        }
    )  # fmt: skip
    assert found(folder) == ["here.txt", "sub/in/here.txt", "sub/wanted.csv"]


@pytest.mark.skipif(which("git") is None, reason="needs git")
@given(
    st.lists(
        st.sampled_from(
            [
                "*.txt",
                "a/",
                "/a",
                "b*",
                "!b.txt",
                "**/c",
                "a/**",
                "!a/b.txt",
                "c/*.md",
                "[ab].txt",
                "\\!x.txt",
                "x y.txt",
            ]
        ),
        max_size=5,
    )
)
@settings(max_examples=25)
def test_patterns_mean_what_they_mean_to_git(tmp_path_factory: pytest.TempPathFactory, rules: list[str]) -> None:
    names = [
        "a.txt",
        "b.txt",
        "!x.txt",
        "x y.txt",
        "a1/b.txt",
        "a/b.txt",
        "a/c.md",
        "c/d.md",
        "c/e/f.md",
        "b/c/g.txt",
        "bb.md",
    ]
    folder = tmp_path_factory.mktemp("git")
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words", encoding="utf-8")
    for ignore in (".quipuignore", ".gitignore"):
        (folder / ignore).write_text("\n".join(rules), encoding="utf-8")
    git = ["git", "-C", str(folder), "-c", "core.excludesFile=/dev/null"]
    subprocess.run([*git, "init", "-q"], check=True)
    listed = subprocess.run(
        [*git, "ls-files", "-co", "--exclude-standard", "-z"], check=True, capture_output=True, text=True
    )
    wanted = sorted(name for name in listed.stdout.split("\0") if name and not name.startswith("."))
    assert sorted(found(folder)) == wanted


def test_include_and_exclude_choose_by_pattern(write_folder: WriteFolder) -> None:
    folder = write_folder(dict.fromkeys(["a.txt", "b.md", "sub/c.txt", "sub/old/d.txt"], "words"))
    assert found(folder, include=("*.txt",)) == ["a.txt", "sub/c.txt", "sub/old/d.txt"]
    assert found(folder, include=("sub/**",)) == ["sub/c.txt", "sub/old/d.txt"]
    assert found(folder, exclude=("old/", "*.md")) == ["a.txt", "sub/c.txt"]
    assert found(folder, include=("*.txt",), exclude=("sub/",)) == ["a.txt"]


def test_a_pattern_that_is_none_is_refused(write_folder: WriteFolder) -> None:
    with pytest.raises(SourceError, match=r"--include holds a pattern that is none"):
        found(write_folder({"a.txt": "x"}), include=("!",))


def test_an_ignore_file_that_leads_outside_is_not_read(write_folder: WriteFolder, tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("*.txt", encoding="utf-8")
    folder = write_folder({"a.txt": "words"})
    (folder / ".quipuignore").symlink_to(tmp_path / "rules")
    assert found(folder) == ["a.txt"]


def test_files_come_one_at_a_time(write_folder: WriteFolder) -> None:
    folder = write_folder({f"{n:03}/{m}.txt": "x" for n in range(50) for m in range(4)})
    assert [file.doc_id for file in islice(discover(folder), 2)] == ["000/0.txt", "000/1.txt"]


@given(st.sets(st.text(alphabet="ab .-/ñ0", min_size=1, max_size=8), max_size=8))
@settings(max_examples=60)
def test_the_order_is_that_of_the_whole_paths(tmp_path_factory: pytest.TempPathFactory, names: set[str]) -> None:
    folder = tmp_path_factory.mktemp("order")
    for name in names:
        path = folder / f"{name.strip('/')}.txt"
        if all(part and not part.startswith(".") for part in path.relative_to(folder).parts):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("words", encoding="utf-8")
    listed = found(folder)
    assert listed == sorted(listed)


def test_two_names_that_are_written_alike_are_not_confused(write_folder: WriteFolder) -> None:
    import os

    folder = write_folder({r"caf\xe9.txt": "One."})
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Two.", encoding="utf-8")
    assert found(folder) == [r"caf\xe9.txt"]
    named = [entry for entry in discover(folder) if not isinstance(entry, SourceFile)]
    assert [entry.reason for entry in named] == [
        "has a name that is no UTF-8 and is written as another file's name; rename it"
    ]

"""Builds from a page: a process of their own, with the options of the build before, held by one at a time, stopped at will."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assistant.workbench.rebuilding import BUILT, FAILED, STOPPED, UNCHANGED, Builder, BuildRunningError, Outcome
from index.build import build_index
from index.lock import build_lock, read_activity
from index.store import current_generation, live_folder, read_manifest

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def source(write_folder: WriteFolder) -> Path:
    return write_folder({"a.txt": "A text about otters.", "b.log.txt": "A log."})


@pytest.fixture
def index(source: Path, tmp_path: Path) -> Path:
    place = tmp_path / "index"
    build_index(source, place, model="hash", exclude=["*.log.txt"], keep=3)
    return place


def ended(builder: Builder) -> Outcome:
    deadline = time.monotonic() + 120
    while builder.running():
        assert time.monotonic() < deadline, "the build does not end"
        time.sleep(0.05)
    found = builder.last()
    assert found is not None
    return found


def start(builder: Builder, index: Path) -> None:
    builder.start(read_manifest(live_folder(index)))


def test_a_build_takes_in_what_is_new_with_the_options_of_the_build_before(source: Path, index: Path) -> None:
    builder = Builder(index, index / "workbench")
    before = current_generation(index)
    (source / "c.txt").write_text("A text about herons.")
    start(builder, index)
    outcome = ended(builder)
    assert outcome.outcome == BUILT
    assert outcome.changes == {"added": 1, "changed": 0, "removed": 0, "skipped": 0, "duplicates": 0}
    manifest = read_manifest(live_folder(index))
    assert (manifest.documents, manifest.exclude, manifest.parent) == (2, ("*.log.txt",), before)
    start(builder, index)
    assert ended(builder).outcome == UNCHANGED
    assert Builder(index, index / "workbench").last() == builder.last()


def test_one_build_at_a_time(source: Path, index: Path) -> None:
    builder = Builder(index, index / "workbench")
    with build_lock(index), pytest.raises(BuildRunningError) as refused:
        start(builder, index)
    assert refused.value.activity is not None
    assert not builder.running()
    (source / "c.txt").write_text("A text about herons.")
    start(builder, index)
    with pytest.raises(BuildRunningError):
        start(builder, index)
    assert ended(builder).outcome == BUILT


def test_a_build_that_is_stopped_leaves_the_index_as_it_was(source: Path, index: Path) -> None:
    builder = Builder(index, index / "workbench")
    before = current_generation(index)
    for number in range(600):
        (source / f"{number}.txt").write_text("\n\n".join(f"Text {number} on {part} rivers." for part in range(40)))
    start(builder, index)
    deadline = time.monotonic() + 60
    while (found := read_activity(index)) is None or not found.stages:
        assert builder.running()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert builder.stop()
    assert ended(builder).outcome == STOPPED
    assert current_generation(index) == before
    assert read_activity(index) is None
    assert not builder.stop()


def test_a_build_that_fails_says_why_in_one_line(source: Path, index: Path) -> None:
    builder = Builder(index, index / "workbench")
    (source / "a.txt").unlink()
    start(builder, index)
    outcome = ended(builder)
    assert outcome.outcome == FAILED
    assert "holds no documents" in outcome.message
    assert "Traceback" not in outcome.message


def test_a_build_ends_with_its_server(source: Path, index: Path) -> None:
    builder = Builder(index, index / "workbench")
    for number in range(600):
        (source / f"{number}.txt").write_text("\n\n".join(f"Text {number} on {part} rivers." for part in range(40)))
    start(builder, index)
    time.sleep(0.3)
    builder.close()
    assert ended(builder).outcome == STOPPED
    assert read_activity(index) is None

"""A folder that changes is told of once it is quiet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from index import watching
from index.errors import SourceError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    return tmp_path / "source"


@pytest.fixture
def watched(source: Path) -> Iterator[Callable[..., Queue[float]]]:
    """Starts watching; the times at which a change was told come through the queue."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(quiet_for: float = 0.3, work: Callable[[], None] = lambda: None) -> Queue[float]:
        told: Queue[float] = Queue()

        def run() -> None:
            for _ in watching.changes(source, leave_out=source / "index", quiet_for=quiet_for, stop=stop):
                told.put(time.monotonic())
                work()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        told.get(timeout=10)  # The first comes at once.
        return told

    yield start
    stop.set()
    for thread in threads:
        thread.join(10)


def assert_silent(told: Queue[float], seconds: float = 1.0) -> None:
    with pytest.raises(Empty):
        told.get(timeout=seconds)


def test_a_burst_of_changes_is_told_once_after_it_has_ended(source: Path, watched: Callable[..., Queue[float]]) -> None:
    told = watched()
    for number in range(8):
        (source / f"{number}.txt").write_text("x", encoding="utf-8")
        time.sleep(0.1)
    last = time.monotonic()
    assert told.get(timeout=10) > last
    assert_silent(told)
    (source / "0.txt").unlink()
    told.get(timeout=10)


def test_hidden_files_and_the_index_do_not_count(source: Path, watched: Callable[..., Queue[float]]) -> None:
    (source / "index").mkdir()
    (source / ".git").mkdir()
    told = watched()
    (source / "index" / "CURRENT").write_text("x", encoding="utf-8")
    (source / ".git" / "x").write_text("x", encoding="utf-8")
    (source / ".a.txt.swp").write_text("x", encoding="utf-8")
    assert_silent(told)


def test_what_changes_during_a_build_is_told_after_it(source: Path, watched: Callable[..., Queue[float]]) -> None:
    changed = threading.Event()

    def work() -> None:
        if not changed.is_set():
            changed.set()
            (source / "during.txt").write_text("x", encoding="utf-8")
            time.sleep(0.8)

    told = watched(work=work)
    told.get(timeout=10)
    assert_silent(told)


def test_a_folder_that_is_never_quiet_is_told_of_all_the_same(
    source: Path, watched: Callable[..., Queue[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LONGEST_WAIT", 1.0)
    told = watched(quiet_for=5.0)
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        (source / "log.txt").write_text(str(time.monotonic()), encoding="utf-8")
        time.sleep(0.1)
    assert told.qsize() >= 1


def test_a_folder_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        next(watching.changes(tmp_path / "gone", leave_out=tmp_path, quiet_for=0.1))

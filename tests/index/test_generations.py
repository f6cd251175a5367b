"""Which generations are kept, going back to one, and mending what is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.build import BuildReport, build_index, discard
from index.embedding import Embedder
from index.errors import IndexDamagedError, IndexMissingError, QuipuError
from index.generations import generations, rollback
from index.inspection import check
from index.lock import FOREVER, build_lock, read_activity
from index.repair import repair
from index.store import current_generation, open_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
LONG = "\n\n".join(f"Village {n} has a school, a port and {n * 3} houses." for n in range(60))


@pytest.fixture
def source(write_folder: WriteFolder) -> Path:
    return write_folder({"law.txt": "Version 0 of the law.", "long.txt": LONG})


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def build(source: Path, index: Path, version: int, **options: object) -> BuildReport:
    (source / "law.txt").write_text(f"Version {version} of the law.", encoding="utf-8")
    return build_index(source, index, embedder=HashEmbedder(), **options)  # type: ignore[arg-type]


def law(index: Path) -> str:
    generation = open_generation(index)
    try:
        return generation.corpus.document("law.txt").text
    finally:
        generation.close()


def test_as_many_generations_are_kept_as_was_said(source: Path, index: Path) -> None:
    made = [build(source, index, n, keep=3).generation for n in range(6)]
    assert [kept.name for kept in generations(index)] == made[:2:-1]
    assert [kept.live for kept in generations(index)] == [True, False, False]
    build(source, index, 5, keep=1)
    assert [kept.name for kept in generations(index)] == made[-1:]


def test_rollback_goes_back_one_or_to_the_one_named_and_the_next_build_goes_on(source: Path, index: Path) -> None:
    made = [build(source, index, n, keep=4).generation for n in range(4)]
    assert rollback(index) == made[2]
    assert law(index) == "Version 2 of the law."
    assert rollback(index) == made[1]
    assert rollback(index, made[3]) == made[3]
    assert rollback(index, made[0]) == made[0]
    assert law(index) == "Version 0 of the law."
    with pytest.raises(IndexMissingError, match="no earlier generation"):
        rollback(index)
    with pytest.raises(IndexMissingError, match="quipu generations"):
        rollback(index, "../../etc")
    report = build(source, index, 9)
    assert report.encoded == 2
    assert law(index) == "Version 9 of the law."
    assert check(index)[1] == []


def test_rollback_passes_over_what_is_damaged(source: Path, index: Path) -> None:
    made = [build(source, index, n, keep=3).generation for n in range(3)]
    (index / "generations" / made[1] / "corpus.sqlite").write_bytes(b"")
    assert [kept.fault is None for kept in generations(index)] == [True, False, True]
    with pytest.raises(IndexDamagedError, match=r"corpus\.sqlite has 0 bytes"):
        rollback(index, made[1])
    assert rollback(index) == made[0]


def test_without_an_index_there_is_nothing_to_list_or_to_go_back_to(tmp_path: Path) -> None:
    for work in (generations, rollback, repair):
        with pytest.raises(IndexMissingError):
            work(tmp_path / "nothing")  # type: ignore[operator]


@pytest.mark.parametrize("name", ["corpus.sqlite", "passages.faiss", "sentences.npy", "keys.npy", "token_places.npy", "tokens", "lexical", "manifest.json"])  # fmt: skip
@pytest.mark.parametrize("cached", [True, False])
def test_what_is_damaged_is_repaired_from_what_is_whole(source: Path, index: Path, name: str, cached: bool) -> None:
    report = build(source, index, 0)
    if not cached:
        discard(index / "cache")
    path = index / "generations" / report.generation / name
    path = path if path.is_file() else max(path.iterdir(), key=lambda p: p.stat().st_size)
    data = bytearray(path.read_bytes())
    data[len(data) * 2 // 3] ^= 0x10
    path.write_bytes(data)
    if name == "manifest.json":
        build_index(source, index, embedder=HashEmbedder())  # Nothing else says where the sources are.
    else:
        assert check(index)[1] != []
        found = repair(index, embedder=HashEmbedder())
        assert found is not None
        if cached or name == "lexical":
            assert found.encoded == 0
        elif name == "sentences.npy":
            assert found.encoded == report.sentences
        elif name in ("tokens", "passages.faiss"):
            assert found.encoded == report.passages
    assert check(index)[1] == []
    assert law(index) == "Version 0 of the law."


def test_a_whole_index_is_not_repaired_even_if_the_sources_changed(source: Path, index: Path) -> None:
    report = build(source, index, 0)
    (source / "law.txt").write_text("Not yet built.", encoding="utf-8")
    assert repair(index, embedder=HashEmbedder()) is None
    assert current_generation(index) == report.generation


def test_without_its_sources_a_damaged_index_goes_back_to_the_one_before(source: Path, index: Path) -> None:
    first, second = (build(source, index, n) for n in range(2))
    (index / "generations" / second.generation / "sentences.npy").write_bytes(b"")
    source.rename(source.with_name("gone"))
    with pytest.raises(IndexDamagedError, match=f"{first.generation} is live again.*does not exist"):
        repair(index, embedder=HashEmbedder())
    assert law(index) == "Version 0 of the law."


def test_a_gate_may_refuse_and_then_nothing_has_happened(source: Path, index: Path) -> None:
    first = build(source, index, 0)
    seen: list[tuple[str, str | None]] = []

    def gate(candidate: Path, live: Path | None, embedder: Embedder) -> None:
        seen.append((candidate.name, live.name if live is not None else None))
        assert (candidate / "manifest.json").is_file()
        raise QuipuError("worse than before")

    with pytest.raises(QuipuError, match="worse than before"):
        build(source, index, 1, gate=gate)
    assert seen[0][1] == first.generation == current_generation(index)
    assert [path.name for path in (index / "generations").iterdir()] == [first.generation]
    passed = build(source, index, 1, gate=lambda *_: None)
    assert (passed.encoded, law(index)) == (0, "Version 1 of the law.")


# The lock


def test_the_holder_of_the_lock_is_named_with_what_it_does(source: Path, index: Path) -> None:
    index.mkdir()
    with build_lock(index) as recorded:
        recorded(lambda *_: None)("embedding", 120, 400)
        with pytest.raises(QuipuError) as caught:
            build(source, index, 0)
    line = str(caught.value)
    assert "another build is writing" in line
    assert f"process {os.getpid()} on {os.uname().nodename}, since 20" in line
    assert "embedding: 120 of 400" in line
    assert "--wait" in line
    assert read_activity(index) is None


def test_a_build_that_waits_begins_when_the_other_has_ended(source: Path, index: Path) -> None:
    index.mkdir()
    told: list[str] = []
    ended = threading.Event()

    def hold() -> None:
        with build_lock(index):
            holding.set()
            time.sleep(0.5)
            ended.set()

    holding = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(10)
    report = build(source, index, 0, wait=FOREVER, say=told.append)
    assert ended.is_set()
    assert report.documents == 2
    assert "waiting for another build to end (process" in told[0]
    holder.join()


def test_a_wait_that_is_too_short_ends_with_the_holder_named(source: Path, index: Path) -> None:
    index.mkdir()
    with build_lock(index), pytest.raises(QuipuError, match=f"process {os.getpid()}"):
        build(source, index, 0, wait=0.3)


def test_a_question_to_an_index_that_is_only_being_built_is_told_so(index: Path) -> None:
    index.mkdir(exist_ok=True)
    with build_lock(index), pytest.raises(IndexMissingError, match=f"process {os.getpid()} .*, is building it"):
        open_generation(index)
    with pytest.raises(IndexMissingError, match="run quipu build"):
        open_generation(index)


def test_the_lock_of_a_dead_process_is_taken_over(source: Path, index: Path) -> None:
    index.mkdir()
    program = (
        "import sys, time; from pathlib import Path; from index.lock import build_lock\n"
        "with build_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(index)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(QuipuError, match=f"process {process.pid}"):
        build(source, index, 0)
    process.kill()
    process.wait()
    process.stdout.close()
    assert (index / "build.json").exists()
    assert read_activity(index) is None
    assert build(source, index, 0).documents == 2
    assert not (index / "build.json").exists()


def test_after_a_clock_has_gone_backwards_the_generation_before_is_still_the_one_before(
    source: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index import generations as kept

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2999, 12, 31, tzinfo=UTC)

    with monkeypatch.context() as patch:
        patch.setattr(kept, "datetime", Ahead)
        future = build(source, index, 0).generation
    assert future.startswith("29991231")
    made = [build(source, index, n).generation for n in (1, 2, 3)]
    assert made == sorted([future, *made])[1:]
    assert [generation.name for generation in generations(index)] == [made[2], made[1]]
    assert rollback(index) == made[1]
    assert law(index) == "Version 2 of the law."


@pytest.mark.parametrize("current", [None, "", "nothing"])
def test_without_a_live_generation_the_message_tells_how_to_get_the_newest_back(
    source: Path, index: Path, current: str | None
) -> None:
    build(source, index, 0)
    build(source, index, 1)
    if current is None:
        (index / "CURRENT").unlink()
    else:
        (index / "CURRENT").write_text(current, encoding="utf-8")
    with pytest.raises(IndexDamagedError, match="run quipu rollback"):
        open_generation(index)
    rollback(index)
    assert law(index) == "Version 1 of the law."
    (index / "CURRENT").unlink()
    assert build(source, index, 1).encoded == 0

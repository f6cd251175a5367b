"""Every file of a hostile folder is read or named; nothing crashes, hangs, asks the network or reads outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import hostile
import pytest

from index.build import build_index
from index.formats.limits import SECONDS, seconds_for
from index.formats.pool import Pool
from index.formats.types import Refused
from index.loading import Skipped, SourceFile, discover, read_documents
from index.store import open_generation
from index.types import Document

Found = dict[str, list[Document | Skipped]]


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """A web server that nobody may ask: its address, and what was asked of it."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, asked: tuple[str, list[str]]) -> tuple[Path, dict[str, str]]:
    base = tmp_path_factory.mktemp("hostile")
    canary = base / "canary.txt"
    canary.write_text(f"Outside stands {hostile.CANARY}.", encoding="utf-8")
    os.utime(canary, ns=(1, 1))
    folder = base / "source"
    folder.mkdir()
    return folder, hostile.make(folder, canary, asked[0])


@pytest.fixture(scope="module")
def read(corpus: tuple[Path, dict[str, str]]) -> tuple[Found, dict[str, float]]:
    """What came of each file, and how long each was waited for."""
    found: Found = {}
    seconds: dict[str, float] = {}
    files = []
    for entry in discover(corpus[0]):
        if isinstance(entry, SourceFile):
            files.append(entry)
        else:
            found.setdefault(entry.doc_id, []).append(entry)
    last = time.monotonic()
    for file, outcome in read_documents(files, {}):
        now = time.monotonic()
        seconds[file.doc_id] = seconds.get(file.doc_id, 0.0) + now - last
        last = now
        found.setdefault(file.doc_id, []).append(outcome)
    return found, seconds


def test_every_one_of_the_files_is_read_or_named(
    corpus: tuple[Path, dict[str, str]], read: tuple[Found, dict[str, float]]
) -> None:
    wanted, found = corpus[1], read[0]
    assert len(wanted) >= 60
    assert set(wanted) == set(found)
    for name, expected in wanted.items():
        kinds = {hostile.NAMED if isinstance(one, Skipped) else hostile.READ for one in found[name]}
        assert expected in kinds or expected == hostile.EITHER, (name, found[name])


def test_every_reason_is_one_line_that_says_something(read: tuple[Found, dict[str, float]]) -> None:
    reasons = [one.reason for outcomes in read[0].values() for one in outcomes if isinstance(one, Skipped)]
    assert reasons
    for reason in reasons:
        assert "\n" not in reason and 10 < len(reason) < 400, reason
        assert "given up" not in reason, reason


def test_no_file_takes_longer_than_its_limit(read: tuple[Found, dict[str, float]]) -> None:
    assert max(read[1].values()) < SECONDS


def test_nothing_outside_was_read_and_nothing_fetched(
    read: tuple[Found, dict[str, float]], asked: tuple[str, list[str]]
) -> None:
    documents = [one for outcomes in read[0].values() for one in outcomes if isinstance(one, Document)]
    assert not [d.doc_id for d in documents if hostile.CANARY in d.text or "root:" in d.text]
    assert asked[1] == []


MEASURED = """
import sys, threading, time
from pathlib import Path
from index.loading import SourceFile, discover, read_documents

def resident(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):
        return 0

peak = 0
def watch():
    global peak
    while True:
        children = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
        peak = max(peak, sum(map(resident, ["self", *children])))
        time.sleep(0.01)

threading.Thread(target=watch, daemon=True).start()
files = [file for file in discover(Path(sys.argv[1])) if isinstance(file, SourceFile)]
print(sum(1 for _ in read_documents(files, {})), peak)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see the memory of other processes")
def test_the_build_and_its_workers_stay_under_a_gigabyte_together(corpus: tuple[Path, dict[str, str]]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", MEASURED, str(corpus[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    outcomes, peak = map(int, done.stdout.split())
    assert outcomes > 60
    print(f"peak memory {peak >> 20} MB")  # noqa: T201
    assert peak < 1 << 30


def test_the_whole_folder_builds_and_names_what_it_skips(
    corpus: tuple[Path, dict[str, str]], tmp_path: Path, read: tuple[Found, dict[str, float]]
) -> None:
    report = build_index(corpus[0], tmp_path / "index", model="hash")
    generation = open_generation(tmp_path / "index")
    try:
        kept = set(generation.corpus.doc_ids())
        for doc_id in kept:
            document = generation.corpus.document(doc_id)
            for passage in generation.corpus.passages_of(doc_id):
                assert document.text[passage.start : passage.end] == passage.text
    finally:
        generation.close()
    named = {skipped.doc_id for skipped in report.skipped}
    for name in corpus[1]:
        assert any(doc_id == name or doc_id.startswith((f"{name}/", f"{name} (")) for doc_id in kept | named), name
    assert [(d.kept, d.other) for d in report.duplicates if d.kept == "copy one.txt"] == [
        ("copy one.txt", "copy two.txt")
    ]


def _slow(path: Path) -> int:
    """A file that takes seconds to read, opened."""
    path.write_bytes(hostile.page_pdf(b"BT /F1 1 Tf " + b"1 0 0 1 5 5 Tm (x) Tj " * 400_000 + b"ET"))
    return os.open(path, os.O_RDONLY)


def test_a_worker_that_takes_too_long_is_ended_and_the_next_file_is_read(tmp_path: Path) -> None:
    descriptor = _slow(tmp_path / "slow.pdf")
    (tmp_path / "good.pdf").write_bytes(hostile.page_pdf())
    good = os.open(tmp_path / "good.pdf", os.O_RDONLY)
    with Pool(1) as pool:
        started = time.monotonic()
        assert pool.extract(descriptor, "file.pdf", 0.2) == [Refused("was given up after 0 seconds")]
        assert time.monotonic() - started < 30
        (outcome,) = pool.extract(good, "file.pdf", 30)
    assert "Ucayali" in getattr(outcome, "text", "")
    os.close(descriptor)
    os.close(good)


def test_a_worker_that_crashes_costs_its_file_alone(tmp_path: Path) -> None:
    descriptor = _slow(tmp_path / "slow.pdf")
    (tmp_path / "good.pdf").write_bytes(hostile.page_pdf())
    good = os.open(tmp_path / "good.pdf", os.O_RDONLY)
    with Pool(1) as pool:

        def crash() -> None:
            while not pool._running:
                time.sleep(0.01)
            time.sleep(0.3)
            for worker in list(pool._running):
                os.kill(worker.process.pid, signal.SIGSEGV)

        killer = threading.Thread(target=crash)
        killer.start()
        (outcome,) = pool.extract(descriptor, "file.pdf", 60)
        killer.join()
        assert outcome == Refused("could not be read: its reader ended (SIGSEGV)")
        (after,) = pool.extract(good, "file.pdf", 30)
    assert "Ucayali" in getattr(after, "text", "")
    os.close(descriptor)
    os.close(good)


def test_a_file_that_keeps_changing_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    path = folder / "log.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    write, stop = hostile.writer_of(path), threading.Event()

    def keep_writing() -> None:
        while not stop.wait(0.002):
            write()

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        ((_, outcome),) = read_documents([SourceFile(path, "log.csv")], {})
    finally:
        stop.set()
        writer.join()
    assert outcome == Skipped("log.csv", "changes while it is read; build again when it is at rest")


def test_a_link_put_in_a_files_place_after_discovery_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.txt").write_text("words", encoding="utf-8")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_text(hostile.CANARY, encoding="utf-8")
    files = [file for file in discover(folder) if isinstance(file, SourceFile)]
    (folder / "sub" / "a.txt").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to(tmp_path / "outside")
    ((_, outcome),) = read_documents(files, {})
    assert outcome == Skipped("sub/a.txt", "a link that leads out of the source folder")


def test_a_module_among_the_documents_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for name in ("json", "lxml", "pypdfium2", "sitecustomize", "index"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    (folder / "a.pdf").write_bytes(hostile.page_pdf())
    monkeypatch.chdir(folder)
    ((_, outcome),) = read_documents([SourceFile(folder / "a.pdf", "a.pdf")], {})
    assert isinstance(outcome, Document)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "act",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "open('/tmp/quipu-should-not-be', 'w')",
        "open(sys.argv[1])",
        "bytearray(4 << 30)",
    ],
)
def test_a_confined_process_can_do_none_of_it(act: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    program = f"import sys\nfrom index.formats.guard import confine\nconfine(1 << 30)\ntry:\n    {act}\nexcept (PermissionError, MemoryError) as error:\n    print('refused')\n"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program, str(secret)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert done.stdout == "refused\n", done.stderr


def test_the_time_that_a_file_has_grows_with_its_size_to_a_limit() -> None:
    assert seconds_for(1000) == 10
    assert seconds_for(11 << 20) == 30
    assert seconds_for(1 << 40) == 120

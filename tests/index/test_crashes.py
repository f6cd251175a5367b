"""Whatever befalls a build, the index stays searchable and whole, and the next build goes on by itself.

Builds run in processes of their own, with faults put in between them and the system (faults/faults.c): every write,
creation, rename, link, truncation, removal and flush of a file below the index can fail or be the last thing that
happens. By default a sample of these is tried; QUIPU_THOROUGH=1 (as `make thorough` has it) tries more, QUIPU_THOROUGH=all
every one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.inspection import check
from index.lexical import terms
from index.store import current_generation, open_generation
from index.testing import HashEmbedder

FAULTS = Path(__file__).with_name("faults")
COUNT, FAIL, FULL, KILL, HALF = range(5)
THOROUGH = os.environ.get("QUIPU_THOROUGH", "")
KILLS = 200 if THOROUGH else 20
SHARE = 9 if THOROUGH else 20
Texts = Mapping[str, str]

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="needs a C compiler for the fault injector")

BEFORE = {
    "río.txt": "El río Marañón nace en los Andes.\n\nMide 1.737 km de largo.",
    "law.txt": "The forest law was approved in 2011.\n\nIt protects the trees of the lowlands.",
    "gold.md": "# Gold mining\n\nIllegal gold is mined in two ways:\n\n- by barge\n- by hand",
    # Long beside the others, so that its token vectors are linked and not written again.
    "long.txt": "\n\n".join(f"Village {n} has {n * 7} houses, a school, a health post and a port." for n in range(60)),
    "old.txt": "The old road to Pucallpa was closed in 1998.",
}
AFTER = {
    **{name: text for name, text in BEFORE.items() if name != "old.txt"},
    "law.txt": BEFORE["law.txt"] + "\n\nIt was amended in 2015.",
    "new.txt": "A school for 40 children was opened in Nauta.",
}


class Worker:
    """The process that builds on request."""

    def __init__(self, library: Path) -> None:
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, str(FAULTS / "worker.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
        )

    def build(self, source: Path, index: Path, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"source": str(source), "index": str(index), **request}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "crash" not in answer, answer
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(20)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-D_LARGEFILE64_SOURCE", "-o", library, FAULTS / "faults.c", "-ldl"]
    subprocess.run(command, check=True)
    found = Worker(library)
    yield found
    found.close()


def write(source: Path, texts: Texts) -> None:
    """Make the folder hold these files and no others."""
    source.mkdir(exist_ok=True)
    for path in source.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = source / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def assert_serves(index: Path, *allowed: Texts) -> Texts:
    """The index is whole, and what it holds and finds is one of `allowed`, which is given back."""
    assert check(index)[1] == []
    generation = open_generation(index)
    embedder = HashEmbedder()
    try:
        held = {doc_id: generation.corpus.document(doc_id).text for doc_id in generation.corpus.doc_ids()}
        assert held in allowed
        for stored in generation.corpus.all_passages():
            query = embedder.encode([stored.whole], "query")[0].vector
            own = float(generation.vectors.vectors(np.array([stored.row]))[0] @ query)
            assert own > 0.998
            assert float(generation.vectors.search(query, 1).scores[0]) - own < 0.002
            words = terms(stored.passage.text, "en")
            assert stored.row in [hit.row for hit in generation.lexical.search(words, "en", 3)]
        return held
    finally:
        generation.close()


def assert_goes_on(worker: Worker, source: Path, index: Path, texts: Texts) -> None:
    """The next build works without help, serves the sources as they are, and leaves nothing lying about."""
    answer = worker.build(source, index)
    assert "generation" in answer, answer
    assert_serves(index, texts)
    assert {path.name for path in index.iterdir()} <= {"CURRENT", "build.lock", "cache", "generations"}
    names = {path.name for path in (index / "generations").iterdir()}
    assert current_generation(index) in names
    assert len(names) <= 2
    assert all((index / "generations" / name / "manifest.json").is_file() for name in names)


@pytest.fixture(scope="module")
def before(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `source` and `index`: built, and then the source changed."""
    folder = tmp_path_factory.mktemp("before")
    write(folder / "source", BEFORE)
    assert "generation" in worker.build(folder / "source", folder / "index")
    write(folder / "source", AFTER)
    return folder


def operations(worker: Worker, before: Path, folder: Path) -> list[str]:
    """What a build does to its files: "name path", in order."""
    shutil.copytree(before, folder / "counted")
    log = folder / "log"
    worker.build(folder / "counted/source", folder / "counted/index", mode=COUNT, at=0, log=str(log))
    return log.read_text(encoding="utf-8").splitlines()


def chosen(done: list[str]) -> list[int]:
    """Numbers of the operations to tamper with: the rare kinds and those from the switch on all, else a share."""
    if THOROUGH == "all":
        return list(range(1, len(done) + 1))
    kinds = Counter(line.split()[0] for line in done)
    number: Counter[str] = Counter()
    switch = max(at for at, line in enumerate(done, start=1) if "CURRENT" in line)
    found = []
    for at, line in enumerate(done, start=1):
        kind = line.split()[0]
        number[kind] += 1
        if kinds[kind] <= 3 or number[kind] % SHARE == 1 or "CURRENT" in line or (at > switch and kind != "pwrite"):
            found.append(at)
    return found


@pytest.mark.parametrize("mode", [FAIL, FULL, KILL, HALF])
def test_a_fault_at_any_operation_leaves_the_index_whole(
    worker: Worker, before: Path, tmp_path: Path, mode: int
) -> None:
    done = operations(worker, before, tmp_path)
    kinds = {line.split()[0] for line in done}
    assert {"create", "write", "pwrite", "fwrite", "rename", "link", "mkdir", "unlink", "fsync", "fdatasync"} <= kinds
    harmed = 0
    for at in chosen(done):
        folder = tmp_path / str(at)
        shutil.copytree(before, folder)
        source, index = folder / "source", folder / "index"
        live = current_generation(index)
        answer = worker.build(source, index, mode=mode, at=at)
        if mode in (KILL, HALF):
            harmed += answer["signal"] == 9
        elif "error" in answer:
            harmed += 1
            assert "\n" not in answer["error"]
            assert "the live generation is untouched" in answer["error"], (at, done[at - 1], answer)
            assert current_generation(index) == live
        held = assert_serves(index, BEFORE, AFTER)
        assert held == (BEFORE if current_generation(index) == live else AFTER)
        assert_goes_on(worker, source, index, AFTER)
        shutil.rmtree(folder)
    assert harmed > 5


def test_killed_at_random_moments_nothing_is_lost_and_nobody_has_to_help(worker: Worker, tmp_path: Path) -> None:
    rng = random.Random(5)
    source, index = tmp_path / "source", tmp_path / "index"
    write(source, BEFORE)
    seconds = worker.build(source, index)["seconds"]
    live, wanted = BEFORE, dict(BEFORE)
    killed = taken_up = 0
    while killed < KILLS:
        name = rng.choice(["law.txt", "new.txt", "río.txt", "old.txt", "more.txt"])
        if rng.random() < 0.2 and len(wanted) > 2:
            wanted.pop(name, None)
        else:
            wanted[name] = f"{BEFORE.get(name, '')}\n\nRecord {rng.randrange(10**6)} of the office in Iquitos.".strip()
        write(source, wanted)
        answer = worker.build(source, index, kill_after=rng.uniform(0, 1.3 * seconds))
        killed += answer["signal"] == 9
        held = assert_serves(index, live, wanted)
        taken_up += held == wanted
        live = held
        if rng.random() < 0.1:
            assert_goes_on(worker, source, index, wanted)
            live = dict(wanted)
    assert_goes_on(worker, source, index, wanted)
    assert taken_up > 0, "some of the builds got to their end before they were killed"


def test_a_killed_build_has_kept_what_it_encoded(worker: Worker, tmp_path: Path) -> None:
    texts = {
        f"{n}.txt": "\n\n".join(f"Village {n} of district {m} has a school." for m in range(60)) for n in range(12)
    }
    write(tmp_path / "source", texts)
    whole = worker.build(tmp_path / "source", tmp_path / "whole", mode=COUNT, at=0, log=str(tmp_path / "log"))
    done = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    commits = [at for at, line in enumerate(done, start=1) if line.startswith("pwrite /cache/embeddings.sqlite-wal")]
    killed = worker.build(tmp_path / "source", tmp_path / "index", mode=KILL, at=commits[len(commits) * 2 // 3])
    assert killed["signal"] == 9
    rest = worker.build(tmp_path / "source", tmp_path / "index")
    assert 0 < rest["encoded"] < 0.6 * whole["encoded"]
    assert_serves(tmp_path / "index", texts)

"""An index from elsewhere: no byte of it is run, and whatever was altered is refused with one clear line."""

from __future__ import annotations

import json
import pickle
import random
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from index.build import build_index
from index.errors import IndexDamagedError, IndexFormatError, QuipuError
from index.inspection import check
from index.store import file_checksums, live_folder, open_generation, read_manifest, write_manifest
from index.testing import HashEmbedder

PLACES = 12
QUESTION = "How long is the river Marañón?"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "source").mkdir()
    for number in range(12):
        text = f"The river Marañón is {1_700 + number} km long.\n\nVillage {number} lies on its left bank."
        (folder / "source" / f"{number}.txt").write_text(text, encoding="utf-8")
    build_index(folder / "source", folder / "index", embedder=HashEmbedder())
    return folder / "index"


@pytest.fixture
def index(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "index"))


def files(index: Path) -> list[Path]:
    folder = live_folder(index)
    return sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def altered(data: bytes) -> Iterator[bytes]:
    """Many versions of a file: bits flipped, its end cut off, bytes put in and zeroed."""
    rng = random.Random(len(data))
    places = {0, 1, len(data) // 2, len(data) - 1, *(rng.randrange(len(data)) for _ in range(PLACES))}
    for at in sorted(places):
        flipped = bytearray(data)
        flipped[at] ^= 1 << rng.randrange(8)
        yield bytes(flipped)
        yield data[:at]
        yield data[:at] + b"\x80\x04cos\nsystem\n" + data[at:]
        if any(data[at : at + 64]):
            yield data[:at] + bytes(min(64, len(data) - at)) + data[at + 64 :]


def use(index: Path, bridge: Bridge) -> None:
    """Open the index and ask it, so that every kind of file is read."""
    generation = open_generation(index)
    try:
        Assistant(generation, HashEmbedder(), bridge=bridge).ask(QUESTION)
    finally:
        generation.close()


def test_every_file_altered_in_many_places_is_refused_cleanly(index: Path, bridge: Bridge) -> None:
    tried = 0
    for name in files(index):
        path = live_folder(index) / name
        data = path.read_bytes()
        for other in altered(data):
            if other == data:
                continue
            path.write_bytes(other)
            tried += 1
            with pytest.raises((IndexDamagedError, IndexFormatError)) as caught:
                use(index, bridge)
                # Token vectors that this question did not need are checked by verify.
                wrong = check(index)[1]
                assert wrong
                raise IndexDamagedError(wrong[0] + "; run quipu build")
            assert "\n" not in str(caught.value)
            assert "quipu" in str(caught.value)
        path.write_bytes(data)
    use(index, bridge)
    assert tried > 400


def test_token_vectors_are_checked_when_they_are_read(index: Path) -> None:
    (path,) = (live_folder(index) / "tokens").iterdir()
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    generation = open_generation(index)
    last = generation.manifest.passages - 1
    assert len(generation.tokens.raw(0))
    with pytest.raises(IndexDamagedError, match=r"tokens/.* is damaged; run quipu verify --repair"):
        generation.tokens[generation.token_offsets[last] : generation.token_offsets[last + 1]]
    generation.close()


class Trap:
    """Pickled, it writes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, bytes]]:
        return Path.write_bytes, (self.path, b"sprung")  # type: ignore[return-value]


def forged(index: Path) -> None:
    """Make the manifest agree with the files as they are now, as whoever forges an index would."""
    folder = live_folder(index)
    write_manifest(folder, replace(read_manifest(folder), files=file_checksums(folder, {})))


@pytest.mark.parametrize("name", ["sentences.npy", "keys.npy", "token_places.npy", "tokens"])
def test_a_pickle_in_place_of_an_array_is_not_loaded(index: Path, bridge: Bridge, tmp_path: Path, name: str) -> None:
    path = live_folder(index) / name
    path = path if path.is_file() else next(path.iterdir())
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    for save in (lambda: np.save(path, trap, allow_pickle=True), lambda: path.write_bytes(pickle.dumps(trap))):
        save()
        forged(index)
        with pytest.raises(QuipuError):
            use(index, bridge)
            raise IndexDamagedError(check(index)[1][0])
        assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW documents AS SELECT load_extension('/tmp/x.so')",
        "CREATE TRIGGER t AFTER INSERT ON passages BEGIN SELECT 1; END",
        "CREATE TABLE other (x)",
    ],
)
def test_a_database_with_other_tables_views_or_triggers_is_refused(index: Path, bridge: Bridge, statement: str) -> None:
    db = sqlite3.connect(live_folder(index) / "corpus.sqlite")
    with db:
        if "VIEW" in statement:
            db.execute("ALTER TABLE documents RENAME TO held")
        db.execute(statement)
    db.close()
    forged(index)
    with pytest.raises(IndexDamagedError, match="its tables are not those of an index"):
        use(index, bridge)


def test_a_database_damaged_inside_is_one_clear_line_when_it_is_read(index: Path, bridge: Bridge) -> None:
    path = live_folder(index) / "corpus.sqlite"
    data = bytearray(path.read_bytes())
    for page in range(4_096, len(data), 4_096):
        data[page : page + 4_000] = b"\xff" * 4_000
    path.write_bytes(data)
    forged(index)
    with pytest.raises(IndexDamagedError, match=r"corpus\.sqlite cannot be read"):
        use(index, bridge)


@pytest.mark.parametrize("field", ["segment", "start", "count"])
def test_places_outside_the_tokens_are_refused(index: Path, bridge: Bridge, field: str) -> None:
    path = live_folder(index) / "token_places.npy"
    places = np.load(path)
    places[field][3] = 60_000
    np.save(path, places)
    forged(index)
    with pytest.raises(IndexDamagedError):
        use(index, bridge)


def test_a_manifest_that_names_files_elsewhere_reads_none_of_them(index: Path, bridge: Bridge) -> None:
    folder = live_folder(index)
    manifest = read_manifest(folder)
    for name in ("../../../../../etc/passwd", "/etc/passwd", "tokens/../../../x"):
        write_manifest(folder, replace(manifest, files={**manifest.files, name: (1, "0" * 64)}))
        with pytest.raises(IndexDamagedError, match="is missing"):
            use(index, bridge)


def test_no_module_loads_pickles() -> None:
    for path in (p for part in ("index", "assistant", "eval") for p in (ROOT / part).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for word in ("import pickle", "from pickle", "allow_pickle=True", "joblib", "torch.load", "marshal", "dill"):
            assert word not in text, path


def test_a_manifest_with_other_types_is_refused(index: Path, bridge: Bridge) -> None:
    folder = live_folder(index)
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for field, value in (("files", []), ("files", {"x": 1}), ("extra", 1), ("dim", "x")):
        (folder / "manifest.json").write_text(json.dumps({**content, field: value}), encoding="utf-8")
        with pytest.raises(IndexDamagedError):
            use(index, bridge)

"""Fixtures for all tests: the seed documents, the model's stand-in, and small indexes over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from assistant.apertium import Apertium
from assistant.assistant import Assistant
from assistant.bridge import Bridge
from index.build import build_index
from index.chunking import split_passages
from index.loading import SourceFile, discover, load, read_metadata
from index.store import open_generation
from index.testing import HashEmbedder
from index.types import Document, Passage

# The same examples in every run: a failure in CI is a failure here.
settings.register_profile("quipu", deadline=None, derandomize=True)
settings.load_profile("quipu")

SEEDS = Path(__file__).parents[1] / "seeds"
WriteFolder = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture(scope="session")
def seeds() -> Path:
    return SEEDS


@pytest.fixture(scope="session")
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture(scope="session")
def seed_documents(embedder: HashEmbedder) -> dict[str, tuple[Document, list[Passage]]]:
    """Each seed by its doc_id, with its passages."""
    metadata = read_metadata(SEEDS)
    documents = [load(file, metadata.get(file.doc_id, {})) for file in discover(SEEDS) if isinstance(file, SourceFile)]
    return {d.doc_id: (d, split_passages(d, embedder.count_tokens)) for d in documents}


@pytest.fixture
def write_folder(tmp_path: Path) -> WriteFolder:
    """Writes files, given as relative path → content, into a new source folder."""
    made: list[Path] = []

    def write(files: Mapping[str, str | bytes]) -> Path:
        folder = tmp_path / f"source{len(made)}"
        made.append(folder)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        folder.mkdir(exist_ok=True)
        return folder

    return write


@pytest.fixture(scope="session")
def seed_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index over the seeds with the stand-in; tests must not write to it."""
    place = tmp_path_factory.mktemp("seeds") / "index"
    build_index(SEEDS, place, model="hash")
    return place


@pytest.fixture(scope="session")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """The packaged glossary without Apertium, so that results do not hang on what is installed."""
    found = Bridge(apertium=Apertium(tmp_path_factory.mktemp("no-modes")))
    yield found
    found.close()


@pytest.fixture(scope="session")
def seed_assistant(seed_index: Path, embedder: HashEmbedder, bridge: Bridge) -> Iterator[Assistant]:
    """An assistant over the seeds with the stand-in."""
    found = Assistant(open_generation(seed_index), embedder, bridge=bridge)
    yield found
    found.close()


@pytest.fixture(scope="session")
def model_index(tmp_path_factory: pytest.TempPathFactory, seeds: Path) -> Path:
    """The index of the seeds with the real model."""
    place = tmp_path_factory.mktemp("model") / "index"
    build_index(seeds, place)
    return place


@pytest.fixture(scope="session")
def model_assistant(model_index: Path) -> Iterator[Assistant]:
    """An assistant over the seeds with the real model, as users have it."""
    found = Assistant.open(model_index)
    yield found
    found.close()

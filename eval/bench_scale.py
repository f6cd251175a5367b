"""How the index grows: `make bench-scale`, or `python -m eval.bench_scale [--passages N]...`.

Each size is built and asked in processes of its own, so that their peaks of memory are theirs alone. Texts and vectors
are generated (`eval.scale_texts`), the files are real. "Work" is the time of a build without encoding; its share of
encoding the same texts with the default model is told by `--model`, which measures that model in a bare loop and in a
build. `--vectors` and `--words` measure FAISS and BM25 files alone, at sizes past those that fit a test of the whole.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from eval import scale_files
from eval.scale_measures import NEIGHBOURS, QUERIES, exact_neighbours, load_libraries, memory, reset_peak, size_on_disk


@click.command()
@click.option("--passages", "sizes", multiple=True, type=int, help="Sizes to measure.  [1000, 10000, 100000]")
@click.option("--vectors", type=int, default=0, help="Measure a FAISS file alone over so many generated vectors.")
@click.option("--words", type=int, default=0, help="Measure BM25 files alone over so many generated passages.")
@click.option("--model", type=int, default=0, help="Measure the default model too, on so many passages.")
@click.option("--part", hidden=True, help="What a process of its own is to measure, as JSON.")
def main(sizes: tuple[int, ...], vectors: int, words: int, model: int, part: str | None) -> None:
    """Measure building and asking at several sizes."""
    if part is not None:
        asked = json.loads(part)
        click.echo(json.dumps(PARTS[asked.pop("part")](**asked)))
        return
    if model:
        _say(_apart("model", passages=model), f"{model:,} passages with the default model")
    for size in sizes or (() if vectors or words or model else (1_000, 10_000, 100_000)):
        with tempfile.TemporaryDirectory(prefix="quipu-scale-") as folder:
            for stage in ("write", "build", "rebuild", "ask"):
                _say(_apart(stage, folder=folder, passages=size), f"{size:,} passages, {stage}")
    alone: list[tuple[str, int, str, dict[str, Any]]] = [
        ("vectors", vectors, "vectors around topics alone", {"topics": True}),
        ("vectors", vectors, "vectors without clusters alone", {"topics": False}),
        ("words", words, "words alone", {}),
    ]
    for part, count, title, options in alone:
        if count:
            with tempfile.TemporaryDirectory(prefix="quipu-scale-") as folder:
                _say(_apart(part, folder=folder, count=count, **options), f"{count:,} passages, {title}")


def _apart(part: str, **arguments: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "eval.bench_scale", "--part", json.dumps({"part": part, **arguments})]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _say(figures: dict[str, Any], title: str) -> None:
    shown = ", ".join(
        f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()
    )
    click.echo(f"{title}: {shown}")


def write(folder: str, passages: int) -> dict[str, Any]:
    """Write the source files."""
    from eval.scale_texts import GeneratedTexts

    started = time.perf_counter()
    GeneratedTexts().write(Path(folder) / "source", passages)
    return {"seconds": time.perf_counter() - started}


class _Timed:
    """An embedder whose time in `encode` is summed up."""

    def __init__(self, embedder: Any) -> None:
        self._embedder = embedder
        self.name, self.sha256, self.dim = embedder.name, embedder.sha256, embedder.dim
        self.count_tokens = embedder.count_tokens
        self.seconds = 0.0

    def encode(self, *arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return self._embedder.encode(*arguments, **options)
        finally:
            self.seconds += time.perf_counter() - started


def build(folder: str, passages: int) -> dict[str, Any]:
    """Build the index from nothing."""
    from eval.scale_texts import GeneratedEmbedder, GeneratedTexts
    from index.language import document_language

    document_language("Some words, so that what tells languages is loaded.")
    embedder = _Timed(GeneratedEmbedder(GeneratedTexts()))
    load_libraries()
    before = memory()
    reset_peak()
    seconds, report = _build(Path(folder), embedder)
    index = Path(folder) / "index"
    return {
        "passages": report.passages,
        "sentences": report.sentences,
        "seconds": seconds["total"],
        "of that encoding": embedder.seconds,
        "work, ms a passage": (seconds["total"] - embedder.seconds) / report.passages * 1e3,
        **{f"{stage} s": value for stage, value in seconds.items() if stage != "total"},
        "peak memory above start, MB": memory("VmHWM") - before,
        "generation, MB": size_on_disk(index / "generations"),
        "cache after, MB": size_on_disk(index / "cache"),
    }


def _build(folder: Path, embedder: Any) -> tuple[dict[str, float], Any]:
    from index.build import build_index

    ends: dict[str, float] = {}
    started = time.perf_counter()

    def told(stage: str, done: int, total: int) -> None:
        ends[stage] = time.perf_counter() - started

    report = build_index(folder / "source", folder / "index", embedder=embedder, progress=told)
    total = time.perf_counter() - started
    seconds: dict[str, float] = {}
    last = 0.0
    for stage, end in ends.items():
        if stage != "reading":
            seconds["reading and encoding" if stage == "embedding" else stage] = end - last
            last = end
    return {**seconds, "saving": total - last, "total": total}, report


def rebuild(folder: str, passages: int) -> dict[str, Any]:
    """Build again: unchanged, and with one document changed."""
    from eval.scale_texts import GeneratedEmbedder, GeneratedTexts

    embedder = _Timed(GeneratedEmbedder(GeneratedTexts()))
    load_libraries()
    seconds, report = _build(Path(folder), embedder)
    assert report.unchanged
    path = sorted((Path(folder) / "source").rglob("*.txt"))[passages // 60]
    path.write_text(path.read_text(encoding="utf-8") + "\n\nOne sentence is new here.", encoding="utf-8")
    again, changed = _build(Path(folder), embedder)
    return {
        "unchanged, s": seconds["total"],
        "one document changed, s": again["total"],
        **{f"{stage} s": value for stage, value in again.items() if stage != "total"},
        "texts encoded": changed.encoded,
        "both generations, MB": size_on_disk(Path(folder) / "index/generations"),
    }


def ask(folder: str, passages: int) -> dict[str, Any]:
    """Search with sentences of the documents, every third word left out."""
    from assistant.apertium import Apertium
    from assistant.bridge import Bridge
    from assistant.retrieval import Retriever
    from eval.scale_texts import GeneratedEmbedder, GeneratedTexts
    from index.store import open_generation

    texts = GeneratedTexts()
    embedder = GeneratedEmbedder(texts)
    load_libraries()
    warm_bridge = Bridge(apertium=Apertium(Path(folder)))
    warm_bridge.translate("What is the law of the river?", "en")
    before, anonymous = memory(), memory("RssAnon")
    reset_peak()
    started = time.perf_counter()
    generation = open_generation(Path(folder) / "index")
    opened = time.perf_counter() - started
    retriever = Retriever(generation, embedder, warm_bridge)
    rng = np.random.default_rng(11)
    rows = rng.integers(0, generation.manifest.passages, QUERIES)
    questions = []
    for row in rows.tolist():
        passage = generation.corpus.passage(row).passage
        words = passage.text.split(". ")[int(rng.integers(3))].split()
        questions.append(" ".join(word for i, word in enumerate(words) if i % 3))
    retriever.find(questions[0])
    spent: list[float] = []
    first = near = found_at_ten = 0
    for question, row in zip(questions, rows.tolist(), strict=True):
        found = retriever.find(question)
        spent.append(found.timings_ms["search"] + found.timings_ms["rerank"])
        ranked = [candidate.stored.row for candidate in found.candidates[:NEIGHBOURS]]
        first += ranked[:1] == [row]
        found_at_ten += row in ranked
    peak = {"peak memory, MB": memory("VmHWM") - before, "of that not mapped, MB": memory("RssAnon") - anonymous}
    vectors = np.stack([encoded.vector for encoded in embedder.encode(questions, "query")])
    dense: list[float] = []
    exact = exact_neighbours(vectors, generation.vectors.vectors, generation.manifest.passages)
    for vector, best in zip(vectors, exact, strict=True):
        began = time.perf_counter()
        got = generation.vectors.search(vector, NEIGHBOURS).rows
        dense.append((time.perf_counter() - began) * 1e3)
        near += len(set(got.tolist()) & set(best.tolist()))
    generation.close()
    return {
        "opening, s": opened,
        "search without encoding p50, ms": float(np.percentile(spent, 50)),
        "p95, ms": float(np.percentile(spent, 95)),
        "FAISS alone p95, ms": float(np.percentile(dense, 95)),
        "recall@10 against exact": near / (QUERIES * NEIGHBOURS),
        "source passage first": first / QUERIES,
        "source passage in ten": found_at_ten / QUERIES,
        **peak,
    }


def model(passages: int) -> dict[str, Any]:
    """A build with the default model against a bare loop over the same texts, made of the seeds' sentences."""
    from eval.bench import texts_of
    from eval.scale_seeds import write_seed_texts
    from index import models
    from index.embedding import open_embedder
    from index.models import DEFAULT_MODEL

    embedder: Any = open_embedder(DEFAULT_MODEL)
    embedder.encode(["warm up"], "passage", tokens=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_seed_texts(place / "source", passages)
        before = memory()
        reset_peak()
        seconds, report = _build(place, embedder)
        peak = memory("VmHWM") - before
        texts = [embedder.prompts["passage"] + text for text in dict.fromkeys(texts_of(place / "index"))]
        bare_model = models.load(models.resolve(DEFAULT_MODEL))
        started = time.perf_counter()
        bare_model.encode(texts, batch_size=8, prompt="")
        bare = time.perf_counter() - started
        started = time.perf_counter()
        embedder.encode([text.removeprefix(embedder.prompts["passage"]) for text in texts], "passage")
        own = time.perf_counter() - started
        return {
            "passages": report.passages,
            "texts": len(texts),
            "build, s": seconds["total"],
            "bare loop of the model, s": bare,
            "ratio": seconds["total"] / bare,
            "loop of our own encoder, s": own,
            "ratio to that": seconds["total"] / own,
            "encoding, ms a passage with its sentences": own / report.passages * 1e3,
            "peak memory above the model, MB": peak,
        }


PARTS: dict[str, Callable[..., dict[str, Any]]] = {
    "write": write, "build": build, "rebuild": rebuild, "ask": ask, "vectors": scale_files.vectors, "words": scale_files.words, "model": model,
}  # fmt: skip

if __name__ == "__main__":
    main()

"""FAISS and BM25 files alone, at sizes past those that fit a test of the whole."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from eval.scale_measures import NEIGHBOURS, QUERIES, exact_neighbours, load_libraries, memory, reset_peak, size_on_disk


def vectors(folder: str, count: int, topics: bool) -> dict[str, Any]:
    """A FAISS file alone over generated vectors, around topics or without any clusters (`generated_vectors`)."""
    from eval.scale_texts import DIM, generated_vectors
    from index.vectors import VectorIndex, write_vectors

    place = Path(folder)
    load_libraries()
    gathered = np.lib.format.open_memmap(place / "v.npy", mode="w+", dtype=np.float16, shape=(count, DIM))
    for first, block in generated_vectors(count, topics=topics):
        gathered[first : first + len(block)] = block
    gathered.flush()
    del gathered
    held = np.load(place / "v.npy", mmap_mode="r")
    before = memory("RssAnon")
    reset_peak()
    started = time.perf_counter()
    write_vectors(place / "v.faiss", held)
    built = time.perf_counter() - started
    peak = memory("VmHWM") - before
    index = VectorIndex(place / "v.faiss")
    rng = np.random.default_rng(11)
    queries = held[np.sort(rng.integers(0, count, QUERIES))].astype(np.float32)
    # A query is a text that no passage is: another direction, near that of a passage.
    queries += 0.5 / np.sqrt(DIM) * rng.normal(size=queries.shape).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    exact = exact_neighbours(queries, lambda rows: held[rows[0] : rows[-1] + 1].astype(np.float32), count)
    spent, near = [], 0
    for query, best in zip(queries, exact, strict=True):
        began = time.perf_counter()
        got = index.search(query, 100).rows[:NEIGHBOURS]
        spent.append((time.perf_counter() - began) * 1e3)
        near += len(set(got.tolist()) & set(best.tolist()))
    return {
        "built, s": built,
        "peak memory with the mapped vectors, MB": peak,
        "file, MB": (place / "v.faiss").stat().st_size / 1e6,
        "p50, ms": float(np.percentile(spent, 50)),
        "p95, ms": float(np.percentile(spent, 95)),
        "recall@10 against exact": near / (QUERIES * NEIGHBOURS),
    }


def words(folder: str, count: int) -> dict[str, Any]:
    """BM25 files alone over generated passages."""
    from eval.scale_texts import GeneratedTexts
    from index.lexical import LexicalIndex, terms, write_lexical

    texts = GeneratedTexts()
    reset_peak()
    started = time.perf_counter()
    write_lexical(Path(folder) / "lexical", texts.passages(count))
    built = time.perf_counter() - started
    peak = memory("VmHWM")
    lexical = LexicalIndex(Path(folder) / "lexical")
    spent = []
    for number in range(QUERIES):
        question = texts.sentences(np.random.default_rng([3, number]), number, 1)[0]
        began = time.perf_counter()
        lexical.search(terms(question, "en")[:12], "en", 100)
        spent.append((time.perf_counter() - began) * 1e3)
    return {
        "built with making the texts, s": built,
        "peak memory, MB": peak,
        "files, MB": size_on_disk(Path(folder) / "lexical"),
        "p50, ms": float(np.percentile(spent, 50)),
        "p95, ms": float(np.percentile(spent, 95)),
    }

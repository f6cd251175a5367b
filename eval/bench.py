"""Timings of the whole: `make bench`, or `python -m eval.bench [SOURCE]`.

Building is compared with encoding the same texts with the same model in a bare loop, both in this process, one after
the other; the ratio is what counts. A question is timed by its parts, warm; a command from start to end, cold.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np

QUESTIONS = (
    "How many justice operators did Prevent strengthen?",
    "¿Cuántas comunidades indígenas apoya Rainforest Foundation US?",
    "What are the main drivers of deforestation in Peru?",
    "¿Desde cuándo trabaja ABA ROLI en el Perú?",
    "What is the capital of Mongolia?",
)
ROUNDS = 20


def texts_of(index: Path) -> list[str]:
    """Every text that a build encodes: passages under their headings, and sentences."""
    from index.corpus import Corpus
    from index.store import live_folder
    from index.texts import embedded_text, sentence_text

    corpus = Corpus(live_folder(index) / "corpus.sqlite")
    try:
        texts = []
        for stored in corpus.all_passages():
            passage = stored.passage
            texts.append(embedded_text(passage.text, stored.context))
            texts += [
                sentence_text(passage.text[s.start - passage.start : s.end - passage.start]) for s in passage.sentences
            ]
        return texts
    finally:
        corpus.close()


@click.command()
@click.argument("source", type=click.Path(path_type=Path), default=Path("seeds"))
def main(source: Path) -> None:
    """Time building and asking over SOURCE."""
    from assistant.assistant import Assistant
    from index import models
    from index.build import build_index
    from index.embedding import open_embedder
    from index.models import DEFAULT_MODEL

    embedder = open_embedder(DEFAULT_MODEL)
    embedder.encode(["warm up"], "passage", tokens=True)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        started = time.perf_counter()
        build_index(source, index, embedder=embedder)
        built = time.perf_counter() - started
        started = time.perf_counter()
        build_index(source, index, embedder=embedder)
        unchanged = time.perf_counter() - started
        model = models.load(models.resolve(DEFAULT_MODEL))
        prompted = [embedder.prompts["passage"] + text for text in texts_of(index)]  # type: ignore[attr-defined]
        started = time.perf_counter()
        model.encode(prompted, batch_size=8, prompt="")
        bare = time.perf_counter() - started
        click.echo(f"build {built:.2f} s, bare float32 loop over the same texts {bare:.2f} s, ratio {built / bare:.2f}")
        click.echo(f"build unchanged {unchanged * 1e3:.0f} ms")

        assistant = Assistant.open(index)
        for question in QUESTIONS:
            assistant.ask(question)
        timings = [assistant.ask(question).timings_ms for _ in range(ROUNDS) for question in QUESTIONS]
        for part in timings[0]:
            p50, p95 = np.percentile([timing[part] for timing in timings], [50, 95])
            click.echo(f"warm question, {part:<7} p50 {p50:6.1f} ms, p95 {p95:6.1f} ms")
        assistant.close()
        started = time.perf_counter()
        command = [sys.executable, "-m", "assistant", "ask", QUESTIONS[0], "--index", str(index), "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        click.echo(f"quipu ask from start to end {time.perf_counter() - started:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"peak memory of this process {peak:.0f} MB")


if __name__ == "__main__":
    main()

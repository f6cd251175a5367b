"""More documents of the seeds' own sentences, for measuring with the real model what its real texts cost."""

from __future__ import annotations

import random
import re
from pathlib import Path

from index.blocks import split_blocks
from index.loading import SourceFile, discover, load
from index.sentences import split_sentences

SEEDS = Path("seeds")
SENTENCES_A_PASSAGE = 6
PASSAGES_A_DOCUMENT = 20


def write_seed_texts(folder: Path, passages: int, seeds: Path = SEEDS) -> None:
    """Write documents of about `passages` passages: shuffled sentences of the seeds with numbers of their own."""
    known = []
    for file in discover(seeds):
        if isinstance(file, SourceFile):
            document = load(file, {})
            for block in split_blocks(document.text):
                sentences = split_sentences(document.text, block, document.language)
                known += [document.text[s.start : s.end] for s in sentences if s.kind == "sentence"]
    rng = random.Random(3)
    folder.mkdir(parents=True)
    for number in range(passages // PASSAGES_A_DOCUMENT):
        paragraphs = []
        for _ in range(PASSAGES_A_DOCUMENT):
            chosen = [" ".join(text.split()) for text in rng.choices(known, k=SENTENCES_A_PASSAGE)]
            paragraphs.append(" ".join(_numbered(text, rng) for text in chosen))
        (folder / f"{number:04d}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")


def _numbered(text: str, rng: random.Random) -> str:
    """The sentence with other figures, and one at its end, so that it is not the same text again."""
    changed = re.sub(r"\d+", lambda _: str(rng.randrange(1_900, 2_100)), text)
    return f"{changed.rstrip('.')} ({rng.randrange(1_000_000)})."

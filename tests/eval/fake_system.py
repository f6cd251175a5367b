"""A small system that implements the interfaces that evaluation measures, over paragraphs and shared words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.types import Answer, Citation, Hit
from eval.baselines import Baseline
from index.errors import IndexMissingError, QuestionError
from index.types import Document, Manifest, Passage

RIVER = "The river Marañón is 1,737 km long.\n\nIts source lies in the Cordillera Raura.\n\nGold is mined in Piura."
LAW = "La ley 29763 protege los bosques.\n\nSe aprobó en 2011.\n\n<script>alert('no')</script> is only text."


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


class FakeAssistant:
    """Ranks paragraphs by the words that they share with the question and quotes the best one whole.

    It refuses if fewer than two words are shared; its confidence is the share of the question's words.
    """

    def __init__(self, documents: Mapping[str, str], generation: str = "g1") -> None:
        self.documents = {
            doc_id: Document(doc_id, text, doc_id.removesuffix(".txt"), "es" if "ley" in text else "en")
            for doc_id, text in documents.items()
        }
        self.passages = [
            Passage(doc_id, found.start(), found.end(), found[0])
            for doc_id, document in self.documents.items()
            for found in re.finditer(r"[^\n]+", document.text)
        ]
        count = len(self.passages)
        self.manifest = Manifest(
            1, generation, None, "2026-01-01T00:00:00+00:00", "docs", "0" * 64, "fake", "f" * 64, 4,
            {"version": 1}, len(self.documents), count, count, count, {},
        )  # fmt: skip

    def search(self, query: str, k: int = 10) -> list[Hit]:
        if not query.strip():
            raise QuestionError("the question is empty; type one")
        scored = [(len(words(query) & words(passage.text)), passage) for passage in self.passages]
        scored = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
        return [Hit(passage, rank, float(score)) for rank, (score, passage) in enumerate(scored[:k], start=1)]

    def ask(self, question: str, k: int = 10) -> Answer:
        hits = tuple(self.search(question, k))
        shared = hits[0].score if hits else 0.0
        confidence = shared / len(words(question))
        timings = {"embed": 1.0, "search": 2.0, "rerank": 0.0, "read": 1.0, "verify": 0.5, "total": 4.5}
        if shared < 2:
            text = "The documents do not say."
            return Answer(question, text, (), hits, True, confidence, "en", timings, self.manifest.generation)
        best = hits[0].passage
        citation = Citation(1, best.doc_id, best.doc_id, best.start, best.end, best.text)
        return Answer(
            question,
            f"{best.text} [1]",
            (citation,),
            hits,
            False,
            confidence,
            "en",
            timings,
            self.manifest.generation,
        )

    def document(self, doc_id: str) -> Document:
        return self.documents[doc_id]

    def doc_ids(self) -> tuple[str, ...]:
        return tuple(self.documents)


class FakeSystem:
    """Indexes are folders with a copy of the source's name in a file; the first baseline ranks worst first."""

    model = "fake"

    def __init__(self, **options: Any) -> None:
        self.built: list[Path] = []
        self.options = {"without": "nothing", **options}

    def build(self, source: Path, index_dir: Path) -> None:
        index_dir.mkdir(exist_ok=True)
        if not (index_dir / "source").exists():
            self.built.append(index_dir)
        (index_dir / "source").write_text(str(source), encoding="utf-8")

    def open(self, index_dir: Path) -> FakeAssistant:
        try:
            source = Path((index_dir / "source").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise IndexMissingError(f"{index_dir}: no index; run quipu build") from error
        texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(source.iterdir())}
        return FakeAssistant(texts, index_dir.parent.name)

    def baselines(self, index_dir: Path) -> list[Baseline]:
        assistant = self.open(index_dir)

        def reverse(queries: Sequence[str], k: int) -> list[list[Hit]]:
            found = [list(reversed(assistant.search(query, k))) for query in queries]
            return [[Hit(hit.passage, rank, -float(rank)) for rank, hit in enumerate(hits, start=1)] for hits in found]

        return [Baseline("reverse", "Worst first", reverse)]

    def close(self) -> None:
        pass


def row(**fields: Any) -> dict[str, Any]:
    """A valid answerable question over `RIVER`, with `fields` in the place of its own."""
    return {
        "id": "q1",
        "question": "How long is the river Marañón?",
        "lang": "en",
        "type": "number",
        "answerable": True,
        "docs": ["river.txt"],
        "evidence": ["1,737 km long"],
        "answer": "1,737 km",
        "must_include": ["1,737 km"],
        **fields,
    }


ROWS = [
    row(),
    row(id="q2", question="Where lies its source?", type="fact", evidence=["Cordillera Raura"],
        answer="In the Cordillera Raura", must_include=["cordillera RAURA"]),
    row(id="q3", question="¿Cuándo se aprobó la ley de bosques?", lang="es", type="fact", docs=["law.txt"],
        evidence=["Se aprobó en 2011."], answer="En 2011", must_include=["2011"]),
    row(id="q4", question="Is gold mined in Piura by <b>whom</b>?", type="near_miss", answerable=False, docs=[],
        evidence=[], answer="", must_include=[]),
    row(id="q5", question="¿Quién ganó el mundial?", lang="es", type="off_topic", answerable=False, docs=[],
        evidence=[], answer="", must_include=[]),
]  # fmt: skip


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)
    path.write_text(text, encoding="utf-8")
    return path

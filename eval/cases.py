"""Questions with what the first ranking found for them: what the fitting learns from."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.assistant import Assistant
from assistant.retrieval import Candidate, Found, Settings
from eval.beir import load_beir
from eval.corpora import corpus_index, folder_index
from index.build import build_index
from index.models import DEFAULT_MODEL

FOLDS = 5
CANDIDATES = 24
RANKING = {"dense": 1.0, "sentence": 1.0, "lexical": 0.3, "late": 1.0}
SETTINGS = Settings(RANKING, rerank=False)


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what the first ranking found, and how to tell the passages and sentences that answer it."""

    source: str
    corpus: str
    name: str
    group: str
    answerable: bool
    kind: str
    found: Found
    docs: frozenset[str]
    answers: Callable[[str, str], bool]

    def right_passage(self, candidate: Candidate) -> bool:
        """Whether the passage holds the answer."""
        return self.answers(candidate.stored.passage.doc_id, candidate.stored.passage.text)


def set_cases(path: Path, index: Path) -> Iterator[Case]:
    """Cases of a question set; a text answers if it holds, or lies in, a quote of the evidence.

    The documents are those of the folder `documents` beside the set; without one, those of `index`.
    """
    documents = path.parent / "documents"
    own = documents.is_dir()
    if own:
        index = folder_index(documents, DEFAULT_MODEL, lambda source, place: build_index(source, place))
    assistant = Assistant.open(index, settings=SETTINGS)
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            question = json.loads(line)
            evidence = [" ".join(quote.split()) for quote in question["evidence"]]
            docs = frozenset(question["docs"])

            def answers(doc_id: str, text: str, evidence: list[str] = evidence, docs: frozenset[str] = docs) -> bool:
                flat = " ".join(text.split())
                return doc_id in docs and any(quote in flat or (flat in quote and len(flat) > 8) for quote in evidence)

            group = question["docs"][0] if question["docs"] else question["id"]
            found = _slim(assistant.retriever.find(question["question"]), CANDIDATES)
            corpus = path.parent.name if own else "seeds"
            yield Case(
                "set",
                corpus,
                question["id"],
                group,
                question["answerable"],
                question["type"],
                found,
                docs,
                answers,
            )
    finally:
        assistant.close()


def beir_cases(folder: Path, every: int) -> Iterator[Case]:
    """Cases of a BEIR folder whose queries carry gold answers; the group is the article, the id before its last dash.

    Only each `every`-th question is taken.
    """
    place = corpus_index(folder, DEFAULT_MODEL, lambda source, index: build_index(source, index))
    assistant = Assistant.open(place, settings=SETTINGS)
    try:
        for question in load_beir(folder).questions[::every]:
            gold, wanted = frozenset(question.docs), question.answers

            def answers(doc_id: str, text: str, gold: frozenset[str] = gold, wanted: tuple[str, ...] = wanted) -> bool:
                return doc_id in gold and any(answer in text for answer in wanted)

            group = question.docs[0].rsplit("-", 1)[0]
            found = _slim(assistant.retriever.find(question.question), SETTINGS.late)
            yield Case(folder.name, folder.name, question.id, group, True, "fact", found, gold, answers)
    finally:
        assistant.close()


def _slim(found: Found, candidates: int) -> Found:
    """The best candidates alone, with arrays of their own: thousands of cases are held in memory at once."""
    kept = [
        replace(c, similar=c.similar.copy(), tokens=c.tokens.copy())
        for c in found.candidates[:candidates]
        if c.similar is not None and c.tokens is not None
    ]
    return replace(found, candidates=tuple(kept))


def fold_of(case: Case) -> int:
    """Which fold a case belongs to: that of its article; of a set, that of its pair of contrasting questions."""
    name = re.sub(r"(?<=\d)[ab]$", "", case.name) if case.source == "set" else case.group
    return zlib.crc32(f"{case.corpus} {name}".encode()) % FOLDS

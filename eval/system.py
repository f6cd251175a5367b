"""The system that is measured: how its indexes are built and opened, and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from assistant.assistant import Assistant
from assistant.retrieval import PARTS, Settings
from assistant.weights import WEIGHTS_FILE, packaged_weights
from eval.baselines import Baseline, bm25_baseline, dense_baseline, langchain_baseline
from eval.types import Answerer
from index.embedding import Embedder, Encoded, open_embedder
from index.errors import UsageError
from index.models import DEFAULT_MODEL, sha256_of
from index.store import Generation, open_generation

RERANK = "rerank"


class System(Protocol):
    """What a run needs: to build an index, to open it as an assistant, and to make baselines over it."""

    model: str

    @property
    def options(self) -> Mapping[str, Any]:
        """The settings that the figures depend on, for the report."""
        ...

    def build(self, source: Path, index_dir: Path) -> object:
        """Build the index of a folder, or leave it as it is if nothing has changed."""
        ...

    def open(self, index_dir: Path) -> Answerer:
        """Open an index as an assistant."""
        ...

    def baselines(self, index_dir: Path) -> list[Baseline]:
        """The baselines over the documents of an index."""
        ...

    def close(self) -> None:
        """Close everything that was opened."""
        ...


class Quipu:
    """Quipu itself. Each model is loaded once, for assistants and baselines alike.

    `without` names parts of the retrieval to switch off: dense, sentence, lexical, late or rerank. Raises
    `UsageError` for any other name.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        without: tuple[str, ...] = (),
        *,
        say: Callable[[str], None] = lambda _: None,
        progress: Callable[[str, int, int], None] = lambda *_: None,
    ) -> None:
        self.model = model
        self.settings = settings_without(without)
        self._without = without
        self._say = say
        self._progress = progress
        self._embedders: dict[str, Embedder] = {}
        self._opened: list[Assistant | Generation] = []

    @property
    def options(self) -> Mapping[str, Any]:
        """The settings that the figures depend on."""
        weights = packaged_weights()
        return {
            "without": ", ".join(self._without) or "nothing",
            **{f"{part} weight": round(self.settings.weight(part), 4) for part in PARTS},
            "candidates": self.settings.candidates,
            "late interaction for": self.settings.late,
            RERANK: self.settings.rerank,
            "threshold": weights.threshold,
            "weights sha256": sha256_of(WEIGHTS_FILE)[:16],
        }

    def build(self, source: Path, index_dir: Path) -> object:
        """Build the index of a folder, or leave it as it is if nothing has changed."""
        from index.build import build_index

        embedder = self._embedder(self.model)
        return build_index(source, index_dir, embedder=embedder, say=self._say, progress=self._progress)

    def open(self, index_dir: Path) -> Answerer:
        """Open an index as an assistant."""
        generation = open_generation(index_dir)
        try:
            embedder = self._embedder(generation.manifest.model_name)
            assistant = Assistant(generation, embedder, settings=self.settings)
        except BaseException:
            generation.close()
            raise
        self._opened.append(assistant)
        return assistant

    def baselines(self, index_dir: Path) -> list[Baseline]:
        """Plain LangChain, BM25 alone and dense alone over the documents of an index."""
        generation = open_generation(index_dir)
        self._opened.append(generation)
        embedder = self._embedder(generation.manifest.model_name)
        documents = [generation.corpus.document(doc_id) for doc_id in generation.corpus.doc_ids()]
        return [
            langchain_baseline(documents, embedder),
            bm25_baseline(generation),
            dense_baseline(generation, embedder),
        ]

    def close(self) -> None:
        """Close everything that was opened."""
        for opened in self._opened:
            opened.close()
        self._opened.clear()

    def _embedder(self, name: str) -> Embedder:
        if name not in self._embedders:
            self._embedders[name] = Remembering(open_embedder(name, self._say))
        return self._embedders[name]


class Remembering:
    """An embedder that keeps the vectors of queries, so that baselines need not embed what was asked already.

    Only a request without tokens is served from memory: an assistant asks for tokens, so its times stay true.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._queries: dict[str, Encoded] = {}
        self.name = embedder.name
        self.sha256 = embedder.sha256
        self.dim = embedder.dim

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens in each text, special tokens not counted."""
        return self._embedder.count_tokens(texts)

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        """Encode texts, as the embedder itself does."""
        if kind != "query":
            return self._embedder.encode(texts, kind, tokens=tokens, done=done)
        if tokens:
            found = self._embedder.encode(texts, kind, tokens=True, done=done)
            self._queries.update(zip(texts, (Encoded(one.vector) for one in found), strict=True))
            return found
        new = [text for text in dict.fromkeys(texts) if text not in self._queries]
        self._queries.update(zip(new, self._embedder.encode(new, kind, done=done), strict=True))
        return [self._queries[text] for text in texts]


def settings_without(without: tuple[str, ...]) -> Settings:
    """The shipped settings with some parts switched off. Raises `UsageError` for an unknown part."""
    for part in without:
        if part not in (*PARTS, RERANK):
            raise UsageError(f'no part of the retrieval is called "{part}"; expected {", ".join((*PARTS, RERANK))}')
    if not without:
        return Settings()
    ranking = packaged_weights().ranking
    weights = {part: 0.0 if part in without else float(ranking[part]) for part in PARTS}
    if not any(weights.values()):
        raise UsageError("every part of the retrieval is switched off; leave at least one on")
    return Settings(weights, rerank=RERANK not in without)

"""One encoder for many askers: questions that wait at the same time are encoded together, which takes half of the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock

from index.embedding import Embedder, Encoded

TOGETHER = 16


class SharedEncoder:
    """An `Embedder` over another one. Thread-safe; whoever finds the encoder free works for all who wait."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.sha256 = embedder.sha256
        self.dim = embedder.dim
        self._waiting: SimpleQueue[tuple[str, Future[Encoded]]] = SimpleQueue()
        self._encoding = Lock()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens in each text, special tokens not counted."""
        return self._embedder.count_tokens(texts)

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        """Encode texts; see `index.embedding.Embedder`. A single question may be encoded along with those of others."""
        if len(texts) != 1 or kind != "query" or not tokens or done is not None:
            return self._embedder.encode(texts, kind, tokens=tokens, done=done)
        own: Future[Encoded] = Future()
        self._waiting.put((texts[0], own))
        while not own.done():
            with self._encoding:
                if not own.done():
                    self._encode_waiting()
        return [own.result()]

    def _encode_waiting(self) -> None:
        batch: list[tuple[str, Future[Encoded]]] = []
        while len(batch) < TOGETHER and not self._waiting.empty():
            batch.append(self._waiting.get())
        try:
            encoded = self._embedder.encode([text for text, _ in batch], "query", tokens=True)
        except BaseException as error:
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), result in zip(batch, encoded, strict=True):
            future.set_result(result)

"""One encoder for many askers: questions that wait at the same time are encoded together, which takes half of the work."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from queue import SimpleQueue
from types import ModuleType

from index.embedding import Embedder, Encoded

TOGETHER = 16


class SharedEncoder:
    """An `Embedder` over another one. Thread-safe; a thread of its own works for all who wait.

    Each thread that calls torch gets a team of threads, and a team whose members do not all have a core spends its time
    waiting for itself. So there is one, of half of the cores: the other half is for the rest of the work.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.sha256 = embedder.sha256
        self.dim = embedder.dim
        self._waiting: SimpleQueue[tuple[str, Future[Encoded]]] = SimpleQueue()
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="quipu-encoder", initializer=_take_half)

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
        self._encoder.submit(self._encode_waiting)
        return [own.result()]

    def _encode_waiting(self) -> None:
        batch: list[tuple[str, Future[Encoded]]] = []
        while len(batch) < TOGETHER and not self._waiting.empty():
            batch.append(self._waiting.get())
        if not batch:
            return
        try:
            encoded = self._embedder.encode([text for text, _ in batch], "query", tokens=True)
        except BaseException as error:
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), result in zip(batch, encoded, strict=True):
            future.set_result(result)


def _take_half() -> None:
    """Let torch, where it is loaded at all, work with half of the threads that it would take."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(max(1, _threads(torch) // 2))


@cache
def _threads(torch: ModuleType) -> int:
    """Threads that torch took by itself, whatever was set since it was first asked here."""
    return int(torch.get_num_threads())

"""Encoding what no earlier generation and no cache holds, a window of texts at a time; each window is kept at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from index.cache import EmbeddingCache
from index.earlier import Earlier, as_keys
from index.embedding import Embedder
from index.quantise import quantise
from index.texts import Text

WINDOW = 256
AT_LAST = np.iinfo(np.uint16).max


class Encoding:
    """Takes texts and encodes those that are new into the cache.

    `encoded` counts the texts that were encoded, `waiting` those of the present window that will be, `seen` all texts
    of the windows so far. `told` hears of each change.
    """

    def __init__(
        self,
        cache: EmbeddingCache,
        earlier: Earlier | None,
        embedder: Embedder,
        told: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._cache = cache
        self._earlier = earlier
        self._embedder = embedder
        self._told = told
        self._window: dict[bytes, Text] = {}
        self.encoded = self.waiting = self.seen = 0

    def add(self, texts: Iterable[Text]) -> None:
        """Take texts; they are encoded when a window is full."""
        for text in texts:
            self._window[text.key] = text
            if len(self._window) >= WINDOW:
                self.flush()

    def flush(self) -> None:
        """Encode what has been taken so far: a window of texts of similar lengths at a time."""
        window, self._window = self._window, {}
        self.seen += len(window)
        new = []
        for with_tokens in (True, False):
            texts = [text for text in window.values() if text.with_tokens == with_tokens]
            missing = self._cache.missing([text.key for text in self._unknown(texts, with_tokens)])
            new.append([text for text in texts if text.key in missing])
        self.waiting = len(new[0]) + len(new[1])
        self._encode(new[0], True)
        self._encode(new[1], False)

    def _unknown(self, texts: list[Text], with_tokens: bool) -> list[Text]:
        """Those of `texts` that the earlier generation does not hold."""
        if self._earlier is None or not texts:
            return texts
        keys = as_keys(b"".join(text.key for text in texts))
        rows = self._earlier.find_passages(keys) if with_tokens else self._earlier.find_sentences(keys)
        return [text for text, row in zip(texts, rows.tolist(), strict=True) if row < 0]

    def _encode(self, texts: list[Text], with_tokens: bool) -> None:
        if not texts:
            return

        def done(count: int) -> None:
            self.encoded += count
            self.waiting -= count
            self._told(self.encoded)

        results = self._embedder.encode([text.text for text in texts], "passage", tokens=with_tokens, done=done)
        self._cache.put(
            (
                text.key,
                result.vector,
                None
                if result.tokens is None
                else quantise(result.tokens.vectors, np.minimum(result.tokens.spans[:, 0], AT_LAST).astype(np.uint16)),
            )
            for text, result in zip(texts, results, strict=True)
        )

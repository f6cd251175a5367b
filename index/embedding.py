"""Texts to vectors: a SentenceTransformer with its prompts, one vector a text and one a token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index import models

BATCH = 8
# Any running text serves: the mean token hardly depends on it. Fixed, so that stored codes stay comparable.
CALIBRATION = (
    "The committee met on Tuesday to review the budget for the coming year.",
    "More than two thousand people live in the villages along the upper river.",
    "She studied chemistry in Lima before she moved to the north of the country.",
    "The law was approved in 1997 and came into force three months later.",
    "Heavy rain damaged the road, so the lorries arrived two days late.",
    "What is the largest lake in the region, and who takes care of it?",
    "El comité se reunió el martes para revisar el presupuesto del próximo año.",
    "Más de dos mil personas viven en los pueblos de la parte alta del río.",
    "Estudió química en Lima antes de mudarse al norte del país.",
    "La ley se aprobó en 1997 y entró en vigor tres meses después.",
    "Las lluvias dañaron la carretera y los camiones llegaron con dos días de retraso.",
    "¿Cuál es el lago más grande de la región y quién lo cuida?",
)


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The centred vectors of a text's tokens, special tokens and prompt left out.

    `vectors` has shape `(n, dim)`, float32; `spans` shape `(n, 2)`, the characters of the text that each covers.
    """

    vectors: NDArray[np.float32]
    spans: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text's unit vector, shape `(dim,)` float32, and, where asked for, its tokens."""

    vector: NDArray[np.float32]
    tokens: TokenVectors | None = None


class Embedder(Protocol):
    """What the index and the retriever need of a model."""

    name: str
    sha256: str
    dim: int

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens in each text, special tokens not counted."""
        ...

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        """Encode texts as `kind` "query" or "passage", in order; `done` is told the size of each finished batch."""
        ...


class SentenceTransformerEmbedder:
    """The real embedder. Thread-safe; bfloat16 matrix products where the processor has them in hardware.

    In bfloat16 autocast the vectors agree with float32 to cosine .9999, in less than half of the time. The weights of the linear
    layers are converted once, which autocast would do anew at each call: for a question that takes longer than the products.
    """

    def __init__(self, source: models.ModelSource) -> None:
        import torch

        self.model = models.load(source)
        self.name = source.name
        self.sha256 = source.sha256
        self.dim = int(self.model.get_embedding_dimension())
        self.max_tokens = int(self.model.max_seq_length or 512)
        prompts = dict(self.model.prompts or {})
        if not any(prompts.values()) and "e5" in source.name.lower() and "instruct" not in source.name.lower():
            prompts = {"query": "query: ", "passage": "passage: "}
        self.prompts = {
            "query": prompts.get("query") or "",
            "passage": prompts.get("passage") or prompts.get("document") or "",
        }
        self.half = bool(torch.cpu.get_capabilities().get("amx_bf16"))
        if self.half:
            for layer in self.model.modules():
                if isinstance(layer, torch.nn.Linear):
                    layer.to(torch.bfloat16)
        self.lock = Lock()
        self._mean: NDArray[np.float32] | None = None

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens in each text, special tokens not counted."""
        if not texts:
            return []
        with self.lock:
            encoded = self.model.tokenizer(list(texts), add_special_tokens=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]

    def encode(
        self, texts: Sequence[str], kind: str, *, tokens: bool = False, done: Callable[[int], None] | None = None
    ) -> list[Encoded]:
        """Encode texts as `kind` "query" or "passage", in order; see `Embedder`."""
        mean = self._mean_token() if tokens else None
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        out: list[Encoded | None] = [None] * len(texts)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            for i, encoded in zip(batch, self._batch([texts[i] for i in batch], kind, mean), strict=True):
                out[i] = encoded
            if done is not None:
                done(len(batch))
        return [encoded for encoded in out if encoded is not None]

    def _mean_token(self) -> NDArray[np.float32]:
        if self._mean is None:
            zero = np.zeros(self.dim, dtype=np.float32)
            rows = [
                encoded.tokens.vectors
                for kind in ("query", "passage")
                for encoded in self._batch(CALIBRATION, kind, zero)
                if encoded.tokens is not None
            ]
            self._mean = np.concatenate(rows).mean(axis=0)
        return self._mean

    def _batch(self, texts: Sequence[str], kind: str, mean: NDArray[np.float32] | None) -> list[Encoded]:
        import torch

        prompt = self.prompts[kind]
        with (
            self.lock,
            torch.inference_mode(),
            torch.autocast("cpu", torch.bfloat16, enabled=self.half),
        ):
            inputs: Any = self.model.tokenizer(
                [prompt + text for text in texts],
                padding=True,
                truncation=True,
                max_length=self.max_tokens,
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
                return_tensors="pt",
            )
            offsets = inputs.pop("offset_mapping").numpy()
            special = inputs.pop("special_tokens_mask").numpy()
            features = self.model(dict(inputs))
            vectors = features["sentence_embedding"].float().numpy()
            if mean is None:
                return [Encoded(_unit(vector)) for vector in vectors]
            states = features["token_embeddings"].float().numpy()
        out = []
        for row, vector in enumerate(vectors):
            keep = (
                (special[row] == 0)
                & (offsets[row, :, 1] > max(len(prompt), 0))
                & (offsets[row, :, 1] > offsets[row, :, 0])
            )
            spans = np.maximum(offsets[row][keep].astype(np.int64) - len(prompt), 0)
            out.append(Encoded(_unit(vector), TokenVectors(_unit(states[row][keep]) - mean, spans)))
        return out


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = vectors / np.maximum(norms, 1e-12)
    return unit


def open_embedder(name: str, say: Callable[[str], None] = lambda _: None) -> Embedder:
    """Resolve and load the model called `name`; raises ModelError."""
    source = models.resolve(name, say)
    if source.sha256 == models.HASH_SHA256:
        from index.testing import HashEmbedder

        return HashEmbedder()
    return SentenceTransformerEmbedder(source)

"""The network of `assistant.answerable` in torch, and its fitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's users know
from numpy.typing import NDArray
from torch import Tensor, nn

from assistant.answerable import MATCHES, STRETCH, Words

REDUCED = 12
HIDDEN = 24
VALUES = 8
EPOCHS = 20
BATCH = 64
RATE = 3e-3
DECAY = 0.05
DROP = 0.3
DROP_LINEAR = 0.1
MASKED = -1e4


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples: standardised linear features `(n, features)`, words, labels and weights `(n,)`."""

    linear: NDArray[np.float64]
    words: Sequence[Words]
    labels: NDArray[np.float64]
    weights: NDArray[np.float64]

    def chosen(self, which: NDArray[np.bool_]) -> Rows:
        """Some of the examples."""
        return Rows(
            self.linear[which],
            [words for words, take in zip(self.words, which, strict=True) if take],
            self.labels[which],
            self.weights[which],
        )


class WordNetwork(nn.Module):
    """One logit from the words of a question and the linear features of its answer."""

    def __init__(self, dim: int, features: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim, REDUCED)
        self.opening = nn.Linear(dim, REDUCED)
        self.hidden = nn.Linear(2 * REDUCED + MATCHES, HIDDEN)
        self.gate = nn.Linear(HIDDEN, 1)
        self.value = nn.Linear(HIDDEN, VALUES)
        self.out = nn.Linear(2 * VALUES + REDUCED, 1)
        self.linear = nn.Linear(features, 1)

    def forward(self, linear: Tensor, matches: Tensor, vectors: Tensor, real: Tensor, opening: Tensor) -> Tensor:
        """Logits `(batch,)`; `real` `(batch, words)` is False for padding."""

        def drop(values: Tensor) -> Tensor:
            return F.dropout(values, DROP, self.training)

        reduced = drop(torch.tanh(self.proj(vectors * STRETCH)))
        opened = drop(torch.tanh(self.opening(opening * STRETCH)))
        told = torch.cat([reduced, matches, opened[:, None].expand(-1, matches.shape[1], -1)], -1)
        hidden = drop(F.gelu(self.hidden(told), approximate="tanh"))
        attention = torch.softmax(self.gate(hidden).squeeze(-1).masked_fill(~real, MASKED), -1)
        values = self.value(hidden)
        mean = (attention[..., None] * values).sum(1)
        most = values.masked_fill(~real[..., None], MASKED).amax(1)
        pooled = torch.cat([torch.tanh(mean), torch.tanh(most), opened], -1)
        logits: Tensor = self.out(pooled).squeeze(-1) + self.linear(
            F.dropout(linear, DROP_LINEAR, self.training)
        ).squeeze(-1)
        return logits


def fit_network(rows: Rows, seed: int = 0) -> WordNetwork:
    """Fit by AdamW with a linearly falling rate."""
    torch.manual_seed(seed)
    shuffle = np.random.default_rng(seed)
    inputs = _tensors(rows)
    labels = torch.tensor(rows.labels, dtype=torch.float32)
    weights = torch.tensor(rows.weights / rows.weights.mean(), dtype=torch.float32)
    network = WordNetwork(inputs[2].shape[-1], inputs[0].shape[-1])
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    for epoch in range(EPOCHS):
        network.train()
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - epoch / EPOCHS)
        order = torch.from_numpy(shuffle.permutation(len(labels)))
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            logits = network(*(part[batch] for part in inputs))
            each = F.binary_cross_entropy_with_logits(logits, labels[batch], reduction="none")
            loss = (each * weights[batch]).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return network.eval()


def scores_of(network: WordNetwork, rows: Rows) -> NDArray[np.float64]:
    """Logits of examples, `(n,)`."""
    with torch.inference_mode():
        logits: NDArray[np.float64] = network(*_tensors(rows)).double().numpy()
    return logits


def layers_of(network: WordNetwork) -> dict[str, list[object]]:
    """The weights by name, rounded, as they are written."""
    return {name: np.round(value.double().numpy(), 4).tolist() for name, value in network.state_dict().items()}


def _tensors(rows: Rows) -> tuple[Tensor, ...]:
    longest = max(len(words.matches) for words in rows.words)
    n, dim = len(rows.words), rows.words[0].vectors.shape[1]
    matches = torch.zeros(n, longest, MATCHES)
    vectors = torch.zeros(n, longest, dim)
    real = torch.zeros(n, longest, dtype=torch.bool)
    for i, words in enumerate(rows.words):
        count = len(words.matches)
        matches[i, :count] = torch.from_numpy(words.matches)
        vectors[i, :count] = torch.from_numpy(words.vectors)
        real[i, :count] = True
    opening = torch.from_numpy(np.stack([words.opening for words in rows.words]))
    return torch.tensor(rows.linear, dtype=torch.float32), matches, vectors, real, opening

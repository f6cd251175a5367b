"""The network of `assistant.sentence_network` in torch, and its fitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name that torch's users know
from numpy.typing import NDArray
from torch import Tensor, nn

from assistant.sentence_inputs import MATCHES, SENTENCES, TOKEN_TOLD, TOKENS, TOLD, Inputs
from assistant.sentence_network import STRETCH, Standard
from index.quantise import dequantise

REDUCED = 64
HIDDEN = 160
VALUES = 24
SENTENCE = 128
TOKEN = 32
EPOCHS = 16
BATCH = 64
# Batches that are made of the same examples, sorted by their words: what is padded to the longest costs time.
TOGETHER = 10
RATE = 3e-3
DECAY = 0.05
DROP = 0.3
DROP_PLAIN = 0.1
# How much the choice of the sentence counts beside the question's own label: as a choice, and each sentence by itself.
CHOICE, EACH = 0.5, 0.9
MOST_WORDS = 16
NETWORKS = 3
MASKED = -1e4
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples: inputs, features of the answer, labels and weights `(n,)`.

    `right` says which of the chosen sentences answer, `(sentences,)`.
    """

    inputs: Sequence[Inputs]
    right: Sequence[Floats]
    answer: Sequence[Mapping[str, float]]
    labels: Floats
    weights: Floats


@dataclass(frozen=True, slots=True)
class Tensors:
    """Examples as padded tensors; `known` and `real` are False for the padding of words and sentences.

    `tokens` are places in `table`, `(distinct tokens, dim)`, which all examples share; -1 for padding.
    """

    words: Tensor
    told: Tensor
    opening: Tensor
    matches: Tensor
    sentences: Tensor
    known: Tensor
    real: Tensor
    answer: Tensor
    right: Tensor
    labels: Tensor
    weights: Tensor
    tokens: Tensor
    token_told: Tensor
    table: Tensor

    @classmethod
    def of(cls, rows: Rows, sentences: Standard, answer: Standard) -> Tensors:
        """The examples padded to `SENTENCES` sentences and `MOST_WORDS` words."""
        n, dim = len(rows.inputs), rows.inputs[0].words.shape[1]
        count = min(MOST_WORDS, max(len(one.words) for one in rows.inputs))
        found = cls(
            torch.zeros(n, count, dim),
            torch.zeros(n, count, TOLD),
            torch.from_numpy(np.stack([one.opening for one in rows.inputs])),
            torch.zeros(n, SENTENCES, count, MATCHES),
            torch.zeros(n, SENTENCES, len(sentences.names)),
            torch.zeros(n, count, dtype=torch.bool),
            torch.zeros(n, SENTENCES, dtype=torch.bool),
            torch.from_numpy(np.stack([answer(one) for one in rows.answer])).float(),
            torch.zeros(n, SENTENCES),
            torch.from_numpy(rows.labels).float(),
            torch.from_numpy(rows.weights / rows.weights.mean()).float(),
            torch.full((n, SENTENCES, TOKENS), -1, dtype=torch.int32),
            torch.zeros(n, SENTENCES, TOKENS, TOKEN_TOLD),
            torch.zeros(0),
        )
        places: dict[bytes, int] = {}
        distinct: list[NDArray[np.void]] = []
        for i, (one, right) in enumerate(zip(rows.inputs, rows.right, strict=True)):
            w, s = min(len(one.words), count), len(one.chosen)
            found.words[i, :w] = torch.from_numpy(one.words[:w])
            found.told[i, :w] = torch.from_numpy(one.told[:w])
            found.matches[i, :s, :w] = torch.from_numpy(one.matches[:, :w])
            found.sentences[i, :s] = torch.from_numpy(sentences(one.sentences)).float()
            found.known[i, :w] = True
            found.real[i, :s] = True
            found.right[i, :s] = torch.from_numpy(right).float()
            for j, (packed, told) in enumerate(zip(one.tokens, one.token_told, strict=True)):
                for k in range(len(packed)):
                    key = packed[k : k + 1].tobytes()
                    if key not in places:
                        places[key] = len(distinct)
                        distinct.append(packed[k : k + 1].copy())
                    found.tokens[i, j, k] = places[key]
                found.token_told[i, j, : len(packed)] = torch.from_numpy(told)
        table = dequantise(np.concatenate(distinct)) if distinct else np.zeros((1, dim), dtype=np.float32)
        return replace(found, table=torch.from_numpy(table))

    def at(self, which: Tensor) -> Tensors:
        """Some of the examples."""
        return replace(self, **{name: getattr(self, name)[which] for name in self.__slots__ if name != "table"})

    def trimmed(self) -> Tensors:
        """The same without the places for words that none of the examples has."""
        most = max(int(self.known.sum(1).max()), 1)
        return replace(
            self,
            words=self.words[:, :most],
            told=self.told[:, :most],
            known=self.known[:, :most],
            matches=self.matches[:, :, :most],
        )


@dataclass(frozen=True, slots=True)
class Job:
    """A network to be fitted: which examples it sees, `(n,)`, and where the fitting begins."""

    examples: NDArray[np.bool_]
    seed: int = 0


_GIVEN: Tensors | None = None


class SentenceNetwork(nn.Module):
    """Logits of sentences and of the question, from `Tensors`."""

    def __init__(self, dim: int, sentences: int, answer: int) -> None:
        super().__init__()
        self.word = nn.Linear(dim, REDUCED)
        self.opening = nn.Linear(dim, REDUCED)
        self.hidden = nn.Linear(2 * REDUCED + TOLD + MATCHES, HIDDEN)
        self.gate = nn.Linear(HIDDEN, 1)
        self.value = nn.Linear(HIDDEN, VALUES)
        self.token = nn.Linear(dim, TOKEN)
        self.wanted = nn.Linear(2 * REDUCED, TOKEN)
        self.sign = nn.Linear(TOKEN_TOLD, 1)
        self.sentence = nn.Linear(2 * VALUES + REDUCED + sentences + TOKEN + 1, SENTENCE)
        self.out = nn.Linear(SENTENCE, 1)
        self.plain = nn.Linear(sentences, 1)
        self.answer = nn.Linear(answer, 1)
        self.asked = nn.Linear(REDUCED, 1)
        self.read = nn.Linear(2 * VALUES + REDUCED, 1)
        self.best = nn.Parameter(torch.tensor([1.0, 0.0]))

    def forward(self, given: Tensors) -> tuple[Tensor, Tensor]:
        """The logits that the documents answer, `(batch,)`, and of the sentences, `(batch, sentences)`."""

        def drop(values: Tensor, share: float = DROP) -> Tensor:
            return F.dropout(values, share, self.training)

        words = drop(torch.tanh(self.word(given.words * STRETCH)))
        opening = drop(torch.tanh(self.opening(given.opening * STRETCH)))
        size, n, count, _ = given.matches.shape
        shared = torch.cat([words, given.told, opening[:, None].expand(-1, count, -1)], -1)
        told = torch.cat([shared[:, None].expand(-1, n, -1, -1), given.matches], -1)
        hidden = drop(F.gelu(self.hidden(told), approximate="tanh"))
        unknown = ~given.known[:, None]
        attention = torch.softmax(self.gate(hidden).squeeze(-1).masked_fill(unknown, MASKED), -1)
        values = self.value(hidden)
        mean = (attention[..., None] * values).sum(2)
        most = values.masked_fill(unknown[..., None], MASKED).amax(2)
        pooled = torch.cat([torch.tanh(mean), torch.tanh(most), opening[:, None].expand(size, n, -1)], -1)
        sentences = drop(given.sentences, DROP_PLAIN)
        count_known = given.known.sum(1, keepdim=True).clamp(min=1)
        meant = (words * given.known[..., None]).sum(1) / count_known
        wanted = self.wanted(torch.cat([opening, meant], -1))
        there = given.tokens >= 0
        used, places = torch.unique(given.tokens.clamp(min=0).long(), return_inverse=True)
        tokens = F.embedding(places, drop(torch.tanh(self.token(given.table[used] * STRETCH))))
        likely = torch.einsum("bntr,br->bnt", tokens, wanted) + self.sign(given.token_told).squeeze(-1)
        likely = likely.masked_fill(~there, MASKED)
        pointed = torch.softmax(likely, -1) * there
        answering = torch.tanh((pointed[..., None] * tokens).sum(2))
        best = torch.tanh(likely.amax(-1, keepdim=True) / 2)
        inner = self.sentence(torch.cat([pooled, sentences, answering, best], -1))
        inner = drop(F.gelu(inner, approximate="tanh"))
        each = (self.out(inner) + self.plain(sentences)).squeeze(-1).masked_fill(~given.real, MASKED)
        read = (torch.softmax(each, -1)[..., None] * pooled).sum(1)
        answered = self.best[0] * torch.logsumexp(each, -1) + self.best[1]
        for layer, values in ((self.answer, drop(given.answer, DROP_PLAIN)), (self.asked, opening), (self.read, read)):
            answered = answered + layer(values).squeeze(-1)
        return answered, each


def fit_network(given: Tensors, seed: int = 0) -> SentenceNetwork:
    """Fit by AdamW with a linearly falling rate."""
    torch.manual_seed(seed)
    shuffle = np.random.default_rng(seed)
    network = SentenceNetwork(given.words.shape[-1], given.sentences.shape[-1], given.answer.shape[-1])
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    for epoch in range(EPOCHS):
        network.train()
        for group in optimiser.param_groups:
            group["lr"] = RATE * (1 - epoch / EPOCHS)
        for batch in _batches(given.known.sum(1).numpy(), shuffle):
            loss = _loss(network, given.at(torch.from_numpy(batch)).trimmed())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return network.eval()


def _batches(words: NDArray[np.int64], shuffle: np.random.Generator) -> list[NDArray[np.int64]]:
    """The places of all examples in batches of about the same number of words, `words` `(n,)`, in an order left to chance."""
    order = shuffle.permutation(len(words))
    batches = []
    for first in range(0, len(order), TOGETHER * BATCH):
        some = order[first : first + TOGETHER * BATCH]
        some = some[np.argsort(words[some], kind="stable")]
        batches += [some[begin : begin + BATCH] for begin in range(0, len(some), BATCH)]
    return [batches[i] for i in shuffle.permutation(len(batches))]


def _loss(network: SentenceNetwork, batch: Tensors) -> Tensor:
    """How wrong it is on whether the documents answer, on which sentence does, and on each sentence."""
    answered, each = network(batch)
    whole = F.binary_cross_entropy_with_logits(answered, batch.labels, reduction="none")
    found = (batch.right > 0).any(1)
    shares = torch.log_softmax(each, 1).masked_fill(batch.right == 0, MASKED)
    choice = -torch.logsumexp(shares, 1) * found / found.float().mean().clamp(min=1e-3)
    single = F.binary_cross_entropy_with_logits(each, batch.right, reduction="none") * batch.real
    single = single.sum(1) / batch.real.sum(1).clamp(min=1)
    loss: Tensor = ((whole + CHOICE * choice + EACH * single) * batch.weights).mean()
    return loss


def fit_all(given: Tensors, jobs: Sequence[Job], workers: int = 2) -> list[SentenceNetwork]:
    """The network of each job, two fitted side by side: one of these small networks keeps one core busy."""
    global _GIVEN
    _GIVEN = given
    try:
        # Forked, so that the examples need not be sent.
        with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
            fitted = list(pool.map(_fitted, jobs))
    finally:
        _GIVEN = None
    networks = []
    for state in fitted:
        network = SentenceNetwork(given.words.shape[-1], given.sentences.shape[-1], given.answer.shape[-1])
        network.load_state_dict({name: torch.from_numpy(values) for name, values in state.items()})
        networks.append(network.eval())
    return networks


def _fitted(job: Job) -> dict[str, NDArray[np.float32]]:
    torch.set_num_threads(1)
    if _GIVEN is None:
        raise RuntimeError("the examples are set before the workers begin")
    network = fit_network(_GIVEN.at(places(job.examples)), job.seed)
    return {name: values.numpy() for name, values in network.state_dict().items()}


def scores_of(networks: Sequence[SentenceNetwork], given: Tensors) -> tuple[Floats, Floats]:
    """Logits that the documents answer, `(n,)`, and of the sentences, `(n, sentences)`, averaged over the networks."""
    total = [torch.zeros(len(given.labels)), torch.zeros_like(given.right)]
    with torch.inference_mode():
        for first in range(0, len(given.labels), 512):
            which = torch.arange(first, min(first + 512, len(given.labels)))
            for network in networks:
                for sums, part in zip(total, network(given.at(which).trimmed()), strict=True):
                    sums[which] += part / len(networks)
    return total[0].double().numpy(), total[1].double().numpy()


def places(which: NDArray[np.bool_]) -> Tensor:
    """The places of the chosen examples."""
    return torch.from_numpy(np.flatnonzero(which))


def layers_of(network: SentenceNetwork) -> dict[str, list[object]]:
    """The weights by name, rounded, as they are written."""
    return {name: np.round(value.double().numpy(), 4).tolist() for name, value in network.state_dict().items()}


def standard_of(rows: Sequence[Mapping[str, float]] | Sequence[Mapping[str, Floats]]) -> Standard:
    """The means and scales of named features over all rows."""
    names = tuple(rows[0])
    columns = [np.concatenate([np.atleast_1d(row[name]) for row in rows]) for name in names]
    return Standard(
        names,
        np.array([round(float(column.mean()), 5) for column in columns]),
        np.array([round(max(float(column.std()), 1e-5), 6) for column in columns]),
    )

"""The sentence network: what it is shown, what it computes, when it is used, and the order that it gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.judging import judge, ranked
from assistant.question import answer_spans
from assistant.sentence_inputs import MATCHES, SENTENCES, TOKEN_TOLD, TOKENS, TOLD, Inputs, inputs_of
from assistant.sentence_network import SentenceNetwork, packaged_network
from index.quantise import quantise

QUESTION = "How many justice operators did Prevent strengthen?"


@pytest.fixture(scope="module")
def network() -> SentenceNetwork:
    found = packaged_network()
    assert found is not None
    return found


def _inputs(network: SentenceNetwork, words: int, sentences: int, seed: int) -> Inputs:
    random = np.random.default_rng(seed)
    dim = network.layers[0]["word.weight"].shape[1]

    def some(*shape: int) -> np.ndarray:
        return random.normal(size=shape).astype(np.float32)

    counts = [0 if i == 1 else 3 + i for i in range(sentences)]
    return Inputs(
        tuple(range(sentences)),
        {
            name: random.normal(mean, scale, size=sentences)
            for name, mean, scale in zip(
                network.sentences.names, network.sentences.means, network.sentences.scales, strict=True
            )
        },
        some(words, dim) / 10,
        some(words, TOLD),
        some(dim) / 10,
        some(sentences, words, MATCHES),
        tuple(quantise(some(n, dim) / 10, np.zeros(n, dtype=np.uint16)) for n in counts),
        tuple(some(n, TOKEN_TOLD) for n in counts),
    )


def test_numpy_computes_what_torch_was_fitted_to(network: SentenceNetwork) -> None:
    import torch

    from eval import sentence_network as torch_side

    inputs = [_inputs(network, words, sentences, seed=words) for words, sentences in ((1, 1), (4, 5), (9, SENTENCES))]
    answer = [dict.fromkeys(network.answer.names, value) for value in (0.0, 0.5, 1.0)]
    nothing = [np.zeros(len(one.chosen)) for one in inputs]
    rows = torch_side.Rows(inputs, nothing, answer, np.zeros(3), np.ones(3))
    given = torch_side.Tensors.of(rows, network.sentences, network.answer)
    networks = []
    for layers in network.layers:
        one = torch_side.SentenceNetwork(
            given.words.shape[-1], len(network.sentences.names), len(network.answer.names)
        ).eval()
        one.load_state_dict({name: torch.tensor(value, dtype=torch.float32) for name, value in layers.items()})
        networks.append(one)
    answered, each = torch_side.scores_of(networks, given)
    plain = replace(network, calibration=(1.0, 0.0))
    for i, (one, features) in enumerate(zip(inputs, answer, strict=True)):
        found, logit = plain.judge(one, features)
        np.testing.assert_allclose(found, each[i, : len(found)], atol=1e-3)
        assert logit == pytest.approx(answered[i], abs=1e-3)
    scale, shift = network.calibration
    assert scale > 0
    assert network.judge(inputs[0], answer[0])[1] == pytest.approx(answered[0] * scale + shift, abs=1e-3)


def test_each_content_word_has_a_row_and_a_word_in_the_sentence_is_met(seed_assistant: Assistant) -> None:
    found = seed_assistant.retriever.find(QUESTION)
    judged = judge(found, seed_assistant.weights, None)
    inputs = inputs_of(found, judged.views, judged.scores)
    assert inputs is not None
    count = len(found.query.asked.words)
    assert inputs.matches.shape == (len(inputs.chosen), count, MATCHES)
    assert inputs.words.shape == (count, seed_assistant.manifest.dim)
    assert len(inputs.chosen) <= SENTENCES
    assert max(len(tokens) for tokens in inputs.tokens) <= TOKENS
    assert [len(tokens) for tokens in inputs.tokens] == [len(told) for told in inputs.token_told]
    sentence, around, passage, _, three = np.moveaxis(inputs.matches[..., 7:], -1, 0)
    assert (sentence <= around).all()
    assert (passage[0] <= three[0]).all()
    assert sentence[0].sum() >= 2


def test_nothing_found_gives_no_inputs(seed_assistant: Assistant) -> None:
    assert inputs_of(seed_assistant.retriever.find(QUESTION), (), ()) is None


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("number", "It represents 430 communities.", ["430"]),
        ("number", "It held 5.5 million, 1,100 and two.", ["5.5", "million", "1,100", "two"]),
        ("date", "Desde septiembre de 2019 trabaja.", ["septiembre", "2019"]),
        ("duration", "Duró cinco años.", ["años"]),
        ("person", "said Cecilia Barbieri, of the team", ["Cecilia Barbieri"]),
        ("list", "gold, timber and coca", []),
    ],
)
def test_the_places_of_what_was_asked_for(kind: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in answer_spans(text, kind)] == expected


def test_another_model_than_the_fitted_one_is_judged_by_the_linear_model_alone(seed_assistant: Assistant) -> None:
    assert seed_assistant.network is None
    assert seed_assistant.threshold == seed_assistant.weights.threshold
    found = seed_assistant.retriever.find(QUESTION)
    assert ranked(found, judge(found, seed_assistant.weights, None)) is found


@pytest.mark.model
def test_the_default_model_is_judged_by_the_network(model_assistant: Assistant) -> None:
    assert model_assistant.network is not None
    assert model_assistant.threshold == model_assistant.network.threshold
    told = model_assistant.ask(QUESTION).confidence
    untold = model_assistant.ask("How many justice operators did Prevent dismiss for corruption?").confidence
    assert told > untold


@pytest.mark.model
def test_passages_are_ranked_by_their_best_sentence_too_and_none_is_lost(model_assistant: Assistant) -> None:
    found = model_assistant.retriever.find(QUESTION)
    judged = judge(found, model_assistant.weights, model_assistant.network)
    anew = ranked(found, judged)
    scores = [candidate.score for candidate in anew.candidates]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score < 1 for score in scores)
    assert {c.stored.row for c in anew.candidates} == {c.stored.row for c in found.candidates}
    assert "5,500 justice operators" in " ".join(c.stored.passage.text for c in anew.candidates[:1])

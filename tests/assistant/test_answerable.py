"""The network over the words of a question: what it is shown, what it computes, and when it is used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assistant.answerable import MATCHES, Words, packaged_answer_model, words_of
from assistant.assistant import Assistant
from assistant.reading import read


def _some_words(count: int, dim: int, seed: int) -> Words:
    random = np.random.default_rng(seed)
    return Words(
        random.normal(size=(count, MATCHES)).astype(np.float32),
        (random.normal(size=(count, dim)) / 10).astype(np.float32),
        (random.normal(size=dim) / 10).astype(np.float32),
    )


def test_numpy_computes_what_torch_was_fitted_to() -> None:
    import torch

    from eval.word_network import Rows, WordNetwork, scores_of

    model = packaged_answer_model()
    assert model is not None
    dim = model.layers["proj.weight"].shape[1]
    network = WordNetwork(dim, len(model.linear)).eval()
    network.load_state_dict({name: torch.tensor(value, dtype=torch.float32) for name, value in model.layers.items()})
    words = [_some_words(count, dim, seed=count) for count in (1, 4, 9)]
    linear = np.random.default_rng(5).normal(size=(3, len(model.linear)))
    expected = scores_of(network, Rows(linear, words, np.zeros(3), np.ones(3)))
    plain = replace(model, calibration=(1.0, 0.0))
    features = [dict(zip(model.linear, row * model.scales + model.means, strict=True)) for row in linear]
    found = [plain.score(f, w) for f, w in zip(features, words, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    scale, shift = model.calibration
    assert scale > 0
    assert model.score(features[0], words[0]) == pytest.approx(found[0] * scale + shift)


def test_each_content_word_has_a_row_and_a_word_in_the_sentence_is_met(seed_assistant: Assistant) -> None:
    found = seed_assistant.retriever.find("How many justice operators did Prevent strengthen?")
    reading = read(found, seed_assistant.weights.reading, seed_assistant.generation.corpus)
    words = words_of(found, reading.views, reading.scores)
    assert words is not None
    assert words.matches.shape == (len(found.query.asked.words), MATCHES)
    assert words.vectors.shape == (len(words.matches), seed_assistant.manifest.dim)
    sentence, around, passage, _, three = words.matches[:, 3:8].T
    assert (sentence <= around).all()
    assert (passage <= three).all()
    assert sentence.sum() >= 2


def test_nothing_found_gives_no_words(seed_assistant: Assistant) -> None:
    found = seed_assistant.retriever.find("How many justice operators did Prevent strengthen?")
    assert words_of(found, (), ()) is None


def test_another_model_than_the_fitted_one_is_judged_by_the_linear_model_alone(seed_assistant: Assistant) -> None:
    assert seed_assistant.answers is None
    assert seed_assistant.threshold == seed_assistant.weights.threshold


@pytest.mark.model
def test_the_default_model_is_judged_by_the_network(model_assistant: Assistant) -> None:
    assert model_assistant.answers is not None
    assert model_assistant.threshold == model_assistant.answers.threshold
    told = model_assistant.ask("How many justice operators did Prevent strengthen?").confidence
    untold = model_assistant.ask("How many justice operators did Prevent dismiss for corruption?").confidence
    assert told > untold

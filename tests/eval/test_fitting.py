"""What the fitting sees: every example once an epoch, in batches that are padded little."""

from __future__ import annotations

import numpy as np

from eval.sentence_network import BATCH, _batches


def test_an_epoch_sees_every_example_once_in_batches_of_about_the_same_length() -> None:
    words = np.random.default_rng(1).integers(1, 17, 5_000)
    batches = _batches(words, np.random.default_rng(2))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(words)))
    assert max(len(batch) for batch in batches) == BATCH
    padded = sum(len(batch) * words[batch].max() for batch in batches)
    assert padded < 1.2 * words.sum()
    # Neither the order of the batches nor what is in them is the same in the next epoch.
    other = _batches(words, np.random.default_rng(3))
    assert {tuple(sorted(batch)) for batch in batches} & {tuple(sorted(batch)) for batch in other} == set()
    longest = [words[batch].max() for batch in batches]
    assert longest != sorted(longest)

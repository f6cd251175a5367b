"""What of the judged sentences is quoted: lists whole or in part, neighbours joined, the short way where a list says all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from assistant.features import sentence_views
from assistant.judging import NETWORK, Judged
from assistant.reading import Quote, read, without_repeats
from index.build import build_index
from index.store import open_generation
from index.testing import HashEmbedder

STRATEGY = """# The strategy

The Mission has three objectives:

- Rivers are clean
- Forests stand
- Schools are open

In addition to the three objectives, the Mission supports some small activities:

- Radio clubs
- Night markets
- Chess evenings

Between 2001 and 2022, nine million acres were lost. This is five percent of the forest. The rest stands.

# Elsewhere

The rest stands.
"""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, bridge: Bridge) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("reading")
    (folder / "source").mkdir()
    (folder / "source" / "strategy.md").write_text(STRATEGY, encoding="utf-8")
    build_index(folder / "source", folder / "index", embedder=HashEmbedder())
    generation = open_generation(folder / "index")
    yield Assistant(generation, HashEmbedder(), bridge=bridge)
    generation.close()


def quoted(assistant: Assistant, question: str, scores: Mapping[str, float]) -> list[str]:
    """What is quoted when the sentences that begin so are scored so, and all others lie far behind."""
    found = assistant.retriever.find(question)
    views = tuple(sentence_views(found))
    each = [next((s for begin, s in scores.items() if view.text.startswith(begin)), -20.0) for view in views]
    judged = Judged(views, tuple(each), NETWORK, 5.0, frozenset(), tuple(range(len(views))))
    return [re.sub(r"\s+", " ", quote.text) for quote in read(found, judged, assistant.generation.corpus)]


def test_one_item_of_a_list_is_quoted_alone_where_the_others_do_not_answer(assistant: Assistant) -> None:
    question = "Which activities are played on a board?"
    assert quoted(assistant, question, {"Chess": 3.0}) == ["Chess evenings"]


def test_a_list_is_quoted_whole_where_half_of_its_items_answer(assistant: Assistant) -> None:
    question = "Which activities does it also support?"
    found = quoted(assistant, question, {"Chess": 3.0, "Radio": 1.5})
    assert found[0].startswith("In addition to")
    assert found[1:] == ["Radio clubs", "Night markets", "Chess evenings"]


def test_a_list_is_quoted_whole_where_its_lead_in_answers(assistant: Assistant) -> None:
    found = quoted(assistant, "Which activities are there?", {"Chess": 3.0, "In addition": 2.5})
    assert found[1:] == ["Radio clubs", "Night markets", "Chess evenings"]


def test_what_is_listed_beside_the_thing_asked_for_comes_after_it(assistant: Assistant) -> None:
    scores = {"Radio": 3.0, "Night": 2.5, "Rivers": 1.0, "Forests": 0.5}
    assert quoted(assistant, "What are the objectives?", scores)[:2] == [
        "The Mission has three objectives:",
        "Rivers are clean",
    ]
    # Who asks for what there is beside them is answered from there.
    assert (
        quoted(assistant, "What else is there, beside the objectives?", scores)[0]
        != "The Mission has three objectives:"
    )


def test_a_list_of_as_many_items_as_were_asked_for_is_the_whole_answer(assistant: Assistant) -> None:
    scores = {"Rivers": 3.0, "Forests": 2.5, "Between": 2.0}
    assert quoted(assistant, "What are the three objectives?", scores) == [
        "The Mission has three objectives:",
        "Rivers are clean",
        "Forests stand",
        "Schools are open",
    ]
    assert len(quoted(assistant, "What are the objectives?", scores)) > 4


def test_quotes_that_overlap_become_one(assistant: Assistant) -> None:
    found = assistant.retriever.find("How many acres were lost, and what share is that?")
    views = tuple(sentence_views(found))

    def read_for(begin: str) -> tuple[Quote, ...]:
        scores = tuple(3.0 if view.text.startswith(begin) else -20.0 for view in views)
        judged = Judged(views, scores, NETWORK, 5.0, frozenset(), tuple(range(len(views))))
        return read(found, judged, assistant.generation.corpus)

    (first,), (second,) = read_for("Between"), read_for("This is")
    assert first.text == "Between 2001 and 2022, nine million acres were lost."
    (whole,) = without_repeats([first, second])
    assert whole.text == f"{first.text} This is five percent of the forest."
    assert without_repeats([second, first]) == (second,)
    (third,) = read_for("The rest")
    assert len(first.sentences) == len(third.sentences) == 1
    everything = Quote(first.passage, (*second.sentences, *third.sentences))
    assert without_repeats([first, third, everything]) == (everything,)


def test_the_same_words_are_quoted_once(assistant: Assistant) -> None:
    assert quoted(assistant, "What stands?", {"The rest": 3.0}) == ["The rest stands."]

"""Gaps: refused questions sorted by subject, in whatever language, named by what the documents lack."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))
from refused_questions import NEARER, REFUSED

from assistant.assistant import Assistant
from assistant.workbench import gaps
from assistant.workbench.asked import Asked
from assistant.workbench.clusters import BACKGROUND, clusters, label, word_counts
from index.embedding import open_embedder

SUBJECTS = ("mongolia", "mercury", "pizza")


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A direction for each subject that a text names, and one that all texts share."""
    rows = []
    for text in texts:
        row = [3.0] + [float(subject in text.casefold()) for subject in SUBJECTS]
        rows.append(np.array(row) / np.linalg.norm(row))
    return np.array(rows, dtype=np.float32)


def asked(question: str, time: str = "2026-01-01T10:00:00+00:00", **changes: object) -> Asked:
    found = Asked("x", time, question, "en", True, nearest=("a.txt",))
    return replace(found, **changes)  # type: ignore[arg-type]


def test_everyday_words_that_all_questions_share_do_not_bring_them_together() -> None:
    vectors = encode(["Mongolia?", "mercury?", "of Mongolia", "pizza", "nothing in particular"])
    # Uncentred, all are nearly the same: the smallest cosine is 3·3 / (√10·√10) = .9.
    assert (vectors @ vectors.T).min() == pytest.approx(0.9)
    found = clusters(vectors, encode(BACKGROUND))
    assert sorted(map(sorted, found)) == [[0, 2], [1], [3], [4]]


def test_one_question_and_none_are_sorted_too() -> None:
    assert clusters(encode(["Mongolia?"]), encode(BACKGROUND)) == [[0]]
    assert clusters(np.zeros((0, 4), dtype=np.float32), encode(BACKGROUND)) == []
    assert gaps.find_gaps([], encode) == []


def test_a_question_counts_while_it_is_refused_of_all_documents() -> None:
    found = gaps.refused(
        [
            asked("What of Mongolia?"),
            asked("  what of MONGOLIA", "2026-01-03T10:00:00+00:00", missing=("Mongolia",)),
            asked("What of mercury?"),
            # Answered since, by documents that were added.
            asked("What of mercury?", abstained=False),
            # Only some documents were asked.
            asked("What of pizza?", narrowed=True),
            asked("?!"),
        ]
    )
    (one,) = found
    assert (one.times, one.last[:10], one.missing) == (2, "2026-01-03", ("Mongolia",))


def test_a_narrowed_refusal_takes_nothing_back_and_a_later_refusal_counts_again() -> None:
    found = gaps.refused(
        [
            asked("What of mercury?"),
            asked("What of mercury?", narrowed=True),
            asked("What of pizza?", abstained=False),
            asked("What of pizza?", "2026-02-01T10:00:00+00:00"),
        ]
    )
    assert [(one.question, one.times) for one in found] == [("What of pizza?", 1), ("What of mercury?", 1)]


def test_gaps_come_most_asked_first_and_are_named_by_what_the_documents_lack() -> None:
    questions = gaps.refused(
        [asked("Who fines mercury use?", missing=("mercury", "fines"), nearest=("b.txt", "a.txt"))]
        + [asked("Capital of Mongolia?", missing=("Mongolia",), nearest=("c.txt", "a.txt"))] * 3
        + [asked("¿Capital de mongolia?", missing=("mongolia",), nearest=("a.txt",))]
    )
    first, second = gaps.find_gaps(questions, encode)
    assert (first.terms, first.times, len(first.questions)) == (("Mongolia",), 4, 2)
    # Three times c before a, and once a alone: 3·2 = 6 for c, 3·1 + 1·1 = 4 for a.
    assert first.nearest == ("c.txt", "a.txt")
    assert (second.terms, second.times) == (("mercury", "fines"), 1)
    # A word that the documents hold by now names nothing any more.
    first, second = gaps.find_gaps(questions, encode, known=lambda term: term == "mercury")
    assert second.terms == ("fines",)


def test_without_a_missing_word_the_shared_ones_name_a_gap() -> None:
    own = [("Who works in Ucayali?", 2), ("¿Quién trabaja en Ucayali?", 1)]
    everywhere = word_counts([*(question for question, _ in own), "Who works in Lima?"])
    terms = label(own, [(), ()], everywhere)
    # Ucayali: 3 askings, nowhere else; "works": 2 askings, but shared with another question, 2 / 2.
    assert terms[0] == "Ucayali"
    assert terms == ("Ucayali", "works", "trabaja")
    assert label([("Wer zahlt?", 1)], [()], word_counts(["Wer zahlt?"])) == ("Wer", "zahlt")


def test_a_dismissed_gap_stays_so_until_new_questions_outweigh_it(tmp_path: Path) -> None:
    path = tmp_path / gaps.FILE
    questions = gaps.refused([asked("Capital of Mongolia?"), asked("Where is Mongolia?"), asked("On pizza?")])
    mongolia = next(gap for gap in gaps.find_gaps(questions, encode) if len(gap.questions) == 2)
    gaps.dismiss(path, mongolia, by="ana")
    dismissed = gaps.read_dismissed(path)
    assert dismissed == {"capital of mongolia", "where is mongolia"}
    found = gaps.find_gaps(questions, encode, dismissed)
    assert {gap.dismissed for gap in found if len(gap.questions) == 2} == {True}
    more = [*questions, *gaps.refused([asked("Who rules Mongolia?"), asked("What do they eat in Mongolia?")])]
    assert not any(gap.dismissed for gap in gaps.find_gaps(more, encode, dismissed))
    gaps.dismiss(path, mongolia, undo=True)
    assert gaps.read_dismissed(path) == set()


def test_what_was_encoded_once_is_not_encoded_again() -> None:
    calls: list[list[str]] = []

    def counted(texts: Sequence[str]) -> NDArray[np.float32]:
        calls.append(list(texts))
        return encode(texts)

    vectors = gaps.Vectors()
    first = vectors.encode(["Mongolia", "pizza"], "model", counted)
    again = vectors.encode(["pizza", "mercury", "Mongolia"], "model", counted)
    assert calls == [["Mongolia", "pizza"], ["mercury"]]
    assert np.array_equal(again[[2, 0]], first)
    vectors.encode(["pizza"], "another model", counted)
    assert calls[-1] == ["pizza"]


def test_terms_that_the_documents_hold_are_known_in_either_language(seed_assistant: Assistant) -> None:
    assert seed_assistant.holds_term("Amazon")
    assert seed_assistant.holds_term("communities")
    assert not seed_assistant.holds_term("Mongolia")
    assert seed_assistant.encode_questions(["one?", "¿dos?"]).shape == (2, 64)


@pytest.mark.model
def test_questions_in_two_languages_are_sorted_by_what_they_are_about() -> None:
    embedder = open_embedder("multilingual-e5-small")
    labelled = [(subject, question) for subject, own in (REFUSED | NEARER).items() for question in own]

    def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([one.vector for one in embedder.encode(list(texts), "query")])

    heaps = clusters(vectors([question for _, question in labelled]), vectors(BACKGROUND))
    heap_of = {row: number for number, rows in enumerate(heaps) for row in rows}
    together = apart = right = 0
    for a, b in itertools.combinations(range(len(labelled)), 2):
        same = labelled[a][0] == labelled[b][0]
        found = heap_of[a] == heap_of[b]
        right += same and found
        together += found and not same
        apart += same and not found
    # Pairs: of those that lie together, how many are of one subject; of those of one subject, how many lie together.
    assert right / (right + together) >= 0.97
    assert right / (right + apart) >= 0.85

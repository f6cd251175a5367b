"""The ranking in its fast form is the plain one: the same candidates, parts and features, candidate by candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.asked import Asked, Coverage, Word, starts_of, stems_of
from assistant.bridge import Bridge
from assistant.matching import best_matches, inside, sentence_matches
from assistant.reranking import passage_features
from assistant.retrieval import Candidate, Found, Retriever
from index.build import build_index
from index.errors import IndexDamagedError
from index.lexical import terms
from index.quantise import dequantise
from index.store import open_generation
from index.testing import HashEmbedder

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]
QUESTIONS = (
    "Who built the school of Nauta in 1950?",
    "\u00bfQui\u00e9n construy\u00f3 la escuela de Nauta?",
    "How many boats arrived at the port?",
    "Zzyzx?",
)


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retriever]:
    folder = tmp_path_factory.mktemp("ranking")
    source = folder / "source"
    source.mkdir()
    for n in range(60):
        text = f"# Village {n}\n\nThe school of village {n} was built in {1900 + n}. Its port saw {n} boats.\n\n- Rice\n- Fish {n}\n"
        (source / f"{n:02d}.md").write_text(text, encoding="utf-8")
    (source / "es.txt").write_text("La escuela de Nauta fue construida en 1950 por los vecinos.", encoding="utf-8")
    build_index(source, folder / "index", embedder=HashEmbedder())
    generation = open_generation(folder / "index")
    yield Retriever(generation, HashEmbedder(), Bridge())
    generation.close()


@pytest.fixture(params=QUESTIONS)
def found(request: pytest.FixtureRequest, retriever: Retriever) -> Found:
    return retriever.find(request.param)


def late(found: Found) -> list[Candidate]:
    return [candidate for candidate in found.candidates if candidate.similar is not None]


def test_late_interaction_of_all_candidates_at_once_is_that_of_each_by_itself(
    found: Found, retriever: Retriever
) -> None:
    assert len(late(found)) == min(40, len(found.candidates))
    assert found.query.encoded.tokens is not None
    for candidate in late(found):
        row = candidate.stored.row
        first, last = retriever.generation.token_offsets[row : row + 2]
        packed = retriever.generation.tokens[first:last]
        similar = found.query.encoded.tokens.vectors @ dequantise(packed).T
        assert candidate.similar is not None
        np.testing.assert_allclose(candidate.similar, similar, atol=1e-4)
        assert candidate.parts["late"] == pytest.approx(float(similar.max(axis=1).mean()), abs=1e-5)
        assert candidate.token_starts is not None
        assert candidate.token_starts.tolist() == (packed["at"].astype(int) - len(candidate.stored.context)).tolist()


def test_similarities_of_sentences_are_those_of_their_rows(found: Found, retriever: Retriever) -> None:
    for candidate in found.candidates:
        first = candidate.stored.first_sentence
        rows = retriever.generation.sentences[first : first + len(candidate.stored.passage.sentences)]
        expected = rows.astype(np.float32) @ found.query.encoded.vector
        np.testing.assert_allclose(candidate.sentence_scores, expected, atol=1e-6)
        assert candidate.parts["sentence"] == pytest.approx(float(expected.max()), abs=1e-6)


def test_matches_of_all_sentences_at_once_are_those_of_each_by_itself(found: Found) -> None:
    for candidate in late(found):
        assert candidate.similar is not None
        matched = sentence_matches(candidate)
        for i, sentence in enumerate(candidate.stored.passage.sentences):
            expected = best_matches(candidate.similar, inside(candidate, sentence))
            np.testing.assert_array_equal(matched[:, i], expected)


def test_a_sentence_without_tokens_matches_nothing(found: Found) -> None:
    whole = late(found)[0]
    assert whole.similar is not None
    assert whole.token_starts is not None
    second = whole.stored.passage.sentences[-1].start - whole.stored.passage.start
    kept = whole.token_starts < second
    cut = replace(whole, similar=whole.similar[:, kept], token_starts=whole.token_starts[kept])
    assert sentence_matches(cut)[:, -1].tolist() == [0.0] * len(whole.similar)
    bare = replace(whole, similar=whole.similar[:, :0], token_starts=whole.token_starts[:0])
    assert not sentence_matches(bare).any()
    assert passage_features(found.query, bare)["late_sentence"] == 0.0


def test_passages_that_were_not_looked_into_are_read_when_they_are(found: Found, retriever: Retriever) -> None:
    for candidate in found.candidates:
        stored, whole = candidate.stored, retriever.generation.corpus.passage(candidate.stored.row)
        assert (stored.passage, stored.context, stored.first_sentence) == (
            whole.passage,
            whole.context,
            whole.first_sentence,
        )
        assert replace(stored, context="").whole == whole.passage.text


def test_a_passage_that_the_corpus_lacks_is_damage(retriever: Retriever) -> None:
    rows = np.array([0, retriever.generation.manifest.passages])
    with pytest.raises(IndexDamagedError, match="lacks passages"):
        retriever.generation.corpus.sentence_rows(rows)


def test_coverage_of_a_text_is_that_of_its_stems(found: Found) -> None:
    coverage = Coverage(found.query.asked)
    for candidate in found.candidates:
        whole = candidate.stored.whole
        assert coverage.of(whole) == found.query.asked.coverage(stems_of(whole))
        features = passage_features(found.query, candidate)
        assert features["coverage"] == coverage.of(whole)
        passage = candidate.stored.passage
        sentences = [passage.text[s.start - passage.start : s.end - passage.start] for s in passage.sentences]
        assert features["coverage_sentence"] == max(map(coverage.of, sentences))


WORDS = st.sampled_from(
    [
        "school",
        "Escuelas",
        "mining\u2019s",
        "co-operative",
        "\u00f1and\u00fa",
        "\u0130lk",
        "x_y",
        "3.5",
        "\u4e2d\u6587",
        "a" * 70,
        "...",
    ]
)
SPACES = st.sampled_from(
    [" ", "\n", "\t", "\u00a0", "\u2003", "\u3000", "\x1c", "\x85", "\u2028", "\u200b", "-", "_", "\u0301", ""]
)


@given(st.lists(st.tuples(WORDS, SPACES), max_size=12), st.lists(WORDS, max_size=4), st.text(max_size=30))
def test_coverage_is_that_of_stems_whatever_stands_between_words(
    pieces: list[tuple[str, str]], asked: list[str], more: str
) -> None:
    words = [
        Word(word, {language: frozenset(terms(word, language)) for language in ("en", "es")}, 1.0 + i, (), True)
        for i, word in enumerate([*asked, *more.split()[:2]])
    ]
    question = Asked("", tuple(words))
    text = "".join(word + space for word, space in pieces) + more
    coverage = Coverage(question)
    assert coverage.of(text) == pytest.approx(question.coverage(stems_of(text)))
    spans = [(start, end) for start in range(0, len(text), 5) for end in range(start, len(text) + 1, 3)]
    whole, each = coverage.of_each(text, spans)
    assert whole == coverage.of(text)
    assert each == [coverage.of(text[start:end]) for start, end in spans]


# Endings that the stemmers take off or change, and the few words of which they change the beginning.
ENDINGS = st.sampled_from(
    [
        "",
        "s",
        "es",
        "ies",
        "ied",
        "ing",
        "ingly",
        "eed",
        "y",
        "ly",
        "ational",
        "ness",
        "ando",
        "iendo",
        "mente",
        "ci\u00f3n",
        "logia",
        "ar",
    ]
)


@given(st.text("abcdefghijklmnopqrstuvwxyzABY", max_size=5), ENDINGS, ENDINGS)
@example("d", "y", "ing")
@example("sk", "i", "es")
@example("o", "", "ing")
def test_a_word_begins_as_one_that_its_stem_may_stand_for(beginning: str, middle: str, end: str) -> None:
    word = beginning + middle + end
    for language in ("en", "es"):
        for stem in terms(word, language):
            assert not word.isascii() or word[:2].lower() in starts_of([stem])

"""BM25 with English and Spanish analysis."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from index.errors import IndexDamagedError
from index.lexical import LexicalIndex, terms, write_lexical

TEXTS = [
    "Illegal mining destroys the forests of Madre de Dios.",
    "La minería ilegal destruye los bosques de Madre de Dios.",
    "Timber is traced by its isotopes.",
    "Timber is traced by its isotopes.",
    "La organización protege comunidades indígenas.",
    "Nothing of the kind 🌳.",
]


@pytest.fixture(scope="module")
def lexical(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("words") / "lexical"
    write_lexical(folder, TEXTS)
    return LexicalIndex(folder)


def rows(lexical: LexicalIndex, query: str, language: str) -> list[int]:
    return [hit.row for hit in lexical.search(terms(query, language), language, 10)]


@pytest.mark.parametrize(
    ("a", "b", "language"),
    [
        ("mining", "mined", "en"),
        ("forests", "Forest", "en"),
        ("minería", "mineria", "es"),
        ("comunidades", "comunidad", "es"),
        ("organización", "ORGANIZACION", "es"),
        ("José", "jose", "en"),
        ("pingüinos", "pinguino", "es"),
    ],
)
def test_forms_of_a_word_have_one_stem_whatever_their_accents(a: str, b: str, language: str) -> None:
    assert terms(a, language) == terms(b, language) != []


@pytest.mark.parametrize(
    ("words", "language"), [("How many of the", "en"), ("¿Cuántas de las", "es"), ("?!…🌳", "en"), ("", "es")]
)
def test_stop_words_and_signs_are_no_terms(words: str, language: str) -> None:
    assert terms(words, language) == []


def test_a_query_without_accents_finds_the_spanish_text(lexical: LexicalIndex) -> None:
    assert rows(lexical, "mineria ilegal", "es")[0] == 1
    assert rows(lexical, "indigenas", "es") == [4]


def test_a_query_in_another_form_finds_the_english_text(lexical: LexicalIndex) -> None:
    assert rows(lexical, "forest mines", "en")[0] == 0


def test_equal_texts_tie_and_stand_in_the_order_of_their_rows(lexical: LexicalIndex) -> None:
    hits = lexical.search(terms("timber isotopes", "en"), "en", 10)
    assert [hit.row for hit in hits] == [2, 3]
    assert hits[0].score == hits[1].score


def test_no_words_or_unknown_words_find_nothing(lexical: LexicalIndex) -> None:
    assert lexical.search([], "en", 10) == []
    assert rows(lexical, "Mongolia", "en") == []


def test_idf_is_ln_of_one_plus_the_odds_of_absence(lexical: LexicalIndex) -> None:
    # "timber" stands in 2 of 6 texts: ln(1 + (6 - 2 + .5) / (2 + .5)) = ln(2.8).
    (timber,) = terms("timber", "en")
    assert lexical.document_frequency(timber, "en") == 2
    assert lexical.idf(timber, "en") == pytest.approx(math.log(1 + 4.5 / 2.5))
    assert lexical.idf("mongolia", "en") == pytest.approx(math.log(1 + 6.5 / 0.5))


def test_a_score_is_bm25_with_k1_1_2_and_b_0_75(lexical: LexicalIndex) -> None:
    # tantivy keeps a text's length exactly up to 40 terms, roughly above.
    (word,) = terms("indígenas", "es")
    lengths = [len(terms(text, "es")) for text in TEXTS]
    k1, b, tf = 1.2, 0.75, 1
    norm = k1 * (1 - b + b * lengths[4] / (sum(lengths) / len(lengths)))
    expected = lexical.idf(word, "es") * tf * (k1 + 1) / (tf + norm)
    assert lexical.search([word], "es", 1)[0].score == pytest.approx(expected, rel=1e-4)


def test_no_more_than_n_are_returned(lexical: LexicalIndex) -> None:
    assert len(lexical.search(terms("madre dios timber", "en"), "en", 2)) == 2


def test_a_folder_without_an_index_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(IndexDamagedError, match="quipu build"):
        LexicalIndex(tmp_path / "nothing")


def test_an_index_beside_which_no_lock_can_be_taken_is_searched_all_the_same(tmp_path: Path) -> None:
    write_lexical(tmp_path / "lexical", TEXTS)
    expected = LexicalIndex(tmp_path / "lexical").search(["timber"], "en", 10)
    # As in a folder that is read-only: permissions would not keep a test that is run by root from writing.
    lock = tmp_path / "lexical/.tantivy-meta.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    lexical = LexicalIndex(tmp_path / "lexical")
    assert lexical.search(["timber"], "en", 10) == expected
    assert lexical.rows() == list(range(len(TEXTS)))
    assert lexical.document_frequency("timber", "en") == 2

"""Answers and citations against the gold, with the arithmetic shown."""

from __future__ import annotations

import pytest
from fake_system import LAW, RIVER, FakeAssistant

from assistant.types import Answer, Citation
from eval.answers import exact_match, first_citation_holds, fold, normalise, token_f1, without_markers
from eval.citations import citation_precision, citation_recall, locate_evidence, verbatim
from eval.scoring import score_question
from eval.types import Question

TEXTS = {"river.txt": RIVER, "law.txt": LAW}


def cite(quote: str, doc_id: str = "river.txt", marker: int = 1) -> Citation:
    start = TEXTS[doc_id].index(quote)
    return Citation(marker, doc_id, doc_id, start, start + len(quote), quote)


def answer(*citations: Citation, abstained: bool = False) -> Answer:
    text = " ".join(f"{c.quote} [{c.marker}]" for c in citations)
    return Answer("?", text, citations, (), abstained, 0.5, "en", {}, "g1")


def question(**fields: object) -> Question:
    base = {
        "id": "q", "question": "?", "lang": "en", "type": "fact", "answerable": True, "docs": ("river.txt",),
        "evidence": ("1,737 km long", "Cordillera Raura"), "answers": ("1,737 km",), "must_include": ("1,737 km",),
    }  # fmt: skip
    return Question(**{**base, **fields})  # type: ignore[arg-type]


def scores(asked: Question, given: Answer, kind: str = "questions") -> dict[str, float]:
    return dict(score_question(asked, given, kind, TEXTS.get, {}, asked.lang).scores)  # type: ignore[arg-type]


def test_normalisation_drops_case_punctuation_and_the_articles_of_its_language() -> None:
    assert normalise("The «Río» Marañón, (a) 1,737 km!", "en") == ["río", "marañón", "1737", "km"]
    assert normalise("La ley y el bosque", "es") == ["ley", "y", "bosque"]
    # "a" is a preposition in Spanish, and "el" part of a name in English.
    assert normalise("a Lima", "es") == ["a", "lima"]
    assert normalise("El Niño", "en") == ["el", "niño"]


def test_exact_match_takes_any_gold_answer() -> None:
    assert exact_match("The Amazon.", ["Marañón", "amazon"], "en") == 1
    assert exact_match("Amazon river", ["Marañón", "amazon"], "en") == 0


def test_token_f1_is_the_harmonic_mean_over_the_shared_bag() -> None:
    # 4 tokens found, 2 expected, 2 shared: precision 2/4, recall 2/2, F1 = 2 · 0.5 · 1 / 1.5 = 2/3.
    assert token_f1("river is 1,737 km", ["1,737 km"], "en") == pytest.approx(2 / 3)
    # A word counts as often as both hold it: 1 shared of 3 found and 2 expected, F1 = 2 · (1/3)(1/2) / (5/6) = 2/5.
    assert token_f1("km km km", ["1,737 km"], "en") == pytest.approx(2 / 5)
    assert token_f1("nothing", ["1,737 km", "nothing"], "en") == 1
    assert token_f1("", ["1,737 km"], "en") == 0


def test_markers_are_no_part_of_an_answer() -> None:
    assert without_markers("It is long [1]. It is deep [12].") == "It is long. It is deep."


def test_folding_takes_case_accents_and_line_breaks() -> None:
    assert fold("Marañón\n  LARGO") == "maranon largo"


def test_right_needs_every_string_in_verbatim_quotes() -> None:
    good = cite("The river Marañón is 1,737 km long.")
    assert scores(question(must_include=("MARANON", "1,737 km")), answer(good))["right"] == 1
    assert scores(question(must_include=("1,738 km",)), answer(good))["right"] == 0
    shifted = Citation(1, "river.txt", "", good.start + 1, good.end + 1, good.quote)
    assert scores(question(), answer(shifted))["right"] == 0
    assert scores(question(), answer(good, abstained=True))["right"] == 0
    assert scores(question(must_include=()), answer())["right"] == 0  # an answer without citations


def test_right_may_be_shared_out_over_several_quotes() -> None:
    both = answer(cite("1,737 km long"), cite("Cordillera Raura", marker=2))
    assert scores(question(must_include=("1,737 km", "Raura")), both)["right"] == 1


def test_a_quote_is_verbatim_only_at_its_place() -> None:
    good = cite("1,737 km")
    assert verbatim(good, TEXTS.get)
    assert not verbatim(Citation(1, "law.txt", "", good.start, good.end, good.quote), TEXTS.get)
    assert not verbatim(Citation(1, "gone.txt", "", 0, 1, "T"), TEXTS.get)
    assert not verbatim(Citation(1, "river.txt", "", 3, 3, ""), TEXTS.get)


def test_citation_precision_and_recall_worked_by_hand() -> None:
    evidence = locate_evidence(question(), TEXTS.get)
    length, source, gold = (cite(text) for text in RIVER.split("\n\n"))
    # One citation of three meets no evidence; both quotes are met.
    assert citation_precision((length, source, gold), evidence) == pytest.approx(2 / 3)
    assert citation_recall((length, source, gold), evidence) == 1
    # One quote of two is met, by the one citation given.
    assert citation_precision((length,), evidence) == 1
    assert citation_recall((length,), evidence) == pytest.approx(1 / 2)
    assert citation_precision((), evidence) == citation_recall((), evidence) == 0


def test_a_citation_that_barely_touches_the_evidence_does_not_meet_it() -> None:
    evidence = locate_evidence(question(evidence=("1,737 km long",)), TEXTS.get)
    # The evidence has 13 characters. "Marañón is 1," shares its last 2 with it; "is 1,737 km" 8 of its 11.
    assert citation_precision((cite("Marañón is 1,"),), evidence) == 0
    assert citation_precision((cite("is 1,737 km"),), evidence) == 1


def test_a_repeated_quote_may_be_cited_wherever_it_stands() -> None:
    texts = {"river.txt": "Gold here. Gold here."}
    evidence = locate_evidence(question(evidence=("Gold here.",)), texts.get)
    assert citation_recall((Citation(1, "river.txt", "", 11, 21, "Gold here."),), evidence) == 1


def test_the_first_citation_must_hold_the_gold_answer() -> None:
    length, source = cite("The river Marañón is 1,737 km long."), cite("Its source lies in the Cordillera Raura.")
    assert first_citation_holds(answer(length, source), ["1,737 KM"]) == 1
    assert first_citation_holds(answer(source, length), ["1,737 km"]) == 0
    assert first_citation_holds(answer(length, abstained=True), ["1,737 km"]) == 0


def test_only_measures_that_apply_are_scored() -> None:
    length = cite("The river Marañón is 1,737 km long.")
    refused = Answer("?", "no", (), (), True, 0.1, "en", {}, "g1")
    unanswerable = question(answerable=False, docs=(), evidence=(), answers=(), must_include=())
    assert scores(unanswerable, refused) == {"answered_unanswerable": 0, "correct": 1}
    assert scores(unanswerable, answer(length)) == {"verbatim": 1, "answered_unanswerable": 1, "correct": 0}
    # A refusal cites nothing: no precision, and none of the evidence recalled.
    assert scores(question(), refused) == {
        "refused_answerable": 1, "right": 0, "correct": 0, "exact": 0, "f1": 0, "evidence@5": 0, "citation_recall": 0,
    }  # fmt: skip
    beir = scores(question(evidence=(), must_include=()), answer(length), "beir")
    assert beir.keys() == {"verbatim", "refused_answerable", "exact", "f1", "gold_in_first_citation"}


def test_the_fake_keeps_the_invariants_that_the_measures_rest_on(assistant: FakeAssistant) -> None:
    given = assistant.ask("How long is the river Marañón?")
    assert all(verbatim(citation, lambda doc_id: assistant.document(doc_id).text) for citation in given.citations)

"""Questions that ask several things at once are taken apart, and each part is answered."""

from __future__ import annotations

import pytest

from assistant.clauses import clauses


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who chairs the board of Prevent?", ()),
        ("What do the mayors and the governors have in common?", ()),
        ("¿Qué dice la ley de los bosques y los ríos?", ()),
        (
            "What end year does Prevent have, and what end year has the strategy of USAID?",
            ("What end year does Prevent have?", "what end year has the strategy of USAID?"),
        ),
        # What stands before the first question word is said of all.
        (
            "Tala ilegal: ¿qué hace Prevent y qué hace RFUS?",
            ("Tala ilegal: qué hace Prevent?", "Tala ilegal: qué hace RFUS?"),
        ),
        # A clause that names nothing is asked of what the others name.
        (
            "When did Prevent begin, and for which agency?",
            ("When did Prevent begin?", "for which agency?"),
        ),
        (
            "¿Cuántos hombres y cuántas mujeres hay en AIDESEP?",
            ("Cuántos hombres? (AIDESEP)", "cuántas mujeres hay en AIDESEP?"),
        ),
        ("who? and where? and when? and why?", ()),
        ("", ()),
    ],
)
def test_a_question_is_taken_apart_at_its_question_words(question: str, parts: tuple[str, ...]) -> None:
    found = clauses(question)
    assert len(found) == len(parts)
    for one, expected in zip(found, parts, strict=True):
        assert one.startswith(expected)

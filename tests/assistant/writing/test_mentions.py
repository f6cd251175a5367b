"""Acronyms that a document explains elsewhere, and windows that do not speak of what the claim speaks of."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from assistant.writing.mentions import other_forms, short_forms
from assistant.writing.support import Support, beside_the_point

TEXT = (
    "Now the Bar Association of Costa Marena (BCM) met the Ministerio de Agua y Bosques (“MAB”). "
    "It was hot (VERY HOT) and late (see Annex B). The Ministry of Roads, now closed (MAB), was not there."
)
FORMS = (("Bar Association of Costa Marena", "BCM"), ("Ministerio de Agua y Bosques", "MAB"))


def test_the_name_before_a_bracketed_acronym_is_its_long_form() -> None:
    # Not "Roads": a comma stands between; nor words in brackets that begin otherwise.
    assert short_forms(TEXT) == (("Bar Association of Costa Marena", "BCM"), ("Ministerio de Agua y Bosques", "MAB"))


def test_each_form_that_stands_in_a_text_gives_the_other() -> None:
    assert other_forms("BCM agreed.", FORMS) == "Bar Association of Costa Marena"
    assert other_forms("The Ministerio de Agua y Bosques agreed.", FORMS) == "MAB"
    assert other_forms("The BCMs agreed.", FORMS) == ""
    assert other_forms("MAB, the Ministerio de Agua y Bosques, agreed.", FORMS) == ""


def support(late: float, conflict: str = "", missing: tuple[str, ...] = ()) -> Support:
    features = {"late": late, "coverage": 0.5, "more_sentences": 0.0}
    whole: Any = SimpleNamespace()
    return Support(whole, whole, missing, conflict, features, 0.5, True)


def test_a_window_beside_the_matter_does_not_support_what_the_nearest_one_contradicts() -> None:
    nearest, other = support(0.5, "denial"), support(0.2)
    assert [one.conflict for one in beside_the_point([nearest, other])] == ["denial", "denial"]
    assert [one.conflict for one in beside_the_point([replace(nearest, conflict=""), other])] == ["", "aside"]
    near = support(0.48)
    assert beside_the_point([replace(nearest, conflict=""), near])[1] is near
    lacking = support(0.9, missing=("2011",))
    assert cast(Support, beside_the_point([lacking, other])[1]).conflict == ""

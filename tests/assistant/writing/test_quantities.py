"""Figures that say the same in other words, in either language."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from assistant.writing.quantities import quantities
from assistant.writing.rules import missing_figures

SAME = [
    "two hundred and fifty people|250 personas",
    "veintiún mil hectáreas|21,000 hectares",
    "one hundred and twenty thousand|ciento veinte mil",
    "doce mil quinientas|12,500",
    "dos mil veintitrés|in 2023",
    "two and a half years|dos años y medio",
    "a year and a half|año y medio",
    "a million and a half|1.500.000",
    "half a million|medio millón",
    "media hora|30 minutes",
    "two dozen|24",
    "three-fifths|tres quintas partes",
    "one third|33 %",
    "one in five homes|20 % de los hogares",
    "nueve de cada diez|nine out of ten",
    "el siglo XIX|the nineteenth century",
    "the 6th congress|el VI congreso",
    "21st of June|21 de junio",
    "3 p.m.|las 15:00",
    "las tres de la tarde|15:00 h",
    "$3m|3 millones de dólares",
    "€2.5bn|2.500 millones de euros",
    "300k|trescientos mil",
    "5kg|cinco kilos",
    "20ºC|20 degrees",
    "the 1990s|los años noventa",
    "2019-20|entre 2019 y 2020",
    "12 Jan 2024|12 de enero de 2024",
    "the tenth|10.º",
]
OTHER = [
    "two hundred and fifty people|215 personas",
    "ciento veinte mil|112,000",
    "two and a half years|tres años y medio",
    "one in five homes|25 % de los hogares",
    "half a million|un millón",
    "el siglo XIX|the eighteenth century",
    "3 p.m.|las 16:00",
    "three-fifths|dos quintas partes",
]


def _missing(claim: str, text: str) -> tuple[str, ...]:
    return missing_figures(cast(Any, SimpleNamespace(text=claim, quantities=tuple(quantities(claim)))), text)


@pytest.mark.parametrize("pair", SAME)
def test_the_same_figure_in_other_words_is_held(pair: str) -> None:
    one, other = pair.split("|")
    assert quantities(one) and quantities(other)
    assert not _missing(one, other)
    assert not _missing(other, one)


@pytest.mark.parametrize("pair", OTHER)
def test_another_figure_is_not(pair: str) -> None:
    one, other = pair.split("|")
    assert _missing(one, other)
    assert _missing(other, one)


@pytest.mark.parametrize(
    ("claim", "text"),
    [("It rose by 2.", "It doubled."), ("Los 2 puentes.", "Ambos puentes."), ("Open until 12.", "Open until noon.")],
)
def test_a_number_may_be_told_by_a_word(claim: str, text: str) -> None:
    assert not _missing(claim, text)


def test_items_of_a_list_are_counted() -> None:
    claim = SimpleNamespace(text="There are four partners.", quantities=tuple(quantities("There are four partners.")))
    assert not missing_figures(cast(Any, claim), "Partners:\nA\nB\nC\nD", items=4)
    assert missing_figures(cast(Any, claim), "Partners:\nA\nB\nC", items=3)

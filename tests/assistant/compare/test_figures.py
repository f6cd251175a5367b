"""Figures: numbers with units as written, what they count, and how exact they claim to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.compare.figures import figures
from assistant.compare.types import Figure, Source
from assistant.compare.units import HECTARE, TONNE, unit_at
from assistant.compare.values import compare, rounding, value_of
from assistant.compare.wording import as_written, conversion
from index.types import Document, Passage

Read = Callable[..., list[Figure]]


@pytest.mark.parametrize(
    "text, language, written, value, unit",
    [
        ("They burned 9.5 million acres of forest.", "en", "9.5 million acres", 9.5e6, "acres"),
        ("Se quemaron 9,5 millones de hectáreas.", "es", "9,5 millones de hectáreas", 9.5e6, "ha"),
        ("Se quemaron 5.500 has. de bosque.", "es", "5.500 has.", 5500, "ha"),
        ("Un área de 1 200 km² arde.", "es", "1 200 km²", 1200, "km²"),
        ("It cost US$ 38.2 million.", "en", "US$ 38.2 million", 38.2e6, "USD"),
        ("Costó S/ 1 200 000 en total.", "es", "S/ 1 200 000", 1.2e6, "PEN"),
        ("Costó 250 millones de soles.", "es", "250 millones de soles", 250e6, "PEN"),
        ("About 48.2% of them left.", "en", "About 48.2%", 0.482, "%"),
        ("El 39,5 por ciento se fue.", "es", "39,5 por ciento", 0.395, "%"),
        ("Over 57 million tons of carbon.", "en", "Over 57 million tons", 57e6, "tons"),
        ("Más de 9.000 comunidades nativas esperan.", "es", "Más de 9.000 comunidades nativas", 9000, ""),
        ("Unas sesenta y cinco familias se fueron.", "es", "Unas sesenta y cinco familias", 65, ""),
        ("The four-year program ended.", "en", "four-year", 4, "years"),
        ("It has more than 650,000 Indigenous men and women.", "en", "more than 650,000 Indigenous men and women", 650_000, ""),
    ],
)  # fmt: skip
def test_a_figure_is_the_number_and_unit_as_written(
    text: str, language: str, written: str, value: float, unit: str, read: Read
) -> None:
    found = read(text, language)
    assert [figure.written for figure in found] == [written]
    assert found[0].value.number == pytest.approx(value)
    assert found[0].unit.code == unit


@pytest.mark.parametrize(
    "text",
    [
        "In 2022 and 2023 they went on.",
        "Call 555 at https://example.org/a/2025?n=12 or write to a1@example.org.",
        "The meeting begins at 13:57:00 on 2019-10-03.",
        "See page 12 and Table 4.",
        "The Objectives (DOs) of CO2 and DO-1.",
    ],
)
def test_dates_addresses_and_references_are_no_figures(text: str, read: Read) -> None:
    assert read(text) == [] or all(figure.written == "555" for figure in read(text))


@pytest.mark.parametrize(
    "text, language, counted",
    [
        ("The state recognizes more than 9,000 distinct Indigenous or native communities representing 55 peoples.", "en",
         ["distinct Indigenous or native communities", "peoples"]),
        ("Viven 1.200 familias indígenas en Belén.", "es", ["familias indígenas"]),
        ("AIDESEP has 109 federations that represent 1,809 communities.", "en", ["federations", "communities"]),
        ("They plant 300 hectares of young cacao trees.", "en", ["young cacao trees"]),
    ],
)  # fmt: skip
def test_what_is_counted_is_named_in_the_documents_words(
    text: str, language: str, counted: list[str], read: Read
) -> None:
    assert [figure.counted for figure in read(text, language)] == counted


@pytest.mark.parametrize(
    "text, doubt",
    [
        ("In 2021, 700 communities had land, while 116 had none.", "ellipsis"),
        ("They burned 2,000 to 3,000 hectares.", "range"),
        ("There were 300 and 500 trees in Loreto and Ucayali respectively.", "respectively"),
        ("It fell from 30,000 hectares to 21,000 hectares.", "change"),
        ("Over the past decade, 33 leaders were killed.", "period"),
        ("They hold 1.234 hectares of land.", "readings"),
        ("In 2021, 60 of the 95 villages were flooded.", "whole"),
    ],
)
def test_what_can_be_misread_is_doubtful(text: str, doubt: str, read: Read) -> None:
    assert doubt in [figure.doubtful for figure in read(text)]


@pytest.mark.parametrize(
    "text, language, period, places",
    [
        ("Between 2001 and 2022, 9 parks burned in Peru.", "en", "2001–2022", {"peru"}),
        ("Del 2001 al 2022 ardieron 9 parques en Ucayali, Perú.", "es", "2001–2022", {"ucayali"}),
        ("In March 2021, 9 parks burned in Madre de Dios.", "en", "2021-03", {"madre de dios"}),
        ("Desde 2005 ardieron 9 parques en Yarinacocha.", "es", "since 2005", {"yarinacocha"}),
        ("By 2030, 9 parks will be open in Brazil.", "en", "by 2030", {"brazil"}),
    ],
)
def test_period_and_place_are_read_from_the_sentence(
    text: str, language: str, period: str, places: set[str], read: Read
) -> None:
    figure = read(text, language)[0]
    assert (figure.period, set(figure.places)) == (period, places)
    assert figure.period_from == figure.place_from == "sentence"


def test_where_the_sentence_names_no_place_the_heading_and_then_the_title_do(read: Read) -> None:
    text = "In 2020, 9 parks burned."
    assert read(text, headings=("Loreto", "Fires"))[0].place_from == "heading"
    assert read(text, title="Fires in Ucayali")[0].places.keys() == {"ucayali"}
    # The organisation's own name is no place.
    assert read(text, title="Forest Fund US: report", publisher="Forest Fund US")[0].places == {}


def test_every_figure_of_the_seeds_stands_at_its_offsets(
    seed_figures: list[Figure], seed_documents: dict[str, tuple[Document, list[Passage]]]
) -> None:
    for figure in seed_figures:
        text = seed_documents[figure.source.doc_id][0].text
        assert text[figure.start : figure.end] == figure.written
        assert text[figure.sentence_start : figure.sentence_end] == figure.quote
        assert figure.sentence_start <= figure.start < figure.end <= figure.sentence_end


@given(
    st.text(max_size=300) | st.text(alphabet="a: |-1.,%0y2 (ha)$enor\n", max_size=120),
    st.sampled_from(["en", "es", "und"]),
    st.sampled_from(["sentence", "item", "card"]),
)
def test_any_text_is_read_without_failing_and_offsets_hold(text: str, language: str, kind: str) -> None:
    for figure in figures(text, 0, Source("d", "t", "p", language), (), kind):
        assert text[figure.start : figure.end] == figure.written


@pytest.mark.parametrize(
    "digits, number, slack",
    [
        ("9.5 million", 9.5e6, 0.05e6),  # half of the last decimal
        ("2 million", 2e6, 0.2e6),  # half a million, but never more than a tenth
        ("5,500", 5500, 50),  # half of the last place before the zeros
        ("203,272", 203_272, 0),
        ("60", 60, 0),
        ("1,809", 1809, 0),
    ],
)
def test_rounding_is_half_of_the_last_place_shown(digits: str, number: float, slack: float) -> None:
    assert rounding(number, digits) == pytest.approx(slack)


@pytest.mark.parametrize(
    "left, right, outcome",
    [
        ("9.5 million acres", "3.84 million hectares", "rounded"),
        ("9.5 million acres", "4.2 million hectares", "apart"),
        ("25,107 km2", "2.51 million ha", "rounded"),
        ("60 hectares", "60 hectares", "equal"),
        ("more than 60 hectares", "90 hectares", "compatible"),
        ("up to 60 hectares", "90 hectares", "apart"),
        ("up to 60 hectares", "20 hectares", "compatible"),
        ("12 tons", "11 tonnes", "rounded"),  # 12 short tons are 10.9 tonnes
        ("5,000 kg", "5 tonnes", "rounded"),
        ("120 soles", "35 dollars", "incomparable"),
    ],
)
def test_values_are_compared_in_one_unit(left: str, right: str, outcome: str, read: Read) -> None:
    one, other = (read(f"They hold {text} of gold.")[0] for text in (left, right))
    assert compare(one.value, one.unit, other.value, other.unit) == outcome


def test_a_conversion_is_marked_as_one_and_the_figure_stays_as_written(read: Read) -> None:
    acres = read("They burned 9.5 million acres.")[0]
    assert as_written(acres, "en") == "9.5 million acres (≈ 3.84 million ha)"
    assert as_written(acres, "es") == "9.5 million acres (≈ 3,84 millones de ha)"
    assert conversion(read("They burned 300 hectares.")[0], "en") == ""
    assert conversion(read("They burned 57 tons.")[0], "en") == "≈ 51.7–57.9 t"
    assert conversion(read("It cost 57 dollars.")[0], "en") == ""


def test_units_are_known_in_both_languages() -> None:
    for folded, unit in (("5 hectareas", HECTARE), ("5 has ", HECTARE), ("5 toneladas metricas", TONNE)):
        written = unit_at(folded, 0, 1)
        assert written is not None
        assert written.unit == unit
    assert unit_at("5 hasta", 0, 1) is None


def test_a_hedge_belongs_to_the_figure() -> None:
    value = value_of(60, "60", "more than 60", 10, 12)
    assert (value.bound, value.hedge) == ("at least", len("more than "))
    assert value_of(60, "60", "unas 60", 5, 7).bound == "about"
    assert value_of(60, "60", "60+", 0, 2).bound == "at least"

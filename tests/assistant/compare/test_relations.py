"""Which pairs of figures agree, which conflict and which only look alike: invented sentences, and a judged list of the seeds'."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path

import pytest

from assistant.compare.relations import AGREE, CONFLICT, DIFFERENT, UNRELATED, relate
from assistant.compare.types import Figure

Read = Callable[..., list[Figure]]
JUDGED = json.loads(Path(__file__).with_name("seed_pairs.json").read_text(encoding="utf-8"))

# Two documents: sentence and language of each.
CONFLICT_PAIRS = [
    (
        "Between 2001 and 2022, Peru lost 9.5 million acres of forest.",
        "en",
        "From 2001 to 2022, 5.1 million hectares of forest were deforested in Peru.",
        "en",
    ),
    (
        "Between 2001 and 2022, Peru lost 9.5 million acres of forest.",
        "en",
        "Entre 2001 y 2022 el Perú perdió 2,6 millones de hectáreas de bosque.",
        "es",
    ),
    (
        "En 2022 se deforestaron 146 000 hectáreas de bosque en el Perú.",
        "es",
        "En 2022, el Perú perdió 203 272 hectáreas de bosque.",
        "es",
    ),
    (
        "In 2021, 43 Indigenous communities in Ucayali had no title.",
        "en",
        "In 2021, 58 Indigenous communities in Ucayali had no title.",
        "en",
    ),
    (
        "En 2021, 43 comunidades nativas de Ucayali no tenían título.",
        "es",
        "In 2021, 58 native communities in Ucayali had no title.",
        "en",
    ),
    (
        "The Rosa Project trained 500 teachers in Loreto in 2021.",
        "en",
        "In 2021, the Rosa Project trained 650 teachers in Loreto.",
        "en",
    ),
    (
        "The budget of SERFOR in 2020 was 120 million soles.",
        "en",
        "El presupuesto de SERFOR en 2020 fue de 98 millones de soles.",
        "es",
    ),
    ("Fewer than 400 people were killed in Peru in 2019.", "en", "In 2019, 450 people were killed in Peru.", "en"),
    (
        "In 2017, 48.2% of the population of Puno was poor.",
        "en",
        "En 2017, el 39,5% de la población de Puno era pobre.",
        "es",
    ),
    ("The Rosa Project was founded in 2005.", "en", "The Rosa Project was founded in 2007.", "en"),
    ("En 2016 vivían 1.200 familias en Belén.", "es", "En 2016 vivían 1.900 familias en Belén.", "es"),
    (
        "The mine of Cerro Azul produced 12 tonnes of gold in 2018.",
        "en",
        "In 2018, the mine of Cerro Azul produced 19 tonnes of gold.",
        "en",
    ),
]
AGREE_PAIRS = [
    (
        "Between 2001 and 2022, Peru lost 9.5 million acres of forest.",
        "en",
        "Entre 2001 y 2022 el Perú perdió 3,84 millones de hectáreas de bosque.",
        "es",
    ),
    (
        "The budget of SERFOR in 2020 was 120 million soles.",
        "en",
        "El presupuesto de SERFOR en 2020 fue de S/ 120 000 000.",
        "es",
    ),
    ("About 5,500 families lived in Belén in 2017.", "en", "In 2017, 5,480 families lived in Belén.", "en"),
    (
        "In 2017, 48.2% of the population of Puno was poor.",
        "en",
        "In 2017, 48% of the population of Puno was poor.",
        "en",
    ),
    (
        "In 2016, the area of the Alto Purús park in Ucayali was 25,107 km2.",
        "en",
        "In 2016, the area of the Alto Purús park in Ucayali was 2.51 million hectares.",
        "en",
    ),
    (
        "The mine of Cerro Azul produced 12 tons of gold in 2018.",
        "en",
        "In 2018, the mine of Cerro Azul produced 11 tonnes of gold.",
        "en",
    ),
]
DIFFERENT_PAIRS = [
    (
        "The budget of SERFOR in 2020 was 120 million soles.",
        "en",
        "The budget of SERFOR in 2020 was 35 million dollars.",
        "en",
    ),
    (
        "The budget of SERFOR in 2020 was 120 million soles.",
        "en",
        "The budget of SERFOR in 2021 was 98 million soles.",
        "en",
    ),
    (
        "In 2021, 43 Indigenous communities in Ucayali had no title.",
        "en",
        "In 2021, 58 Indigenous communities in Loreto had no title.",
        "en",
    ),
    (
        "In 2021, 43 Indigenous communities in Ucayali had no title.",
        "en",
        "In 2021, 58 Indigenous communities in Ucayali had a title.",
        "en",
    ),
    (
        "In 2022, Peru lost 146,000 hectares of primary forest.",
        "en",
        "In 2022, Peru lost 203,272 hectares of forest.",
        "en",
    ),
    (
        "In 2022, Peru lost 146,000 hectares of forest.",
        "en",
        "Every year, Peru loses 203,272 hectares of forest.",
        "en",
    ),
    ("More than 400 people were killed in Peru in 2019.", "en", "In 2019, 450 people were killed in Peru.", "en"),
    (
        "According to SERFOR, Peru lost 146,000 hectares of forest in 2022.",
        "en",
        "According to Global Forest Watch, Peru lost 203,272 hectares of forest in 2022.",
        "en",
    ),
    (
        "Peru will plant 50,000 hectares of forest by 2030.",
        "en",
        "Peru planted 12,000 hectares of forest in 2019.",
        "en",
    ),
    (
        "In 2020, 60 communities in Loreto and 40 in Ucayali received water.",
        "en",
        "In 2020, 90 communities in Loreto and Ucayali received water.",
        "en",
    ),
    ("En 2016 vivían 1.200 familias en Belén.", "es", "En 2016 vivían 1.900 familias en San Juan.", "es"),
    (
        "In 2022, Peru lost 146,000 hectares of forest to mining.",
        "en",
        "In 2022, Peru lost 203,272 hectares of forest.",
        "en",
    ),
]
UNRELATED_PAIRS = [
    ("The Rosa Project was founded in 2005.", "en", "The Clara Project was founded in 2007.", "en"),
    ("In 2016, 1,200 families lived in Belén.", "en", "In 2016, 300 schools were built in Belén.", "en"),
]
# No number of the one contradicts any number of the other, however much they look alike.
TRAPS = [
    (
        "In 2021, 2,000 to 3,000 hectares of forest burned in Loreto.",
        "In 2021, 4,500 hectares of forest burned in Loreto.",
        "en",
    ),
    ("In 2021, between 200 and 300 families left Belén.", "In 2021, 520 families left Belén.", "en"),
    (
        "In 2021, 200 families left Belén, including 40 from the port.",
        "In 2021, 300 families left Belén, excluding those of the port.",
        "en",
    ),
    (
        "Deforestation in Ucayali fell from 30,000 hectares in 2019 to 21,000 hectares in 2020.",
        "In 2020, deforestation in Ucayali fell by 9,000 hectares.",
        "en",
    ),
    (
        "In 2020, 47,000 hectares of forest were lost in Ucayali.",
        "In 2020, Ucayali lost 12,000 more hectares of forest than in 2019.",
        "en",
    ),
    ("In the first quarter of 2021, 120 people were killed in Puno.", "In 2021, 410 people were killed in Puno.", "en"),
    ("In March 2021, 12 people were killed in Puno.", "In 2021, 41 people were killed in Puno.", "en"),
    ("In 2021, 120 women were killed in Peru.", "In 2021, 410 people were killed in Peru.", "en"),
    (
        "In 2021, 43 communities in Ucayali had a title.",
        "In 2021, 43% of the communities in Ucayali had a title.",
        "en",
    ),
    ("As of 2020, 43 communities in Ucayali had been titled.", "In 2020, 5 communities in Ucayali were titled.", "en"),
    (
        "In 2020, Kené counted 43 communities in Ucayali without water, and CIPA 60.",
        "In 2020, 51 communities in Ucayali were without water.",
        "en",
    ),
    (
        "In 2020, mining destroyed 3,000 hectares of forest in Madre de Dios.",
        "In 2020, farming destroyed 9,000 hectares of forest in Madre de Dios.",
        "en",
    ),
    (
        "In 2020, each family in Belén received 300 soles.",
        "In 2020, the families in Belén received 900,000 soles.",
        "en",
    ),
    (
        "The Rosa Project will train 500 teachers in Loreto in 2021.",
        "In 2021, the Rosa Project trained 350 teachers in Loreto.",
        "en",
    ),
    (
        "The Rosa Project planned to train 500 teachers in Loreto in 2021.",
        "In 2021, the Rosa Project trained 350 teachers in Loreto.",
        "en",
    ),
    ("In 2021, up to 500 people visited Manu each day.", "In 2021, 9,000 people visited Manu.", "en"),
    (
        "In 2021, nearly half of the forest of Ucayali was under concession.",
        "In 2021, 12% of the forest of Ucayali was under concession to Chinese firms.",
        "en",
    ),
    (
        "In 2021, SERFOR seized 400 m3 of timber in Loreto and SUNAT 900 m3.",
        "In 2021, SERFOR seized 700 m3 of timber in Loreto, according to SUNAT.",
        "en",
    ),
    (
        "In 2021, 300 and 500 hectares burned in Loreto and Ucayali respectively.",
        "In 2021, 900 hectares burned in Loreto and Ucayali.",
        "en",
    ),
    (
        "En 2021, 300 hectáreas de coca fueron erradicadas en el VRAEM.",
        "En 2021, 900 hectáreas de coca fueron sembradas en el VRAEM.",
        "es",
    ),
    (
        "En 2021, 300 hectáreas de coca no fueron erradicadas en el VRAEM.",
        "En 2021, 900 hectáreas de coca fueron erradicadas en el VRAEM.",
        "es",
    ),
    (
        "El presupuesto de la región Ucayali para salud en 2021 fue de 30 millones de soles.",
        "El presupuesto de la región Ucayali en 2021 fue de 900 millones de soles.",
        "es",
    ),
    (
        "Entre 2001 y 2021 se perdieron 2,7 millones de hectáreas de bosque en el Perú.",
        "Entre 2001 y 2022 se perdieron 2,9 millones de hectáreas de bosque en el Perú.",
        "es",
    ),
    (
        "En 2021 el Perú exportó 50 toneladas de oro.",
        "En 2021 el Perú exportó 50 toneladas de cobre y 130 toneladas de oro ilegal.",
        "es",
    ),
    ("In 2021, about 1,000 families lived in Belén.", "In 2021, 1,080 families lived in Belén.", "en"),
    ("In 2021, 1.5 million people lived in Loreto.", "In 2021, 1,470,000 people lived in Loreto.", "en"),
    ("In 2016, Peru had 74 million hectares of forest.", "In 2016, Peru had 182 million acres of forest.", "en"),
    ("The law was approved in 2011.", "The law was approved in 2016.", "en"),
    ("The Forest Law was approved in 2011 and came into force in 2015.", "The Forest Law was approved in 2000.", "en"),
    ("In 2021 the city of Iquitos had 3 hospitals.", "In 2021 the city of Pucallpa had 2 hospitals.", "en"),
    ("In Requena, 12 schools were closed in 2021.", "In Nauta, 19 schools were closed in 2021.", "en"),
    (
        "In 2021, 12 schools in the district of Requena were closed.",
        "In 2021, 19 schools in the province of Requena were closed.",
        "en",
    ),
    ("According to the mayor, 40 houses burned in Requena in 2021.", "In 2021, 55 houses burned in Requena.", "en"),
    (
        "In 2021, 40 houses burned in Requena, says the mayor.",
        "In 2021, 55 houses burned in Requena, says the fire brigade.",
        "en",
    ),
    ("La veda dura 90 días en 2021 en Loreto.", "La veda del paiche dura 150 días en 2021 en Loreto.", "es"),
    (
        "Iquitos had 3,000 motorcycle taxis in 2010 and 25,000 in 2019.",
        "In 2019, Iquitos had 3,000 motorcycle taxi drivers.",
        "en",
    ),
    (
        "In 2021, more than 60 communities in Loreto were flooded.",
        "In 2021, 95 communities in Loreto were flooded.",
        "en",
    ),
    (
        "In 2021, at least 60 communities in Loreto were flooded.",
        "In 2021, more than 95 communities in Loreto were flooded.",
        "en",
    ),
    (
        "By 2030, Peru wants to restore 3.2 million hectares.",
        "By 2030, Peru wants to restore 1 million hectares of Andean land.",
        "en",
    ),
    (
        "In 2021, 60 of the 95 communities in Loreto were flooded.",
        "In 2021, 95 communities in Loreto were flooded.",
        "en",
    ),
    (
        "In 2019, Loreto had 1,200 km of rivers with dredges.",
        "In 2019, Loreto had 80 miles of rivers without dredges.",
        "en",
    ),
    (
        "The park covers 1.2 million hectares in Ucayali since 2004.",
        "The park covers 900,000 hectares in Ucayali since 2004.",
        "en",
    ),
    (
        "In 2021, 5,000 kg of mercury reached Madre de Dios.",
        "In 2021, 5 tonnes of mercury reached Madre de Dios.",
        "en",
    ),
    (
        "In 2020, the ministry fined 40 companies in Loreto; in 2021, 62.",
        "In 2021, the ministry fined 40 companies in Loreto.",
        "en",
    ),
    (
        "In 2020, 40 companies in Loreto were fined, up from 25 in 2019.",
        "In 2019, 31 companies in Loreto were fined.",
        "en",
    ),
    ("In 2020 the population of Nauta was 30,000.", "In 2020 the population of Nauta was 30,500.", "en"),
]


def _kinds(read: Read, left: str, left_language: str, right: str, right_language: str) -> set[str]:
    one, other = read(left, left_language, doc="a"), read(right, right_language, doc="b")
    assert one and other
    return {relate(a, b).kind for a, b in product(one, other)}


@pytest.mark.parametrize("pair", CONFLICT_PAIRS)
def test_a_conflict_is_the_same_thing_place_and_period_with_another_figure(
    pair: tuple[str, str, str, str], read: Read
) -> None:
    assert CONFLICT in _kinds(read, *pair)


@pytest.mark.parametrize("pair", AGREE_PAIRS)
def test_figures_agree_across_units_rounding_and_languages(pair: tuple[str, str, str, str], read: Read) -> None:
    kinds = _kinds(read, *pair)
    assert AGREE in kinds
    assert CONFLICT not in kinds


@pytest.mark.parametrize("pair", DIFFERENT_PAIRS)
def test_figures_of_another_scope_are_only_different(pair: tuple[str, str, str, str], read: Read) -> None:
    kinds = _kinds(read, *pair)
    assert DIFFERENT in kinds
    assert CONFLICT not in kinds


@pytest.mark.parametrize("pair", UNRELATED_PAIRS)
def test_figures_of_other_things_are_not_held_together(pair: tuple[str, str, str, str], read: Read) -> None:
    assert _kinds(read, *pair) == {UNRELATED}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_only_looks_like_a_conflict_is_not_called_one(trap: tuple[str, str, str], read: Read) -> None:
    left, right, language = trap
    one, other = read(left, language, doc="a"), read(right, language, doc="b")
    assert one or other
    assert not [(a.written, b.written) for a, b in product(one, other) if relate(a, b).kind == CONFLICT]


@pytest.mark.parametrize("publisher, expected", [("Kené", CONFLICT), ("", DIFFERENT)])
def test_we_is_the_publisher(publisher: str, expected: str, read: Read) -> None:
    left = read("We trained 500 teachers in Loreto in 2021.", doc="a", publisher=publisher)[0]
    right = read("In 2021 we trained 650 teachers in Loreto.", doc="b", publisher=publisher)[0]
    assert relate(left, right).kind == expected


def test_a_year_in_a_title_does_not_date_a_figure_well_enough_for_a_conflict(read: Read) -> None:
    left = read("Peru lost 146,000 hectares of forest.", title="Forests 2022", doc="a")[0]
    right = read("In 2022, Peru lost 203,272 hectares of forest.", doc="b")[0]
    assert left.period == "2022"
    assert relate(left, right).kind == DIFFERENT


def test_a_year_in_a_heading_does(read: Read) -> None:
    left = read("Peru lost 146,000 hectares of forest.", headings=("Forest loss in 2022",), doc="a")[0]
    right = read("In 2022, Peru lost 203,272 hectares of forest.", doc="b")[0]
    assert relate(left, right).kind == CONFLICT


def test_what_differs_is_named_in_the_documents_words(read: Read) -> None:
    left = read("In 2021, 43 communities in Loreto had no title.", doc="a")[0]
    right = read("En 2019, 58 comunidades de Ucayali no tenían agua.", "es", doc="b")[0]
    named = {d.aspect: (d.left, d.right) for d in relate(left, right).differences}
    assert named["where"] == ("Loreto", "Ucayali")
    assert named["when"] == ("2021", "2019")
    assert named["what"] == ("title", "agua")


def test_relations_hold_both_ways(seed_figures: list[Figure]) -> None:
    for left, right in combinations(seed_figures, 2):
        there, back = relate(left, right), relate(right, left)
        assert (there.kind, there.numbers) == (back.kind, back.numbers)


@pytest.mark.parametrize("pair", JUDGED, ids=lambda pair: f"{pair['left'][1]} / {pair['right'][1]}")
def test_pairs_of_the_seeds_are_judged_as_a_reader_judges_them(
    pair: dict[str, object], seed_figures: list[Figure]
) -> None:
    left, right = (_figure(seed_figures, *pair[side]) for side in ("left", "right"))  # type: ignore[misc]
    assert relate(left, right).kind == pair["is"]


def _figure(found: list[Figure], doc: str, written: str) -> Figure:
    return next(f for f in found if f.source.doc_id.startswith(doc) and " ".join(f.written.split()) == written)


def test_nothing_in_the_seeds_is_called_a_conflict(seed_figures: list[Figure]) -> None:
    assert len(seed_figures) > 60
    assert not [
        (left.written, right.written)
        for left, right in combinations(seed_figures, 2)
        if relate(left, right).kind == CONFLICT
    ]


ROW = "- Region: {} | Year: {} | Forest loss (ha): {} | Code: 4711"


@pytest.mark.parametrize(
    ("place", "year", "hectares", "expected"),
    [
        ("Ucayali", 2020, "12,400", AGREE),
        ("Ucayali", 2020, "47,267", CONFLICT),
        ("Ucayali", 2021, "47,267", DIFFERENT),
        ("Loreto", 2020, "47,267", DIFFERENT),
    ],
)
def test_rows_of_tables_are_held_together_by_column_and_row(
    place: str, year: int, hectares: str, expected: str, read: Read
) -> None:
    left = read(ROW.format("Ucayali", 2020, "12,400"), doc="a", kind="item")
    right = read(ROW.format(place, year, hectares), doc="b", kind="item")
    assert [figure.written for figure in left] == ["12,400"]
    assert (left[0].unit.code, left[0].period, set(left[0].places)) == ("ha", "2020", {"ucayali"})
    assert relate(left[0], right[0]).kind == expected


def test_a_row_and_a_sentence_may_speak_of_the_same_thing(read: Read) -> None:
    row = read(ROW.format("Ucayali", 2020, "12,400"), doc="a", kind="item")[0]
    sentence = read("En 2020, Ucayali perdió 47 267 hectáreas de bosque.", "es", doc="b")[0]
    assert relate(row, sentence).kind == CONFLICT

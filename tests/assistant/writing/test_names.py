"""Names of a written sentence that a source holds in another form."""

from __future__ import annotations

import pytest

from assistant.writing.names import joined, names, unified
from assistant.writing.sources import Source


@pytest.mark.parametrize(
    ("text", "word", "source", "expected"),
    [
        ("La SBS es la Superintendencia de Banca y Seguros.", "Seguros", "The report of the SBS.", True),
        ("La SBS es la Superintendencia de Banca y Seguros.", "Seguros", "The report of the SUNAT.", False),
        ("It was sent by the Ministry of Justice and Labour.", "Labour", "La carta del MJL.", True),
        ("Ana Ruiz met Brazil and Chile.", "Chile", "A note on BC.", True),
        ("It is in Loreto, and Seguros paid.", "Seguros", "The LS and the SBS.", False),
    ],
)
def test_a_name_stands_where_its_initials_do(text: str, word: str, source: str, expected: bool) -> None:
    found = names(text)
    (name,) = [one for one in found if one.text == word]
    assert Source(source).abbreviates(joined(name, found, text)) is expected


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("Money for the Corps comes from fines.", ["Corps"]),
        ("Members of the Federation met in Tolpa.", ["Federation", "Tolpa"]),
        ("Once Kalnin had gone, it was dark.", ["Kalnin"]),
        ("Según Orozco, pedía dinero.", ["Orozco"]),
        ("Ministry of Justice staff were trained.", ["Ministry", "Justice"]),
        ("Fiscalía de la Nación lo pidió.", ["Fiscalía", "Nación"]),
        ("Ana Ruiz met him.", ["Ana", "Ruiz"]),
        ("Governor Almansa asked Mr Ruiz and Dra. Soto.", ["Almansa", "Ruiz", "Soto"]),
        ("It is sent from Monday to Saturday.", []),
    ],
)
def test_a_word_that_opens_the_sentence_is_no_part_of_the_name_behind_it(text: str, sure: list[str]) -> None:
    assert [one.text for one in names(text) if one.sure] == sure


@pytest.mark.parametrize(
    ("text", "source", "missing"),
    [
        ("Aprueba la Política Nacional contra las Drogas.", "The National Drug Policy was adopted.", []),
        ("It is led by the Ministry of Health.", "Lo dirige el Ministerio de Salud.", []),
        ("It is led by the Ministry of Health.", "Lo dirige el Ministerio de Agricultura.", ["Ministry", "Health"]),
        ("It is run by the Geophysical Institute.", "Lo dirige el Instituto Geofísico.", []),
        ("La ONU lo apoya.", "The United Nations support it.", []),
    ],
)
def test_names_of_institutions_hold_across_languages(text: str, source: str, missing: list[str]) -> None:
    found = names(unified(text))
    held = Source(source)
    lacking = [
        one.text
        for one in found
        if one.sure and not (held.cognate(one) or held.holds(one, [o for o in found if o.run == one.run]))
    ]
    assert set(lacking) <= set(missing)
    assert bool(lacking) == bool(missing)

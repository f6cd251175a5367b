"""Names of a written sentence that a source holds in another form."""

from __future__ import annotations

import pytest

from assistant.writing.names import Source, joined, names


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

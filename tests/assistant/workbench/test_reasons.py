"""Why a file was not read, in Spanish."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import index
from assistant.workbench.reasons import TABLE, in_spanish

INDEX = Path(index.__file__).parent
MODULES = [*sorted((INDEX / "formats").glob("*.py")), *(INDEX / f"{name}.py" for name in ("discovery", "reading"))]
SAID_BY = {"RefusedError": 0, "Refused": 0, "Skipped": 1, "SourceError": 0}
"""What carries a reason, and which of its arguments that is."""
OF_THE_FOLDER = ("source folder", "holds a pattern", "holds documents")
"""Words of errors that end a build, and are no file's."""


def reasons() -> Iterator[str]:
    """What the index can say of a file, by its source: literals, and f-strings with a 7 in each place."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            given: ast.expr | None = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID_BY:
                given = dict(enumerate(node.args)).get(SAID_BY[node.func.id])
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("fault", "partly", "_CHANGED"):
                given = node.value
            said = _said(given) if given is not None else ""
            if said and not any(words in said for words in OF_THE_FOLDER):
                yield said


def _said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_said(part) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return _said(node.body) if isinstance(node, ast.IfExp) else ""


def test_the_source_was_read() -> None:
    found = set(reasons())
    assert len(found) > 50
    assert {"holds no text", "was given up after 7 seconds", "is encrypted; save it without a password"} <= found


@pytest.mark.parametrize("reason", sorted(set(reasons()) - {"needs OCR: 7 7 without text; 7", "7: 7"}))
def test_each_reason_has_spanish_words(reason: str) -> None:
    spanish = in_spanish(reason)
    assert spanish is not None
    assert spanish != reason
    assert "{" not in spanish


@pytest.mark.parametrize(
    ("reason", "spanish"),
    [
        (
            "needs OCR: pages 3, 5–9 are pictures without text; install tesseract-ocr, with the languages of your "
            "documents, and build again",
            "necesita OCR: las páginas 3, 5–9 son imágenes sin texto; instale tesseract-ocr, con los idiomas de sus "
            "documentos, y construya de nuevo",
        ),
        (
            "is 1,200 MB large; at most 1,024 MB are read: split it; its earlier version stays searchable; delete the "
            "file to remove it",
            "ocupa 1.200 MB; se leen como mucho 1.024 MB: divídalo; su versión anterior se sigue pudiendo consultar; "
            "borre el archivo para quitarla",
        ),
        (
            "has a part word/a.xml that unpacks to 900 times its size: taken for a zip bomb",
            "tiene una parte, word/a.xml, que desempaquetado ocupa 900 veces su tamaño: se toma por una bomba zip",
        ),
        ("cannot be read: Permission denied", "no se puede leer: permiso denegado"),
        (
            "is a RAR archive; unpack it or save it as .zip, not PDF as its name says",
            "es un archivo RAR; desempaquételo o guárdelo como .zip, no PDF como dice su nombre",
        ),
        (
            "sheet 'A': only the first 9,000 rows were read; split it to have the rest",
            "hoja 'A': solo se leyeron las primeras 9.000 filas; divídalo para tener el resto",
        ),
        ("is damaged: EOF marker not found", "está dañado: EOF marker not found"),
        ("something that nobody foresaw", None),
    ],
)
def test_names_and_figures_stay_and_what_stands_in_them_is_told_too(reason: str, spanish: str | None) -> None:
    assert in_spanish(reason) == spanish


def test_both_sides_of_the_table_have_the_same_slots() -> None:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            sides = [
                sorted(part for part in side.split("{")[1:] for part in [part.split("}")[0]])
                for side in line.split("\t")
            ]
            assert len(sides) == 2
            assert sides[0] == sides[1], line

"""What becomes of each format: text, places, metadata."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from email.message import EmailMessage
from pathlib import Path

import hostile
import pytest

from index.build import build_index
from index.formats.html import extract_html
from index.formats.sheets import extract_csv, shown
from index.loading import Skipped, SourceFile, discover, read_documents
from index.places import Place, place_at
from index.types import Document

WriteFolder = Callable[[Mapping[str, str | bytes]], Path]


def read(folder: Path, cache: Path | None = None) -> dict[str, Document | Skipped]:
    files = [file for file in discover(folder) if isinstance(file, SourceFile)]
    return {found.doc_id: found for _, found in read_documents(files, {}, cache=cache)}


def document(folder: Path, doc_id: str) -> Document:
    found = read(folder)[doc_id]
    assert isinstance(found, Document), found
    return found


PAGE = """<!DOCTYPE html><html lang="es"><head><title>Minería ilegal en Loreto | El Diario</title>
<meta property="og:site_name" content="El Diario"><meta name="author" content="Rosa Díaz">
<meta property="article:published_time" content="2023-04-05T10:00:00Z">
<style>p {color: red}</style><script>var x = "no text";</script></head><body>
<nav><ul><li><a href="/">Inicio</a></li><li><a href="/p">Política</a></li></ul></nav>
<div class="cookie-banner">Usamos cookies. <a href="#">Aceptar</a></div>
<article><h1>Minería ilegal en Loreto</h1><p>La minería ilegal <b>creció</b> en el río <a href="/n">Nanay</a> durante 2022.</p>
<h2>Cifras</h2><ul><li>88 denuncias<ul><li>41 archivadas</li></ul></li><li>17 sentencias</li></ul>
<table><thead><tr><th>Región</th><th>Dragas</th></tr></thead><tbody><tr><td>Loreto</td><td>120</td></tr>
<tr><td>Ucayali</td><td>35</td></tr></tbody></table><p>Primera línea<br>segunda línea</p></article>
<aside><h3>Lo más leído</h3><a href="/1">Otra noticia</a></aside><footer>Todos los derechos reservados</footer></body></html>"""


def test_a_page_keeps_its_content_and_loses_its_menus(write_folder: WriteFolder) -> None:
    found = document(write_folder({"a.html": PAGE}), "a.html")
    assert found.text == (
        "# Minería ilegal en Loreto\n\nLa minería ilegal creció en el río Nanay durante 2022.\n\n## Cifras\n\n"
        "- 88 denuncias\n  - 41 archivadas\n- 17 sentencias\n\nRegión | Dragas:\n- Región: Loreto | Dragas: 120\n"
        "- Región: Ucayali | Dragas: 35\n\nPrimera línea\nsegunda línea"
    )
    assert found.language == "es"
    assert found.title == "Minería ilegal en Loreto"
    assert found.metadata["author"] == "Rosa Díaz"
    assert found.metadata["publisher"] == "El Diario"
    assert found.metadata["date"] == "2023-04-05"


def test_a_page_without_marks_of_navigation_loses_its_walls_of_links() -> None:
    links = "".join(f'<li><a href="/{n}">Sección número {n} del portal</a></li>' for n in range(40))
    story = (
        "<p>"
        + "</p><p>".join(
            f"El informe número {n} describe con detalle la situación de los bosques y de las comunidades que los cuidan."
            for n in range(8)
        )
        + "</p>"
    )
    text = extract_html(f"<html><body><div><ul>{links}</ul></div><div>{story}</div></body></html>".encode()).text
    assert "El informe número 7" in text
    assert "Sección número 5" not in text


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8", "windows-1252", "utf-16"])
def test_a_page_is_decoded_by_its_own_word(charset: str) -> None:
    markup = f'<html><head><meta charset="{charset}"></head><body><p>Año, niñez y «río».</p></body></html>'
    assert extract_html(markup.encode(charset)).text == "Año, niñez y «río»."


def test_spans_and_double_headers_of_a_table_are_filled_in() -> None:
    table = (
        "<table><tr><th rowspan=2>Región</th><th colspan=2>Denuncias</th></tr><tr><th>2022</th><th>2023</th></tr>"
        "<tr><td rowspan=2>Loreto</td><td>5</td><td>6</td></tr><tr><td>7</td><td>8</td></tr></table>"
    )
    assert extract_html(f"<p>Tabla 1</p>{table}".encode()).text.splitlines()[-2:] == [
        "- Región: Loreto | Denuncias 2022: 5 | Denuncias 2023: 6",
        "- Región: Loreto | Denuncias 2022: 7 | Denuncias 2023: 8",
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_rows_of_a_csv_name_their_columns_whatever_its_delimiter_and_encoding(delimiter: str, encoding: str) -> None:
    rows = [["Región", "Hectáreas"], ["Ucayali", "1.200"], ["", ""], ["Loreto", "3.400"]]
    text = extract_csv("\r\n".join(delimiter.join(row) for row in rows).encode(encoding)).text
    assert text == "Región | Hectáreas:\n- Región: Ucayali | Hectáreas: 1.200\n\n- Región: Loreto | Hectáreas: 3.400"


def test_a_cell_of_several_lines_stays_in_its_row() -> None:
    text = extract_csv(b'name,note\na,"first\nsecond, third"\nb,last\n').text
    assert text.splitlines() == ["name | note:", "- name: a | note: first second, third", "- name: b | note: last"]


def _workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Presupuesto"
    sheet["A1"] = "Presupuesto del programa, en soles"
    sheet.append([])
    sheet.append(["Región", "Monto", "Avance", "Fecha"])
    sheet.append(["Ucayali", 1234567, 0.255, date(2024, 3, 1)])
    sheet.append([None])
    sheet.append(["Loreto", 89, 1, date(2024, 4, 2)])
    for row in (4, 6):
        sheet.cell(row, 2).number_format = "#,##0"
        sheet.cell(row, 3).number_format = "0.0%"
    other = book.create_sheet("Notas")
    other["B3"] = "Una sola nota."
    book.properties.title, book.properties.creator = "Presupuesto 2024", "MINAM"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_names_sheet_row_and_columns(write_folder: WriteFolder) -> None:
    found = document(write_folder({"p.xlsx": _workbook()}), "p.xlsx")
    row = "- Región: Ucayali | Monto: 1,234,567 | Avance: 25.5% | Fecha: 2024-03-01"
    assert row in found.text.splitlines()
    assert place_at(found, found.text.index("Ucayali")) == Place(sheet="Presupuesto", row=4)
    assert place_at(found, found.text.index("- Región: Loreto")) == Place(sheet="Presupuesto", row=6)
    assert place_at(found, found.text.index("Presupuesto del programa")) == Place(sheet="Presupuesto", row=1)
    assert place_at(found, found.text.index("Una sola nota")) == Place(sheet="Notas", row=3)
    assert (found.title, found.metadata["author"]) == ("Presupuesto 2024", "MINAM")


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (0.5, "0%", "50%"), (1234.5, "#,##0.00", "1,234.50"), (3.0, "General", "3"), (0.1 + 0.2, "General", "0.3"),
        (True, "General", "TRUE"), (1234.5, '"S/" #,##0', "1,234"), (2.5, "0.00", "2.50"), (12, "General", "12"),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_the_sheet_shows_it(value: object, number_format: str, expected: str) -> None:
    assert shown(value, number_format) == expected


def _slides() -> bytes:
    import pptx
    from pptx.util import Inches

    show = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Vigilancia comunitaria"
    frame = first.placeholders[1].text_frame
    frame.text = "Cien monitores"
    frame.add_paragraph().text = "Doce comunidades"
    first.notes_slide.notes_text_frame.text = "Mencionar a la ORAU."
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "Resultados"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for at, text in enumerate(("Año", "Alertas", "2023", "57")):
        table.cell(at // 2, at % 2).text = text
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def test_slides_are_pages(write_folder: WriteFolder) -> None:
    found = document(write_folder({"s.pptx": _slides()}), "s.pptx")
    assert found.text == (
        "## Vigilancia comunitaria\n\n- Cien monitores\n- Doce comunidades\n\nNotes: Mencionar a la ORAU.\n\n"
        "## Resultados\n\nAño | Alertas:\n- Año: 2023 | Alertas: 57"
    )
    assert place_at(found, found.text.index("57")) == Place(slide=2)
    assert found.page_at(found.text.index("ORAU")) == 1


def test_a_mail_gives_its_text_and_each_attachment(write_folder: WriteFolder) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Rosa Díaz <rosa@example.org>", "fiscalia@example.org"
    mail["Subject"], mail["Date"] = "Denuncia por tala", "Tue, 05 Mar 2024 10:00:00 -0500"
    mail.set_content("Adjunto la denuncia de la comunidad.")
    mail.add_alternative("<p>Adjunto la denuncia.</p>", subtype="html")
    mail.add_attachment(_slides(), maintype="application", subtype="octet-stream", filename="charla.pptx")
    mail.add_attachment("a,b\n1,2\n", filename="datos.csv")
    found = read(write_folder({"m.eml": mail.as_bytes()}))
    assert set(found) == {"m.eml", "m.eml/charla.pptx", "m.eml/datos.csv"}
    message = found["m.eml"]
    assert isinstance(message, Document)
    assert message.title == "Denuncia por tala"
    assert message.metadata["date"] == "2024-03-05"
    assert "From: Rosa Díaz <rosa@example.org>" in message.text
    assert message.text.endswith("Adjunto la denuncia de la comunidad.")


def test_members_of_an_archive_are_documents_also_deep_inside(write_folder: WriteFolder) -> None:
    inner = hostile.zipped(("hoja.csv", "a,b\n1,2\n"), ("foto.jpg", b"\xff\xd8\xff"))
    archive = hostile.zipped(
        ("uno.txt", "Texto uno."),
        ("dos/inner.zip", inner),
        ("dos/malo.pdf", b"%PDF-1.7 broken"),
        (".oculto.txt", "x"),
        ("__MACOSX/uno.txt", "x"),
    )
    found = read(write_folder({"z.zip": archive}))
    kinds = {doc_id: isinstance(one, Document) for doc_id, one in found.items()}
    assert kinds == {
        "z.zip/uno.txt": True,
        "z.zip/dos/inner.zip/hoja.csv": True,
        "z.zip/dos/inner.zip/foto.jpg": False,
        "z.zip/dos/malo.pdf": False,
    }


def test_two_members_of_one_name_are_both_read(write_folder: WriteFolder) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.txt", "One.")
        archive.writestr("a.txt", "Two.")
    found = read(write_folder({"z.zip": out.getvalue()}))
    assert {doc_id: getattr(one, "text", None) for doc_id, one in found.items()} == {
        "z.zip/a.txt": "One.",
        "z.zip/a.txt (2).txt": "Two.",
    }


def test_a_book_is_read_in_the_order_of_its_spine_with_its_notes(write_folder: WriteFolder) -> None:
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>El río</dc:title>'
        "<dc:creator>A. Ruiz</dc:creator><dc:publisher>Fondo</dc:publisher><dc:date>2019-05-01</dc:date></metadata><manifest>"
        '<item id="b" href="b.xhtml" media-type="application/xhtml+xml"/><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="b"/><itemref idref="a"/></spine></package>'
    )
    chapter = '<p>Segundo<a href="#fn1" role="doc-noteref"><sup>1</sup></a>.</p><section role="doc-endnotes"><ol><li id="fn1"><p>La nota. <a href="#fnref1">↩</a></p></li></ol></section>'
    with zipfile.ZipFile(io.BytesIO(hostile.epub(chapter, opf))) as book:
        members = [(name, book.read(name)) for name in book.namelist()]
    found = document(
        write_folder(
            {"b.epub": hostile.zipped(*members, ("b.xhtml", "<html><body><h1>Uno</h1><p>Primero.</p></body></html>"))}
        ),
        "b.epub",
    )
    assert found.text == "# Uno\n\nPrimero.\n\nSegundo[^1].\n\n[^1]: La nota."
    assert (found.title, found.metadata["author"], found.metadata["publisher"], found.metadata["date"]) == (
        "El río",
        "A. Ruiz",
        "Fondo",
        "2019-05-01",
    )


def test_a_text_is_never_changed_and_needs_no_worker(
    write_folder: WriteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.formats import pool

    monkeypatch.setattr(pool, "_Worker", None)
    text = "\ufeffUno\r\n%PDF-dos\rtres\n"
    assert document(write_folder({"a.txt": text}), "a.txt").text == text


def test_the_same_content_is_extracted_once(
    write_folder: WriteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Made once: an office document holds the time at which it was made.
    pdf, docx, bad = hostile.page_pdf(), hostile.docx(), b"PK\x03\x04"
    first = read(write_folder({"a.pdf": pdf, "b.docx": docx, "bad.xlsx": bad}), tmp_path / "cache")
    from index.formats import pool

    # Without workers nothing can be extracted any more: what comes now comes from the cache.
    monkeypatch.setattr(pool, "_Worker", None)
    moved = read(write_folder({"sub/a2.pdf": pdf, "b2.docx": docx, "bad.xlsx": bad}), tmp_path / "cache")
    assert [getattr(d, "text", d) for d in moved.values()] == [
        getattr(first[n], "text", first[n]) for n in ("b.docx", "bad.xlsx", "a.pdf")
    ]


def test_a_damaged_cache_is_made_anew(write_folder: WriteFolder, tmp_path: Path) -> None:
    folder = write_folder({"a.pdf": hostile.page_pdf()})
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "extracted.sqlite").write_bytes(b"no database at all" * 400)
    assert isinstance(read(folder, cache)["a.pdf"], Document)
    assert (cache / "extracted.sqlite").read_bytes().startswith(b"SQLite format 3")


def test_files_come_in_their_order_and_not_all_at_once(write_folder: WriteFolder) -> None:
    folder = write_folder({f"{n:03}.txt": f"Text {n}." for n in range(200)})
    taken: list[str] = []

    def files() -> object:
        for file in discover(folder):
            assert isinstance(file, SourceFile)
            taken.append(file.doc_id)
            yield file

    reading = read_documents(files(), {})  # type: ignore[arg-type]
    first = [next(reading)[0].doc_id for _ in range(3)]
    assert first == ["000.txt", "001.txt", "002.txt"]
    assert len(taken) < 50
    assert [file.doc_id for file, _ in reading] == [f"{n:03}.txt" for n in range(3, 200)]


def test_a_reading_that_is_given_up_leaves_no_process(write_folder: WriteFolder) -> None:
    import subprocess

    folder = write_folder({f"{n}.pdf": hostile.page_pdf() for n in range(4)})
    reading = read_documents([f for f in discover(folder) if isinstance(f, SourceFile)], {})
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    listed = subprocess.run(
        ["ps", "-o", "args", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    ).stdout
    assert "index.formats.worker" not in listed


def test_a_build_over_many_formats_finds_each(write_folder: WriteFolder, tmp_path: Path) -> None:
    folder = write_folder(
        {
            "a.pdf": hostile.page_pdf(),
            "b.docx": hostile.docx(),
            "c.html": PAGE,
            "p.xlsx": _workbook(),
            "s.pptx": _slides(),
            "bad.pdf": "x",
        }
    )
    report = build_index(folder, tmp_path / "index", model="hash")
    assert report.documents == 5
    assert [skipped.doc_id for skipped in report.skipped] == ["bad.pdf"]
    assert build_index(folder, tmp_path / "index", model="hash").unchanged


def test_a_build_is_not_unchanged_once_ocr_is_there(
    write_folder: WriteFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.formats import ocr

    folder = write_folder({"a.pdf": hostile.page_pdf()})
    monkeypatch.setattr(ocr, "version", lambda: "")
    build_index(folder, tmp_path / "index", model="hash")
    monkeypatch.setattr(ocr, "version", lambda: "tesseract 9")
    assert not build_index(folder, tmp_path / "index", model="hash").unchanged

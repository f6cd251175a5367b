"""Documents made by the real programs: LibreOffice, pandoc and poppler."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

PROGRAMS = ("soffice", "pandoc", "pdftoppm", "tesseract")


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=240, **options)  # type: ignore[call-overload, no-any-return]


def office(files: Sequence[Path], to: str, out: Path, profile: Path) -> None:
    """Convert files with LibreOffice, all in one start."""
    run(
        "soffice",
        "--headless",
        f"-env:UserInstallation={profile.as_uri()}",
        "--convert-to",
        to,
        "--outdir",
        out,
        *files,
    )


def pandoc(markdown: str, out: Path, *options: str) -> None:
    run(
        "pandoc",
        "-f",
        "markdown-yaml_metadata_block-multiline_tables-simple_tables-smart",
        "-o",
        out,
        *options,
        input=markdown.encode(),
    )


def as_markdown(text: str) -> str:
    """A seed as Markdown for pandoc, its front matter as a list, as somebody would write it into a document."""
    match = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    if not match:
        return text
    fields = re.sub(r"\n\s+(?!-)", " ", match.group(1)).strip()
    lines = [re.sub(r"^- ", "  - ", line) for line in fields.splitlines()]
    return "\n".join(line if line.startswith("  - ") else f"- {line}" for line in lines) + "\n\n" + text[match.end() :]


def rasterise(pdf: Path, out: Path, resolution: int = 200) -> None:
    """A PDF whose pages are pictures of the pages of `pdf`."""
    from PIL import Image

    folder = out.parent / f"{out.stem}-pages"
    folder.mkdir()
    run("pdftoppm", "-r", str(resolution), "-gray", pdf, folder / "page")
    pages = [Image.open(path) for path in sorted(folder.glob("*.pgm"))]
    pages[0].save(out, "PDF", resolution=float(resolution), save_all=True, append_images=pages[1:])
    shutil.rmtree(folder)


def zipped(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def soft(text: str) -> str:
    """Long words with soft hyphens in them, at which a typesetter may break them."""
    return re.sub(r"(?<=[a-záéíóúñ]{4})(?=[b-df-hj-np-tv-z][aeiouáéíóú][a-záéíóúñ]{2})", "\u00ad", text)


HEAD = "Informe anual de la Fiscalía Ambiental"
NOTE_ONE = "Según el registro del Ministerio del Ambiente, consultado en marzo."
NOTE_TWO = "No incluye las concesiones forestales de Madre de Dios."
PARAGRAPHS = (
    "La deforestación en la provincia de Coronel Portillo aumentó durante el último quinquenio, principalmente por "
    "la expansión de cultivos ilegales y la apertura de carreteras sin autorización. Las comunidades nativas "
    "denunciaron reiteradamente la presencia de personas extrañas en sus territorios.",
    "El Ministerio Público respondió con la creación de una fiscalía especializada, cuyos representantes visitaron "
    "doce comunidades entre enero y septiembre. La coordinación interinstitucional permitió establecer un protocolo "
    "de actuación conjunta que se aplica desde entonces en toda la región.",
    "Las organizaciones indígenas consideran insuficientes los recursos asignados a la vigilancia comunitaria. "
    "Recomiendan fortalecer las capacidades técnicas de los monitores y garantizar la protección inmediata de los "
    "defensores ambientales amenazados por traficantes de madera.",
    "Por su parte, las autoridades regionales anunciaron un presupuesto extraordinario destinado al "
    "fortalecimiento institucional, a la georreferenciación de los linderos comunales y a la investigación "
    "criminalística de los delitos ambientales más frecuentes en la Amazonía.",
)
ROWS = (
    ("Región", "Hectáreas", "Denuncias"),
    ("Ucayali", "12,400", "88"),
    ("Loreto", "9,150", "41"),
    ("San Martín", "3,020", "17"),
)


def report_fodt(path: Path) -> Path:
    """A report as an agency would print it: running header, page numbers, two columns, footnotes, a table."""

    def note(number: int, text: str) -> str:
        return (
            f'<text:note text:id="ftn{number}" text:note-class="footnote"><text:note-citation>{number}'
            f'</text:note-citation><text:note-body><text:p text:style-name="Note">{text}</text:p></text:note-body></text:note>'
        )

    body: list[str] = []
    for round_ in range(6):
        for number, paragraph in enumerate(PARAGRAPHS):
            text = soft(paragraph)
            if round_ == 0 and number == 0:
                first, rest = text.split(". ", 1)
                text = f"{first}{note(1, NOTE_ONE)}. {rest}"
            if round_ == 3 and number == 1:
                first, rest = text.split(". ", 1)
                text = f"{first}{note(2, NOTE_TWO)}. {rest}"
            body.append(f'<text:p text:style-name="Body">{text}</text:p>')
        if round_ < 5:
            body.append(f'<text:h text:style-name="H2" text:outline-level="2">Capítulo {round_ + 2}: Balance</text:h>')
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p text:style-name="Cell">{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in ROWS
    )
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.text">
<office:meta><dc:title>Balance de la Fiscalía Ambiental 2024</dc:title><meta:initial-creator>Fiscalía de Ucayali</meta:initial-creator>
<meta:creation-date>2024-03-05T10:00:00</meta:creation-date><dc:creator>Fiscalía de Ucayali</dc:creator></office:meta>
<office:styles>
<style:style style:name="Body" style:family="paragraph"><style:paragraph-properties fo:margin-bottom="0.2cm" fo:text-align="justify"/><style:text-properties fo:font-size="11pt" fo:language="es" fo:country="PE"/></style:style>
<style:style style:name="Cell" style:family="paragraph"><style:text-properties fo:font-size="11pt"/></style:style>
<style:style style:name="Note" style:family="paragraph"><style:text-properties fo:font-size="8pt"/></style:style>
<style:style style:name="H1" style:family="paragraph" style:default-outline-level="1"><style:paragraph-properties fo:margin-bottom="0.4cm"/><style:text-properties fo:font-size="20pt" fo:font-weight="bold"/></style:style>
<style:style style:name="H2" style:family="paragraph" style:default-outline-level="2"><style:paragraph-properties fo:margin-top="0.3cm" fo:margin-bottom="0.2cm"/><style:text-properties fo:font-size="14pt" fo:font-weight="bold"/></style:style>
</office:styles>
<office:automatic-styles>
<style:page-layout style:name="pl"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm" fo:margin-top="1.5cm" fo:margin-bottom="1.5cm" fo:margin-left="2cm" fo:margin-right="2cm"/><style:header-style><style:header-footer-properties fo:min-height="0.8cm"/></style:header-style><style:footer-style><style:header-footer-properties fo:min-height="0.8cm"/></style:footer-style></style:page-layout>
<style:style style:name="two" style:family="section"><style:section-properties><style:columns fo:column-count="2" fo:column-gap="0.8cm"/></style:section-properties></style:style>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pl">
<style:header><text:p>{HEAD}</text:p></style:header><style:footer><text:p>Página <text:page-number text:select-page="current">1</text:page-number> de <text:page-count>4</text:page-count></text:p></style:footer>
</style:master-page></office:master-styles>
<office:body><office:text>
<text:h text:style-name="H1" text:outline-level="1">Balance de la Fiscalía Ambiental</text:h>
<table:table table:name="t"><table:table-column table:number-columns-repeated="3"/>{cells}</table:table>
<text:section text:style-name="two" text:name="cols">{"".join(body)}</text:section>
</office:text></office:body></office:document>""",
        encoding="utf-8",
    )
    return path


def comparison(folder: Path) -> None:
    """A folder for `eval.converters`: seeds and a report in several formats, with their reference texts and tables."""
    import io

    import openpyxl

    reference = folder / "reference"
    reference.mkdir(parents=True)
    for seed in (Path(__file__).parents[2] / "seeds").glob("*.txt"):
        markdown = as_markdown(seed.read_text(encoding="utf-8"))
        plain = run(
            "pandoc",
            "-f",
            "markdown-yaml_metadata_block-multiline_tables-simple_tables-smart",
            "-t",
            "plain",
            "--wrap=none",
            input=markdown.encode(),
        )
        (reference / f"{seed.stem}.txt").write_bytes(plain.stdout)
        for kind in ("docx", "html", "epub"):
            pandoc(markdown, folder / f"{seed.stem}.{kind}", "-s", "--metadata", f"title={seed.stem}")
    profile = folder / "profile"
    office(sorted(folder.glob("*.docx")), "pdf", folder, profile)
    office([report_fodt(folder / "report.fodt")], "pdf", folder, profile)
    office([folder / "report.fodt"], "docx", folder, profile)
    (folder / "report.fodt").unlink()
    shutil.rmtree(profile)
    chapters = ["\n\n".join((f"Capítulo {n + 2}: Balance" if n < 5 else "",)) for n in range(6)]
    body = "\n\n".join("\n\n".join((*PARAGRAPHS, chapter)) for chapter in chapters)
    title = "Balance de la Fiscalía Ambiental"
    table = "\n\n".join(" ".join(row) for row in ROWS)
    (reference / "report.txt").write_text("\n\n".join((HEAD, title, table, body, NOTE_ONE, NOTE_TWO)), encoding="utf-8")
    rows = "\n".join("\t".join(row) for row in ROWS)
    (reference / "report.tsv").write_text(rows, encoding="utf-8")
    book = openpyxl.Workbook()
    for row in ROWS:
        assert book.active is not None
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    (folder / "sheet.xlsx").write_bytes(data.getvalue())
    (folder / "sheet.csv").write_text(
        "\n".join(",".join(f'"{cell}"' for cell in row) for row in ROWS), encoding="utf-8"
    )
    (reference / "sheet.txt").write_text(table, encoding="utf-8")
    (reference / "sheet.tsv").write_text(rows, encoding="utf-8")


if __name__ == "__main__":
    import sys

    comparison(Path(sys.argv[1]))

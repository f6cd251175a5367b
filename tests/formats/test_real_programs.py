"""Documents as LibreOffice, pandoc, poppler and tesseract make them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from shutil import which

import making
import pytest
import scoring
import yaml
from making import needs

from assistant.assistant import Assistant
from index.build import build_index
from index.loading import Skipped, SourceFile, discover, read_documents
from index.types import Document

SEEDS = Path(__file__).parents[2] / "seeds"
LONG = pytest.mark.skipif(not os.environ.get("QUIPU_THOROUGH"), reason="takes long: make thorough")
FORMATS = ("docx", "html", "epub", "pdf")
SCANNED = "001_ae0f56fbf5c1f930"
pytestmark = [pytest.mark.formats, needs("soffice", "pandoc")]


def documents(folder: Path, cache: Path | None = None) -> dict[str, Document | Skipped]:
    files = [file for file in discover(folder) if isinstance(file, SourceFile)]
    return {getattr(found, "doc_id", file.doc_id): found for file, found in read_documents(files, {}, cache=cache)}


def document(folder: Path, name: str) -> Document:
    found = documents(folder)[name]
    assert isinstance(found, Document), found
    return found


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeds in each format, a folder a format; and the report of an agency in `report`."""
    base = tmp_path_factory.mktemp("rendered")
    titles = {
        Path(name).stem: fields["title"]
        for name, fields in yaml.safe_load((SEEDS / "metadata.yaml").read_text()).items()
    }
    for kind in (*FORMATS, "report"):
        (base / kind).mkdir()
        metadata = (SEEDS / "metadata.yaml").read_text(encoding="utf-8").replace(".txt:", f".{kind}:")
        (base / kind / "metadata.yaml").write_text(metadata, encoding="utf-8")
    for seed in SEEDS.glob("*.txt"):
        markdown = making.as_markdown(seed.read_text(encoding="utf-8"))
        for kind in ("docx", "html", "epub"):
            making.pandoc(
                markdown, base / kind / f"{seed.stem}.{kind}", "-s", "--metadata", f"title={titles[seed.stem]}"
            )
    profile = base / "profile"
    report = making.report_fodt(base / "report.fodt")
    making.office(sorted((base / "docx").glob("*.docx")), "pdf", base / "pdf", profile)
    making.office([report], "pdf", base / "report", profile)
    making.office([report], "docx", base / "report", profile)
    return base


def test_the_report_is_read_column_after_column(rendered: Path) -> None:
    text = document(rendered / "report", "report.pdf").text
    first = [text.index(paragraph.split(",")[0]) for paragraph in making.PARAGRAPHS]
    assert first == sorted(first)
    # Six rounds of the four paragraphs, each whole, in order: no line of one column in the other, no word broken.
    for paragraph in making.PARAGRAPHS:
        whole = sum(paragraph in text.replace(f"[^{n}]", "") for n in (1, 2))
        assert whole, paragraph
    bare = text.replace("[^1]", "").replace("[^2]", "")
    assert [bare.count(paragraph) for paragraph in making.PARAGRAPHS] == [6, 6, 6, 6]


def test_running_headers_and_page_numbers_are_not_in_the_text(rendered: Path) -> None:
    text = document(rendered / "report", "report.pdf").text
    assert text.count(making.HEAD) == 1
    assert "Página 2" not in text


@pytest.mark.parametrize("name", ["report.pdf", "report.docx"])
def test_footnotes_stand_apart_and_are_led_to(rendered: Path, name: str) -> None:
    text = document(rendered / "report", name).text
    assert "sin autorización[^1]." in text
    assert "enero y septiembre[^2]." in text
    lines = text.splitlines()
    assert f"[^1]: {making.NOTE_ONE}" in lines
    assert f"[^2]: {making.NOTE_TWO}" in lines


@pytest.mark.parametrize("name", ["report.pdf", "report.docx"])
def test_every_row_of_a_table_names_its_columns(rendered: Path, name: str) -> None:
    lines = document(rendered / "report", name).text.splitlines()
    names = making.ROWS[0]
    for row in making.ROWS[1:]:
        assert "- " + " | ".join(f"{column}: {cell}" for column, cell in zip(names, row, strict=True)) in lines


@pytest.mark.parametrize("name", ["report.pdf", "report.docx"])
def test_title_and_headings_come_from_the_file(rendered: Path, name: str) -> None:
    found = document(rendered / "report", name)
    assert found.title == "Balance de la Fiscalía Ambiental 2024"
    assert found.metadata["author"] == "Fiscalía de Ucayali"
    assert found.language == "es"
    assert "## Capítulo 3: Balance" in found.text.splitlines()


def test_a_passage_names_the_page_on_which_poppler_finds_it(rendered: Path) -> None:
    found = document(rendered / "report", "report.pdf")
    assert "".join(found.text[page.start : page.end] for page in found.pages) == found.text
    assert len(found.pages) >= 2
    for chapter in range(2, 7):
        page = found.page_at(found.text.index(f"Capítulo {chapter}: Balance"))
        assert page is not None
        only = (
            making.run("pdftotext", "-f", str(page), "-l", str(page), rendered / "report" / "report.pdf", "-")
            if which("pdftotext")
            else None
        )
        assert only is None or f"Capítulo {chapter}: Balance" in only.stdout.decode()


@pytest.mark.parametrize("kind", FORMATS)
def test_the_words_of_the_seeds_are_all_there_in_their_order(rendered: Path, kind: str) -> None:
    for name, found in documents(rendered / kind).items():
        assert isinstance(found, Document)
        seed = (SEEDS / f"{Path(name).stem}.txt").read_text(encoding="utf-8")
        wanted = scoring.as_read(making.as_markdown(seed)).split()
        kept = set(scoring.as_read(found.text).split())
        missing = [word for word in wanted if word.isalpha() and word not in kept]
        assert len(missing) <= 0.005 * len(wanted), missing


@pytest.mark.skipif(which("pdftoppm") is None, reason="needs pdftoppm")
def test_a_scan_is_named_where_there_is_no_tesseract(
    rendered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.rasterise(rendered / "pdf" / f"{SCANNED}.pdf", tmp_path / "scan.pdf", 72)
    from index.formats import ocr

    monkeypatch.setattr(ocr, "languages", lambda: ())
    found = documents(tmp_path)["scan.pdf"]
    assert isinstance(found, Skipped)
    assert found.reason.startswith("needs OCR: all of its pages are pictures without text; install tesseract-ocr")


@needs("pdftoppm", "tesseract")
def test_a_scanned_page_among_others_is_recognised_in_its_place(rendered: Path, tmp_path: Path) -> None:
    import pypdfium2

    making.rasterise(rendered / "report" / "report.pdf", tmp_path / "raster.pdf", 150)
    mixed, scan = (
        pypdfium2.PdfDocument(rendered / "report" / "report.pdf"),
        pypdfium2.PdfDocument(tmp_path / "raster.pdf"),
    )
    mixed.del_page(1)
    mixed.import_pages(scan, [1], 1)
    folder = tmp_path / "source"
    folder.mkdir()
    mixed.save(folder / "mixed.pdf")
    for opened in (mixed, scan):
        opened.close()
    found = documents(folder, tmp_path / "cache")["mixed.pdf"]
    assert isinstance(found, Document)
    assert found.metadata["ocr"].startswith("tesseract")
    assert "(spa" in found.metadata["ocr"] or which("tesseract") is not None
    second = found.text[slice(*found.pages[1])]
    assert "Coronel Portillo" in second
    assert "comunidades nativas" in second
    assert "".join(found.text[page.start : page.end] for page in found.pages) == found.text
    # The second time nothing is recognised again.
    assert documents(folder, tmp_path / "cache")["mixed.pdf"] == found


@pytest.fixture(scope="module")
def plain_scores(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, float]]:
    base = tmp_path_factory.mktemp("plain")
    (base / "one").mkdir()
    for name in (f"{SCANNED}.txt", "metadata.yaml"):
        (base / "one" / name).write_bytes((SEEDS / name).read_bytes())
    return {"all": _scores(SEEDS, base / "all-index"), "one": _scores(base / "one", base / "one-index")}


def _scores(source: Path, index: Path) -> Mapping[str, float]:
    build_index(source, index)
    assistant = Assistant.open(index)
    try:
        stems = frozenset(Path(doc_id).stem for doc_id in assistant.doc_ids())
        return scoring.scores(assistant, scoring.questions(stems))
    finally:
        assistant.close()


@pytest.mark.model
@pytest.mark.parametrize("kind", [kind if kind == "pdf" else pytest.param(kind, marks=LONG) for kind in FORMATS])
def test_the_question_set_keeps_its_score(
    rendered: Path, kind: str, plain_scores: Mapping[str, Mapping[str, float]], tmp_path: Path
) -> None:
    found, plain = _scores(rendered / kind, tmp_path / "index"), plain_scores["all"]
    assert found["right"] >= plain["right"] - 0.02, (found, plain)
    assert found["correct"] >= plain["correct"] - 0.02, (found, plain)


@pytest.mark.model
@LONG
@needs("pdftoppm", "tesseract")
def test_a_scan_keeps_its_score_through_ocr(
    rendered: Path, plain_scores: Mapping[str, Mapping[str, float]], tmp_path: Path
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    making.rasterise(rendered / "pdf" / f"{SCANNED}.pdf", folder / f"{SCANNED}.pdf")
    (folder / "metadata.yaml").write_bytes((rendered / "pdf" / "metadata.yaml").read_bytes())
    found, plain = _scores(folder, tmp_path / "index"), plain_scores["one"]
    assert found["right"] >= plain["right"] - 0.10, (found, plain)
    assert found["evidence@5"] >= plain["evidence@5"] - 0.10, (found, plain)

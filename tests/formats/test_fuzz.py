"""Every parser of our own takes anything: it gives text or refuses with a reason, and its invariants hold."""

from __future__ import annotations

import io
import json
from typing import Any

import hostile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import SourceError
from index.formats.extract import extract
from index.formats.markup import render
from index.formats.ocr import merged, paragraphs_of
from index.formats.pdf import text_of
from index.formats.pdf_lines import LOWERED, RAISED, Line
from index.formats.pdf_running import Page
from index.formats.prose import join_lines, vocabulary
from index.formats.sheets import extract_csv, sheet_lines, shown
from index.formats.tables import table_text
from index.formats.types import Extracted, Refused, from_json, to_json
from index.types import Span

TEXT = st.text(max_size=60)
CELLS = st.lists(st.lists(st.text(alphabet='ab ñ1,.|:\n\t"-%', max_size=8), max_size=5), max_size=8)
NUMBERS = st.floats(-50, 900)
LINES = st.lists(
    st.builds(
        lambda text, left, width, base, size, bold: Line(text, left, left + width, base, size, bold),
        st.text(alphabet=f"abcñ ÁB12.-•:{RAISED}{LOWERED}", min_size=1, max_size=30).map(str.strip).filter(bool),
        NUMBERS, st.floats(0, 500), NUMBERS, st.floats(1, 40), st.booleans(),
    ),
    max_size=25,
)  # fmt: skip


def letters(text: str) -> list[str]:
    return sorted(c for c in text if c.isalnum())


@given(st.lists(LINES, max_size=5))
@settings(max_examples=300)
def test_pages_of_any_lines_make_a_text_that_its_pages_cover(pages: list[list[Line]]) -> None:
    text, spans = text_of([Page(tuple(lines), 600, 800) for lines in pages])
    assert len(spans) == len(pages)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert RAISED not in text and LOWERED not in text


@given(LINES)
@settings(max_examples=300)
def test_no_word_of_a_single_page_is_lost(lines: list[Line]) -> None:
    text, _ = text_of([Page(tuple(lines), 600, 800)])
    wanted = set("".join(line.text for line in lines if not line.text.isspace()))
    assert {c for c in wanted if c.isalpha()} <= set(text)


@given(st.lists(st.text(alphabet="abñ-Á. ", max_size=12), max_size=8))
def test_joining_lines_loses_nothing_but_hyphens_and_spaces(lines: list[str]) -> None:
    joined = join_lines(lines, vocabulary(lines))
    assert letters(joined) == letters("".join(lines))


@given(st.text(alphabet="<>/abtdrhuliopnt='\"!-&; 1ñ\n", max_size=200))
@settings(max_examples=300)
def test_any_markup_renders(markup: str) -> None:
    from index.formats.html import parse

    root = parse(markup)
    if root is not None:
        assert isinstance(render(root), str)


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> str:
    tag = draw(
        st.sampled_from(
            [
                "p",
                "div",
                "ul",
                "ol",
                "li",
                "table",
                "tr",
                "td",
                "th",
                "h2",
                "a",
                "b",
                "dl",
                "dt",
                "dd",
                "br",
                "pre",
                "sup",
            ]
        )
    )
    inner = draw(
        st.lists(
            st.one_of(st.text(alphabet="ab ñ1", max_size=6), trees(depth + 1))
            if depth < 4
            else st.text(alphabet="ab ", max_size=6),
            max_size=4,
        )
    )
    return f"<{tag}>{''.join(inner)}</{tag}>"


@given(trees())
@settings(max_examples=200)
def test_rendering_keeps_every_letter(markup: str) -> None:
    from lxml import html as lxml_html

    root = lxml_html.fragment_fromstring(markup, create_parent="div")
    text = render(root)
    assert {c for c in "".join(root.itertext()) if c in "abñ"} <= set(text)


@given(CELLS)
def test_a_table_keeps_every_cell(rows: list[list[str]]) -> None:
    text = table_text(rows)
    for row in rows:
        for cell in row:
            assert all(word in text for word in cell.rstrip(":").split()) or ":" in cell


@given(CELLS)
def test_rows_of_a_sheet_stand_on_their_own_lines(rows: list[list[str]]) -> None:
    lines, cut = sheet_lines(rows, 10_000)
    assert not cut
    assert all("\n" not in line for line in lines)
    assert len(lines) <= len(rows)
    for row, line in zip(rows, lines, strict=False):
        # Every cell stands on its row's line; only colons are added (after a column's name) or dropped.
        assert all(" ".join(cell.split()).rstrip(":") in line for cell in row)
        assert bool(line) == any(cell.strip() for cell in row)
    assert not any(cell.strip() for row in rows[len(lines) :] for cell in row)


@given(
    st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), TEXT, st.datetimes(), st.times(), st.timedeltas()),
    TEXT,
)
def test_any_cell_with_any_number_format_is_shown(value: object, number_format: str) -> None:
    assert isinstance(shown(value, number_format), str)


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_a_csv_or_refused(data: bytes) -> None:
    try:
        assert extract_csv(data).metadata["format"] == "csv"
    except SourceError as error:
        assert str(error)


@given(st.text(alphabet="level\tpage_num block_num par_num line_num word_num conf text\n123-ñ", max_size=300))
def test_any_table_of_tesseract_is_taken(tsv: str) -> None:
    assert all(
        isinstance(line, str)
        for paragraph in paragraphs_of("block_num\tpar_num\tline_num\tconf\ttext\n" + tsv)
        for line in paragraph
    )


@given(st.lists(st.tuples(TEXT, TEXT, st.booleans()), min_size=1, max_size=6))
def test_recognised_pages_are_put_in_their_places(pages: list[tuple[str, str, bool]]) -> None:
    def of(texts: list[str]) -> tuple[str, tuple[Span, ...]]:
        spans, at = [], 0
        for text in texts:
            spans.append(Span(at, at + len(text)))
            at += len(text)
        return "".join(texts), tuple(spans)

    text, spans = of([printed for printed, _, _ in pages])
    seen, seen_spans = of([recognised for _, recognised, scanned in pages if scanned])
    numbers = tuple(number for number, page in enumerate(pages, start=1) if page[2])
    document = merged(Extracted(text, pages=spans, scanned=numbers), Extracted(seen, pages=seen_spans))
    assert "".join(document.text[page.start : page.end] for page in document.pages) == document.text
    assert len(document.pages) == len(pages)


@given(
    st.recursive(
        st.one_of(st.none(), st.integers(), TEXT),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)),
        max_leaves=10,
    )
)
def test_what_is_no_extraction_is_refused(content: Any) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_json(content)


@given(st.text(), TEXT, st.dictionaries(TEXT, TEXT))
def test_an_extraction_survives_json(text: str, title: str, metadata: dict[str, str]) -> None:
    content = json.loads(json.dumps(to_json(Extracted(text, title, metadata, (Span(0, len(text)),)))))
    again = from_json(content)
    assert isinstance(again, Extracted)
    assert len(again.text) == len(text)
    assert again.pages == (Span(0, len(text)),)


WHOLE = {
    "file.pdf": hostile.page_pdf(), "file.docx": hostile.docx(), "file.epub": hostile.epub(),
    "file.xlsx": hostile.xlsx('<row r="1"><c r="A1"><v>1</v></c></row>'),
    "file.zip": hostile.zipped(("a.txt", "words"), ("b/c.csv", "a,b\n1,2")),
    "file.eml": b"From: a@b\nSubject: =?utf-8?b?w7E=?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nbody\n--x\nContent-Disposition: attachment; filename=a.txt\n\nwords\n--x--",
    "file.html": b"<html><head><title>t</title></head><body><nav>menu</nav><table><tr><th>a</th><td>b</td></tr></table></body></html>",
}  # fmt: skip


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=6),
    st.floats(0, 1),
)
@settings(max_examples=400)
def test_a_scrambled_file_is_read_or_refused(name: str, changes: list[tuple[float, bytes]], cut: float) -> None:
    data = bytearray(WHOLE[name])
    for place, new in changes:
        at = int(place * (len(data) - 1))
        data[at : at + len(new)] = new
    data = data[: max(1, int(len(data) * (cut if cut < 0.9 else 1)))]
    parts = list(extract(io.BytesIO(bytes(data)), name, 10))
    for outcome in (outcome for part in parts for outcome in part):
        assert isinstance(outcome, Extracted | Refused)
        assert not isinstance(outcome, Refused) or outcome.reason

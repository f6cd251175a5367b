"""Presentations: a page a slide, its title as heading, its lists, tables, charts' figures and notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from index.formats.package import ZIP_ERRORS, check_office, core_properties, opened
from index.formats.tables import clean, table_text
from index.formats.types import Extracted, RefusedError
from index.types import Span

DEEPEST_GROUP = 20


def extract_pptx(file: BinaryIO) -> Extracted:
    """All slides in order; page n is slide n. Raises RefusedError if the file is damaged or holds no text."""
    import pptx
    from lxml.etree import LxmlError
    from pptx.exc import PythonPptxError

    with opened(file) as archive:
        check_office(archive)
        known = core_properties(archive)
    file.seek(0)
    try:
        slides = ["\n\n".join(filter(None, _slide(slide))) for slide in pptx.Presentation(file).slides]
    except (PythonPptxError, LxmlError, *ZIP_ERRORS, KeyError, AttributeError, TypeError, IndexError) as error:
        raise RefusedError(f"is damaged: {clean(str(error))[:120] or 'its parts do not fit together'}") from None
    if not any(slides):
        raise RefusedError("holds no text")
    text, pages = "", []
    for number, slide in enumerate(slides):
        start = len(text)
        text += slide + ("\n\n" if slide and any(slides[number + 1 :]) else "")
        pages.append(Span(start, len(text)))
    title = known.pop("title", "")
    return Extracted(
        text, "" if title == "PowerPoint Presentation" else title, {"format": "pptx", **known}, tuple(pages)
    )


def _slide(slide: Any) -> Iterator[str]:
    title = slide.shapes.title
    heading = clean(title.text_frame.text) if title is not None and title.has_text_frame else ""
    if heading:
        yield f"## {heading}"
    for shape in _shapes(slide.shapes, 0):
        if title is None or shape.shape_id != title.shape_id:
            yield _shape(shape)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None and frame.text.strip():
        yield "Notes: " + "\n".join(filter(None, (clean(p.text) for p in frame.paragraphs)))


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    for shape in shapes:
        if getattr(shape, "shapes", None) is not None and depth < DEEPEST_GROUP:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _shape(shape: Any) -> str:
    if getattr(shape, "has_table", False):
        return table_text([[cell.text for cell in row.cells] for row in shape.table.rows])
    if getattr(shape, "has_chart", False):
        return _chart(shape.chart)
    if not getattr(shape, "has_text_frame", False):
        return ""
    paragraphs = [(p.level, clean(p.text)) for p in shape.text_frame.paragraphs if clean(p.text)]
    # A placeholder's paragraphs are the bullets of the slide; a box with one paragraph is just that.
    if len(paragraphs) > 1 and shape.is_placeholder:
        return "\n".join("  " * level + "- " + text for level, text in paragraphs)
    return "\n\n".join(text for _, text in paragraphs)


def _chart(chart: Any) -> str:
    """The figures behind a chart, a row a category."""
    title = clean(chart.chart_title.text_frame.text) if chart.has_title and chart.chart_title.has_text_frame else ""
    rows = []
    for plot in chart.plots:
        series = list(plot.series)
        rows.append(["Category", *(clean(str(one.name)) for one in series)])
        for at, category in enumerate(plot.categories):
            values = [one.values[at] if at < len(one.values) else None for one in series]
            rows.append([clean(str(category)), *("" if value is None else f"{value:g}" for value in values)])
    return "\n\n".join(filter(None, (title, table_text(rows, 0))))

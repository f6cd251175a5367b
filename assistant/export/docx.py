"""An export as a Word document: styled headings, numbered sources that the numbers in the text lead to, links, languages."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from assistant.export.outline import Asked, Listed, Near, Outline, Part

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.text.paragraph import Paragraph

ACCENT = "9B2F3F"
SOFT = "635C53"
RULE = "D9D1C4"
BODY_FONT = "Cambria"
LABEL_FONT = "Calibri"
LOCALES = {"en": "en-GB", "es": "es-PE"}
MARGIN_CM = 2.5


def docx(made: Outline) -> bytes:
    """The whole document as the bytes of a .docx file."""
    from docx import Document

    return _Writer(Document(), made).written()


class _Writer:
    def __init__(self, word: Word, made: Outline) -> None:
        self._word = word
        self._made = made
        self._bookmarks = 0

    def written(self) -> bytes:
        made, word = self._made, self._word
        _page(word)
        _styles(word, LOCALES[made.language])
        self._properties()
        self._footer()
        self._paragraph("Title", made.title)
        self._paragraph("Subtitle", made.subtitle)
        self._paragraph("Quipu Note", made.how)
        if made.left_out:
            self._paragraph("Quipu Label", made.words["export_left_out"])
            self._paragraph("Quipu Small", made.words["export_left_out_note"])
            for one in made.left_out:
                self._paragraph("List Bullet", one)
        for asked in made.asked:
            self._asked(asked, heading=len(made.asked) > 1)
        if made.sources:
            self._paragraph("Heading 1", made.words["sources"])
            for source in made.sources:
                self._source(source)
        self._paragraph("Heading 1", made.words["export_about"])
        for line in made.about:
            self._paragraph("Quipu Small", line)
        file = io.BytesIO()
        word.save(file)
        return file.getvalue()

    def _properties(self) -> None:
        about = self._word.core_properties
        about.title = self._made.title[:250]
        about.author = about.last_modified_by = self._made.words["export_author"]
        about.subject = self._made.subtitle
        about.language = LOCALES[self._made.language]
        about.keywords = ""
        about.comments = self._made.about[0]
        try:
            about.created = about.modified = (
                datetime.fromisoformat(self._made.made).astimezone(UTC).replace(tzinfo=None)
            )
        except ValueError:
            about.created = about.modified = datetime.now(UTC).replace(tzinfo=None)

    def _footer(self) -> None:
        section = self._word.sections[0]
        paragraph = section.footer.paragraphs[0]
        paragraph.style = self._word.styles["Footer"]
        before, _, rest = self._made.words["export_page"].partition("{n}")
        between, _, after = rest.partition("{total}")
        paragraph.add_run(before)
        _field(paragraph, "PAGE")
        paragraph.add_run(between)
        _field(paragraph, "NUMPAGES")
        paragraph.add_run(after)

    def _paragraph(self, style: str, words: str = "", *, rtl: bool = False, language: str = "") -> Paragraph:
        paragraph = self._word.add_paragraph(style=self._word.styles[style])
        if rtl:
            _property(paragraph._p.get_or_add_pPr(), "bidi", before=("adjustRightInd", "spacing", "ind", "jc"))
        if words:
            self._run(paragraph, words, rtl=rtl, language=language)
        return paragraph

    def _run(self, paragraph: Paragraph, words: str, *, rtl: bool = False, language: str = "", style: str = "") -> None:
        """Words with their line breaks; Word is told their language, and whether they run from right to left."""
        run = paragraph.add_run(style=self._word.styles[style] if style else None)
        for number, line in enumerate(words.split("\n")):
            if number:
                run.add_break()
            run.add_text(line)
        properties = run._r.get_or_add_rPr()
        if rtl:
            _property(properties, "rtl")
        if language and language != "und":
            _property(properties, "lang", {"bidi" if rtl else "val": LOCALES.get(language, language)})

    def _asked(self, asked: Asked, *, heading: bool) -> None:
        if heading:
            self._paragraph("Heading 1", asked.question, rtl=asked.rtl, language=asked.language)
        if asked.notes:
            self._paragraph("Quipu Small", " ".join(asked.notes)).paragraph_format.keep_with_next = True
        for part in asked.parts:
            self._part(part, asked)
        if asked.support:
            self._paragraph("Quipu Small", asked.support)
        if asked.near:
            self._paragraph("Quipu Label", self._made.words["export_nearest"])
            self._paragraph(
                "Quipu Small", self._made.words["export_nearest_note"]
            ).paragraph_format.keep_with_next = True
            for near in asked.near:
                self._near(near)

    def _part(self, part: Part, asked: Asked) -> None:
        style = "List Bullet" if part.item else "Quipu Refusal" if asked.refused else "Normal"
        paragraph = self._paragraph(style, rtl=part.rtl)
        for number, piece in enumerate(part.pieces):
            if number:
                paragraph.add_run(" ")
            self._run(paragraph, piece.text, rtl=part.rtl, language=asked.language if asked.refused else "")
            for source in piece.numbers:
                self._reference(paragraph, source)

    def _reference(self, paragraph: Paragraph, number: int) -> None:
        """`[n]` as a superscript that leads to the source."""
        from docx.oxml.ns import qn

        label = self._made.words["export_source_n"].replace("{n}", str(number))
        link = _element("hyperlink", {"anchor": f"source{number}", "history": "1", "tooltip": label})
        run = paragraph.add_run(f"[{number}]", style=self._word.styles["Quipu Reference"])
        link.append(run._r)
        paragraph._p.append(link)
        assert link.get(qn("w:anchor"))

    def _near(self, near: Near) -> None:
        paragraph = self._paragraph("Quipu Small", rtl=False)
        paragraph.paragraph_format.keep_with_next = True
        self._titled(paragraph, near.title, near.link)
        paragraph.add_run(f", {near.place}")
        self._paragraph("Quipu Excerpt", near.excerpt, rtl=near.rtl)

    def _source(self, source: Listed) -> None:
        paragraph = self._paragraph("Quipu Source")
        self._bookmark(paragraph, source.number)
        self._titled(paragraph, source.title, source.link)
        known = filter(None, [source.about, source.headings, source.place])
        paragraph.add_run("".join(f". {words}" for words in known) + ".")
        if source.link:
            paragraph.add_run(" ")
            self._linked(paragraph, source.link, source.link, "Quipu Link")
        quoted = self._made.words["export_quote"].replace("{quote}", source.quote)
        self._paragraph("Quipu Quote", quoted, rtl=source.rtl, language=source.language)

    def _bookmark(self, paragraph: Paragraph, number: int) -> None:
        self._bookmarks += 1
        name = {"id": str(self._bookmarks), "name": f"source{number}"}
        paragraph._p.append(_element("bookmarkStart", name))
        paragraph.add_run(f"[{number}]\t")
        paragraph._p.append(_element("bookmarkEnd", {"id": str(self._bookmarks)}))

    def _titled(self, paragraph: Paragraph, title: str, address: str) -> None:
        if address:
            self._linked(paragraph, title, address, "Quipu Linked Title")
        else:
            paragraph.add_run(title).bold = True

    def _linked(self, paragraph: Paragraph, words: str, address: str, style: str) -> None:
        from docx.opc.constants import RELATIONSHIP_TYPE
        from docx.oxml.ns import qn

        link = _element("hyperlink", {"history": "1"})
        link.set(qn("r:id"), self._word.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        link.append(paragraph.add_run(words, style=self._word.styles[style])._r)
        paragraph._p.append(link)


def _page(word: Word) -> None:
    """A4 with even margins."""
    from docx.shared import Cm

    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(MARGIN_CM)
    section.top_margin = section.bottom_margin = Cm(MARGIN_CM)


def _styles(word: Word, locale: str) -> None:
    """The template's own styles, which Word's navigation knows, in Quipu's type; and a few more."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm

    styles = word.styles
    normal = styles["Normal"]
    _type(normal, 11, font=BODY_FONT)
    _spaced(normal, after=8, line=1.25)
    _property(normal.element.get_or_add_rPr(), "lang", {"val": locale})
    for language in styles.element.xpath("w:docDefaults//w:lang"):
        for name in list(language.attrib):
            del language.attrib[name]
        language.set(_name("val"), locale)
    _type(styles["Title"], 24, font=LABEL_FONT, bold=True, colour="24211D")
    _spaced(styles["Title"], after=4, line=1.1)
    for border in styles["Title"].element.xpath(".//w:pBdr"):
        border.getparent().remove(border)
    _type(styles["Subtitle"], 10.5, font=LABEL_FONT, colour=SOFT, italic=False)
    _spaced(styles["Subtitle"], after=14)
    _type(styles["Heading 1"], 15, font=LABEL_FONT, bold=True, colour=ACCENT)
    _spaced(styles["Heading 1"], before=22, after=6, line=1.15)
    _type(styles["Footer"], 9, font=LABEL_FONT, colour=SOFT)
    styles["Footer"].paragraph_format.alignment = 1
    _spaced(styles["List Bullet"], after=4, line=1.25)

    def more(name: str, size: float, **look: Any) -> Any:
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        spacing = {key: look.pop(key) for key in ("before", "after", "line") if key in look}
        _type(style, size, **look)
        _spaced(style, **spacing)
        return style

    note = more("Quipu Note", 10, font=LABEL_FONT, colour=SOFT, after=14, line=1.2)
    _left_rule(note, RULE)
    more("Quipu Small", 9.5, font=LABEL_FONT, colour=SOFT, after=4, line=1.15)
    label = more("Quipu Label", 10.5, font=LABEL_FONT, bold=True, before=8, after=2)
    label.paragraph_format.keep_with_next = True
    _left_rule(more("Quipu Refusal", 11, font=LABEL_FONT, after=8, line=1.2), ACCENT)
    excerpt = more("Quipu Excerpt", 10, after=8, line=1.2)
    excerpt.paragraph_format.left_indent = Cm(0.6)
    source = more("Quipu Source", 10, font=LABEL_FONT, before=8, after=3, line=1.15)
    source.paragraph_format.left_indent = Cm(0.9)
    source.paragraph_format.first_line_indent = Cm(-0.9)
    source.paragraph_format.tab_stops.add_tab_stop(Cm(0.9))
    source.paragraph_format.keep_with_next = True
    quote = more("Quipu Quote", 10, after=8, line=1.2)
    _left_rule(quote, RULE, indent=0.9)
    for name, size, colour, lined in (
        ("Quipu Reference", None, ACCENT, False),
        ("Quipu Link", 9, ACCENT, True),
        ("Quipu Linked Title", None, ACCENT, False),
    ):
        style: Any = styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        _type(style, size, colour=colour)
        style.font.underline = lined
        style.font.bold = True if name == "Quipu Linked Title" else None
        style.font.superscript = True if name == "Quipu Reference" else None


def _type(
    style: Any,
    size: float | None,
    *,
    font: str = "",
    colour: str = "",
    bold: bool | None = None,
    italic: bool | None = None,
) -> None:
    from docx.shared import Pt, RGBColor

    if size is not None:
        style.font.size = Pt(size)
    if font:
        style.font.name = font
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(_name(name), None)
        for name in ("ascii", "hAnsi"):
            fonts.set(_name(name), font)
    if colour:
        style.font.color.rgb = RGBColor.from_string(colour)
    if bold is not None:
        style.font.bold = bold
    if italic is not None:
        style.font.italic = italic


def _spaced(style: Any, *, before: float = 0, after: float = 0, line: float = 1.0) -> None:
    from docx.shared import Pt

    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing = line


def _left_rule(style: Any, colour: str, *, indent: float = 0.35) -> None:
    """A line on the side where reading begins."""
    from docx.shared import Cm

    style.paragraph_format.left_indent = Cm(indent)
    borders = _element("pBdr", {})
    borders.append(_element("left", {"val": "single", "sz": "12", "space": "8", "color": colour}))
    properties = style.element.get_or_add_pPr()
    _put(
        properties,
        borders,
        ("shd", "tabs", "suppressAutoHyphens", "spacing", "ind", "contextualSpacing", "jc", "outlineLvl"),
    )


def _field(paragraph: Paragraph, code: str) -> None:
    """A field that Word works out, such as the page's number."""
    field = _element("fldSimple", {"instr": code})
    field.append(paragraph.add_run("1")._r)
    paragraph._p.append(field)


def _name(name: str) -> str:
    from docx.oxml.ns import qn

    return qn(f"w:{name}")


def _element(name: str, attributes: dict[str, str]) -> Any:
    from docx.oxml import OxmlElement

    element = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        element.set(_name(key), value)
    return element


def _property(
    properties: Any, name: str, attributes: dict[str, str] | None = None, *, before: Iterable[str] = ()
) -> None:
    _put(properties, _element(name, attributes or {}), before)


def _put(properties: Any, element: Any, before: Iterable[str]) -> None:
    """Word wants the children of properties in the order of its schema."""
    names = {_name(name) for name in before}
    for number, child in enumerate(properties):
        if child.tag in names:
            properties.insert(number, element)
            return
    properties.append(element)

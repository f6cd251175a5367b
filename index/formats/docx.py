"""Word documents, by way of mammoth's HTML: headings by style, lists, tables, notes."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from typing import Any, BinaryIO

from index.formats.markup import render
from index.formats.package import ZIP_ERRORS, check_office, core_properties, opened, read_member
from index.formats.types import Extracted, RefusedError

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STYLE_ID = re.compile(r"[A-Za-z][\w-]{0,80}", re.ASCII)
STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Título'] => h1:fresh
p[style-name='Título 1'] => h1:fresh
p[style-name='Título 2'] => h2:fresh
p[style-name='Título 3'] => h3:fresh
p[style-name^='Text Body'] => p:fresh
"""


def extract_docx(file: BinaryIO) -> Extracted:
    """The document's text. Raises RefusedError if it is damaged, a bomb, or holds none."""
    import mammoth
    from lxml import html as lxml_html

    with opened(file) as archive:
        check_office(archive)
        known = core_properties(archive)
        styles = STYLES + _outline_styles(archive)
    file.seek(0)
    try:
        # Pictures are dropped, and files that the document links to are never opened.
        result = mammoth.convert_to_html(
            io.BufferedReader(_Nameless(file)),
            style_map=styles,
            convert_image=mammoth.images.img_element(_no_picture),
            external_file_access=False,
        )
    except RecursionError:
        raise RefusedError("is nested too deeply to be read") from None
    except (*ZIP_ERRORS, KeyError, AttributeError, TypeError, IndexError, SyntaxError) as error:
        logging.getLogger(__name__).debug("mammoth failed", exc_info=error)
        raise RefusedError(
            f"is damaged: {' '.join(str(error).split())[:120] or 'its parts do not fit together'}"
        ) from None
    except Exception as error:
        # expat's errors share no base with the rest.
        raise RefusedError(f"is damaged: {' '.join(str(error).split())[:120]}") from None
    markup = result.value
    text = render(lxml_html.fragment_fromstring(markup, create_parent="div")) if markup.strip() else ""
    if not text.strip():
        raise RefusedError("holds no text")
    title = known.pop("title", "")
    return Extracted(text, title, {"format": "docx", **known})


def _outline_styles(archive: zipfile.ZipFile) -> str:
    """Style rules for the document's own styles that stand at a level of the outline, or are based on one that does."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(read_member(archive, "word/styles.xml"))
    except (ParseError, DefusedXmlException, RefusedError, ValueError):
        return ""
    levels: dict[str, int] = {}
    bases: dict[str, str] = {}
    for style in root.iter(f"{_W}style"):
        name = style.get(f"{_W}styleId", "")
        if style.get(f"{_W}type") != "paragraph" or not _STYLE_ID.fullmatch(name):
            continue
        level = style.find(f"{_W}pPr/{_W}outlineLvl")
        based = style.find(f"{_W}basedOn")
        value = level.get(f"{_W}val", "") if level is not None else ""
        if value.isdecimal():
            levels[name] = int(value[:2])
        elif based is not None:
            bases[name] = based.get(f"{_W}val", "")
    rules = []
    for name in (*levels, *bases):
        above, steps = name, 0
        while above not in levels and above in bases and steps < 20:
            above, steps = bases[above], steps + 1
        if levels.get(above, 9) < 6:
            rules.append(f"p.{name} => h{levels[above] + 1}:fresh")
    return "\n".join(rules)


def _no_picture(_image: Any) -> dict[str, str]:
    return {}


class _Nameless(io.RawIOBase):
    """The file without its name, by which mammoth would look for files beside it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

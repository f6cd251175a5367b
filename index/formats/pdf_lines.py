"""A PDF page's characters as lines: where each stands, how large it is, whether it is bold."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

RAISED, LOWERED = "\ue000", "\ue001"
"""Stand around small raised figures until it is known whether they lead to a footnote."""

GAP = 1.4
"""Widths of an em from which on a gap parts two columns or cells, and not two words."""

BULLET = re.compile(r"[•◦▪■□●○‣⁃∙·➢➤❖✓\uf0b7\uf0a7\uf0d8\uf076\uf0fc–—*-]|\(?\d{1,2}[.)]|\(?[a-z][.)]")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_HYPHENS = frozenset({0x02, 0xAD, 0xFFFE})
_BOLD = 600


@dataclass(frozen=True, slots=True)
class Line:
    """A run of characters on one baseline.

    Lengths are in points from the page's lower left corner; `base` is the height of the baseline; `size` that of the
    font. `bold` if most of its characters are.
    """

    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool = False

    @property
    def top(self) -> float:
        """Height of the line's upper edge, about."""
        return self.base + 0.8 * self.size


@dataclass(slots=True)
class _Char:
    text: str
    left: float
    right: float
    base: float
    size: float
    bold: bool


def page_lines(page: Any, textpage: Any) -> list[Line]:
    """The lines of a page, in the order of the file."""
    lines: list[Line] = []
    run: list[_Char] = []
    for char in (*_chars(page, textpage), None):
        if char is not None and run and _continues(run, char):
            run.append(char)
            continue
        if char is None or char.text != "\n":
            if run and (line := _line(run)):
                lines.append(line)
            run = [char] if char is not None else []
        elif run:
            if line := _line(run):
                lines.append(line)
            run = []
    return _joined(lines)


def _chars(page: Any, textpage: Any) -> Iterator[_Char]:
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    turn = page.get_rotation()
    width, height = page.get_size()
    for at in range(textpage.count_chars()):
        code = pdfium.FPDFText_GetUnicode(textpage, at)
        if code in (10, 13):
            yield _Char("\n", 0, 0, 0, 1, False)
            continue
        if code in _HYPHENS:
            text = "-"
        elif code in _LIGATURES:
            text = _LIGATURES[code]
        elif code < 32 or code in (0xFFFF, 0x200B, 0xFEFF) or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            continue
        else:
            text = chr(code)
        pdfium.FPDFText_GetLooseCharBox(textpage, at, box)
        pdfium.FPDFText_GetCharOrigin(textpage, at, x, y)
        left, right, base = box.left, box.right, y.value
        if turn == 90:
            left, right, base = box.bottom, box.top, height - x.value
            left, right = sorted((left, right))
        elif turn == 180:
            left, right, base = width - box.right, width - box.left, height - y.value
        elif turn == 270:
            left, right, base = width - box.top, width - box.bottom, x.value
        size = pdfium.FPDFText_GetFontSize(textpage, at)
        if pdfium.FPDFText_IsGenerated(textpage, at):
            # A space that pdfium adds has no size of its own.
            yield _Char(" ", left, right, base, 0, False)
            continue
        # Text may be set at size 1 and scaled up: then its box tells more.
        tall = abs(box.top - box.bottom)
        if size < 2 or tall > 2.5 * size:
            size = max(1.0, tall / 1.15)
        yield _Char(text, left, right, base, size, pdfium.FPDFText_GetFontWeight(textpage, at) >= _BOLD)


def _continues(run: list[_Char], char: _Char) -> bool:
    """Whether the character belongs to the run: on its baseline or raised a little, and no wide gap before it."""
    if char.text == "\n":
        return False
    if char.size == 0:
        return True
    last = next((c for c in reversed(run) if c.size and c.text != " "), None)
    if last is None:
        return True
    size = max(last.size, char.size)
    if abs(char.base - last.base) > 0.55 * size:
        return False
    return -2.0 * size < char.left - last.right < GAP * size


def _line(run: list[_Char]) -> Line | None:
    marks = [char for char in run if char.size and not char.text.isspace()]
    if not marks:
        return None
    size = sorted(char.size for char in marks)[len(marks) // 2]
    base = sorted(char.base for char in marks)[len(marks) // 2]
    parts: list[str] = []
    raised = False
    for number, char in enumerate(run):
        small = bool(char.size) and char.size < 0.78 * size and char.base > base + 0.1 * size and char.text.isdigit()
        if small and not raised and number:
            parts.append(RAISED)
        elif raised and not small:
            parts.append(LOWERED)
        raised = small and (raised or bool(number))
        parts.append(char.text)
    if raised:
        parts.append(LOWERED)
    text = " ".join("".join(parts).split())
    bold = sum(char.bold for char in marks) > 0.8 * len(marks)
    return Line(text, marks[0].left, max(char.right for char in marks), base, size, bold)


def _joined(lines: list[Line]) -> list[Line]:
    """Neighbours on one baseline without a gap between them are one line."""
    out: list[Line] = []
    for line in lines:
        last = out[-1] if out else None
        if last is not None:
            size = max(last.size, line.size)
            gap = line.left - last.right
            wide = 5.0 if BULLET.fullmatch(last.text) else 0.9
            if abs(last.base - line.base) < 0.25 * size and -0.3 * size < gap < wide * size:
                glue = "" if gap < 0.1 * size else " "
                major = last if len(last.text) >= len(line.text) else line
                out[-1] = replace(major, text=last.text + glue + line.text, left=last.left, right=line.right)
                continue
        out.append(line)
    return out

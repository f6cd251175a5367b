"""An export as PDF, set by Typst: tagged for screen readers (PDF/UA), with links, in scripts of either direction."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from assistant.export.outline import Outline
from assistant.export.types import ExportError

TEMPLATE = Path(__file__).with_name("export.typ")
TRIES = 6
_MISSING = re.compile(r'the text `("(?:[^"\\]|\\.)*")` could not be displayed')


def pdf(made: Outline) -> bytes:
    """The whole document as the bytes of a PDF file.

    A letter that no font has is shown by its code, such as [U+12000], so that it is seen to be missing.
    """
    content = asdict(made)
    lacking: set[str] = set()
    for _ in range(TRIES):
        try:
            return _set(_told(content, lacking), made.made, ["ua-1"])
        except _error() as error:
            found = _letters(f"{error.message}\n{error.diagnostic}") - lacking
            if not found:
                break
            lacking |= found
    try:
        # Tagged all the same, but not held to the standard: a letter without a shape is an empty box.
        return _set(_told(content, lacking), made.made, [])
    except _error() as error:
        raise ExportError(f"the PDF could not be set: {error.message}; take the conversation as .docx or .md") from None


def _set(content: dict[str, Any], when: str, standards: list[Any]) -> bytes:
    import typst

    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        moment = datetime.now(UTC)
    made = typst.compile(
        TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        pdf_standards=standards,
        timestamp=moment,
    )
    assert isinstance(made, bytes)
    return made


def _error() -> type[Any]:
    import typst

    return typst.TypstError


@cache
def _fonts() -> Any:
    """Typst's own fonts, Noto for the scripts that these lack, and whatever the system has for the rest."""
    import manimgx_fonts
    import typst

    return typst.Fonts(font_paths=[str(Path(manimgx_fonts.__file__).parent)])


def _letters(diagnostic: str) -> set[str]:
    """The characters that Typst names as having no shape in any font."""
    letters: set[str] = set()
    for quoted in _MISSING.findall(diagnostic):
        # Typst writes text as Rust does: \u{200b} where JSON has \u200b.
        plain = re.sub(r"\\u\{([0-9a-fA-F]{1,6})\}", lambda code: chr(int(code[1], 16)), quoted[1:-1])
        letters |= set(re.sub(r"\\(.)", r"\1", plain))
    return {letter for letter in letters if not letter.isascii()}


def _told(content: Any, lacking: set[str]) -> Any:
    """The content with the codes of characters in the place of those that are lacking."""
    if not lacking:
        return content
    if isinstance(content, str):
        return "".join(f"[U+{ord(letter):04X}]" if letter in lacking else letter for letter in content)
    if isinstance(content, dict):
        return {name: value if name == "link" else _told(value, lacking) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_told(value, lacking) for value in content]
    return content

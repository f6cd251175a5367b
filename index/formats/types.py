"""What comes out of a file: texts, and reasons why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from index.errors import SourceError
from index.types import Span


class RefusedError(SourceError):
    """A file, or a part of it, that cannot be read; the message is the reason in words."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of one document.

    `inside` is empty for the file itself, else the path of an archive's member or an attachment inside it. `title` is
    what the file gives as its title, or empty. `pages` are spans of `text`. `metadata` has flat strings, among them
    `format`. `scanned` are the numbers of the pages, from 1, that are pictures without text. `partly` says what is
    missing, if the text is not the whole.
    """

    text: str
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[Span, ...] = ()
    inside: str = ""
    scanned: tuple[int, ...] = ()
    partly: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file, or a member of one, that gave no text, and why."""

    reason: str
    inside: str = ""


Outcome = Extracted | Refused


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as a JSON object; half surrogates are replaced, so that it can be written as UTF-8."""
    if isinstance(outcome, Refused):
        return {"reason": _valid(outcome.reason), "inside": _valid(outcome.inside)}
    return {
        "text": _valid(outcome.text),
        "title": _valid(outcome.title),
        "metadata": {_valid(key): _valid(value) for key, value in outcome.metadata.items()},
        "pages": outcome.pages,
        "inside": _valid(outcome.inside),
        "scanned": outcome.scanned,
        "partly": _valid(outcome.partly),
    }


def from_json(content: Any) -> Outcome:
    """The outcome again; raises ValueError if `content` is not one."""
    try:
        if "reason" in content:
            return Refused(str(content["reason"]), str(content["inside"]))
        text = str(content["text"])
        pages = tuple(Span(int(start), int(end)) for start, end in content["pages"])
        metadata = {str(key): str(value) for key, value in content["metadata"].items()}
        scanned = tuple(int(number) for number in content["scanned"])
        inside, partly = str(content["inside"]), str(content["partly"])
        title = str(content["title"])
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not an extraction: {error}") from None
    if any(not 0 <= page.start <= page.end <= len(text) for page in pages):
        raise ValueError("pages lie outside the text")
    return Extracted(text, title, metadata, pages, inside, scanned, partly)


def _valid(text: str) -> str:
    # One character for one, so that spans stay true.
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text

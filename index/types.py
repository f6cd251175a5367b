"""The nouns of the index: span, sentence, document, passage, manifest.

Every offset in Quipu counts characters (Unicode code points) of `Document.text`, and
`document.text[x.start:x.end]` is exactly the text of `x`, for passages, sentences and citations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range `[start, end)` of characters in a document's text."""

    start: int
    end: int


class Sentence(NamedTuple):
    """A citable span: the characters `[start, end)` of a document, and what they are.

    `kind` is one of: "sentence"; "lead", a sentence or heading whose list follows; "item" of a list; "heading";
    "card", a figure with its caption; "field" of a front matter.
    """

    start: int
    end: int
    kind: str = "sentence"


@dataclass(frozen=True, slots=True)
class Document:
    """One source file as extracted text.

    `doc_id` is the path under the source folder, with forward slashes. `language` is an ISO 639-1 code,
    or "und" where it could not be told. `pages` holds one span a page, for formats that have pages.
    """

    doc_id: str
    text: str
    title: str
    language: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[Span, ...] = ()

    def page_at(self, offset: int) -> int | None:
        """Number of the page, from 1, that holds the character at `offset`; None without pages."""
        for number, page in enumerate(self.pages, start=1):
            if page.start <= offset < page.end:
                return number
        return None


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a document that is embedded and found as one.

    `document.text[start:end] == text`. `headings` runs from the outermost to the nearest heading above.
    `sentences` count from the start of the document (not of the passage), in order, each inside `[start, end)`.
    """

    doc_id: str
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()

    @property
    def passage_id(self) -> str:
        """Name of the passage within one generation of an index: `doc_id:start-end`."""
        return f"{self.doc_id}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one generation of the index holds, and the checksums that prove it whole.

    `recipe` names the rules by which files became passages: passages of another recipe are not taken over.
    `model_name` and `model_sha256` are the identity given by `index.models`; `dim` the length of its vectors.
    `source_sha256` stands for everything that was read, so that an unchanged source is known at once. `files`
    maps a path inside the generation to `(size in bytes, sha256)`. `created` is ISO 8601 in UTC. `include` and `exclude` are
    the patterns by which files were chosen.
    """

    format_version: int
    generation: str
    parent: str | None
    created: str
    source: str
    source_sha256: str
    model_name: str
    model_sha256: str
    dim: int
    chunker: Mapping[str, int | str]
    documents: int
    passages: int
    sentences: int
    tokens: int
    files: Mapping[str, tuple[int, str]]
    recipe: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

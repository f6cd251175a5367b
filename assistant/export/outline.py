"""An export in words: everything that a reader sees, in the interface's language and safe to show, before any layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from assistant.chat.evidence import date_words
from assistant.chat.markup import web_address
from assistant.chat.strings import strings, text
from assistant.chat.turn import support
from assistant.export.shown import REPLACED, cut, line, readable, right_to_left, shown, unbulleted
from assistant.export.types import Export, LeftOut, Source, Turn
from assistant.filters import Filter
from index.places import Place, place_at
from index.types import Document, Passage

EXCERPT = 240
"""Characters shown of a passage that is near, but no answer."""
MOST_HEADINGS = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """Words, and the numbers of the sources behind them. A line feed begins a line."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph of an answer, or an item of a list in it."""

    item: bool
    rtl: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """A passage that comes near a question that the documents do not answer."""

    title: str
    place: str
    link: str
    excerpt: str
    rtl: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came of it. `language` is the answer's; `support` says in words how well it is supported."""

    question: str
    language: str
    rtl: bool
    notes: tuple[str, ...]
    refused: bool
    parts: tuple[Part, ...]
    support: str
    near: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A numbered source: what it is, where its quote stands, and the quote, character for character but for what steers."""

    number: int
    title: str
    about: str
    link: str
    headings: str
    place: str
    quote: str
    language: str
    rtl: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """The whole document; `words` are the headings and labels that layouts need, by their keys."""

    language: str
    title: str
    subtitle: str
    how: str
    left_out: tuple[str, ...]
    asked: tuple[Asked, ...]
    sources: tuple[Listed, ...]
    about: tuple[str, ...]
    made: str
    words: dict[str, str]


_LABELS = ("export_left_out", "export_left_out_note", "export_nearest", "export_nearest_note", "sources", "export_about",
           "export_page", "export_author", "export_quote", "export_source_n")  # fmt: skip


def outline(export: Export) -> Outline:
    """The export as a document in words."""
    language = export.language
    asked = tuple(_asked(turn, export) for turn in export.turns)
    sources = tuple(_listed(source, language) for source in export.sources)
    left_out = tuple(_left_out(one, language) for one in export.left_out)
    origin = export.provenance
    title = asked[0].question if len(asked) == 1 else text(language, "export_title", n=len(asked))
    counts = [text(language, "export_questions", n=len(asked)), text(language, "export_sources", n=len(sources))]
    about = [
        text(language, "export_made", version=origin.quipu, date=moment(origin.made, language)),
        text(
            language, "export_index", index=origin.index, date=moment(origin.built, language), model=line(origin.model)
        ),
        text(language, "export_offsets"),
        text(language, "export_verify"),
    ]
    made = Outline(
        language, cut(title, 300), " · ".join([moment(origin.made, language).split(",")[0], *counts]),
        _how(export), left_out, asked, sources, tuple(about), origin.made,
        {key: strings()[language][key] for key in _LABELS},
    )  # fmt: skip
    if any(REPLACED in words for words in _all_words(made)):
        about.append(text(language, "export_replaced"))
    return replace(made, about=tuple(about))


def _all_words(made: Outline) -> Iterator[str]:
    yield made.title
    for source in made.sources:
        yield source.quote + source.title + source.about + source.headings
    for asked in made.asked:
        yield asked.question
        for near in asked.near:
            yield near.excerpt + near.title


def _how(export: Export) -> str:
    written = [turn.answered.written_by for turn in export.turns if turn.answered.written_by]
    if written:
        return text(export.language, "export_how_written", model=line(written[0]))
    refused = all(turn.answer.abstained for turn in export.turns)
    return text(export.language, "export_how_refused" if refused else "export_how")


def _asked(turn: Turn, export: Export) -> Asked:
    answer, language = turn.answer, export.language
    question = line(answer.question)
    parts = tuple(_parts(turn))
    if answer.abstained:
        words = readable(answer.text)
        parts = (Part(False, right_to_left(words), (Piece(words, ()),)),)
    elif not parts:
        parts = (Part(False, False, (Piece(text(language, "export_nothing"), ()),)),)
    word = "none" if answer.abstained else support(answer.confidence)
    supported = "" if turn.answered.written_by or not turn.statements else text(language, word)
    if supported:
        supported += f". {text(language, f'{word}_note')}"
    return Asked(
        question, answer.language, right_to_left(question), tuple(_notes(turn, language)), answer.abstained, parts,
        supported, tuple(_near(passage, export.documents[passage.doc_id], language) for passage in turn.nearest),
    )  # fmt: skip


def _notes(turn: Turn, language: str) -> Iterator[str]:
    if typed := line(turn.answered.typed):
        yield text(language, "export_typed", words=cut(typed, 300))
    if turn.answer.where:
        yield text(language, "export_only_in", words="; ".join(_filter_words(turn.answer.where, language)))
    if turn.answered.asked:
        yield text(language, "export_asked", date=moment(turn.answered.asked, language))


def _filter_words(where: Filter, language: str) -> Iterator[str]:
    yield from (line(name) for name in (*where.documents, *where.publishers))
    for code in where.languages:
        key = f"language_{code.lower()}"
        yield text(language, key) if key in strings()[language] else line(code)
    if where.since:
        yield text(language, "since", date=line(where.since))
    if where.until:
        yield text(language, "until", date=line(where.until))
    for heading in where.headings:
        yield text(language, "under", words=line(heading))


def _parts(turn: Turn) -> Iterator[Part]:
    """Paragraphs and items: a statement begins a new one where the answer has a line feed before it, or it is an item."""
    pieces: list[Piece] = []
    item = False
    for statement in turn.statements:
        words, is_item = unbulleted(readable(statement.text))
        if pieces and (is_item or item or statement.text.startswith("\n")):
            yield _part(item, pieces)
            pieces = []
        item = is_item
        pieces.append(Piece(words, statement.markers))
    if pieces:
        yield _part(item, pieces)


def _part(item: bool, pieces: Sequence[Piece]) -> Part:
    return Part(item, right_to_left(pieces[0].text), tuple(pieces))


def _near(passage: Passage, document: Document, language: str) -> Near:
    excerpt = cut(readable(passage.text).replace("\n", " "), EXCERPT)
    place = place_words(document, passage.start, passage.end, language)
    return Near(_title(document, language), place, link_of(document), excerpt, right_to_left(excerpt))


def _listed(source: Source, language: str) -> Listed:
    document, citation = source.document, source.citation
    headings = " › ".join(line(heading) for heading in citation.headings[-MOST_HEADINGS:])
    quote = shown(citation.quote)
    return Listed(
        source.number,
        _title(document, language),
        ", ".join(filter(None, about_words(document, language, citation.also_in))),
        link_of(document),
        text(language, "export_section", headings=cut(headings, 300)) if headings else "",
        place_words(document, citation.start, citation.end, language),
        quote,
        document.language,
        right_to_left(quote),
    )


def _title(document: Document, language: str) -> str:
    return line(document.title) or text(language, "untitled")


def about_words(document: Document, language: str, also_in: Sequence[str] = ()) -> Iterator[str]:
    """Publisher, date and other names of a document, as far as they are known."""
    yield line(document.metadata.get("publisher", ""))
    yield date_words(line(document.metadata.get("date", "")), language)
    if also_in:
        yield text(language, "also", name=line(", ".join(also_in)))


def link_of(document: Document) -> str:
    """The web address of the page that a document was taken from; empty where it has none."""
    address = web_address(document.metadata.get("source", "")) or ""
    return "" if shown(address) != address or any(character in ' \n\t<>"' for character in address) else address


def place_words(document: Document, start: int, end: int, language: str) -> str:
    """Page, slide, sheet and row as far as there are any, then the document's name and the characters."""
    place: Place = place_at(document, start)
    parts = []
    if place.slide is not None:
        parts.append(text(language, "slide", n=place.slide))
    elif (page := document.page_at(start)) is not None:
        parts.append(text(language, "page", n=page))
    if place.sheet is not None:
        parts.append(text(language, "export_sheet", name=line(place.sheet)))
    if place.row is not None:
        parts.append(text(language, "row", n=place.row))
    parts = [part[:1].upper() + part[1:] if not number else part for number, part in enumerate(parts)]
    parts += [line(document.doc_id), text(language, "export_characters", start=start, end=end)]
    return ", ".join(parts)


def _left_out(one: LeftOut, language: str) -> str:
    where = f"{line(one.title)}: " if one.title else ""
    said = text(language, "export_quote", quote=cut(readable(one.quote).replace("\n", " "), 300))
    question = text(language, "export_to_question", question=cut(line(one.question), 120))
    return f"{where}{said} ({question}, [{one.marker}]): {text(language, f'export_{one.reason}')}"


def moment(time: str, language: str) -> str:
    """A time of ISO 8601 in words, in UTC; as it stands where it is none."""
    try:
        found = datetime.fromisoformat(time).astimezone(UTC)
    except (ValueError, OverflowError):
        return line(time)
    return text(
        language, "export_time", date=date_words(found.date().isoformat(), language), time=found.strftime("%H:%M")
    )

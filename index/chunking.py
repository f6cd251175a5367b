"""Documents to passages: whole blocks under their headings, a list with its lead-in, within a budget of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from index.blocks import FIELD, HEADING, Block, split_blocks
from index.sentences import readable, split_sentences
from index.types import Document, Passage, Sentence

CountTokens = Callable[[Sequence[str]], list[int]]
VERSION = 3
TARGET_TOKENS = 170
MAX_TOKENS = 320
EDGE_TOKENS = 10
SECTION_TOKENS = 48
DEEPEST = 3


@dataclass(frozen=True, slots=True)
class _Unit:
    """What a passage never breaks up: a block, or a piece of one that is over the budget."""

    start: int
    end: int
    tokens: int
    kind: str
    sentences: tuple[Sentence, ...]
    path: tuple[str, ...]
    keep_with_next: bool


@dataclass(slots=True)
class _Draft:
    units: list[_Unit] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        return sum(unit.tokens for unit in self.units)

    @property
    def has_body(self) -> bool:
        return any(unit.kind != HEADING for unit in self.units)


def split_passages(document: Document, count_tokens: CountTokens) -> list[Passage]:
    """Passages of `document`, in order; together they hold every sentence of it exactly once.

    A passage has about 170 tokens of the embedder's own tokenizer, and never more than 320.
    """
    passages = []
    draft = _Draft()
    for unit in _units(document, count_tokens):
        if draft.units and _closes(draft, unit):
            last = draft.units[-1]
            moves = last.keep_with_next and len(draft.units) > 1 and last.tokens + unit.tokens <= MAX_TOKENS
            held_back = [draft.units.pop()] if moves else []
            passages.append(_passage(document, draft.units))
            draft = _Draft(held_back)
        draft.units.append(unit)
    if draft.units:
        passages.append(_passage(document, draft.units))
    return [passage for passage in passages if passage.sentences]


def _closes(draft: _Draft, unit: _Unit) -> bool:
    """Whether the passage so far ends before `unit`."""
    last = draft.units[-1]
    if (unit.kind == FIELD) != (last.kind == FIELD):
        return True
    if draft.tokens + unit.tokens > MAX_TOKENS:
        return True
    if last.keep_with_next:
        return False
    if unit.kind == HEADING and draft.has_body:
        return draft.tokens >= SECTION_TOKENS
    return draft.tokens + unit.tokens > TARGET_TOKENS and draft.has_body


def _units(document: Document, count_tokens: CountTokens) -> Iterator[_Unit]:
    text = document.text
    blocks = split_blocks(text)
    counts = count_tokens([readable(text[b.start : b.end]) for b in blocks])
    stack: list[tuple[tuple[int, bool], str]] = []
    after_heading = False
    for block, tokens in zip(blocks, counts, strict=True):
        if block.kind == HEADING:
            _climb(stack, block, text, after_heading)
        path = tuple(title for _, title in stack)
        after_heading = block.kind == HEADING
        sentences = split_sentences(text, block, document.language)
        if tokens <= MAX_TOKENS:
            yield _Unit(
                block.start, block.end, tokens, block.kind, tuple(sentences), path, block.lead_in or after_heading
            )
        else:
            yield from _pieces(text, block, sentences, path, count_tokens)


def _climb(stack: list[tuple[tuple[int, bool], str]], block: Block, text: str, after_heading: bool) -> None:
    """Put a heading in its place: by its level, else below one just above, else beside one of its looks."""
    raw = text[block.start : block.end]
    title = " ".join(re.sub(r"^#+\s+|\s*#+$", "", raw).split())
    rank = (block.level, raw.isupper())
    if stack and stack[-1][1] == title:
        return
    if block.level:
        while stack and stack[-1][0][0] >= block.level:
            stack.pop()
    elif not after_heading:
        same = next((i for i, (other, _) in enumerate(stack) if other == rank), 0)
        del stack[same:]
    elif len(stack) == DEEPEST:
        stack.pop()
    stack.append((rank, title))


def _pieces(
    text: str, block: Block, sentences: list[Sentence], path: tuple[str, ...], count_tokens: CountTokens
) -> Iterator[_Unit]:
    """A block over the budget, as runs of whole sentences; a sentence over the budget is cut between words."""
    pieces: list[list[Sentence]] = [[]]
    filled = 0
    for sentence in _bounded(text, sentences, count_tokens):
        (tokens,) = count_tokens([readable(text[sentence.start : sentence.end])])
        if pieces[-1] and filled + tokens > TARGET_TOKENS:
            pieces.append([])
            filled = 0
        pieces[-1].append(sentence)
        filled += tokens
    if not pieces[0]:
        return
    for number, piece in enumerate(pieces):
        # The first and the last piece keep the block's edges, such as the number of a list item.
        start = piece[0].start if number else block.start
        end = piece[-1].end if number + 1 < len(pieces) else block.end
        (tokens,) = count_tokens([readable(text[start:end])])
        yield _Unit(start, end, tokens, block.kind, tuple(piece), path, False)


def _bounded(text: str, sentences: list[Sentence], count_tokens: CountTokens) -> Iterator[Sentence]:
    counts = count_tokens([readable(text[s.start : s.end]) for s in sentences])
    for sentence, tokens in zip(sentences, counts, strict=True):
        if tokens <= MAX_TOKENS - EDGE_TOKENS:
            yield sentence
            continue
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            separators=["\n\n", "\n", "; ", ", ", " ", ""],
            keep_separator="end",
            chunk_size=TARGET_TOKENS,
            chunk_overlap=0,
            # A single character is tried where there are no spaces at all, one call each: that must cost nothing.
            length_function=lambda part: count_tokens([part])[0] if len(part) > 1 else 1,
            strip_whitespace=False,
        )
        at = sentence.start
        for part in splitter.split_text(text[sentence.start : sentence.end]):
            stripped = part.strip()
            found = text.find(stripped, at, sentence.end) if stripped else -1
            if found >= 0:
                at = found + len(stripped)
                yield Sentence(found, at, sentence.kind)


def _passage(document: Document, units: list[_Unit]) -> Passage:
    start, end = units[0].start, units[-1].end
    sentences = tuple(sentence for unit in units for sentence in unit.sentences)
    return Passage(document.doc_id, start, end, document.text[start:end], units[0].path, sentences)


def context_of(passage: Passage, document: Document) -> str:
    """What is put before a passage when it is embedded: title and headings above, if its own text does not begin with them.

    A title that is only the file's name says nothing and is left out.
    """
    named = document.title != PurePosixPath(document.doc_id).stem
    begins = " ".join(passage.text[:400].split())
    above = [h for h in ((document.title,) if named else ()) + passage.headings if h not in begins]
    return " > ".join(dict.fromkeys(above)) + "\n" if above else ""

"""What a page says of its conversation, as answers to be checked: nothing in it is believed before.

A turn is an object with `question`, `typed`, `asked`, `language`, `text`, `abstained`, `confidence`, `citations` (objects with
marker, doc_id, start, end, quote), `missing`, `nearest` (`[doc_id, start, end]`) and `filter`; and `written_by` with a `seal` where a
language model wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from assistant import wording
from assistant.assistant import LONGEST_QUESTION
from assistant.export.seal import holds
from assistant.export.types import Answered, ExportError
from assistant.filters import Filter
from assistant.types import Answer, Citation, Hit
from index.types import Passage

MOST_TURNS = 200
MOST_CITATIONS = 200
MOST_CHARACTERS = 50_000
"""Of one text: far longer than any answer."""
MOST_TOGETHER = 400_000
"""Of all answers and quotes: some two hundred long answers."""
_NOT_ONE = "what was sent is not a conversation of this chat; open the page anew and try again"


def answered_of(turns: object) -> list[Answered]:
    """The answers that a page claims. Raises ExportError for what is none, for none at all, and for more than MOST_TURNS."""
    if not isinstance(turns, list):
        raise ExportError(_NOT_ONE)
    if not turns:
        raise ExportError("there is no answer to take away yet; ask something first")
    if len(turns) > MOST_TURNS:
        raise ExportError(
            f"the conversation has {len(turns):,} answers; at most {MOST_TURNS} can be taken away at once"
        )
    answered = [_answered(turn) for turn in turns]
    together = sum(len(one.answer.text) + sum(len(c.quote) for c in one.answer.citations) for one in answered)
    if together > MOST_TOGETHER:
        raise ExportError(
            f"the conversation has {together:,} characters; at most {MOST_TOGETHER:,} can be taken away at once"
        )
    return answered


def _answered(turn: object) -> Answered:
    if not isinstance(turn, dict):
        raise ExportError(_NOT_ONE)
    question = _text(turn, "question")
    if not question.strip() or max(len(question), len(_text(turn, "typed"))) > LONGEST_QUESTION:
        raise ExportError(_NOT_ONE)
    abstained = turn.get("abstained") is True
    language = "es" if turn.get("language") == "es" else "en"
    citations = () if abstained else tuple(_citation(one) for one in _list(turn, "citations", MOST_CITATIONS))
    if len({citation.marker for citation in citations}) < len(citations):
        raise ExportError(_NOT_ONE)
    nearest = [_place(one) for one in _list(turn, "nearest", MOST_CITATIONS)]
    missing: tuple[str, ...] = ()
    text = _text(turn, "text")
    if abstained:
        # A refusal is Quipu's own words: they are put again, about words of this question alone.
        named = [term for term in _list(turn, "missing", 100) if isinstance(term, str) and term.strip()]
        missing = tuple(term for term in named if term.casefold() in question.casefold())
        text = wording.refusal(language, missing, bool(nearest))
    confidence = turn.get("confidence")
    believed = float(confidence) if isinstance(confidence, int | float) and 0 <= confidence <= 1 else 0.0
    hits = tuple(Hit(passage, rank, 0.0) for rank, passage in enumerate(nearest, start=1))
    where = Filter.from_json(turn.get("filter"))
    answer = Answer(question, text, citations, hits, abstained, believed, language, {}, "", missing, where or None)
    # What a model wrote stands in no quote: that this server showed it is told by the seal.
    writer = _text(turn, "written_by")
    written = bool(writer) and holds(turn)
    return Answered(answer, _time(turn.get("asked")), _text(turn, "typed"), not written, writer if written else "")


def _citation(content: object) -> Citation:
    if not isinstance(content, dict):
        raise ExportError(_NOT_ONE)
    numbers = [content.get(name) for name in ("marker", "start", "end")]
    if not all(type(number) is int and 0 <= number < 1 << 53 for number in numbers):
        raise ExportError(_NOT_ONE)
    marker, start, end = (int(number) for number in numbers if isinstance(number, int))
    doc_id = _text(content, "doc_id")
    return Citation(marker, doc_id, doc_id, start, end, _text(content, "quote"))


def _place(content: object) -> Passage:
    match content:
        case [str(doc_id), int(start), int(end)]:
            return Passage(doc_id, start, end, "")
    raise ExportError(_NOT_ONE)


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name, "")
    if not isinstance(value, str):
        raise ExportError(_NOT_ONE)
    if len(value) > MOST_CHARACTERS:
        raise ExportError(
            f"one text of the conversation has {len(value):,} characters; at most {MOST_CHARACTERS:,} fit"
        )
    # A page can send half of a surrogate pair, which no file could hold.
    return value.encode("utf-8", "replace").decode("utf-8")


def _list(content: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = content.get(name, [])
    if not isinstance(value, list) or len(value) > most:
        raise ExportError(_NOT_ONE)
    return value


def _time(value: object) -> str:
    """A time as ISO 8601 in UTC; empty for what is none."""
    if not isinstance(value, str):
        return ""
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC).isoformat(timespec="seconds") if moment.tzinfo else ""
    except (ValueError, OverflowError):
        return ""

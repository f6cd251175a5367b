"""Reading question and query files, and writing runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.types import Hit
from index.errors import SourceError


def read_lines(path: Path, text_field: str, id_field: str) -> list[tuple[str, str]]:
    """`(id, text)` of every line of a JSONL file; a line without an id gets its number.

    Raises SourceError with file and line for a line that is not as expected.
    """
    found = []
    for number, line in json_lines(path):
        content = json_object(line)
        text = content.get(text_field) if content is not None else None
        name = content.get(id_field, number) if content is not None else None
        if not isinstance(text, str) or not isinstance(name, str | int):
            raise SourceError(
                f"{path}, line {number}: expected a JSON object with {id_field!r} and {text_field!r}; "
                f"found {line[:80]!r}"
            )
        found.append((valid_text(str(name)), valid_text(text)))
    if not found:
        raise SourceError(
            f"{path} holds no questions; expected a JSON object with {id_field!r} and {text_field!r} on each line"
        )
    return found


def json_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a JSONL file that hold something, with their numbers from 1; SourceError if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SourceError(f"the file {path} does not exist") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SourceError(f"{path} cannot be read: {error}; expected UTF-8") from None
    # Not splitlines(): JSON strings may hold U+2028 and other characters that it takes for line ends.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def json_object(line: str) -> dict[str, Any] | None:
    """The JSON object on a line; None if there is none."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def valid_text(text: str) -> str:
    """The text with a question mark for each half of a broken surrogate pair, which cannot be printed."""
    return text.encode("utf-8", "replace").decode("utf-8")


def run_lines(query_id: str, hits: Sequence[Hit], k: int) -> Iterator[str]:
    """TREC run lines of one query: the `k` best documents, each scored by its best passage, ranks from 1."""
    best: dict[str, float] = {}
    for hit in hits:
        best.setdefault(hit.passage.doc_id, hit.score)
    for rank, (doc_id, score) in enumerate(list(best.items())[:k], start=1):
        yield f"{_column(query_id)} Q0 {_column(doc_id)} {rank} {score:.6f} quipu"


def _column(name: str) -> str:
    """A name without white space, which parts the columns of a run."""
    return "%20".join(name.split())

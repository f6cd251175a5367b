"""Question sets: one JSON object a line, checked against the documents that they quote."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.errors import SetError
from eval.types import Question, QuestionSet

FIELDS: dict[str, type] = {
    "id": str,
    "question": str,
    "lang": str,
    "type": str,
    "answerable": bool,
    "docs": list,
    "evidence": list,
    "answer": str,
    "must_include": list,
}
KINDS = {str: "a string", bool: "true or false", list: "a list of strings"}

TextOf = Callable[[str], str | None]
"""The text of a document by its id; None where there is no such document."""


def load_question_set(path: Path, text_of: TextOf, *, tuned: bool = False) -> QuestionSet:
    """The question set at `path`, every quote of it found in the document that it names.

    Raises `SetError` with file and line for bad JSON, a missing or mistyped field, a repeated id, an unknown
    document, and a quote that stands in none of the question's documents.
    """
    raw, lines = _read(path)
    questions = []
    for question in _each(path, lines, text_of):
        if isinstance(question, SetError):
            raise question
        questions.append(question)
    if not questions:
        raise SetError(f"{path}: holds no question; expected one JSON object a line")
    return QuestionSet(
        name=path.stem,
        path=path,
        sha256=hashlib.sha256(raw).hexdigest(),
        kind="questions",
        tuned=tuned or names_tuning(path),
        questions=tuple(questions),
        qrels={q.id: dict.fromkeys(q.docs, 1) for q in questions if q.answerable},
    )


def set_problems(path: Path, text_of: TextOf, most: int) -> list[SetError]:
    """What keeps the file from being a question set, in the order of its lines, up to `most` errors; empty for a good one."""
    try:
        _, lines = _read(path)
    except SetError as error:
        return [error]
    found = []
    empty = True
    for question in _each(path, lines, text_of):
        empty = False
        if isinstance(question, SetError):
            found.append(question)
            if len(found) == most:
                break
    return [SetError(f"{path}: holds no question; expected one JSON object a line")] if empty else found


def _read(path: Path) -> tuple[bytes, list[str]]:
    """The file as bytes and as lines."""
    try:
        raw = path.read_bytes()
        return raw, raw.decode("utf-8").split("\n")
    except OSError as error:
        raise SetError(f"{path}: cannot be read ({error.strerror}); give a question set (.jsonl)") from error
    except UnicodeDecodeError as error:
        raise SetError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error


def _each(path: Path, lines: Sequence[str], text_of: TextOf) -> Iterator[Question | SetError]:
    """The question of each line that is not blank, or what is wrong with it."""
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _parse(path, number, line)
            if question.id in first_line:
                raise SetError.at(
                    path, number, f'id "{question.id}" stands on line {first_line[question.id]} too; ids must differ'
                )
            first_line[question.id] = number
            _check_evidence(path, number, question, text_of)
        except SetError as error:
            yield error
        else:
            yield question


def names_tuning(path: Path) -> bool:
    """Whether the name of a set says that it is for development: `dev` or `train` stands as a word of it."""
    words = path.stem.lower().replace("_", "-").replace(".", "-").split("-")
    return bool({"dev", "train"} & set(words))


def _parse(path: Path, number: int, line: str) -> Question:
    try:
        row: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise SetError.at(path, number, f"not JSON ({error.msg} at column {error.colno})") from error
    if not isinstance(row, dict):
        raise SetError.at(path, number, f"a JSON object was expected, found {type(row).__name__}")
    for name, kind in FIELDS.items():
        if name not in row:
            raise SetError.at(path, number, f'the field "{name}" is missing; expected {", ".join(FIELDS)}')
        value = row[name]
        if not isinstance(value, kind) or (
            isinstance(value, list) and not all(isinstance(item, str) and item for item in value)
        ):
            raise SetError.at(path, number, f'the field "{name}" must be {KINDS[kind]}, found {json.dumps(value)}')
    for name in ("id", "question", "lang", "type"):
        if not row[name].strip():
            raise SetError.at(path, number, f'the field "{name}" is empty')
    for name in ("docs", "evidence", "answer"):
        if row["answerable"] and not row[name]:
            raise SetError.at(path, number, f'an answerable question needs "{name}"; it is empty')
    return Question(
        id=row["id"],
        question=row["question"],
        lang=row["lang"],
        type=row["type"],
        answerable=row["answerable"],
        docs=tuple(row["docs"]),
        evidence=tuple(row["evidence"]),
        answers=(row["answer"],) if row["answer"] else (),
        must_include=tuple(row["must_include"]),
    )


def _check_evidence(path: Path, number: int, question: Question, text_of: TextOf) -> None:
    texts = []
    for doc_id in question.docs:
        text = text_of(doc_id)
        if text is None:
            raise SetError.at(path, number, f'"{doc_id}" is not a document of the index; correct "docs" or build it in')
        texts.append(text)
    for quote in question.evidence:
        if not any(quote in text for text in texts):
            named = ", ".join(question.docs) or "no document"
            raise SetError.at(path, number, f'the evidence "{_short(quote)}" does not stand verbatim in {named}')


def _short(text: str, limit: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"

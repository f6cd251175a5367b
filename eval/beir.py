"""BEIR folders: corpus.jsonl, queries.jsonl and qrels/test.tsv (Thakur et al. 2021, https://arxiv.org/abs/2104.08663).

A query may carry `lang` and `answers`, a list of gold strings of its document. Ids of documents become file names:
the entry `_id` is the document `_id.txt`, with characters that a file name cannot hold percent-encoded.
"""

from __future__ import annotations

import hashlib
import json
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.errors import SetError
from eval.questions import names_tuning
from eval.types import Qrels, Question, QuestionSet

QRELS_HEADER = "query-id\tcorpus-id\tscore"
SAFE_IN_NAMES = " !#$&'()+,;=@[]{}~^"


@dataclass(frozen=True, slots=True)
class CorpusEntry:
    """One line of corpus.jsonl."""

    id: str
    title: str
    text: str

    @property
    def doc_id(self) -> str:
        """The document's name once it is a file: `_id.txt`."""
        return doc_id_of(self.id)

    def as_file(self) -> str:
        """The document's text: the title over an empty line, where there is one, then the text."""
        return f"{self.title}\n\n{self.text}" if self.title else self.text


def doc_id_of(corpus_id: str) -> str:
    """The name of the file that holds a corpus entry."""
    return urllib.parse.quote(corpus_id, safe=SAFE_IN_NAMES) + ".txt"


def load_beir(folder: Path, *, split: str = "test", tuned: bool = False) -> QuestionSet:
    """The queries of a BEIR folder that have a relevant document in `qrels/<split>.tsv`.

    Raises `SetError` with file and line for bad JSON, a missing field, a repeated id, and qrels that name an
    unknown query or document.
    """
    corpus_ids = {entry.id for entry in read_corpus(folder)}
    queries: dict[str, dict[str, Any]] = {}
    path = folder / "queries.jsonl"
    for number, row in _rows(path, ("_id", "text")):
        if row["_id"] in queries:
            raise SetError.at(path, number, f'query "{row["_id"]}" is repeated; ids must differ')
        queries[row["_id"]] = row
    qrels_path = folder / "qrels" / f"{split}.tsv"
    qrels = read_beir_qrels(qrels_path, queries=queries, corpus_ids=corpus_ids)
    questions = []
    for query_id, grades in qrels.items():
        row = queries[query_id]
        questions.append(
            Question(
                id=query_id,
                question=row["text"],
                lang=row.get("lang", "und"),
                type=row.get("type", "query"),
                answerable=True,
                docs=tuple(doc_id for doc_id, grade in grades.items() if grade > 0),
                answers=tuple(row.get("answers", ())),
            )
        )
    questions = [question for question in questions if question.docs]
    if not questions:
        raise SetError(f"{qrels_path}: holds no relevant document; expected lines of query-id, corpus-id, score")
    digest = hashlib.sha256()
    for part in (folder / "corpus.jsonl", path, qrels_path):
        digest.update(hashlib.sha256(part.read_bytes()).digest())
    return QuestionSet(
        name=folder.resolve().name,
        path=folder,
        sha256=digest.hexdigest(),
        kind="beir",
        tuned=tuned or names_tuning(folder.resolve()),
        questions=tuple(questions),
        qrels={question.id: qrels[question.id] for question in questions},
        corpus=folder,
    )


def read_corpus(folder: Path) -> Iterator[CorpusEntry]:
    """The entries of corpus.jsonl in order. Raises `SetError` for a malformed line or a repeated id."""
    path = folder / "corpus.jsonl"
    seen: set[str] = set()
    for number, row in _rows(path, ("_id", "text")):
        if row["_id"] in seen:
            raise SetError.at(path, number, f'document "{row["_id"]}" is repeated; ids must differ')
        seen.add(row["_id"])
        yield CorpusEntry(row["_id"], row.get("title") or "", row["text"])


def read_beir_qrels(path: Path, *, queries: Mapping[str, object], corpus_ids: set[str]) -> Qrels:
    """Grades by query and document id (`_id.txt`), in the order of the file."""
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(path), start=1):
        if number == 1 and line.split("\t")[0] == "query-id":
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not fields[2].strip().lstrip("-").isdigit():
            raise SetError.at(path, number, f"expected query-id, corpus-id and score between tabs, found {line!r}")
        query_id, corpus_id, grade = fields
        if query_id not in queries:
            raise SetError.at(path, number, f'query "{query_id}" is not in queries.jsonl')
        if corpus_id not in corpus_ids:
            raise SetError.at(path, number, f'document "{corpus_id}" is not in corpus.jsonl')
        qrels.setdefault(query_id, {})[doc_id_of(corpus_id)] = int(grade)
    return qrels


def write_beir(
    folder: Path,
    corpus: Iterable[CorpusEntry],
    questions: Iterable[Question],
    qrels: Mapping[str, Mapping[str, int]],
    *,
    split: str = "test",
) -> None:
    """Write a BEIR folder; `qrels` here name corpus ids, as the format does."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    entries = [{"_id": entry.id, "title": entry.title, "text": entry.text} for entry in corpus]
    queries = [
        {"_id": q.id, "text": q.question, "lang": q.lang, "type": q.type, "answers": list(q.answers)} for q in questions
    ]
    for name, rows in (("corpus.jsonl", entries), ("queries.jsonl", queries)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(text, encoding="utf-8")
    lines = [f"{query_id}\t{doc}\t{grade}" for query_id, grades in qrels.items() for doc, grade in grades.items()]
    (folder / "qrels" / f"{split}.tsv").write_text("\n".join([QRELS_HEADER, *lines]) + "\n", encoding="utf-8")


def _rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise SetError.at(path, number, f"not JSON ({error.msg} at column {error.colno})") from error
        for name in required:
            if not isinstance(row, dict) or not isinstance(row.get(name), str):
                raise SetError.at(path, number, f'the field "{name}" is missing or is not a string')
        yield number, row


def _lines(path: Path) -> list[str]:
    """Lines without their ends; only a newline ends a line, as JSON Lines has it (U+2028 does not)."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise SetError(
            f"{path}: not found; a BEIR folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SetError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip("\r") for line in lines]

"""TREC runs and qrels, the files that trec_eval, ranx and ir_measures read.

Fields are parted by white space, so white space inside an id is percent-encoded, alike in runs and qrels.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from eval.errors import SetError
from eval.types import Qrels, Ranking

ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")


def write_run(path: Path, run: Mapping[str, Ranking], tag: str = "quipu") -> None:
    """Write `query_id Q0 doc_id rank score tag` lines, ranks from 1, queries in the order of `run`."""
    lines = [
        f"{_encode(query_id)} Q0 {_encode(doc_id)} {rank} {np.float32(score):.9g} {tag}\n"
        for query_id, ranking in run.items()
        for rank, (doc_id, score) in enumerate(ranking, start=1)
    ]
    path.write_text("".join(lines), encoding="utf-8")


def read_run(path: Path) -> dict[str, list[tuple[str, float]]]:
    """Rankings by query id, best first as trec_eval orders them: by score, whatever the rank field says."""
    run: dict[str, list[tuple[str, float]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = line.split()
        try:
            query_id, _, doc_id, _, score, _ = fields
            run.setdefault(_decode(query_id), []).append((_decode(doc_id), float(score)))
        except ValueError as error:
            raise SetError.at(path, number, f"expected query_id Q0 doc_id rank score tag, found {line!r}") from error
    for ranking in run.values():
        ranking.sort(key=lambda pair: -pair[1])
    return run


def write_qrels(path: Path, qrels: Qrels) -> None:
    """Write `query_id 0 doc_id grade` lines."""
    lines = [
        f"{_encode(query_id)} 0 {_encode(doc_id)} {grade}\n"
        for query_id, grades in qrels.items()
        for doc_id, grade in grades.items()
    ]
    path.write_text("".join(lines), encoding="utf-8")


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Grades by query id and document id."""
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            query_id, _, doc_id, grade = line.split()
            qrels.setdefault(_decode(query_id), {})[_decode(doc_id)] = int(grade)
        except ValueError as error:
            raise SetError.at(path, number, f"expected query_id 0 doc_id grade, found {line!r}") from error
    return qrels


def _encode(name: str) -> str:
    """`name` without white space. A percent sign is encoded only where it would be read back as an encoding."""
    name = ENCODED.sub(lambda found: "%25" + found[0][1:], name)
    return re.sub(r"\s", lambda found: urllib.parse.quote(found[0]), name)


def _decode(name: str) -> str:
    return urllib.parse.unquote(name)

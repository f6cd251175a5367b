"""Sets of written sentences, true and spoiled: what the check of written answers is fitted and measured on.

One JSON object a line: `id`, `half` ("tune" for what may be looked at, "report" for what is measured), `lang`, `doc`, `evidence` (verbatim quotes that support the sentence), `claim` (a true sentence, in
words of its own, English or Spanish), and spoiled forms of it where they can be made: `number`, `entity`, `negation`.
A further kind, `other passage`, is the true sentence against the passages most like its own that do not hold its evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.batch import json_lines
from assistant.writing.support import Claim, SupportChecker
from eval.errors import SetError
from index.stored import StoredPassage

TRUE, NUMBER, ENTITY, NEGATION, ELSEWHERE = "true", "number", "entity", "negation", "other passage"
SPOILED = (NUMBER, ENTITY, NEGATION)
KINDS = (TRUE, NUMBER, ENTITY, NEGATION, ELSEWHERE)
FIELDS = {"id": str, "half": str, "lang": str, "doc": str, "evidence": list, "claim": str}


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One line of a set: a true sentence and its spoiled forms by kind."""

    id: str
    tuning: bool
    lang: str
    doc: str
    evidence: tuple[str, ...]
    claim: str
    spoiled: dict[str, str]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence, what was done to it, and the passages that it cites.

    `group` is the id of the true sentence, `tuning` its half, `collection` the folder that its document lies in.
    """

    group: str
    collection: str
    tuning: bool
    kind: str
    lang: str
    claim: Claim
    cited: tuple[StoredPassage, ...]


def load_claims(path: Path) -> list[ClaimRow]:
    """The rows of a set. Raises `SetError` with file and line."""
    rows = []
    for number, line in json_lines(path):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SetError.at(path, number, f"not JSON ({error})") from error
        if not isinstance(row, dict) or any(not isinstance(row.get(name), kind) for name, kind in FIELDS.items()):
            raise SetError.at(path, number, f"expected an object with {', '.join(FIELDS)}")
        spoiled = {kind: row[kind] for kind in SPOILED if isinstance(row.get(kind), str)}
        if row["half"] not in ("tune", "report"):
            raise SetError.at(path, number, f'half is "{row["half"]}"; expected "tune" or "report"')
        if row["claim"] in spoiled.values():
            raise SetError.at(path, number, "a spoiled form is the same as the claim")
        rows.append(
            ClaimRow(
                row["id"], row["half"] == "tune", row["lang"], row["doc"], tuple(row["evidence"]), row["claim"], spoiled
            )
        )
    if not rows:
        raise SetError(f"{path}: holds no sentences; expected one JSON object a line")
    return rows


def examples(rows: Sequence[ClaimRow], checker: SupportChecker) -> Iterator[Example]:
    """Every sentence of a set with the passages that it cites.

    A true or spoiled sentence cites the passages that hold its evidence. Raises `SetError` for evidence that no passage holds.
    """
    corpus = checker.generation.corpus
    passages = list(corpus.all_passages())
    for row in rows:
        own = [
            one
            for one in passages
            if one.passage.doc_id == row.doc and any(q in one.passage.text for q in row.evidence)
        ]
        if not own:
            raise SetError(f'{row.id}: no passage of "{row.doc}" holds the evidence {row.evidence[0]!r}')
        claim = checker.claim(row.claim)
        collection = row.doc.rpartition("/")[0]
        yield Example(row.id, collection, row.tuning, TRUE, row.lang, claim, tuple(own))
        for kind, text in row.spoiled.items():
            yield Example(row.id, collection, row.tuning, kind, row.lang, checker.claim(text), tuple(own))
        held = {one.row for one in own}
        near = [one for one in _nearest(claim, checker, len(passages)) if one.row not in held]
        same = next((one for one in near if one.passage.doc_id == row.doc), None)
        far = next((one for one in near if one.passage.doc_id != row.doc), None)
        for one in (same, far):
            if one is not None:
                yield Example(row.id, collection, row.tuning, ELSEWHERE, row.lang, claim, (one,))


def _nearest(claim: Claim, checker: SupportChecker, n: int) -> list[StoredPassage]:
    found = checker.generation.vectors.search(claim.encoded.vector.astype(np.float32), n)
    return checker.generation.corpus.passages_at(found.rows.tolist())

"""The check of written sentences on the spoiled set: the bars that it must hold, on the half that it was not fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.assistant import Assistant
from assistant.writing.support import fitted
from eval.claims import ELSEWHERE, ENTITY, NEGATION, NUMBER, TRUE, examples, load_claims
from eval.errors import SetError
from eval.support import DEFAULT_SET, cosine_threshold, judge, results

INVENTED = DEFAULT_SET.parent / "invented"


def test_the_set_is_whole(seeds: Path) -> None:
    rows = load_claims(DEFAULT_SET)
    assert sum(not row.tuning for row in rows) >= 60
    assert len(rows) >= 120
    for row in rows:
        text = (seeds / row.doc).read_bytes().decode("utf-8")
        assert all(quote in text for quote in row.evidence)
        assert row.claim not in text, "a true sentence must be in words of its own"


def test_a_set_that_is_not_as_expected_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text('{"id": "a"}\n', encoding="utf-8")
    with pytest.raises(SetError, match=r"1"):
        load_claims(path)


def test_the_invented_set_is_whole() -> None:
    rows = load_claims(INVENTED / "claims.jsonl")
    halves = {row.doc: row.tuning for row in rows}
    assert sum(not row.tuning for row in rows) >= 40
    for row in rows:
        text = (INVENTED / row.doc).read_text(encoding="utf-8")
        assert all(quote in text for quote in row.evidence)
        assert row.claim not in text
        assert halves[row.doc] == row.tuning, "a document belongs to one half"


@pytest.mark.model
def test_the_bars_hold(model_assistant: Assistant) -> None:
    checker = model_assistant.writing_checker()
    judged = judge(list(examples(load_claims(DEFAULT_SET), checker)), checker)
    tuning = [row for row in judged if row.example.tuning]
    reported = [row for row in judged if not row.example.tuning]
    found = {one.kind: one for one in results(reported, fitted(), cosine_threshold(tuning)) if one.lang == "all"}
    assert found[NUMBER].struck >= 0.95
    assert found[ENTITY].struck >= 0.95
    assert found[NEGATION].struck >= 0.80
    assert found[ELSEWHERE].struck >= 0.80
    assert found[TRUE].struck <= 0.05
    for kind in (NUMBER, ENTITY, NEGATION, ELSEWHERE):
        assert found[kind].struck > found[kind].struck_by_cosine

"""The report: self-contained, escaped, honest about tuning, and with every failure in it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fake_system import FakeSystem

from eval import run
from eval.failures import failures, why_failed
from eval.report import render_report, segments
from eval.results import Results
from eval.words import TUNED


class Page(HTMLParser):
    """Collects tags, ids, and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("src", "href", "srcset", "data", "action"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def results(question_set: Path, index_dir: Path) -> Results:
    return run(question_set, index_dir=index_dir, baseline=True, system=FakeSystem())


def test_the_page_asks_for_nothing_beside_itself(results: Results) -> None:
    html = render_report(results)
    page = Page(html)
    assert all(link.startswith("#") for link in page.links)
    assert set(re.findall(r"url\(([^)]*)\)", html)) <= {f"#{one}" for one in page.ids}
    assert "@import" not in html
    assert {"link", "img", "iframe"}.isdisjoint(page.tags)
    assert page.tags.count("script") == 1


def test_the_page_has_every_plot_and_no_id_twice(results: Results) -> None:
    page = Page(render_report(results))
    assert page.tags.count("svg") == page.tags.count("figure") == 4
    for title in ("Risk and coverage", "Calibration", "Confidence", "Latency"):
        assert title in page.text
    assert "expected calibration error 0." in page.text
    assert "set-1" in page.ids
    assert len(page.ids) == len(set(page.ids))


def test_every_failure_stands_there_with_gold_and_passages(results: Results) -> None:
    page = Page(render_report(results))
    failed = failures(results.sets[0])
    assert [failure.question.id for failure in failed] == ["q4", "q3"]
    assert failed[0].reasons == ("answered, though the documents do not say",)
    assert failed[1].reasons == ("the quotes lack: 2011",)
    for failure in failed:
        assert failure.question.question in page.text
        assert all(str(hit["text"]) in page.text for hit in failure.question.hits)
        assert all(gold in page.text for gold in failure.question.gold)


def test_markup_in_questions_and_documents_is_text(results: Results) -> None:
    first, *rest = results.sets[0].questions
    hostile = "<img src=x onerror=alert(1)>\"'&amp;"
    broken = replace(
        first, question=hostile, answer=hostile, id=hostile, gold=(hostile,), must_include=(hostile,),
        missing_terms=(hostile,), scores={"right": 0.0},
        hits=({**first.hits[0], "text": hostile, "doc_id": hostile},),
    )  # fmt: skip
    page = Page(render_report(replace(results, sets=(replace(results.sets[0], questions=(broken, *rest)),))))
    assert "img" not in page.tags
    assert page.text.count(hostile) >= 6


def test_a_set_used_for_tuning_is_marked_on_every_plot_and_table(results: Results) -> None:
    assert f">{TUNED}<" not in render_report(results)
    tuned = replace(results, sets=(replace(results.sets[0], tuned=True),))
    html = render_report(tuned)
    for figure in re.findall(r"<figure>.*?</figure>", html, re.DOTALL):
        assert figure.count(TUNED) == 2  # in the caption and in the plot itself, should it be copied alone
    for tile in re.findall(r'<div class="tile">.*?</div>', html, re.DOTALL):
        assert TUNED in tile
    for heading in re.findall(r"<h3>(.*?)</h3>", html, re.DOTALL):
        assert TUNED in heading or heading == "Plots"


def test_where_the_figures_come_from_is_on_the_page(results: Results) -> None:
    text = Page(render_report(results)).text
    for fact in (results.sets[0].sha256, results.sets[0].path, "g1", results.provenance.machine, "Worst first"):
        assert fact in text


def test_segments_mark_every_quote_and_cut_only_what_is_long() -> None:
    assert segments("abcabc", ["bc"]) == [("a", False), ("bc", True), ("a", False), ("bc", True)]
    assert segments("abcd", ["abc", "bcd"]) == [("abcd", True)]
    assert segments("", ["x"]) == []
    long = "x" * 5000
    assert segments(long, []) == [("x" * 1500, False), (" …", False)]
    # A quote far down is never cut away.
    assert segments(long + "gold", ["gold"]) == [(long, False), ("gold", True)]


def test_a_question_without_fault_is_no_failure(results: Results) -> None:
    by_id = {question.id: question for question in results.sets[0].questions}
    assert why_failed(by_id["q1"]) == ()
    late = replace(by_id["q1"], scores={**by_id["q1"].scores, "evidence@5": 0.0})
    assert why_failed(late) == ("the evidence is not in the first five passages",)
    beir = replace(by_id["q1"], scores={"Success@1": 0.0, "gold_in_first_citation": 0.0, "refused_answerable": 0.0})
    assert why_failed(beir) == (
        "the first citation does not hold the gold answer",
        "the first document is not relevant",
    )

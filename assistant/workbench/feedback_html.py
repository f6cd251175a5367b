"""The page of feedback as HTML: everything that people or documents wrote is escaped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote as in_address

from assistant.chat.evidence import date_html
from assistant.chat.markup import escape, language_attribute, prose
from assistant.chat.masthead import icon
from assistant.chat.strings import DEFAULT_LANGUAGE, LANGUAGES, Words, words_of
from assistant.workbench import judging
from assistant.workbench.cases import Case
from assistant.workbench.feedback import Feedback
from assistant.workbench.gaps import Gap, Refused, question_key

_OWN = words_of(Path(__file__).with_name("feedback.json"))
WORDS = Words({code: {**judging.WORDS.tables[code], **_OWN.tables[code]} for code in LANGUAGES})
MOST_SHOWN = 200
QUESTIONS_SHOWN = 5
LONG_ANSWER = 420


def body_html() -> str:
    """The page with its three views to choose from."""
    language = DEFAULT_LANGUAGE
    views = "".join(
        f'<button type="button" class="w-group" data-view="{view}" aria-pressed="false" aria-controls="f-view">'
        f'{WORDS.translated(language, f"view_{view}")} <span class="f-count" data-count="{view}"></span></button>'
        for view in ("said", "gaps", "cases")
    )
    return (
        f"<h1>{WORDS.translated(language, 'title')}</h1>"
        f'<p class="w-lead">{WORDS.translated(language, "lead")}</p>'
        f'<p class="w-lead f-readonly" id="f-readonly" hidden>{WORDS.translated(language, "read_only")}</p>'
        f'<div class="f-views" role="group" {WORDS.attribute(language, "label", "views")}>{views}</div>'
        '<div id="f-view" aria-live="off"></div>'
    )


def said_html(said: Sequence[Feedback], cases: Collection[str], language: str, *, writable: bool) -> str:
    """What was said, the latest first; `cases` are the keys of the questions that are cases already."""
    if not said:
        return _nothing("said_nothing", language)
    shown = "".join(_said(one, question_key(one.question) in cases, language, writable) for one in said[:MOST_SHOWN])
    return (
        f'<p class="w-note">{_summary(said, language)}</p><ul class="f-list">{shown}</ul>{_rest(len(said), language)}'
    )


def _summary(said: Sequence[Feedback], language: str) -> str:
    up = sum(one.rating == "up" for one in said)
    return f"{WORDS.translated(language, 'up_of', n=up)} · {WORDS.translated(language, 'down_of', n=len(said) - up)}"


def _said(one: Feedback, is_case: bool, language: str, writable: bool) -> str:
    by = f' · <span dir="auto">{escape(one.by)}</span>' if one.by else ""
    kind = WORDS.translated(language, "was_refused") + " · " if one.abstained else ""
    correction = (
        f'<div class="f-correction"><h3>{WORDS.translated(language, "would_be_right")}</h3>'
        f'<p dir="auto">{escape(one.correction)}</p></div>'
        if one.correction
        else ""
    )
    key = "case_again" if is_case else "case_make"
    make = (
        f'<button type="button" class="w-button" data-case="{escape(one.turn)}">{WORDS.translated(language, key)}</button>'
        if writable
        else ""
    )
    made = f'<span class="f-made">{WORDS.translated(language, "is_case")}</span>' if is_case else ""
    return (
        f'<li class="f-item f-{one.rating}"><div class="f-thumb" aria-hidden="true">{icon(one.rating)}</div>'
        f'<div class="f-body"><h2 dir="auto" {language_attribute(one.language)}>{escape(one.question)}</h2>'
        f'<p class="w-note"><strong>{WORDS.translated(language, f"said_{one.rating}")}</strong> · {kind}'
        f"{date_html(one.time, language)}{by}</p>{_answer(one, language)}{correction}"
        f'<div class="f-foot">{make}{_ask_again(one.question, language)}{made}</div></div></li>'
    )


def _answer(one: Feedback, language: str) -> str:
    text = f'<p class="f-answer" dir="auto" {language_attribute(one.language)}>{prose(one.answer)}</p>'
    if len(one.answer) <= LONG_ANSWER:
        return text
    return f'<details class="f-long"><summary>{WORDS.translated(language, "whole_answer")}</summary>{text}</details>'


def _ask_again(question: str, language: str) -> str:
    return f'<a class="q-link" href="/?q={escape(in_address(question, safe=""))}">{WORDS.translated(language, "ask_again")}</a>'


def gaps_html(
    found: Sequence[Gap], titles: Mapping[str, str], language: str, *, recording: bool, writable: bool
) -> str:
    """The gaps, the most asked first, and those that were dismissed below; `titles` are those of the documents."""
    off = "" if recording else f'<p class="w-note f-off">{WORDS.translated(language, "not_recorded")}</p>'
    open_, dismissed = [g for g in found if not g.dismissed], [g for g in found if g.dismissed]
    if not found:
        return off + _nothing("gaps_nothing", language)
    shown = "".join(_gap(gap, titles, language, writable) for gap in open_[:MOST_SHOWN])
    html = f'{off}<p class="w-note">{WORDS.translated(language, "gaps_about")}</p>'
    html += (
        f'<ol class="f-list f-gaps">{shown}</ol>{_rest(len(open_), language)}'
        if open_
        else _nothing("gaps_none_open", language)
    )
    if dismissed:
        below = "".join(_gap(gap, titles, language, writable) for gap in dismissed[:MOST_SHOWN])
        html += (
            f'<details class="f-dismissed"><summary>{WORDS.translated(language, "dismissed", n=len(dismissed))}</summary>'
            f'<ol class="f-list f-gaps">{below}</ol></details>'
        )
    return html


def _gap(gap: Gap, titles: Mapping[str, str], language: str, writable: bool) -> str:
    terms = "".join(f'<span class="f-term" dir="auto">{escape(term)}</span>' for term in gap.terms)
    name = terms or WORDS.translated(language, "gap_unnamed")
    asked = WORDS.translated(language, "asked", n=gap.times)
    ways = f" {WORDS.translated(language, 'ways', n=len(gap.questions))}" if len(gap.questions) > 1 else ""
    questions = "".join(_question(one, language) for one in gap.questions[:QUESTIONS_SHOWN])
    more = gap.questions[QUESTIONS_SHOWN:]
    if more:
        hidden = "".join(_question(one, language) for one in more)
        questions += (
            f'<li class="f-more"><details><summary>{WORDS.translated(language, "more", n=len(more))}</summary>'
            f"<ul>{hidden}</ul></details></li>"
        )
    find = WORDS.translated(language, "find", terms=", ".join(gap.terms)) if gap.terms else ""
    near = [doc_id for doc_id in gap.nearest if doc_id in titles]
    nearest = "".join(
        f'<li><button type="button" class="q-link" data-see="{escape(doc_id)}" dir="auto">'
        f"{escape(titles[doc_id] or doc_id)}</button></li>"
        for doc_id in near
    )
    nearest = (
        f'<div class="f-near"><span>{WORDS.translated(language, "nearest_now")}</span><ul>{nearest}</ul></div>'
        if near
        else ""
    )
    action, key = ("restore", "gap_back") if gap.dismissed else ("dismiss", "gap_dismiss")
    button = (
        f'<button type="button" class="w-button" data-{action}="{gap.id}">{WORDS.translated(language, key)}</button>'
        if writable
        else ""
    )
    return (
        f'<li class="f-item f-gap" data-gap="{gap.id}"><div class="f-times" aria-hidden="true">{gap.times}</div>'
        f'<div class="f-body"><h2>{name}</h2>'
        f'<p class="w-note">{asked}{ways} · {WORDS.translated(language, "asked_last")} {date_html(gap.last, language)}</p>'
        f'<p class="f-find">{find}</p>{nearest}<ul class="f-questions">{questions}</ul>'
        f'<div class="f-foot">{button}</div></div></li>'
    )


def _question(one: Refused, language: str) -> str:
    times = f' <span class="w-note">{WORDS.translated(language, "times", n=one.times)}</span>' if one.times > 1 else ""
    return f'<li><q dir="auto" {language_attribute(one.language)}>{escape(one.question)}</q>{times}</li>'


def cases_html(cases: Sequence[Case], gone: Collection[str], path: Path, language: str, *, writable: bool) -> str:
    """The cases, the latest first; those in `gone` have a quote that the documents do not hold any more."""
    if not cases:
        return _nothing("cases_nothing", language)
    head = "".join(
        f'<th role="columnheader" scope="col" class="w-col-{name}">{WORDS.translated(language, f"column_{name}")}</th>'
        for name in ("question", "expected", "action")
    )
    rows = "".join(_case(case, case.id in gone, language, writable) for case in list(reversed(cases))[:MOST_SHOWN])
    return (
        f'<p class="w-note">{WORDS.translated(language, "cases_about")} <code dir="ltr">quipu eval {escape(str(path))}</code>'
        f' · <a class="q-link" href="/evaluate">{WORDS.translated(language, "cases_run")}</a></p>'
        f'<table class="w-table" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>{_rest(len(cases), language)}'
    )


def _case(case: Case, gone: bool, language: str, writable: bool) -> str:
    if case.answerable:
        quotes = "".join(
            f'<blockquote class="f-quote" dir="auto">{prose(quote)}</blockquote>' for quote in case.evidence
        )
        must = "".join(f'<span class="f-term" dir="auto">{escape(one)}</span>' for one in case.must_include)
        must = f'<p class="w-note">{WORDS.translated(language, "must")} {must}</p>' if must else ""
        docs = escape(", ".join(case.docs))
        expected = f'{quotes}{must}<p class="w-note" dir="auto">{docs}</p>'
    else:
        expected = WORDS.translated(language, "expected_refusal")
    stale = f'<p class="f-gone">{WORDS.translated(language, "quote_gone")}</p>' if gone else ""
    remove = (
        f'<button type="button" class="w-button" data-remove="{escape(case.id)}" '
        f"{WORDS.attribute(language, 'label', 'case_remove_label', id=case.id)}>{WORDS.translated(language, 'case_remove')}</button>"
        if writable
        else ""
    )
    return (
        f'<tr role="row"><td role="cell" class="w-col-question"><strong dir="auto" {language_attribute(case.lang)}>'
        f'{escape(case.question)}</strong><span class="w-name">{escape(case.id)}</span>{stale}</td>'
        f'<td role="cell" class="w-col-expected">{expected}</td><td role="cell" class="w-col-action">{remove}</td></tr>'
    )


def _nothing(key: str, language: str) -> str:
    return f'<p class="w-nothing">{WORDS.translated(language, key)}</p>'


def _rest(count: int, language: str) -> str:
    if count <= MOST_SHOWN:
        return ""
    return f'<p class="w-note">{WORDS.translated(language, "rest", n=count - MOST_SHOWN)}</p>'

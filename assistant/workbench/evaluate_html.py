"""The page that runs question sets, as HTML: everything that files and people wrote is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.chat.evidence import date_html
from assistant.chat.markup import escape
from assistant.chat.masthead import icon
from assistant.chat.strings import DEFAULT_LANGUAGE, known_language, words_of
from assistant.workbench.evaluator import Change, Comparison, Figure, Flip
from assistant.workbench.runs import Run
from assistant.workbench.sets import LARGEST, SetFile

WORDS = words_of(Path(__file__).with_name("evaluate.json"))
SHOWN_FIGURES = ("right", "evidence@5", "answered_unanswerable", "refused_answerable")
"""The figures of a run that stand in the list of runs."""
DECISIVE = ("right", "correct", "answered_unanswerable", "refused_answerable")
"""Measures whose flipped questions are named in a comparison."""
FLIPS_SHOWN = 50


def body_html(*, can_run: bool) -> str:
    """The page: sets, the run that goes on, runs, a report, a comparison."""
    language = DEFAULT_LANGUAGE

    def words(key: str) -> str:
        return WORDS.translated(language, key)

    head = f'<h1>{words("title")}</h1><p class="w-lead">{words("lead")}</p>'
    if not can_run:
        return f"{head}<p class=\"q-problem\">{words('no_evaluator')} <code>pip install 'quipu[eval]'</code></p>"
    return (
        f'{head}<p class="w-lead" id="e-readonly" hidden>{words("read_only")}</p>'
        f'<section class="e-sets" aria-labelledby="e-sets-title"><h2 id="e-sets-title">{words("sets")}</h2>'
        f'<form id="e-start"><div id="e-sets"></div><div class="e-foot">'
        f'<button type="submit" class="w-button w-main" id="e-run" disabled>{words("run")}</button>'
        f'<label class="w-button e-upload" id="e-drop">{icon("add")}<span>{words("upload")}</span>'
        f'<input type="file" id="e-file" accept=".jsonl" class="q-hidden"></label>'
        f'<span class="w-note">{WORDS.translated(language, "upload_hint", megabytes=LARGEST // 1024 // 1024)}</span>'
        '<span class="e-said" id="e-said" role="status"></span></div></form>'
        f'<div id="e-problems" role="alert" hidden></div></section>'
        f'<div id="e-progress" aria-live="off"></div>'
        f'<section aria-labelledby="e-runs-title"><div class="e-head"><h2 id="e-runs-title">{words("runs")}</h2>'
        f'<button type="button" class="w-button" id="e-compare" data-do="compare" disabled>{words("compare")}</button></div>'
        '<div id="e-runs"></div></section><section id="e-shown" tabindex="-1" aria-live="off" hidden></section>'
    )


def sets_html(sets: Sequence[SetFile], language: str, *, writable: bool) -> str:
    """The sets to choose from."""
    if not sets:
        return f'<p class="w-nothing">{WORDS.translated(language, "no_sets")}</p>'
    items = "".join(_set(one, number == 0, language, writable) for number, one in enumerate(sets))
    return f'<fieldset class="e-choice"><legend class="q-hidden">{WORDS.translated(language, "sets")}</legend>{items}</fieldset>'


def _set(one: SetFile, first: bool, language: str, writable: bool) -> str:
    name = (
        WORDS.translated(language, "set_cases")
        if one.place == "cases"
        else f'<span dir="auto">{escape(one.name)}</span>'
    )
    remove = (
        f'<button type="button" class="q-tool" data-remove-set="{escape(one.key)}" '
        f"{WORDS.attribute(language, 'label', 'remove_set', name=one.name)}>{icon('close')}</button>"
        if one.place == "uploaded" and writable
        else ""
    )
    place = (
        f'<span class="w-note" dir="auto">{escape(str(one.path.parent))}</span>'
        if one.place == "found"
        else (f'<span class="w-note">{WORDS.translated(language, f"place_{one.place}")}</span>')
    )
    return (
        f'<div class="e-set"><label><input type="radio" name="set" value="{escape(one.key)}"{" checked" if first else ""}>'
        f'<span class="e-set-name"><strong>{name}</strong> <span class="w-note">'
        f"{WORDS.translated(language, 'questions', n=one.questions)}</span>{place}</span></label>{remove}</div>"
    )


def progress_html(run: Run | None, language: str) -> str:
    """The run that goes on: what it is doing, how far it is, and the way to stop it; empty without one."""
    if run is None:
        return ""
    key = f"stage_{run.stage}"
    known = key in WORDS.tables[known_language(language)]
    stage = (
        WORDS.translated(language, key) if known else escape(run.stage) or WORDS.translated(language, "stage_opening")
    )
    counted = run.total > 1
    bar = (
        f'<progress max="{run.total}" value="{run.done}" aria-labelledby="e-stage"></progress>'
        if counted
        else ('<progress aria-labelledby="e-stage"></progress>')
    )
    count = WORDS.translated(language, "done_of", done=run.done, total=run.total) if counted else ""
    return (
        f'<div class="e-going" data-run="{run.id}"><p id="e-stage"><strong dir="auto">{escape(run.set_name)}</strong> · '
        f'{stage} <span class="e-count">{count}</span></p>{bar}'
        f'<button type="button" class="w-button" data-stop="{run.id}">{WORDS.translated(language, "stop")}</button></div>'
    )


def runs_html(runs: Sequence[Run], language: str, *, writable: bool) -> str:
    """The runs, the latest first."""
    past = [run for run in runs if run.status != "running"]
    if not past:
        return f'<p class="w-nothing">{WORDS.translated(language, "no_runs")}</p>'
    columns = ("pick", "run", *SHOWN_FIGURES, "action")
    head = "".join(
        f'<th role="columnheader" scope="col" class="{_column(name)}">{_column_name(name, language)}</th>'
        for name in columns
    )
    rows = "".join(_run(run, language, writable) for run in past)
    return (
        f'<table class="w-table" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _column(name: str) -> str:
    return f"e-col-{name}" if name in ("pick", "run", "action") else "e-col-figure w-number"


def _column_name(name: str, language: str) -> str:
    key = f"column_{name}" if name in ("pick", "run", "action") else f"measure_{name}"
    return WORDS.translated(language, key)


def _run(run: Run, language: str, writable: bool) -> str:
    done = run.status == "done"
    by = f' · <span dir="auto">{escape(run.by)}</span>' if run.by else ""
    named = f"{run.set_name}, {_clock(run.started)}"
    pick = (
        f'<input type="checkbox" data-pick="{run.id}" {WORDS.attribute(language, "label", "pick", name=named)}>'
        if done
        else ""
    )
    error = f'<p class="e-error" lang="en" dir="auto">{escape(run.error)}</p>' if run.error else ""
    status = (
        "" if done else f'<p class="w-note e-is-{run.status}">{WORDS.translated(language, f"status_{run.status}")}</p>'
    )
    about = (
        f'<strong dir="auto">{escape(run.set_name)}</strong><p class="w-note">{date_html(run.started, language)}, '
        f"{_clock(run.started)} · {WORDS.translated(language, 'questions', n=run.questions)}{by}</p>{status}{error}"
    )
    figures = {figure.name: figure for figure in run.figures}
    cells = "".join(_figure_cell(name, figures.get(name), language) for name in SHOWN_FIGURES)
    read = (
        f'<button type="button" class="w-button" data-report="{run.id}">{WORDS.translated(language, "read")}</button>'
        if done
        else ""
    )
    remove = (
        f'<button type="button" class="q-tool" data-remove-run="{run.id}" '
        f"{WORDS.attribute(language, 'label', 'remove_run', name=named)}>{icon('close')}</button>"
        if writable
        else ""
    )
    return (
        f'<tr role="row" data-run="{run.id}"><td role="cell" class="e-col-pick{"" if done else " w-empty"}">{pick}</td>'
        f'<td role="cell" class="e-col-run">{about}</td>{cells}'
        f'<td role="cell" class="e-col-action"><div>{read}{remove}</div></td></tr>'
    )


def _figure_cell(name: str, figure: Figure | None, language: str) -> str:
    if figure is None:
        return '<td role="cell" class="e-col-figure w-number w-empty"></td>'
    label = f'<span class="w-label" aria-hidden="true">{WORDS.translated(language, f"measure_{name}")}</span>'
    return f'<td role="cell" class="e-col-figure w-number">{label}{escape(figure.value)}</td>'


def _clock(time: str) -> str:
    return escape(time[11:16])


def report_html(run: Run, language: str) -> str:
    """The headline of a run and its whole report, in a frame that may run the report's own scripts and nothing else."""
    address = f"/evaluate/report?run={run.id}"
    title = WORDS.attribute(language, "title", "report_of", name=run.set_name)
    return (
        f'<div class="e-head"><h2>{WORDS.translated(language, "report_of", name=run.set_name)}</h2>'
        f'<a class="q-link" href="{address}" target="_blank" rel="noopener">{WORDS.translated(language, "alone")}</a>'
        f"{_close(language)}</div>{tiles_html(run.figures, language)}"
        f'<iframe class="e-report" src="{address}" sandbox="allow-scripts" {title}></iframe>'
    )


def tiles_html(figures: Sequence[Figure], language: str) -> str:
    """Figures as tiles, each with its interval and the number of questions."""
    tiles = "".join(
        f"<li><strong>{escape(figure.value)}</strong><span>{_measure(figure.name, figure.label, language)}</span>"
        f'<span class="w-note">{escape(figure.between)} · {WORDS.translated(language, "questions", n=figure.questions)}'
        f"{_tuned(figure, language)}</span></li>"
        for figure in figures
    )
    return f'<ul class="e-tiles">{tiles}</ul>'


def _tuned(figure: Figure, language: str) -> str:
    return f" · {WORDS.translated(language, 'tuned')}" if figure.tuned else ""


def _measure(name: str, label: str, language: str) -> str:
    """The measure's name in the interface's language, where it has one."""
    key = f"measure_{name}"
    return WORDS.translated(language, key) if key in WORDS.tables[known_language(language)] else escape(label)


def _close(language: str) -> str:
    return (
        f'<button type="button" class="q-tool" data-do="close" {WORDS.attribute(language, "label", "close_shown")}>'
        f"{icon('close')}</button>"
    )


def comparison_html(before: Run, after: Run, comparisons: Sequence[Comparison], language: str) -> str:
    """What changed from one run to another, measure by measure, and which questions flipped."""
    when = (
        f'<p class="w-note">{date_html(before.started, language)}, {_clock(before.started)} → '
        f"{date_html(after.started, language)}, {_clock(after.started)}</p>"
    )
    parts = "".join(_comparison(one, language) for one in comparisons)
    return (
        f'<div class="e-head"><h2>{WORDS.translated(language, "comparison")}</h2>{_close(language)}</div>{when}{parts}'
    )


def _comparison(found: Comparison, language: str) -> str:
    notes = "".join(f'<li lang="en" dir="auto">{escape(note)}</li>' for note in found.notes)
    notes = f'<ul class="e-notes w-note">{notes}</ul>' if notes else ""
    changed = [change for change in found.changes if change.better is not None]
    same = [change for change in found.changes if change.better is None]
    certain = sum(change.certain for change in changed)
    summary = (
        WORDS.translated(language, "certain", n=certain) if certain else WORDS.translated(language, "nothing_certain")
    )
    html = (
        f'<h3><span dir="auto">{escape(found.set_name)}</span> · '
        f"{WORDS.translated(language, 'questions', n=found.questions)}</h3><p>{summary}</p>{notes}"
    )
    if changed:
        html += _changes(changed, language)
    if same:
        html += (
            f'<details class="e-same"><summary>{WORDS.translated(language, "unchanged", n=len(same))}</summary>'
            f"{_changes(same, language)}</details>"
        )
    for change in changed:
        if change.name in DECISIVE:
            html += _flips("lost", change, change.lost, language) + _flips("won", change, change.won, language)
    return html


def _changes(changes: Sequence[Change], language: str) -> str:
    columns = ("measure", "before", "after", "difference", "verdict")
    head = "".join(
        f'<th role="columnheader" scope="col"{" class=w-number" if name in columns[1:4] else ""}>'
        f"{WORDS.translated(language, f'column_{name}')}</th>"
        for name in columns
    )
    return (
        f'<table class="w-table e-changes" role="table"><thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(_change(change, language) for change in changes)}</tbody></table>'
    )


def _change(change: Change, language: str) -> str:
    verdict = "same" if change.better is None else "better" if change.better else "worse"
    noise = (
        "" if change.better is None else WORDS.translated(language, "more_than_noise" if change.certain else "noise")
    )

    def cell(name: str, value: str) -> str:
        label = f'<span class="w-label" aria-hidden="true">{WORDS.translated(language, f"column_{name}")}</span>'
        return f'<td role="cell" class="w-number">{label}{escape(value)}</td>'

    return (
        f'<tr role="row"><td role="cell">{_measure(change.name, change.label, language)}</td>'
        f"{cell('before', change.before)}{cell('after', change.after)}{cell('difference', change.difference)}"
        f'<td role="cell" class="e-{verdict}{" e-certain" if change.certain else ""}">'
        f'{WORDS.translated(language, f"verdict_{verdict}")} <span class="w-note">{noise}</span></td></tr>'
    )


def _flips(kind: str, change: Change, flips: Sequence[Flip], language: str) -> str:
    if not flips:
        return ""
    items = "".join(
        f'<li><span dir="auto">{escape(flip.question)}</span> <span class="w-note">{escape(flip.id)}</span></li>'
        for flip in flips[:FLIPS_SHOWN]
    )
    return (
        f'<details class="e-flips e-{kind}"><summary>{_measure(change.name, change.label, language)}: '
        f"{WORDS.translated(language, kind, n=len(flips))}</summary><ul>{items}</ul></details>"
    )

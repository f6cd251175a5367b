"""A written answer as HTML: each sentence with its verdict, which model wrote it, and that it was checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.chat import turn
from assistant.chat.library import Library
from assistant.chat.markup import escape, language_attribute
from assistant.chat.strings import text, translated, translated_attribute
from assistant.types import Answer, Citation
from assistant.writing.types import SentenceChecked, WrittenAnswer
from assistant.writing.verifier import KEPT, MARKED, REPOINTED, STRUCK, Checked

_SIGNS = {KEPT: "✓", REPOINTED: "⤳", MARKED: "+", STRUCK: "✗"}


Judged = Callable[[Answer, str], str]


@dataclass(frozen=True, slots=True)
class Progress:
    """A written answer as far as it is: `extractive` stands behind it, `sentences` were checked, with their markers.

    `run` is the page's name for it while it is being written, `typed` what was asked where it was rewritten, `begun` says that
    the model writes, `written` is the whole.
    """

    extractive: Answer
    model: str
    run: str
    typed: str
    passages: int
    sentences: tuple[tuple[Checked, tuple[int, ...]], ...] = ()
    citations: tuple[Citation, ...] = ()
    begun: bool = False
    written: WrittenAnswer | None = None

    def beginning(self) -> Progress:
        """The same with the model writing its first sentence."""
        return replace(self, begun=True)

    def with_sentence(self, event: SentenceChecked) -> Progress:
        """The same with one sentence more."""
        return replace(
            self,
            sentences=(*self.sentences, (event.sentence, event.numbers)),
            citations=event.citations,
            begun=True,
        )

    def finished(self, written: WrittenAnswer) -> Progress:
        """The whole."""
        return replace(self, written=written)


def written_turn_html(
    progress: Progress, library: Library, language: str, turn_id: int, judged: Judged | None = None
) -> str:
    """The turn: sentences with their verdicts, and the evidence of those that stand.

    `judged` gives, under a whole answer, the HTML by which people say what they think of it.
    """
    before = turn.followed_html(progress.typed, language) + turn.applied_html(
        progress.extractive.where, library, language
    )
    if progress.written is None:
        answer = replace(progress.extractive, text="", citations=progress.citations)
        body = before + _sentences_html(progress, answer, language) + _progress_html(progress, language)
        return turn.framed_html(answer, library, language, turn_id, body, "streaming")
    written = progress.written
    answer = written.answer
    if written.by_model:
        body = before + _sentences_html(progress, answer, language) + _made_html(written, language)
    else:
        body = before + _why_html(written, language) + turn.quoted_html(answer, language)
        body += _discarded_html(progress, answer, language)
    by = "model" if written.by_model else "documents"
    record = turn.record_json(answer, library, progress.typed, written.model if written.by_model else "")
    judging = judged(answer, language) if judged else ""
    return turn.framed_html(
        answer, library, language, turn_id, f'<div data-by="{by}">{body}</div>', "done", record=record, judging=judging
    )


def _sentences_html(progress: Progress, answer: Answer, language: str) -> str:
    if not progress.sentences:
        return ""
    titles = {citation.marker: citation.title for citation in answer.citations}
    last = len(progress.sentences) - 1
    growing = progress.written is None
    parts = [
        _sentence_html(checked, numbers, titles, language, new=growing and place == last)
        for place, (checked, numbers) in enumerate(progress.sentences)
    ]
    return f'<div class="q-text q-written" {language_attribute(answer.language)}><p class="q-part">{" ".join(parts)}</p></div>'


def _sentence_html(
    checked: Checked, numbers: Sequence[int], titles: dict[int, str], language: str, *, new: bool = False
) -> str:
    fresh = " q-new" if new else ""
    if not numbers:
        return (
            f'<span class="q-said q-struck{fresh}" dir="auto" data-verdict="{STRUCK}"><span class="q-sign" aria-hidden="true">✗</span>'
            f'<span class="q-hidden">{translated(language, "writing_struck")} </span><del>{escape(checked.text)}</del> '
            f'<span class="q-reason">({escape(checked.reason or text(language, "writing_unsupported"))})</span></span>'
        )
    chips = "".join(
        f'<button type="button" class="q-chip" data-marker="{marker}" '
        f"{translated_attribute(language, 'label', 'citation', n=marker, title=titles.get(marker, ''))}>{marker}</button>"
        for marker in numbers
    )
    key = f"writing_{checked.verdict}"
    words, _, last = checked.text.rpartition(" ")
    sign = (
        f'<span class="q-sign q-sign-{checked.verdict}" role="img" {translated_attribute(language, "label", key)} '
        f"{translated_attribute(language, 'title', key)}>{_SIGNS[checked.verdict]}</span>"
    )
    return (
        f'<span class="q-said{fresh}" dir="auto" data-verdict="{checked.verdict}">{escape(words)} '
        f'<span class="q-keep">{escape(last)}{chips}{sign}</span></span>'
    )


def _progress_html(progress: Progress, language: str) -> str:
    """What the model is doing, and the name by which it can be stopped."""
    if progress.begun:
        words = translated(language, "writing_sentence", n=len(progress.sentences) + 1)
    else:
        words = translated(language, "writing_reading", n=progress.passages)
    return (
        f'<p class="q-quiet q-progress q-writing" data-run="{escape(progress.run)}"><span class="q-model">'
        f"{escape(progress.model)}</span> {words}</p>"
    )


def _made_html(written: WrittenAnswer, language: str) -> str:
    """Which model wrote it, that it was checked, and what came of the check."""
    counts = [
        f'<li class="q-count-{verdict}"><span aria-hidden="true">{_SIGNS[verdict]}</span> '
        f"{translated(language, f'writing_{verdict}_count', n=n)}</li>"
        for verdict in (KEPT, REPOINTED, MARKED, STRUCK)
        if (n := sum(one.verdict == verdict for one in written.sentences))
    ]
    note = f'<p class="q-note">{escape(_sentence_case(written.note))}</p>' if written.note else ""
    return (
        f'<div class="q-made"><p>{translated(language, "writing_made", model=written.model)}</p>'
        f'<ul class="q-counts">{"".join(counts)}</ul>{note}</div>'
    )


def _why_html(written: WrittenAnswer, language: str) -> str:
    """Why the answer is not the model's; nothing where the documents do not answer, which was not asked of the model."""
    if not written.fallback:
        return ""
    return (
        f'<div class="q-fallback" {language_attribute(written.answer.language)}><p><strong>'
        f"{translated(language, 'writing_fallback', model=written.model)}</strong> "
        f"{escape(_sentence_case(written.fallback))}</p></div>"
    )


def _discarded_html(progress: Progress, answer: Answer, language: str) -> str:
    """What the model wrote where it is not the answer, folded away."""
    if not progress.sentences:
        return ""
    items = "".join(
        f'<li dir="auto"><span class="q-sign q-sign-{one.verdict}" aria-hidden="true">{_SIGNS[one.verdict]}</span> {escape(one.text)}'
        + (f' <span class="q-reason">({escape(one.reason)})</span>' if one.reason else "")
        + "</li>"
        for one, _ in progress.sentences
    )
    return (
        f'<details class="q-discarded"><summary>{translated(language, "writing_discarded", n=len(progress.sentences))}'
        f"</summary><ul {language_attribute(answer.language)}>{items}</ul></details>"
    )


def _sentence_case(line: str) -> str:
    line = line[:1].upper() + line[1:]
    return line if line.endswith((".", "…")) else f"{line}."

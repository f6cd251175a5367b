"""The gate before a new generation: its answers to question sets against those of the generation that is live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.assistant import Assistant
from assistant.bridge import Bridge
from eval.errors import GateError
from eval.evaluate import Evaluation, Progress, evaluate, text_lookup
from eval.questions import load_question_set
from eval.scoring import TextOf
from eval.types import Answerer
from index.embedding import Embedder
from index.store import open_folder

MEASURES = {"correct": "right or rightly refused", "evidence@5": "evidence in the first five"}
NAMED = 20


@dataclass(frozen=True, slots=True)
class Judgement:
    """One measure of one set: its mean before and after, and the questions lost (id and question)."""

    measure: str
    before: float
    after: float
    lost: tuple[tuple[str, str], ...]


def question_gate(
    sets: Sequence[Path],
    *,
    tolerance: float = 0.02,
    say: Callable[[str], None] = lambda _: None,
    progress: Progress = lambda *_: None,
) -> Callable[[Path, Path | None, Embedder], None]:
    """A gate for `index.build.build_index`: refuses a generation that loses more than `tolerance` of a set.

    Both generations answer every question; the share answered right (or rightly refused) and the share whose evidence
    is among the first five passages may each fall by `tolerance` at most. Raises GateError with the questions lost,
    and SetError for a set that names what neither generation holds.
    """

    def gate(candidate: Path, live: Path | None, embedder: Embedder) -> None:
        if live is None:
            say("gate: there is no earlier generation to compare with")
            return
        bridge = Bridge()
        opened: list[Assistant] = []
        try:
            for folder in (live, candidate):
                opened.append(Assistant(open_folder(folder), embedder, bridge=bridge))  # noqa: PERF401
            for path in sets:
                _judge(path, opened[0], opened[1], tolerance, say, progress)
        finally:
            for assistant in opened:
                assistant.generation.close()
            bridge.close()

    return gate


def _judge(
    path: Path,
    before: Answerer,
    after: Answerer,
    tolerance: float,
    say: Callable[[str], None],
    progress: Progress,
) -> None:
    # Each quote must stand in one of the two: a document that went away is a loss to be counted, not an error.
    questions = load_question_set(path, _either(text_lookup(before), text_lookup(after)))
    was = evaluate(questions, before, progress=progress)
    now = evaluate(questions, after, progress=progress)
    judgements = [judged for measure in MEASURES if (judged := judge(measure, was, now)) is not None]
    for judged in judgements:
        say(f"gate: {path.name}: {MEASURES[judged.measure]} {judged.before:.3f} before, {judged.after:.3f} after")
    for judged in judgements:
        if judged.before - judged.after > tolerance + 1e-9:
            lost = "; ".join(f"{id_} ({question})" for id_, question in judged.lost[:NAMED])
            more = f"; and {len(judged.lost) - NAMED} more" if len(judged.lost) > NAMED else ""
            raise GateError(
                f"the new generation was not published: {MEASURES[judged.measure]} on {path.name} falls from "
                f"{judged.before:.3f} to {judged.after:.3f}, by more than {tolerance:g}. Lost: {lost}{more}. "
                "The index is as it was; mend the sources, or build without --gate"
            )


def judge(measure: str, before: Evaluation, after: Evaluation) -> Judgement | None:
    """One measure on the questions that have it in both evaluations; None if there are none."""
    old = _scores(before, measure)
    new = _scores(after, measure)
    shared = [id_ for id_ in old if id_ in new]
    if not shared:
        return None
    text = {question.id: question.question for question in before.questions.questions}
    lost = tuple((id_, text[id_]) for id_ in shared if new[id_] < old[id_])
    mean_before, mean_after = (sum(scores[id_] for id_ in shared) / len(shared) for scores in (old, new))
    return Judgement(measure, mean_before, mean_after, lost)


def _scores(evaluation: Evaluation, measure: str) -> Mapping[str, float]:
    return {q.id: q.scores[measure] for q in evaluation.result.questions if measure in q.scores}


def _either(before: TextOf, after: TextOf) -> TextOf:
    def text_of(doc_id: str) -> str | None:
        found = [text for text in (before(doc_id), after(doc_id)) if text is not None]
        return "\n".join(dict.fromkeys(found)) if found else None

    return text_of

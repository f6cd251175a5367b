"""Asking a set: every question asked as a user would, then scored and summed up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.types import Answer
from eval.baselines import Baseline
from eval.corpora import kept
from eval.ranking import DEPTH, rank_documents, retrieval_scores
from eval.results import IndexIdentity, QuestionResult, RemovalResult, SetResult
from eval.scoring import TextOf, score_hits, score_question
from eval.summary import language_gap, slice_by, summarise, summarise_baseline, summarise_removal
from eval.types import Answerer, Question, QuestionSet, Ranking
from index.errors import QuestionError, QuipuError
from index.types import Manifest

if TYPE_CHECKING:
    from assistant.writing.types import WrittenAnswer

Progress = Callable[[str, int, int], None]
"""Told of work as it is done: `(what, done, total)`."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A set's figures with the answers and the runs (by system) that they come from."""

    result: SetResult
    answers: Mapping[str, Answer]
    runs: Mapping[str, Mapping[str, Ranking]]
    questions: QuestionSet
    written: Mapping[str, WrittenAnswer] = field(default_factory=dict)


def evaluate(
    questions: QuestionSet,
    assistant: Answerer,
    *,
    baselines: Sequence[Baseline] = (),
    removed: Answerer | None = None,
    progress: Progress = lambda *_: None,
) -> Evaluation:
    """Measure `assistant` on a set, and baselines beside it.

    `removed` answers from the half of the corpus that is kept, for questions whose passage is gone. The first
    question is asked once more than it is timed: what is loaded on first use belongs to no question.
    """
    text_of = text_lookup(assistant)
    asked = questions.questions
    _ask(assistant, asked[0])
    answers: dict[str, Answer] = {}
    for done, question in enumerate(asked, start=1):
        answers[question.id] = _ask(assistant, question)
        progress(f"{questions.name}: asking", done, len(asked))
    runs: dict[str, dict[str, Ranking]] = {
        "quipu": {id_: rank_documents(answer.hits) for id_, answer in answers.items()}
    }
    retrieval = retrieval_scores(questions.qrels, runs["quipu"])
    results = [
        score_question(
            question,
            answers[question.id],
            questions.kind,
            text_of,
            retrieval.get(question.id, {}),
            _gold_language(question, questions, assistant),
        )
        for question in asked
    ]
    baseline_results = []
    for baseline in baselines:
        progress(f"{questions.name}: {baseline.label}", 0, 1)
        found = baseline.search_all([question.question for question in asked], DEPTH)
        baseline_hits = {question.id: hits_ for question, hits_ in zip(asked, found, strict=True)}
        runs[baseline.name] = {id_: rank_documents(hits) for id_, hits in baseline_hits.items()}
        own = retrieval_scores(questions.qrels, runs[baseline.name])
        scores = {q.id: score_hits(q, baseline_hits[q.id], own.get(q.id, {})) for q in asked}
        baseline_results.append(summarise_baseline(baseline.name, baseline.label, scores, results))
        progress(f"{questions.name}: {baseline.label}", 1, 1)
    removal = _ask_removed(questions, removed, progress) if removed is not None else ()
    result = SetResult(
        name=questions.name,
        path=str(questions.path),
        sha256=questions.sha256,
        kind=questions.kind,
        tuned=questions.tuned,
        index=index_identity(assistant.manifest),
        measures=summarise(results) | summarise_removal(removal),
        slices=slice_by(results),
        language_gap=language_gap(_in_language(results, "en"), _in_language(results, "es")),
        baselines=tuple(baseline_results),
        questions=tuple(results),
        removal=removal,
    )
    return Evaluation(result, answers, runs, questions)


def text_lookup(assistant: Answerer) -> TextOf:
    """The texts of the assistant's documents, each read once; None for what is not a document."""
    known = frozenset(assistant.doc_ids())
    texts: dict[str, str] = {}

    def text_of(doc_id: str) -> str | None:
        if doc_id not in known:
            return None
        if doc_id not in texts:
            texts[doc_id] = assistant.document(doc_id).text
        return texts[doc_id]

    return text_of


def index_identity(manifest: Manifest) -> IndexIdentity:
    """What a report says of an index."""
    return IndexIdentity(
        generation=manifest.generation,
        model=manifest.model_name,
        model_sha256=manifest.model_sha256,
        format_version=manifest.format_version,
        chunker=dict(manifest.chunker),
        documents=manifest.documents,
        passages=manifest.passages,
    )


def _ask(assistant: Answerer, question: Question) -> Answer:
    """The answer; a question that cannot be asked counts as refused, with the reason as its text."""
    try:
        return assistant.ask(question.question, DEPTH)
    except QuestionError as error:
        return Answer(question.question, str(error), (), (), True, 0.0, question.lang, {}, "")


def _ask_removed(questions: QuestionSet, removed: Answerer, progress: Progress) -> tuple[RemovalResult, ...]:
    results = []
    for done, question in enumerate(questions.questions, start=1):
        answer = _ask(removed, question)
        left = any(kept(doc_id) for doc_id in question.docs)
        results.append(RemovalResult(question.id, left, answer.abstained, answer.confidence))
        progress(f"{questions.name}: half of the passages removed", done, len(questions.questions))
    return tuple(results)


def _gold_language(question: Question, questions: QuestionSet, assistant: Answerer) -> str:
    """The language of the gold: a BEIR query's stands in its document, a question set's is the question's own."""
    if questions.kind == "beir" and question.answers:
        try:
            language = assistant.document(question.docs[0]).language
        except (QuipuError, KeyError):
            return question.lang
        return language if language != "und" else question.lang
    return question.lang


def _in_language(results: Sequence[QuestionResult], lang: str) -> list[QuestionResult]:
    return [result for result in results if result.lang == lang]

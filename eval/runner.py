"""Running sets: open or build what they are about, evaluate, write what was found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from eval.baselines import Baseline
from eval.beir import load_beir
from eval.corpora import corpus_index
from eval.errors import SetError
from eval.evaluate import Evaluation, Progress, evaluate, text_lookup
from eval.provenance import provenance
from eval.questions import load_question_set
from eval.results import Results, load_results, save_results
from eval.summary import set_gaps
from eval.system import Quipu, System
from eval.trec import write_qrels, write_run
from eval.types import Answerer, QuestionSet
from index.store import index_folder

if TYPE_CHECKING:
    from assistant.writing.config import LlmSettings
    from assistant.writing.writer import Writer

HITS_WRITTEN = 10


def run(
    sets: str | Path | Sequence[str | Path],
    *,
    index_dir: Path | None = None,
    out: str | Path | None = None,
    baseline: bool = False,
    unanswerable: bool = False,
    tuned: bool = False,
    llm: LlmSettings | None = None,
    system: System | None = None,
    progress: Progress = lambda *_: None,
) -> Results:
    """Evaluate question sets (.jsonl) and BEIR folders, and write the report into `out` if it is given.

    `index_dir` is the index that question sets are about, by default QUIPU_INDEX or `.index`; a BEIR folder's
    corpus is indexed into the user's cache. `baseline` measures plain LangChain, BM25 and dense vectors beside it.
    `unanswerable` asks the questions of BEIR folders again with half of the passages removed. `tuned` marks every
    set as used for tuning, as those that are called `dev` are anyhow. `llm` is a language model whose written answers are
    measured beside the extractive ones. Raises `SetError`, and what the assistant
    raises on opening an index.
    """
    paths = [Path(path) for path in ([sets] if isinstance(sets, (str, Path)) else sets)]
    if not paths:
        raise SetError("no set was given; expected question sets (.jsonl) or BEIR folders")
    owned = system is None
    system = system or Quipu()
    made = provenance({"model": system.model, "baseline": baseline, "unanswerable": unanswerable, **system.options})
    if llm is not None:
        made = replace(made, options={**made.options, "language model": llm.label})
    bench = _Bench(system, index_folder(index_dir), tuned=tuned, progress=progress)
    try:
        loaded = [bench.load(path) for path in paths]
        names = [questions.name for questions in loaded]
        for name in names:
            if names.count(name) > 1:
                raise SetError(f'two sets are called "{name}"; evaluate them one by one, or rename one')
        evaluations = [bench.evaluate(questions, baseline=baseline, unanswerable=unanswerable) for questions in loaded]
        if llm is not None:
            evaluations = [bench.write(evaluation, llm) for evaluation in evaluations]
    finally:
        if owned:
            system.close()
    found = tuple(evaluation.result for evaluation in evaluations)
    results = Results(made, found, set_gaps(found))
    if out is not None:
        write(results, evaluations, Path(out))
    return results


def write(results: Results, evaluations: Sequence[Evaluation], out: Path) -> None:
    """Write results.json and report.html, and for each set its answers, runs and qrels.

    These go into `out` itself for one set, into a folder of the set's name for several.
    """
    from eval.report import write_report

    out.mkdir(parents=True, exist_ok=True)
    save_results(results, out)
    # The page is drawn from the figures as saved, rounded, so that drawing it again later gives the same page.
    write_report(load_results(out), out)
    for evaluation in evaluations:
        folder = out if len(evaluations) == 1 else out / evaluation.result.name
        folder.mkdir(exist_ok=True)
        for system, ranked in evaluation.runs.items():
            write_run(folder / ("run.trec" if system == "quipu" else f"run-{system}.trec"), ranked, system)
        write_qrels(folder / "qrels.trec", evaluation.questions.qrels)
        lines = [
            json.dumps(replace(answer, hits=answer.hits[:HITS_WRITTEN]).to_json(question_id), ensure_ascii=False) + "\n"
            for question_id, answer in evaluation.answers.items()
        ]
        if evaluation.written:
            from eval.writing import save_written

            save_written(evaluation.written, folder)
        (folder / "answers.jsonl").write_text("".join(lines), encoding="utf-8")


class _Bench:
    """The indexes that a run has opened, each once."""

    def __init__(self, system: System, index_dir: Path, *, tuned: bool, progress: Progress) -> None:
        self.system = system
        self.index_dir = index_dir
        self.tuned = tuned
        self.progress = progress
        self._assistants: dict[Path, Answerer] = {}
        self._made: dict[Path, Sequence[Baseline]] = {}
        self._writer: Writer | None = None

    def load(self, path: Path) -> QuestionSet:
        """The set at `path`; a question set is checked against the index that it is about."""
        if path.is_dir():
            return load_beir(path, tuned=self.tuned)
        if not path.is_file():
            raise SetError(f"{path}: not found; expected a question set (.jsonl) or a BEIR folder")
        return load_question_set(path, text_lookup(self._open(self.index_dir)), tuned=self.tuned)

    def evaluate(self, questions: QuestionSet, *, baseline: bool, unanswerable: bool) -> Evaluation:
        """Evaluate one set."""
        index_dir, removed = self.index_dir, None
        if questions.corpus is not None:
            index_dir = self._corpus(questions, questions.corpus, half=False)
            if unanswerable:
                removed = self._open(self._corpus(questions, questions.corpus, half=True))
        return evaluate(
            questions,
            self._open(index_dir),
            baselines=self._baselines(index_dir) if baseline else (),
            removed=removed,
            progress=self.progress,
        )

    def write(self, evaluation: Evaluation, llm: LlmSettings) -> Evaluation:
        """The evaluation with answers written by a language model beside the extractive ones."""
        from assistant.assistant import Assistant
        from assistant.writing.writer import Writer
        from eval.writing import compare_written, write_all

        corpus = evaluation.questions.corpus
        assistant = self._open(
            self.index_dir if corpus is None else self._corpus(evaluation.questions, corpus, half=False)
        )
        if not isinstance(assistant, Assistant):
            raise SetError("this system cannot write answers with a language model; leave out --llm")
        if self._writer is None or self._writer.assistant is not assistant:
            self._writer = Writer(assistant, llm, model=self._writer.model if self._writer is not None else None)
        written = write_all(evaluation.questions, self._writer, self.progress)
        result = replace(evaluation.result, written=compare_written(evaluation, written, assistant))
        return replace(evaluation, result=result, written=written)

    def _corpus(self, questions: QuestionSet, folder: Path, *, half: bool) -> Path:
        self.progress(f"{questions.name}: indexing", 0, 1)
        index_dir = corpus_index(folder, self.system.model, self.system.build, half=half)
        self.progress(f"{questions.name}: indexing", 1, 1)
        return index_dir

    def _open(self, index_dir: Path) -> Answerer:
        if index_dir not in self._assistants:
            self._assistants[index_dir] = self.system.open(index_dir)
        return self._assistants[index_dir]

    def _baselines(self, index_dir: Path) -> Sequence[Baseline]:
        if index_dir not in self._made:
            self._made[index_dir] = self.system.baselines(index_dir)
        return self._made[index_dir]

"""`Assistant.ask`: the one way from a question to a cited answer."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant import wording
from assistant.bridge import Bridge
from assistant.clauses import clauses
from assistant.filters import Facets, Filter
from assistant.judging import Judged, judge, ranked
from assistant.reading import Quote, lacks_kind, read, without_repeats
from assistant.retrieval import Found, Query, Retriever, Settings
from assistant.sentence_network import packaged_network
from assistant.types import Answer, Hit
from assistant.verifying import Cited, cite
from assistant.weights import Weights, log_odds, packaged_weights, sigmoid
from index.embedding import Embedder, open_embedder
from index.errors import IndexFormatError, QuestionError
from index.lexical import STEMMERS, terms
from index.store import Generation, open_generation
from index.types import Document, Manifest, Passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from assistant.writing.config import LlmSettings
    from assistant.writing.followup import Turn
    from assistant.writing.streaming import Stop
    from assistant.writing.support import SupportChecker
    from assistant.writing.types import Event
    from assistant.writing.writer import Writer

LONGEST_QUESTION = 2_000
# How much the whole of a question that asks several things counts beside its weakest clause, where these tell otherwise.
WHOLE = 0.25


class Assistant:
    """Answers questions over one generation of an index. Thread-safe."""

    def __init__(
        self,
        generation: Generation,
        embedder: Embedder,
        *,
        settings: Settings | None = None,
        weights: Weights | None = None,
        bridge: Bridge | None = None,
    ) -> None:
        if (embedder.sha256, embedder.dim) != (generation.manifest.model_sha256, generation.manifest.dim):
            raise IndexFormatError(
                f"the index was built with the model {generation.manifest.model_name}, not with {embedder.name}; "
                f"build it again with --model {embedder.name}, or ask with the other model"
            )
        self.generation = generation
        self.retriever = Retriever(generation, embedder, bridge or Bridge(), settings)
        self.weights = weights or packaged_weights()
        fitted = packaged_network()
        self.network = fitted if weights is None and fitted and fitted.model == embedder.sha256 else None
        self.threshold = self.network.threshold if self.network else self.weights.threshold
        self._writers: dict[LlmSettings, Writer] = {}
        self._writers_lock = Lock()

    @classmethod
    def open(cls, index: Path, *, settings: Settings | None = None) -> Assistant:
        """Open the live generation of `index` with the model that it was built with.

        Raises IndexMissingError, IndexFormatError, IndexDamagedError or ModelError.
        """
        generation = open_generation(index)
        try:
            return cls(generation, open_embedder(generation.manifest.model_name), settings=settings)
        except BaseException:
            generation.close()
            raise

    @property
    def manifest(self) -> Manifest:
        """The manifest of the generation that answers."""
        return self.generation.manifest

    @property
    def generation_id(self) -> str:
        """The id of the generation that answers."""
        return self.manifest.generation

    def ask(self, question: str, k: int = 10, where: Filter | None = None) -> Answer:
        """Answer `question` with verbatim, cited sentences, or refuse. `k` is the number of hits to return.

        With a filter, only what fits it is searched and quoted. Raises QuestionError for a question without words or
        with more than 2,000 characters, and FilterError for a filter that cannot be applied or leaves nothing.
        """
        return self.ask_with_found(question, k, where)[0]

    def ask_with_found(
        self,
        question: str,
        k: int = 10,
        where: Filter | None = None,
        *,
        query: Query | None = None,
        rows: NDArray[np.int64] | None = None,
    ) -> tuple[Answer, Found]:
        """The answer as `ask` gives it, with everything that was found on the way.

        `query` and `rows` are as in `Retriever.find`: who asks the same question of many documents makes it ready once.
        """
        started = time.perf_counter()
        found = self.retriever.find(checked(question), where, query=query, rows=rows)
        read_from = time.perf_counter()
        judged = judge(found, self.weights, self.network)
        chosen, confidence = self._read(found, judged)
        if query is None:
            chosen, confidence = self._read_clauses(found.query.text, where, chosen, confidence)
        verify_from = time.perf_counter()
        # A list may go on, or a passage hold another section, under a heading that the filter leaves out.
        quotes = [quote for quote in chosen if not where or where.fits(quote.passage, quote.start)]
        cited = cite(quotes, self.generation.corpus)
        ended = time.perf_counter()
        timings = {
            **found.timings_ms,
            "read": (verify_from - read_from) * 1e3,
            "verify": (ended - verify_from) * 1e3,
            "total": (ended - started) * 1e3,
        }
        found = ranked(found, judged)
        return self._answer(question, found, cited, confidence, timings, k, where), found

    def _read(self, found: Found, judged: Judged) -> tuple[tuple[Quote, ...], float]:
        """The quotes that answer, none for a refusal, and the confidence."""
        # A question without content words ("?", "and who is it?") names nothing that a document could be asked for.
        confidence = sigmoid(judged.log_odds) if judged.views and found.query.asked.words else 0.0
        chosen = read(found, judged, self.generation.corpus) if confidence >= self.threshold else ()
        if chosen and lacks_kind(found, chosen):
            return (), self.threshold / 2
        return chosen, confidence

    def _read_clauses(
        self, question: str, where: Filter | None, chosen: tuple[Quote, ...], confidence: float
    ) -> tuple[tuple[Quote, ...], float]:
        """What answers each clause of a question that asks several things, beside `chosen` if not all clauses have an answer.

        Where the whole question would be refused, its own log odds count `WHOLE` beside those of the weakest clause.
        """
        parts = []
        for clause in clauses(question):
            found = self.retriever.find(clause, where)
            parts.append(self._read(found, judge(found, self.weights, self.network)))
        if not parts:
            return chosen, confidence
        of_clauses = without_repeats(chain(*(quotes for quotes, _ in parts)))
        weakest = min(certainty for _, certainty in parts)
        if chosen:
            answered = all(quotes for quotes, _ in parts)
            return (of_clauses if answered else without_repeats((*chosen, *of_clauses))), confidence
        both = sigmoid(WHOLE * log_odds(confidence) + (1 - WHOLE) * log_odds(weakest))
        return (of_clauses, both) if weakest >= self.threshold <= both else (chosen, confidence)

    def _answer(
        self,
        question: str,
        found: Found,
        cited: tuple[Cited, ...],
        confidence: float,
        timings: dict[str, float],
        k: int,
        where: Filter | None,
    ) -> Answer:
        language = found.query.language
        missing = found.query.asked.missing()
        hits = tuple(found.hits(k))
        citations = tuple(citation for citation, _ in cited)
        text = wording.answer(cited) if cited else wording.refusal(language, missing, bool(hits))
        return Answer(
            question,
            text,
            citations,
            hits,
            not citations,
            confidence,
            language,
            timings,
            self.manifest.generation,
            missing if not citations else (),
            where or None,
        )

    def refuse(self, question: str, reason: str) -> Answer:
        """The answer to a question that cannot be asked: a refusal that says why."""
        timings = dict.fromkeys(("embed", "search", "rerank", "read", "verify", "total"), 0.0)
        return Answer(question, reason, (), (), True, 0.0, "en", timings, self.manifest.generation)

    def search(self, query: str, k: int = 10, where: Filter | None = None) -> list[Hit]:
        """The `k` best passages for `query`, of those that fit the filter; raises as `ask` does."""
        found = self.retriever.find(checked(query), where)
        return ranked(found, judge(found, self.weights, self.network)).hits(k)

    @property
    def facets(self) -> Facets:
        """What a filter can go by in this index."""
        return self.retriever.facets

    def write(
        self, question: str, settings: LlmSettings, k: int = 10, history: Sequence[Turn] = (), stop: Stop | None = None
    ) -> Iterator[Event]:
        """An answer written by a language model, as events; see `assistant.writing.writer.Writer.write`.

        The model is opened on the first use of these settings and kept. Raises ConfigurationError.
        """
        from assistant.writing.writer import Writer

        with self._writers_lock:
            if settings not in self._writers:
                self._writers[settings] = Writer(self, settings)
        yield from self._writers[settings].write(question, k, history, stop)

    def writing_checker(self) -> SupportChecker:
        """What checks written sentences against the passages of this index."""
        from assistant.writing.support import SupportChecker

        return SupportChecker(self.generation, self.retriever.embedder, self.retriever.bridge)

    def document(self, doc_id: str) -> Document:
        """One document with its whole text; SourceError if the index holds none of that name."""
        return self.generation.corpus.document(doc_id)

    def doc_ids(self) -> tuple[str, ...]:
        """All doc_ids in the order of the index."""
        return self.generation.corpus.doc_ids()

    def source_file(self, doc_id: str) -> Path | None:
        """The file that a document was read from; None where it is gone, or is not a file inside the source folder."""
        if doc_id not in self.doc_ids():
            return None
        try:
            source = Path(self.manifest.source).resolve(strict=True)
            path = (source / doc_id).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            return None
        return path if path.is_file() and path.is_relative_to(source) else None

    def passages(self, doc_id: str) -> list[Passage]:
        """A document's passages, in order; empty for an unknown document."""
        return self.generation.corpus.passages_of(doc_id)

    def encode_questions(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of questions, `(questions, dim)`, as the index is searched with."""
        encoded = self.retriever.embedder.encode(list(questions), "query")
        return np.array([one.vector for one in encoded], dtype=np.float32)

    def holds_term(self, term: str) -> bool:
        """Whether a word of the term occurs in the documents, in either language's inflection."""
        lexical = self.generation.lexical
        return any(lexical.document_frequency(stem, tongue) for tongue in STEMMERS for stem in terms(term, tongue))

    def close(self) -> None:
        """Let go of files and helper programs."""
        self.retriever.bridge.close()
        self.generation.close()


def checked(question: str) -> str:
    """The question without surrounding white space; raises QuestionError if it cannot be asked."""
    text = question.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip()
    if not text:
        raise QuestionError("the question is empty; type a question in English or Spanish")
    if len(text) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(text):,} characters; expected at most {LONGEST_QUESTION:,}: ask it in fewer words"
        )
    return text

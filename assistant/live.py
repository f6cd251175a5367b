"""An assistant that follows its index: when a build makes a new generation live, it takes that up between questions."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from assistant.assistant import Assistant
from assistant.batching import SharedEncoder
from assistant.bridge import Bridge
from assistant.filters import Facets, Filter
from assistant.retrieval import Settings
from assistant.types import Answer, Hit
from index.embedding import Embedder, open_embedder
from index.errors import QuipuError
from index.lock import Activity, read_activity
from index.store import current_generation, open_generation
from index.types import Document, Manifest, Passage

LOOKS_EVERY = 1.0
"""Seconds between two looks at which generation is live."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


class _Opened:
    """An assistant over one generation, and how many use it at the moment."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.users = 0
        self.retired = False


class LiveAssistant:
    """Answers over the live generation of an index, whichever that is. Thread-safe.

    A question is answered to its end by the generation that it was asked of, which stays open as long; a new one is
    opened beside it, so that no question waits and none fails. A generation that cannot be opened is passed over.
    """

    def __init__(
        self,
        index: Path,
        *,
        embedder: Embedder | None = None,
        bridge: Bridge | None = None,
        settings: Settings | None = None,
        looks_every: float = LOOKS_EVERY,
    ) -> None:
        # Read when torch and FAISS are loaded: their threads sleep while they wait, and leave the cores to other questions.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._index = index
        self._settings = settings
        self._bridge = bridge or Bridge()
        self._lock = Lock()
        self._taking_up = Lock()
        self._passed_over: str | None = None
        self._opened = _Opened(self._open(embedder))
        self._stop = Event()
        self._looking = Thread(target=self._look, args=(looks_every,), name="quipu-generations", daemon=True)
        self._looking.start()

    def _open(self, embedder: Embedder | None) -> Assistant:
        generation = open_generation(self._index)
        manifest = generation.manifest
        try:
            if embedder is None or (embedder.sha256, embedder.dim) != (manifest.model_sha256, manifest.dim):
                # Questions come from many threads at once.
                embedder = SharedEncoder(open_embedder(manifest.model_name))
            return Assistant(generation, embedder, settings=self._settings, bridge=self._bridge)
        except BaseException:
            generation.close()
            raise

    def _look(self, every: float) -> None:
        while not self._stop.wait(every):
            self.refresh()

    def refresh(self) -> bool:
        """Take up the live generation if it is another one; whether it was."""
        with self._taking_up:
            name = current_generation(self._index)
            answering = self._opened.assistant
            if name in (None, answering.manifest.generation, self._passed_over):
                return False
            try:
                opened = _Opened(self._open(answering.retriever.embedder))
            except (QuipuError, OSError) as error:
                self._passed_over = name
                logger.warning("the new generation %s cannot be opened, the one before it goes on: %s", name, error)
                return False
            with self._lock:
                before, self._opened = self._opened, opened
            self._retire(before)
            return True

    def _retire(self, opened: _Opened) -> None:
        """Close a generation as soon as nobody uses it. Helper programs stay: the next one has them too."""
        with self._lock:
            opened.retired = True
            unused = opened.users == 0
        if unused:
            opened.assistant.generation.close()

    @contextmanager
    def pinned(self) -> Iterator[Assistant]:
        """The assistant over the generation that is live now; it answers until the block ends, whatever goes live."""
        with self._lock:
            opened = self._opened
            opened.users += 1
        try:
            yield opened.assistant
        finally:
            with self._lock:
                opened.users -= 1
                unused = opened.retired and opened.users == 0
            if unused:
                opened.assistant.generation.close()

    @property
    def manifest(self) -> Manifest:
        """The manifest of the generation that answers."""
        return self._opened.assistant.manifest

    def activity(self) -> Activity | None:
        """The build that is running on the index, with its stage; None if there is none."""
        return read_activity(self._index)

    @property
    def generation_id(self) -> str:
        """The id of the generation that answers."""
        return self._opened.assistant.generation_id

    @property
    def facets(self) -> Facets:
        """See `Assistant.facets`."""
        with self.pinned() as assistant:
            return assistant.facets

    def source_file(self, doc_id: str) -> Path | None:
        """See `Assistant.source_file`."""
        with self.pinned() as assistant:
            return assistant.source_file(doc_id)

    def ask(self, question: str, k: int = 10, where: Filter | None = None) -> Answer:
        """See `Assistant.ask`."""
        with self.pinned() as assistant:
            return assistant.ask(question, k, where)

    def search(self, query: str, k: int = 10, where: Filter | None = None) -> list[Hit]:
        """See `Assistant.search`."""
        with self.pinned() as assistant:
            return assistant.search(query, k, where)

    def document(self, doc_id: str) -> Document:
        """See `Assistant.document`."""
        with self.pinned() as assistant:
            return assistant.document(doc_id)

    def doc_ids(self) -> Sequence[str]:
        """See `Assistant.doc_ids`."""
        with self.pinned() as assistant:
            return assistant.doc_ids()

    def passages(self, doc_id: str) -> list[Passage]:
        """See `Assistant.passages`."""
        with self.pinned() as assistant:
            return assistant.passages(doc_id)

    def encode_questions(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """See `Assistant.encode_questions`."""
        with self.pinned() as assistant:
            return assistant.encode_questions(questions)

    def holds_term(self, term: str) -> bool:
        """See `Assistant.holds_term`."""
        with self.pinned() as assistant:
            return assistant.holds_term(term)

    def close(self) -> None:
        """Stop looking, and let go of files and helper programs."""
        self._stop.set()
        self._looking.join()
        self._retire(self._opened)
        self._bridge.close()


def pinned(assistant: T) -> AbstractContextManager[T]:
    """`assistant` held to one generation while a question is answered and its evidence shown, if it follows an index."""
    if isinstance(assistant, LiveAssistant):
        return cast(AbstractContextManager[T], assistant.pinned())
    return nullcontext(assistant)

"""Answers written by a language model in the chat: in a line of their own, streamed as checked, stopped when asked.

Nothing of this is imported by a chat without a model.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast

from prometheus_client import Counter

from assistant.chat import turn
from assistant.chat.library import ChatAssistant
from assistant.chat.line import FIRST_PLACE, NEXT_PLACE, Line, LineFullError
from assistant.chat.metrics import Metrics
from assistant.chat.problems import problem_html
from assistant.chat.strings import translated
from assistant.chat.written_html import Judged, Progress, written_turn_html
from assistant.live import pinned
from assistant.writing.config import LlmSettings, is_gguf
from assistant.writing.followup import Turn
from assistant.writing.models import open_model
from assistant.writing.streaming import Stop
from assistant.writing.types import Draft, Event, Finished, SentenceChecked, Started
from assistant.writing.writer import Writer
from index.errors import QuipuError

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.chat.service import Asking

AT_ONCE = 4
"""Answers that a server of models writes at once; a model in this process writes one."""
WAITING = 40
EARLIER = 4
"""Turns of the conversation that a follow-up is rewritten with."""
_LONGEST_ANSWER = 600
_LONGEST_RUN = 64

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Writing:
    """Writes the answers of all visitors of one server with one model, which is opened once. Raises ConfigurationError."""

    def __init__(
        self,
        assistant: ChatAssistant,
        settings: LlmSettings,
        metrics: Metrics,
        *,
        waiting: int = WAITING,
        judged: Judged | None = None,
    ) -> None:
        self.assistant = assistant
        self.settings = settings
        self.metrics = metrics
        self._judged = judged
        self.model = open_model(settings)
        at_once = 1 if is_gguf(settings.model) else AT_ONCE
        self.line = Line(at_once, waiting)
        self._workers = ThreadPoolExecutor(at_once, thread_name_prefix="quipu-writing")
        self._writer: Writer | None = None
        self._running: dict[str, Stop] = {}
        self._lock = Lock()
        self._count = Counter(
            "quipu_written_answers", "Written answers by what came of them.", ["outcome"], registry=metrics.registry
        )
        self._sentences = Counter(
            "quipu_written_sentences", "Written sentences by verdict.", ["verdict"], registry=metrics.registry
        )

    @property
    def label(self) -> str:
        """What the page calls the model."""
        return self.settings.label

    def wanted(self, asked: dict[str, Any]) -> bool:
        """Whether a page asks for a written answer, and not for a verbatim one."""
        return asked.get("mode") != "verbatim"

    def writer(self, assistant: ChatAssistant) -> Writer:
        """The writer over a generation; the latest is kept, and all share the model."""
        with self._lock:
            if self._writer is None or self._writer.assistant is not assistant:
                self._writer = Writer(cast("Assistant", assistant), self.settings, model=self.model)
            return self._writer

    def stop(self, run: object) -> bool:
        """Stop the answer that a page calls `run`; whether it was being written."""
        with self._lock:
            stop = self._running.get(run) if isinstance(run, str) else None
        if stop is not None:
            stop.stop()
        return stop is not None

    async def answer(self, asked: dict[str, Any], asking: Asking) -> AsyncGenerator[str, None]:
        """The turn as HTML, from its place in the line to the whole answer. Left in the middle, the model is stopped."""
        arrived = time.perf_counter()
        stop = Stop()
        run = str(asked.get("run") or secrets.token_hex(12))[:_LONGEST_RUN]
        try:
            ticket = self.line.join()
        except LineFullError:
            self.metrics.count("busy")
            yield self._notice(asking, "error_title", translated(asking.language, "error_busy"))
            return
        with self._lock:
            self._running[run] = stop
        try:
            patience = FIRST_PLACE
            while not await self.line.called(ticket, patience):
                yield turn.waiting_html(_typed(asking), self.line.place(ticket), asking.language, asking.turn_id)
                patience = NEXT_PLACE
            items = _in_thread(self._workers, lambda: self.stages(asked, asking, run, stop, arrived), stop)
            async with aclosing(items) as stages:
                async for html in stages:
                    yield html
        finally:
            stop.stop()
            with self._lock:
                self._running.pop(run, None)
            self.line.leave(ticket)

    def stages(self, asked: dict[str, Any], asking: Asking, run: str, stop: Stop, arrived: float) -> Iterator[str]:
        """The turn as it grows. What cannot be asked, and work that failed, come back as a notice in plain words."""
        try:
            with pinned(self.assistant) as library:
                typed = _typed(asking)
                events = self.writer(library).write(
                    typed, history=history(asked), stop=stop, where=asking.where or None, language=asking.language
                )
                yield from self._grown(events, library, asking, run)
        except QuipuError as error:
            self.metrics.count("rejected")
            yield self._notice(asking, "error_title", problem_html(error, _typed(asking), asking.language))
        except Exception:
            logger.exception("the answer could not be written")
            self.metrics.count("failed")
            yield self._notice(asking, "error_server_title", translated(asking.language, "error_server"))
        else:
            self.metrics.count("answered", time.perf_counter() - arrived)

    def _grown(self, events: Iterator[Event], library: ChatAssistant, asking: Asking, run: str) -> Iterator[str]:
        typed, language, turn_id = _typed(asking), asking.language, asking.turn_id
        progress: Progress | None = None
        for event in events:
            if isinstance(event, Started):
                followed = typed if event.rewritten else ""
                progress = Progress(event.answer, self.label, run, followed, event.passages)
                if event.passages:
                    yield written_turn_html(progress, library, language, turn_id)
                continue
            assert progress is not None, "the first event is always Started"
            if isinstance(event, Draft):
                if progress.begun:
                    continue
                progress = progress.beginning()
            elif isinstance(event, SentenceChecked):
                progress = progress.with_sentence(event)
            elif isinstance(event, Finished):
                progress = progress.finished(event.written)
                self._counted(progress)
            yield written_turn_html(progress, library, language, turn_id, self._judged)

    def _counted(self, progress: Progress) -> None:
        written = progress.written
        assert written is not None
        refused = written.answer.abstained and not written.sentences
        self._count.labels("written" if written.by_model else "refused" if refused else "fallback").inc()
        for one in written.sentences:
            self._sentences.labels(one.verdict).inc()

    def _notice(self, asking: Asking, title: str, message: str) -> str:
        return turn.notice_html(_typed(asking), title, message, asking.language, asking.turn_id)

    def close(self) -> None:
        """Stop whatever is being written."""
        with self._lock:
            for stop in self._running.values():
                stop.stop()
        self._workers.shutdown(wait=False, cancel_futures=True)


def _typed(asking: Asking) -> str:
    return asking.typed or asking.question


def history(asked: dict[str, Any]) -> list[Turn]:
    """The earlier turns that a page sends with a question: `earlier`, pairs of question and answer."""
    earlier = asked.get("earlier")
    turns = [
        Turn(_clean(one[0])[:2_000], _clean(one[1])[:_LONGEST_ANSWER])
        for one in (earlier if isinstance(earlier, list) else [])[-EARLIER:]
        if isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
    ]
    return [one for one in turns if one.question.strip()]


def _clean(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")


async def _in_thread(
    workers: ThreadPoolExecutor, items: Callable[[], Iterator[T]], stop: Stop
) -> AsyncGenerator[T, None]:
    """What an iterator gives, made in a worker thread; where items come faster than they are taken, only the latest."""
    loop = asyncio.get_running_loop()
    latest: list[T] = []
    moved = asyncio.Event()

    def take(item: T) -> None:
        latest[:] = [item]
        moved.set()

    def work() -> None:
        for item in items():
            loop.call_soon_threadsafe(take, item)

    done = loop.run_in_executor(workers, work)
    done.add_done_callback(lambda _: moved.set())
    try:
        while True:
            await moved.wait()
            moved.clear()
            ended = done.done()
            if latest:
                yield latest.pop()
            if ended and not latest:
                break
        await done
    finally:
        stop.stop()

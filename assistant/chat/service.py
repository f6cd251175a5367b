"""From what a page asks to the HTML that it shows: in line, within limits, counted."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.chat import turn
from assistant.chat.library import ChatAssistant
from assistant.chat.limits import Rate
from assistant.chat.line import FIRST_PLACE, NEXT_PLACE, Line, LineFullError
from assistant.chat.metrics import Metrics
from assistant.chat.problems import problem_html
from assistant.chat.strings import known_language, text, translated
from assistant.filters import Filter, FilterError
from assistant.followup import standing
from assistant.live import pinned
from assistant.types import Answer
from index.bounded import ByteCache
from index.errors import QuestionError, QuipuError

if TYPE_CHECKING:
    from assistant.chat.written import Writing

AT_ONCE = 8
"""Questions at work at once: enough of them wait for the encoder to be encoded together."""
KEPT_BYTES = 16_000_000
"""Memory for answers that are kept for those who ask the same again, in the same words and with the same filter."""
WAITING = 200
"""Questions that may wait for their turn at once; more are told to try again."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """What a page asks. `typed` is what the visitor wrote where `question` is a follow-up put so that it stands by itself."""

    question: str
    typed: str
    where: Filter
    language: str
    turn_id: int

    @classmethod
    def of(cls, asked: dict[str, Any]) -> Asking:
        """From `question`, `previous` (the question before, if this may follow up on it), `filter`, `language`, `turn`."""
        number = asked.get("turn")
        typed = _clean(asked.get("question"))
        previous = _clean(asked.get("previous"))
        found = standing(typed, previous) if previous else None
        return cls(
            found or typed,
            typed if found else "",
            Filter.from_json(asked.get("filter")),
            known_language(asked.get("language")),
            number if isinstance(number, int) else 0,
        )


def _clean(value: object) -> str:
    # A page can send half of a surrogate pair, which no UTF-8 response could carry back.
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _size(_: object, answer: Answer) -> int:
    """Bytes that an answer takes, more or less: mostly its passages, each with its sentences."""
    passages = sum(1_500 + 2 * len(hit.passage.text) + 120 * len(hit.passage.sentences) for hit in answer.hits)
    return 2_000 + 4 * len(answer.text) + 500 * len(answer.citations) + passages


class Service:
    """Answers the questions of all visitors of one server.

    The same question has the same answer, whoever asks: the latest answers are kept, and nothing of who asked.
    """

    def __init__(
        self,
        assistant: ChatAssistant,
        metrics: Metrics | None = None,
        *,
        questions_a_minute: float = 0,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
        writing: Writing | None = None,
        judged: Callable[[Answer, str], str] | None = None,
    ) -> None:
        """`judged` gives the HTML, in a language, by which people say what they think of an answer."""
        self.assistant = assistant
        self.writing = writing
        self.metrics = metrics or Metrics()
        self._judged = judged
        self.line = Line(at_once, waiting)
        self.metrics.watch(self.line)
        self._rate = Rate(questions_a_minute, max(1, round(questions_a_minute / 3)))
        self._kept: ByteCache[tuple[str, str, Filter], Answer] = ByteCache(KEPT_BYTES, _size)
        self._workers = ThreadPoolExecutor(at_once, thread_name_prefix="quipu-answer")

    async def answer(self, asked: dict[str, Any], visitor: str) -> AsyncGenerator[str, None]:
        """The turn as HTML, from its place in the line to the whole answer."""
        arrived = time.perf_counter()
        asking = Asking.of(asked)
        if seconds := self._rate.wait(visitor):
            self.metrics.count("limited")
            message = translated(asking.language, "error_limited", n=math.ceil(seconds))
            yield self._notice(asking, "error_title", message)
            return
        if self.writing is not None and self.writing.wanted(asked):
            async with aclosing(self.writing.answer(asked, asking)) as written:
                async for html in written:
                    yield html
            return
        try:
            ticket = self.line.join()
        except LineFullError:
            self.metrics.count("busy")
            message = translated(asking.language, "error_busy")
            yield self._notice(asking, "error_title", message)
            return
        try:
            patience = FIRST_PLACE
            while not await self.line.called(ticket, patience):
                place = self.line.place(ticket)
                yield turn.waiting_html(asking.question, place, asking.language, asking.turn_id)
                patience = NEXT_PLACE
            loop = asyncio.get_running_loop()
            for html in await loop.run_in_executor(self._workers, self._stages, asking, arrived):
                yield html
        finally:
            self.line.leave(ticket)

    def _stages(self, asking: Asking, arrived: float) -> list[str]:
        shown = list(self.stages(asking, arrived))
        # While others wait, an answer comes in one piece.
        return shown[-1:] if self.line.waiting else shown

    def stages(self, asking: Asking, arrived: float | None = None) -> Iterator[str]:
        """The turn as it grows to the whole answer.

        A question that cannot be asked, and work that failed, come back as a notice in plain words.
        """
        begun = time.perf_counter() if arrived is None else arrived
        try:
            with pinned(self.assistant) as library:
                answer = self._answer(asking, library)
                judging = self._judged(answer, asking.language) if self._judged else ""
                yield from turn.stages(
                    answer, library, asking.language, asking.turn_id, typed=asking.typed, judging=judging
                )
            self.metrics.count("refused" if answer.abstained else "answered", time.perf_counter() - begun)
        except QuipuError as error:
            self.metrics.count("rejected")
            if not isinstance(error, (FilterError, QuestionError)):
                logger.warning("the question could not be answered: %s", error)
            message = problem_html(error, asking.question, asking.language)
            yield self._notice(asking, "error_title", message, everywhere=isinstance(error, FilterError))
        except Exception:
            logger.exception("the question could not be answered")
            self.metrics.count("failed")
            yield self._notice(asking, "error_server_title", translated(asking.language, "error_server"))

    def _answer(self, asking: Asking, library: ChatAssistant) -> Answer:
        """The answer, from those that are kept or a new one."""
        key = (library.generation_id, asking.question, asking.where)
        if (kept := self._kept.get(key)) is not None:
            return kept
        answer = library.ask(asking.question, where=asking.where or None)
        self._kept.put(key, answer)
        self.metrics.answered(answer)
        return answer

    def _notice(self, asking: Asking, title: str, message: str, *, everywhere: bool = False) -> str:
        question = asking.typed or asking.question
        return turn.notice_html(question, title, message, asking.language, asking.turn_id, everywhere=everywhere)

    def warm_up(self) -> None:
        """Ask once in each language, uncounted, so that the first visitor's question is as fast as the rest."""
        try:
            for language in ("en", "es"):
                answer = self.assistant.ask(text(language, "warm_up"), where=None)
                for _ in turn.stages(answer, self.assistant, language, 0):
                    pass
        except Exception:
            logger.exception("the first question, asked to warm up, could not be answered")

    def close(self) -> None:
        """Let the workers go."""
        self._workers.shutdown(wait=False, cancel_futures=True)

"""Reading a model's text as it comes: time-outs, retries, a limit, and a stop that is heeded at once."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.writing.config import LlmSettings
from assistant.writing.errors import WritingError, said

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LONGEST_WAIT = 20.0
CHARACTERS_A_TOKEN = 8
"""More than any tokenizer gets into one token on average, so that the limit bites only where the server does not heed its own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, and, where the server tells, the tokens read and written so far."""

    text: str
    read: int = 0
    written: int = 0


class Stop:
    """Asked to stop, a stream ends; may be asked from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def stop(self) -> None:
        """End what is running."""
        self._event.set()

    @property
    def stopped(self) -> bool:
        """Whether it was asked."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait, unless stopped; True if stopped."""
        return self._event.wait(seconds)


def stream(
    model: BaseChatModel, messages: Sequence[tuple[str, str]], settings: LlmSettings, stop: Stop
) -> Iterator[Piece]:
    """The model's text in pieces until it ends, is stopped, or reaches the limit of its length.

    Before the first piece, a server that is busy or cannot be reached is asked again, `settings.retries` times. Raises
    WritingError with one line that says what went wrong.
    """
    deadline = time.monotonic() + settings.total_timeout
    for attempt in range(settings.retries + 1):
        begun = False
        try:
            for piece in _once(model, messages, settings, stop, deadline):
                begun = True
                yield piece
            return
        except _AttemptError as failed:
            wait = failed.wait if failed.wait is not None else 0.5 * 2**attempt
            last = attempt == settings.retries or time.monotonic() + wait > deadline
            if begun or not failed.again or last or wait > LONGEST_WAIT:
                raise WritingError(failed.reasons["en"], failed.reasons) from None
            if stop.wait(wait):
                return


class _AttemptError(Exception):
    """One attempt went wrong: why by language, whether another may go better, and how long the server asks to wait."""

    def __init__(self, reasons: Mapping[str, str], *, again: bool = False, wait: float | None = None) -> None:
        super().__init__(reasons["en"])
        self.reasons = reasons
        self.again = again
        self.wait = wait


def _once(
    model: BaseChatModel, messages: Sequence[tuple[str, str]], settings: LlmSettings, stop: Stop, deadline: float
) -> Iterator[Piece]:
    pieces: queue.Queue[Piece | BaseException | None] = queue.Queue()
    ended = threading.Event()
    worker = threading.Thread(
        target=_work, args=(model, list(messages), pieces, ended), name="language model", daemon=True
    )
    worker.start()
    begun = False
    length = 0
    last = time.monotonic()
    try:
        while not stop.stopped:
            patience = settings.token_timeout if begun else settings.first_token_timeout
            now = time.monotonic()
            if now > deadline:
                raise _AttemptError(said("too_long", seconds=f"{settings.total_timeout:g}"))
            try:
                # Short waits, so that a stop is heeded at once.
                got = pieces.get(timeout=min(0.1, max(deadline - now, 0.01)))
            except queue.Empty:
                if time.monotonic() - last > patience:
                    raise _AttemptError(said("paused" if begun else "no_beginning", seconds=f"{patience:g}")) from None
                continue
            if got is None:
                if not length:
                    raise _AttemptError(said("nothing"), again=True)
                return
            if isinstance(got, BaseException):
                raise _explained(got, settings, begun=begun)
            last = time.monotonic()
            begun = begun or bool(got.text)
            length += len(got.text)
            yield got
            if length > settings.max_tokens * CHARACTERS_A_TOKEN:
                return
    finally:
        ended.set()


def _work(
    model: BaseChatModel, messages: list[tuple[str, str]], pieces: queue.Queue[Any], ended: threading.Event
) -> None:
    """Runs beside the reader, who may have gone: the model's stream is closed as soon as that is noticed."""
    try:
        chunks = model.stream(messages)
        finished = None
        for chunk in chunks:
            if ended.is_set():
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()
                return
            usage: Any = chunk.usage_metadata or {}
            finished = (chunk.response_metadata or {}).get("finish_reason") or finished
            pieces.put(Piece(_text(chunk), usage.get("input_tokens", 0), usage.get("output_tokens", 0)))
        if finished is None and _says_when_it_ends(model):
            raise ConnectionError("the answer was cut off")
        pieces.put(None)
    except BaseException as error:
        pieces.put(error)


def _text(chunk: Any) -> str:
    text = chunk.text
    return text if isinstance(text, str) else str(text())


def _says_when_it_ends(model: BaseChatModel) -> bool:
    """Whether a stream of this model ends with a reason: one of an OpenAI-compatible server that does not was cut off."""
    return model._llm_type == "openai-chat"


def _explained(error: BaseException, settings: LlmSettings, *, begun: bool) -> _AttemptError:
    """What an error of a client library means, in one line without address parameters or keys."""
    if isinstance(error, WritingError):
        return _AttemptError(error.reasons)
    kinds = {kind.__name__ for kind in type(error).__mro__}
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        wait = _retry_after(error)
        if status == 429:
            return _AttemptError(said("overloaded"), again=True, wait=wait)
        if status >= 500:
            return _AttemptError(said("server", status=status), again=True, wait=wait)
        if status in (401, 403):
            return _AttemptError(said("key", status=status))
        if status == 404:
            return _AttemptError(said("unknown", name=settings.name or settings.model))
        return _AttemptError(said("refused", status=status))
    if kinds & {"APITimeoutError", "ReadTimeout", "ConnectTimeout", "TimeoutException", "TimeoutError"}:
        return _AttemptError(said("in_time"), again=not begun)
    if kinds & {"RemoteProtocolError", "ReadError", "IncompleteRead"} or (
        begun and kinds & {"APIConnectionError", "ConnectionError"}
    ):
        return _AttemptError(said("cut_off"), again=not begun)
    if str(error) == "the answer was cut off":
        return _AttemptError(said("cut_off"), again=not begun)
    if kinds & {"APIConnectionError", "ConnectError", "ConnectionError", "OSError"}:
        return _AttemptError(said("unreachable"), again=True)
    if kinds & {"JSONDecodeError", "APIResponseValidationError", "ValidationError", "UnicodeDecodeError"} or isinstance(
        error, (json.JSONDecodeError, ValueError, TypeError, KeyError, AttributeError, IndexError)
    ):
        return _AttemptError(said("garbage"), again=not begun)
    return _AttemptError(said("failed", kind=type(error).__name__), again=not begun)


def _retry_after(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    try:
        return max(0.0, float(response.headers["retry-after"])) if response is not None else None
    except (KeyError, ValueError, AttributeError, TypeError):
        return None

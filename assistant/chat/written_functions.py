"""What a page asks of the language model beside answers: to stop, and to translate a quote."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import BoundedSemaphore, Lock
from typing import Any

from assistant.chat.library import ChatAssistant
from assistant.chat.written import Writing
from assistant.live import pinned
from assistant.types import Citation
from assistant.writing.config import LlmSettings
from assistant.writing.translation import Translated, translate
from index.errors import QuipuError
from index.language import question_language

LONGEST_QUOTE = 4_000
MOST_QUOTES = 12
KEPT = 256
AT_ONCE = 2
PATIENCE = 60.0
"""Seconds that a translation may take, the wait for the others included."""

PageFunction = Callable[[Any], dict[str, Any]]
logger = logging.getLogger(__name__)


def written_functions(writing: Writing, assistant: ChatAssistant) -> list[PageFunction]:
    """`stop_writing({run})`, and `translate_quotes({doc, spans, language})`, which gives `texts` or an `error`."""
    translator = Translator(writing)

    def stop_writing(request: Any) -> dict[str, Any]:
        return {"stopped": isinstance(request, dict) and writing.stop(request.get("run"))}

    def translate_quotes(request: Any) -> dict[str, Any]:
        try:
            with pinned(assistant) as library:
                return {"texts": translator.texts(library, request if isinstance(request, dict) else {})}
        except NotTranslatedError as reason:
            return {"error": str(reason)}
        except (QuipuError, KeyError, ValueError, TypeError):
            logger.exception("a page asked for what could not be translated")
            return {"error": "translate_failed"}

    return [stop_writing, translate_quotes]


class NotTranslatedError(Exception):
    """A quote that is not translated; the key of the words that say why."""


class Translator:
    """Translates quotes with the model that writes; the latest translations are kept. Thread-safe."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._turns = BoundedSemaphore(AT_ONCE)
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = Lock()

    def texts(self, library: ChatAssistant, request: dict[str, Any]) -> list[str]:
        """The quotes of one document in `language`, in order.

        What is translated is read from the document, never sent by the page. Raises NotTranslatedError where that is not
        possible or not needed, ValueError or TypeError for places that are none, and SourceError or KeyError for an unknown
        document.
        """
        document = library.document(str(request.get("doc")))
        language = request.get("language")
        spans = request.get("spans")
        if language not in ("en", "es") or not isinstance(spans, list) or not 0 < len(spans) <= MOST_QUOTES:
            raise ValueError("expected a language and some places")
        texts = []
        for span in spans:
            start, end = (int(offset) for offset in span)
            if not 0 <= start < end <= len(document.text) or end - start > LONGEST_QUOTE:
                raise ValueError(f"{start}-{end} is no quote of {document.doc_id}")
            quote = document.text[start:end]
            if question_language(quote) == language:
                raise NotTranslatedError("translate_same")
            texts.append(
                self._text(Citation(1, document.doc_id, document.title, start, end, quote, None, ()), language)
            )
        return texts

    def _text(self, citation: Citation, language: str) -> str:
        key = (citation.quote, language)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if not self._turns.acquire(timeout=PATIENCE):
            raise NotTranslatedError("error_busy")
        try:
            found: Translated | None = translate(
                citation, language, self._writing.model, _patient(self._writing.settings)
            )
        finally:
            self._turns.release()
        if found is None:
            raise NotTranslatedError("translate_failed")
        with self._lock:
            self._kept[key] = found.text
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found.text


def _patient(settings: LlmSettings) -> LlmSettings:
    return replace(settings, total_timeout=min(settings.total_timeout, PATIENCE))

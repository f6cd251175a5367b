"""Writing an answer: retrieve, show the passages to the model, check each sentence as it comes, fall back where that fails."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.types import Answer, Citation
from assistant.verifying import stands
from assistant.writing.config import LlmSettings
from assistant.writing.errors import WritingError
from assistant.writing.followup import Fallback, Turn, by_rules, standing_question
from assistant.writing.models import open_model
from assistant.writing.packing import pack, tokens
from assistant.writing.prompt import NO_ANSWER, Shown, system_text, user_text
from assistant.writing.sentences import SentenceReader, Written
from assistant.writing.streaming import Stop, stream
from assistant.writing.support import Support, SupportChecker
from assistant.writing.types import Draft, Event, Finished, SentenceChecked, Started, WrittenAnswer
from assistant.writing.verifier import STRUCK, Checked, Verifier

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from assistant.assistant import Assistant
    from assistant.filters import Filter
    from assistant.retrieval import Found

MOST_SENTENCES = 24
GAP = "[…]"


class Writer:
    """Writes answers over an assistant's documents with one language model. Thread-safe as far as the model is.

    `rules` rewrites follow-ups where the model cannot.
    """

    def __init__(
        self,
        assistant: Assistant,
        settings: LlmSettings,
        *,
        model: BaseChatModel | None = None,
        rules: Fallback = by_rules,
    ) -> None:
        self.assistant = assistant
        self.settings = settings
        self.model = model if model is not None else open_model(settings)
        self.rules = rules
        self.checker: SupportChecker = assistant.writing_checker()

    def ask(
        self, question: str, k: int = 10, history: Sequence[Turn] = (), *, where: Filter | None = None
    ) -> WrittenAnswer:
        """The answer at once. Raises QuestionError and FilterError as `Assistant.ask` does; a model that fails raises nothing."""
        for event in self.write(question, k, history, where=where):
            if isinstance(event, Finished):
                return event.written
        raise AssertionError("the last event is always Finished")

    def write(
        self,
        question: str,
        k: int = 10,
        history: Sequence[Turn] = (),
        stop: Stop | None = None,
        *,
        where: Filter | None = None,
        language: str | None = None,
    ) -> Iterator[Event]:
        """The answer as events: Started, then Draft and SentenceChecked as it goes, and Finished, whatever happens.

        What the documents do not answer is refused as without a model, which is not asked then. Stopped, the answer consists
        of the sentences checked so far. `language` is that of the lines which say what happened, if not the answer's. Raises QuestionError and FilterError as `Assistant.ask` does.
        """
        stop = stop or Stop()
        began = time.perf_counter()
        standing = standing_question(question, history, self.model, self.settings, self.rules, stop)
        answer, found = self.assistant.ask_with_found(standing.text, k, where)
        base = WrittenAnswer(answer, self.settings.label, standing.text)
        if answer.abstained:
            yield Started(standing.text, standing.rewritten, 0, answer)
            yield Finished(replace(base, seconds=time.perf_counter() - began))
            return
        shown = self._shown(found, answer)
        yield Started(standing.text, standing.rewritten, len(shown), answer)
        run = _Run(self, answer, shown, stop, base, began, language or answer.language)
        yield from run.events(standing.text)

    def _shown(self, found: Found, answer: Answer) -> list[Shown]:
        titles = {doc_id: title for doc_id, title, _ in self.assistant.generation.corpus.overview()}
        fixed = tokens(system_text(answer.language)) + tokens(answer.question) + 64
        return pack(found.candidates, titles, self.settings.window - self.settings.max_tokens - fixed)

    def close(self) -> None:
        """Let go of the model; the assistant stays open."""
        self.model = None  # type: ignore[assignment]


class _Run:
    """One answer being written."""

    def __init__(
        self,
        writer: Writer,
        answer: Answer,
        shown: list[Shown],
        stop: Stop,
        base: WrittenAnswer,
        began: float,
        language: str,
    ) -> None:
        self.writer = writer
        self.answer = answer
        self.shown = shown
        self.stop = stop
        self.base = base
        self.began = began
        self.language = language
        self.verifier = Verifier(writer.checker, shown, language)
        self.checked: list[Checked] = []
        self.citations: list[Citation] = []
        self.parts: list[str] = []
        self.first = 0.0
        self.tokens = (0, 0)
        self.refused = False

    def events(self, question: str) -> Iterator[Event]:
        words = _LINES[self.language]
        if not self.shown:
            yield self._finish(words["window"])
            return
        reader = SentenceReader()
        messages = [("system", system_text(self.answer.language)), ("human", user_text(self.shown, question))]
        length = 0
        try:
            for piece in stream(self.writer.model, messages, self.writer.settings, self.stop):
                if piece.text and not self.first:
                    self.first = time.perf_counter() - self.began
                self.tokens = (max(self.tokens[0], piece.read), max(self.tokens[1], piece.written))
                length += len(piece.text)
                for sentence in reader.read(piece.text):
                    yield from self._sentence(sentence)
                if len(self.checked) >= MOST_SENTENCES or self.refused:
                    break
                if reader.rest.strip():
                    yield Draft(reader.rest)
            else:
                if not self.stop.stopped:
                    for sentence in reader.end():
                        yield from self._sentence(sentence)
        except WritingError as error:
            yield self._finish(words["failed"].format(error.reasons[self.language]))
            return
        yield self._finish(self._why_not(words), self._note(words, length))

    def _sentence(self, sentence: Written) -> Iterator[SentenceChecked]:
        if NO_ANSWER.lower() in sentence.text.lower().replace(" ", "_").replace("\\", ""):
            self.refused = True
            return
        if any(one.text.casefold() == sentence.text.casefold() for one in self.checked):
            return
        checked = self.verifier.check(sentence)
        self.checked.append(checked)
        numbers = tuple(dict.fromkeys(number for support in checked.supports for number in self._cite(support)))
        if checked.supports and not numbers:
            checked = replace(checked, verdict=STRUCK, supports=(), right=())
            self.checked[-1] = checked
        if numbers:
            self.parts.append(f"{checked.text} {' '.join(f'[{number}]' for number in numbers)}")
        elif not self.parts or self.parts[-1] != GAP:
            self.parts.append(GAP)
        yield SentenceChecked(checked, numbers, tuple(self.citations))

    def _cite(self, support: Support) -> list[int]:
        """Numbers of the citations of a window, made if they are new: one for each stretch of adjacent sentences."""
        passage = support.stored.passage
        document = self.writer.assistant.document(passage.doc_id)
        stretches: list[list[int]] = []
        for place in support.window.places:
            if stretches and stretches[-1][-1] == place - 1:
                stretches[-1].append(place)
            else:
                stretches.append([place])
        numbers = []
        for stretch in stretches:
            start, end = passage.sentences[stretch[0]].start, passage.sentences[stretch[-1]].end
            if self.answer.where and not self.answer.where.fits(passage, start):
                # A passage may hold another section, which the filter leaves out.
                continue
            known = next(
                (c for c in self.citations if (c.doc_id, c.start, c.end) == (document.doc_id, start, end)), None
            )
            if known is None:
                quote = passage.text[start - passage.start : end - passage.start]
                page = document.page_at(start)
                marker = len(self.citations) + 1
                known = Citation(marker, document.doc_id, document.title, start, end, quote, page, passage.headings)
                if not stands(known, document):
                    continue
                self.citations.append(known)
            numbers.append(known.marker)
        return numbers

    def _why_not(self, words: dict[str, str]) -> str:
        """Why the extractive answer is shown instead; empty if the written one stands."""
        struck = sum(one.verdict == STRUCK for one in self.checked)
        if not self.citations:
            if self.refused:
                return words["refused"]
            if self.stop.stopped and not self.checked:
                return words["stopped_early"]
            return words["nothing"] if self.checked else words["empty"]
        if struck > self.writer.settings.max_struck * len(self.checked):
            return words["struck"].format(struck, len(self.checked))
        return ""

    def _note(self, words: dict[str, str], length: int) -> str:
        if self.stop.stopped:
            return words["stopped"]
        limit = self.writer.settings.max_tokens
        long = length > 2 * limit and (self.tokens[1] == 0 or self.tokens[1] >= limit)
        if len(self.checked) >= MOST_SENTENCES or (self.tokens[1] >= limit) or long:
            return words["limit"]
        return ""

    def _finish(self, fallback: str, note: str = "") -> Finished:
        answer = self.answer
        if not fallback:
            while self.parts and self.parts[-1] == GAP and len(self.parts) > 1 and self.parts[-2] == GAP:
                self.parts.pop()
            answer = replace(answer, text=" ".join(self.parts), citations=tuple(self.citations))
        return Finished(
            replace(
                self.base,
                answer=answer,
                sentences=tuple(self.checked),
                fallback=fallback,
                note="" if fallback else note,
                first=self.first,
                seconds=time.perf_counter() - self.began,
                tokens_read=self.tokens[0],
                tokens_written=self.tokens[1],
            )
        )


_LINES = {
    "en": {
        "failed": "{}; the answer below is quoted from the documents",
        "struck": "{} of {} sentences that the language model wrote are not supported; the answer below is quoted from the documents",
        "nothing": "nothing that the language model wrote is supported; the answer below is quoted from the documents",
        "empty": "the language model wrote no sentence; the answer below is quoted from the documents",
        "refused": "the language model found no answer in the passages; what comes nearest is quoted from the documents",
        "stopped_early": "stopped before the first sentence; the answer below is quoted from the documents",
        "window": "no passage fits the language model's window; the answer below is quoted from the documents",
        "stopped": "stopped; only what was checked so far is shown",
        "limit": "the language model reached its limit; the answer may be incomplete",
    },
    "es": {
        "failed": "{}; la respuesta de abajo está citada de los documentos",
        "struck": "{} de {} oraciones que escribió el modelo no tienen respaldo; la respuesta de abajo está citada de los documentos",
        "nothing": "nada de lo que escribió el modelo tiene respaldo; la respuesta de abajo está citada de los documentos",
        "empty": "el modelo no escribió ninguna oración; la respuesta de abajo está citada de los documentos",
        "refused": "el modelo no encontró respuesta en los pasajes; se cita lo más cercano de los documentos",
        "stopped_early": "detenido antes de la primera oración; la respuesta de abajo está citada de los documentos",
        "window": "ningún pasaje cabe en la ventana del modelo; la respuesta de abajo está citada de los documentos",
        "stopped": "detenido; solo se muestra lo comprobado hasta ahora",
        "limit": "el modelo llegó a su límite; la respuesta puede estar incompleta",
    },
}

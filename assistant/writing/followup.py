"""Follow-ups rewritten into questions that stand by themselves: by the model, checked; by rules where that fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.followup import standing, standing_after
from assistant.question import fold
from assistant.writing.config import LlmSettings
from assistant.writing.errors import WritingError
from assistant.writing.names import names, unified
from assistant.writing.quantities import quantities
from assistant.writing.sources import Source
from assistant.writing.streaming import Stop, stream
from index.language import question_language

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

REMEMBERED = 4
LONGEST = 300
FEW_WORDS = 4
_POINTS = re.compile(
    r"^\W*(?:and|but|or|so|also|y|e|pero|o|tambien|what about|how about)\b"
    r"|\b(?:it|its|they|them|their|theirs|this|that|these|those|he|she|him|his|her|there|then|former|latter|same|else|more"
    r"|ello|ellos|ellas?|este|esta|esto|estos|estas|ese|esa|eso|esos|esas|aquel\w*|alli|ahi|alla|entonces|su|sus|suy[oa]s?|mism[oa]s?|mas|otr[oa]s?|lo|le|les)\b"
)
_PROMPT = {
    "en": "Rewrite the last question so that it can be understood without the conversation. Keep its language. Replace pronouns by what "
    "they stand for; add nothing else. If it can be understood already, repeat it. Write only the question.",
    "es": "Reescribe la última pregunta para que se entienda sin la conversación. Conserva su idioma. Sustituye los pronombres por aquello "
    "a lo que se refieren; no añadas nada más. Si ya se entiende, repítela. Escribe solo la pregunta.",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of the conversation, as it was asked for, and its answer."""

    question: str
    answer: str = ""


Fallback = Callable[[str, Sequence[Turn]], str]
"""A rewriting by rules: the question as it can stand by itself, or unchanged."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A question that stands by itself; `by` is "model", "rules" or "" where nothing was changed."""

    text: str
    by: str

    @property
    def rewritten(self) -> bool:
        """Whether it is another than what was asked."""
        return bool(self.by)


def by_rules(question: str, history: Sequence[Turn]) -> str:
    """The rewriting of `assistant.followup`, after all earlier questions."""
    return standing_after(question, [turn.question for turn in history])


def leans(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question may need the ones before it: it points back, goes on with "and", or says very little."""
    if not history or not question.strip():
        return False
    return (
        _POINTS.search(fold(question)) is not None
        or len(re.findall(r"\w+", question)) <= FEW_WORDS
        or standing(question, history[-1].question) is not None
    )


def standing_question(
    question: str,
    history: Sequence[Turn],
    model: BaseChatModel | None,
    settings: LlmSettings | None,
    rules: Fallback = by_rules,
    stop: Stop | None = None,
) -> Standing:
    """The question of a conversation, rewritten to stand by itself; unchanged, without asking the model, where it does already.

    A rewriting by the model is taken only if it is one short question that names nothing new; else that of the rules. Never raises
    for a model's failure.
    """
    if not leans(question, history):
        return Standing(question, "")
    if model is not None and settings is not None:
        rewritten = _by_model(question, history[-REMEMBERED:], model, settings, stop or Stop())
        if rewritten is not None:
            return _standing(question, rewritten, "model")
    return _standing(question, rules(question, history), "rules")


def _standing(question: str, rewritten: str, by: str) -> Standing:
    return Standing(question, "") if rewritten.strip() == question.strip() else Standing(rewritten.strip(), by)


def _by_model(
    question: str, history: Sequence[Turn], model: BaseChatModel, settings: LlmSettings, stop: Stop
) -> str | None:
    turns = "\n".join(f"Question: {turn.question}\nAnswer: {turn.answer[:400]}" for turn in history)
    messages = [
        ("system", _PROMPT[question_language(question)]),
        ("human", f"{turns}\nLast question: {question}\nRewritten:"),
    ]
    text = ""
    try:
        for piece in stream(model, messages, settings, stop):
            text += piece.text
            if len(text) > 2 * LONGEST or "\n" in text.strip():
                break
    except WritingError:
        return None
    lines = text.strip().splitlines()
    rewritten = (
        re.sub(r"^(?:rewritten|question|pregunta)\s*:\s*", "", lines[0].strip(' "“”'), flags=re.IGNORECASE)
        if lines
        else ""
    )
    said = "\n".join([question, *(f"{turn.question}\n{turn.answer}" for turn in history)])
    return rewritten if is_faithful(rewritten, question, said) else None


def is_faithful(rewritten: str, question: str, said: str) -> bool:
    """Whether a rewriting is one question in the language of the asked one, and names nothing that was not said."""
    if not rewritten.endswith("?") or len(rewritten) > LONGEST or rewritten.count("?") > 1:
        return False
    if question_language(rewritten) != question_language(question):
        return False
    held = quantities(said)
    if any(not any(one.same(other) for other in held) for one in quantities(rewritten)):
        return False
    if any(not any(one.same(other) for other in quantities(rewritten)) for one in quantities(question)):
        return False
    source = Source(said)
    return all(source.holds(name, (name,)) for name in names(unified(rewritten)) if name.sure)

"""Why a question was not answered, in the words of the interface."""

from __future__ import annotations

from assistant.assistant import LONGEST_QUESTION
from assistant.chat.markup import escape
from assistant.chat.strings import translated
from assistant.filters import FilterError
from index.errors import QuestionError, QuipuError

LONGEST_NAME = 120


def problem_html(error: QuipuError, question: str, language: str) -> str:
    """An error as HTML, in a language of the interface; what only the one who runs the server can mend, in English beside it."""
    if isinstance(error, FilterError):
        values = {name: _shortened(value) for name, value in error.values.items()}
        return translated(language, f"error_filter_{error.reason}", **values)
    if isinstance(error, QuestionError):
        length = len(question.strip())
        if not length:
            return translated(language, "error_empty")
        if length > LONGEST_QUESTION:
            return translated(language, "error_long", n=length)
        return escape(str(error))
    return f'{translated(language, "error_index")} <span class="q-quiet" lang="en">{escape(str(error))}</span>'


def _shortened(value: str | int) -> str | int:
    return f"{value[:LONGEST_NAME]}…" if isinstance(value, str) and len(value) > LONGEST_NAME else value

"""The words of the interface, in English and Spanish, and HTML that can change its language in the browser."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from assistant.chat.markup import escape

LANGUAGES = ("en", "es")
DEFAULT_LANGUAGE = "en"

TABLES = ("strings.json", "take_away.json")
"""The files that hold the words."""

_ATTRIBUTES = {"label": "aria-label", "title": "title", "placeholder": "placeholder"}


@cache
def strings() -> dict[str, dict[str, str]]:
    """Every word of the interface: `strings()[language][key]`, with `{name}` where a value goes."""
    tables: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for name in TABLES:
        content = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
        for language, words in content.items():
            tables[language].update(words)
    return tables


def known_language(language: object) -> str:
    """`language` where the interface speaks it, else English."""
    return language if isinstance(language, str) and language in LANGUAGES else DEFAULT_LANGUAGE


def text(language: str, key: str, **values: object) -> str:
    """The words for `key`, as plain text.

    With a value `n`, the forms `key_one` and `key_other` are tried before `key` itself. Raises KeyError for a
    key that no table has.
    """
    table = strings()[known_language(language)]
    if "n" in values:
        key = next(form for form in (f"{key}_{'one' if values['n'] == 1 else 'other'}", key) if form in table)
    return re.sub(r"\{(\w+)\}", lambda slot: str(values.get(slot[1], slot[0])), table[key])


def translated(language: str, key: str, **values: object) -> str:
    """A `<span>` with the words for `key`, which the browser can put into the other language on its own."""
    return f"<span {_source(key, values)}>{escape(text(language, key, **values))}</span>"


def translated_attribute(language: str, attribute: str, key: str, **values: object) -> str:
    """An attribute (`label`, `title` or `placeholder`) that the browser can put into the other language.

    `label` stands for `aria-label`.
    """
    words = escape(text(language, key, **values))
    return f'{_ATTRIBUTES[attribute]}="{words}" {_source(key, values, f"-{attribute}")}'


def _source(key: str, values: dict[str, object], suffix: str = "") -> str:
    """The data attributes that tell the browser which words stand here."""
    source = f'data-t{suffix}="{key}"'
    if values:
        source += f' data-values="{escape(json.dumps(values, ensure_ascii=False))}"'
    return source

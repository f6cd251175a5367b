"""The words of the interface, in English and Spanish, and HTML that can change its language in the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.chat.markup import escape

LANGUAGES = ("en", "es")
DEFAULT_LANGUAGE = "en"

TABLES = ("strings.json", "take_away.json")
"""The files that hold the words."""

_ATTRIBUTES = {"label": "aria-label", "title": "title", "placeholder": "placeholder"}


@dataclass(frozen=True, slots=True)
class Words:
    """A table of words: `tables[language][key]`, with `{name}` where a value goes."""

    tables: Mapping[str, Mapping[str, str]]

    def text(self, language: str, key: str, **values: object) -> str:
        """The words for `key`, as plain text.

        With a value `n`, the forms `key_one` and `key_other` are tried before `key` itself. Raises KeyError for a
        key that the table does not have.
        """
        table = self.tables[known_language(language)]
        if "n" in values:
            key = next(form for form in (f"{key}_{'one' if values['n'] == 1 else 'other'}", key) if form in table)
        said = {name: grouped(value, language) if name == "n" else str(value) for name, value in values.items()}
        return re.sub(r"\{(\w+)\}", lambda slot: said.get(slot[1], slot[0]), table[key])

    def translated(self, language: str, key: str, **values: object) -> str:
        """A `<span>` with the words for `key`, which the browser can put into the other language on its own."""
        return f"<span {_source(key, values)}>{escape(self.text(language, key, **values))}</span>"

    def attribute(self, language: str, attribute: str, key: str, **values: object) -> str:
        """An attribute (`label`, `title` or `placeholder`) that the browser can put into the other language.

        `label` stands for `aria-label`.
        """
        words = escape(self.text(language, key, **values))
        return f'{_ATTRIBUTES[attribute]}="{words}" {_source(key, values, f"-{attribute}")}'


@cache
def strings() -> dict[str, dict[str, str]]:
    """Every word of the chat: `strings()[language][key]`, with `{name}` where a value goes."""
    tables: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for name in TABLES:
        for language, words in _read(Path(__file__).with_name(name)).items():
            tables[language].update(words)
    return tables


@cache
def words_of(path: Path) -> Words:
    """The words of a page beside the chat, from a file like `strings.json`; the chat's own stand behind them."""
    own = _read(path)
    return Words({language: {**strings()[language], **own[language]} for language in LANGUAGES})


def _read(path: Path) -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def known_language(language: object) -> str:
    """`language` where the interface speaks it, else English."""
    return language if isinstance(language, str) and language in LANGUAGES else DEFAULT_LANGUAGE


def grouped(count: object, language: str) -> str:
    """A count with its digits in groups of three, as browsers write it: 2,000 in English, 2000 and 20.000 in Spanish."""
    if not isinstance(count, int):
        return str(count)
    if known_language(language) == "es":
        return f"{count:,}".replace(",", ".") if abs(count) >= 10_000 else str(count)
    return f"{count:,}"


def text(language: str, key: str, **values: object) -> str:
    """The chat's words for `key`; see `Words.text`."""
    return Words(strings()).text(language, key, **values)


def translated(language: str, key: str, **values: object) -> str:
    """A `<span>` with the chat's words for `key`; see `Words.translated`."""
    return Words(strings()).translated(language, key, **values)


def translated_attribute(language: str, attribute: str, key: str, **values: object) -> str:
    """An attribute with the chat's words for `key`; see `Words.attribute`."""
    return Words(strings()).attribute(language, attribute, key, **values)


def _source(key: str, values: Mapping[str, object], suffix: str = "") -> str:
    """The data attributes that tell the browser which words stand here."""
    source = f'data-t{suffix}="{key}"'
    if values:
        source += f' data-values="{escape(json.dumps(values, ensure_ascii=False))}"'
    return source

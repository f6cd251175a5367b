"""Why a file could not be read, in Spanish: the index keeps reasons as English sentences, in which names and counts stand."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("reasons.tsv")
_SLOT = re.compile(r"\{(\w+)\}")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")


def in_spanish(reason: str) -> str | None:
    """The reason in Spanish; None for one that the table does not have."""
    for pattern, spanish in _table():
        if found := pattern.fullmatch(reason):
            return spanish.format(**{name: _value(value) for name, value in found.groupdict().items()})
    return None


def _value(value: str) -> str:
    if _GROUPED.fullmatch(value):
        return value.replace(",", ".")
    return in_spanish(value) or value


@cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns with what they are in Spanish; the one with the most words of its own first."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line and not line.startswith("#")]
    pairs.sort(key=lambda pair: -len(_SLOT.sub("", pair[0])))
    return tuple((_pattern(english), spanish) for english, spanish in pairs)


def _pattern(english: str) -> re.Pattern[str]:
    parts = _SLOT.split(english)
    return re.compile(
        "".join(f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)), re.DOTALL
    )

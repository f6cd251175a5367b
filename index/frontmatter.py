"""Front matter: the YAML between two `---` lines at the top of a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from index.types import Span

FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def front_matter_span(text: str) -> Span | None:
    """Where the YAML front matter stands, its `---` lines included; None without one."""
    match = FRONT_MATTER.match(text)
    return Span(match.start(), match.end()) if match else None


def front_matter(text: str) -> dict[str, str]:
    """The front matter as flat strings; empty if there is none or it is not valid YAML."""
    match = FRONT_MATTER.match(text)
    if not match:
        return {}
    try:
        content = parse_yaml(match.group(1))
    except ValueError:
        return {}
    return flat_fields(content) if isinstance(content, dict) else {}


def parse_yaml(text: str) -> Any:
    """What YAML `text` holds; ValueError if it is not valid."""
    try:
        return yaml.safe_load(text)
    except Exception as error:
        # For malformed scalars PyYAML lets out whatever its constructors raise, from KeyError to RecursionError.
        raise ValueError(one_line(error)) from None


def flat_fields(fields: Mapping[Any, Any]) -> dict[str, str]:
    """Fields whose value is a single word or number, or a list of them; empty ones and deeper ones left out."""
    flat = {}
    for key, value in fields.items():
        values = [plain_value(v) for v in (value if isinstance(value, list) else [value])]
        if text := "; ".join(v for v in values if v):
            flat[plain_value(key)] = text
    return flat


def plain_value(value: object) -> str:
    """A scalar as one line of valid text; empty for anything else."""
    if not isinstance(value, str | int | float | date):
        return ""
    try:
        return one_line(value).encode("utf-8", "replace").decode()
    except ValueError:  # a number of more than 4,300 digits
        return ""


def one_line(value: object) -> str:
    """White space collapsed."""
    return " ".join(str(value).split())

"""The options by which `quipu ask` and `quipu search` are narrowed to some documents or sections."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options --document, --publisher, --language, --since, --until and --heading, given on as one `where`."""

    @wraps(command)
    def with_filter(
        *args: Any,
        document: tuple[str, ...],
        publisher: tuple[str, ...],
        language: tuple[str, ...],
        since: str | None,
        until: str | None,
        heading: tuple[str, ...],
        **options: Any,
    ) -> Any:
        from assistant.filters import Filter, bound

        where = Filter(document, publisher, language, since or "", until or "", heading)
        bound(where.since, "since")
        bound(where.until, "until")
        return command(*args, where=where or None, **options)

    wrapped: Callable[..., Any] = with_filter
    for option in reversed(
        (
            click.option(
                "--document", multiple=True, metavar="DOC", help="Only this document, or pattern such as 'reports/*'."
            ),
            click.option("--publisher", multiple=True, metavar="NAME", help="Only what this publisher published."),
            click.option(
                "--language", multiple=True, metavar="CODE", help="Only documents in this language: en, es, …"
            ),
            click.option("--since", metavar="DATE", help="Only documents dated 2014, 2014-08 or 2014-08-18, or later."),
            click.option("--until", metavar="DATE", help="Only documents of this date or earlier."),
            click.option(
                "--heading", multiple=True, metavar="WORDS", help="Only sections whose headings hold these words."
            ),
        )
    ):
        wrapped = option(wrapped)
    return wrapped

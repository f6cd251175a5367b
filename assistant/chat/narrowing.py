"""What the filter panel offers: documents, publishers, languages and headings, and how many documents fit a choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from assistant.chat.library import Library
from assistant.filters import Filter, FilterError
from assistant.question import fold

LISTED = 60
"""Documents listed at once; more are found by typing."""
_CHOICES = 200


def narrow(library: Library, request: Mapping[str, object]) -> dict[str, Any]:
    """The choices for a panel, as JSON.

    `request` holds `text`, words that titles should hold, and `filter`, the choice so far. Gives `documents`
    (`[doc_id, title, publisher, date]`), `more` (how many fit but are not listed), `publishers` and `languages`
    (`[name, documents]`), `headings`, `dated` (whether any document has a date), and `fitting`, the documents that fit.
    """
    facets = library.facets
    text = request.get("text")
    words = fold(text[:200]).split() if isinstance(text, str) else []
    found = [one for one in facets.documents if all(word in fold(f"{one.title} {one.doc_id}") for word in words)]
    return {
        "documents": [[one.doc_id, one.title, one.publisher, one.date] for one in found[:LISTED]],
        "more": max(0, len(found) - LISTED),
        "publishers": _counted(one.publisher for one in facets.documents),
        "languages": _counted(one.language for one in facets.documents),
        "headings": list(facets.headings[:_CHOICES]),
        "dated": any(one.date for one in facets.documents),
        "total": len(facets.documents),
        "fitting": _fitting(library, Filter.from_json(request.get("filter"))),
    }


def _counted(names: Any) -> list[list[Any]]:
    return [[name, count] for name, count in Counter(name for name in names if name).most_common(_CHOICES)]


def _fitting(library: Library, where: Filter) -> int:
    facets = library.facets
    try:
        return facets.fitting(where)
    except FilterError:
        return 0

"""A page of the list of documents: what fits the choice, in its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.question import fold
from assistant.workbench.catalogue import TROUBLE, WAITING, Catalogued, Entry, Status

ON_A_PAGE = 50
GROUPS: Mapping[str, frozenset[Status]] = {
    "waiting": WAITING,
    "trouble": TROUBLE,
    "copy": frozenset({Status.COPY}),
    "searchable": frozenset({Status.SEARCHABLE, Status.PART, Status.EARLIER}),
}
"""What the list can be narrowed to, by name."""

_ORDER: Mapping[str, Callable[[Entry], Any]] = {
    "title": lambda entry: fold(entry.title),
    "kind": lambda entry: entry.kind,
    "language": lambda entry: entry.language,
    "pages": lambda entry: entry.pages,
    "passages": lambda entry: entry.passages,
    "date": lambda entry: entry.date,
    "status": lambda entry: list(Status).index(entry.status),
}
_MISSING: Mapping[str, Callable[[Entry], bool]] = {
    "pages": lambda entry: entry.pages == 0,
    "passages": lambda entry: not entry.indexed,
    "date": lambda entry: not entry.date,
    "language": lambda entry: entry.language in ("", "und"),
    "kind": lambda entry: not entry.kind,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the list is wanted: words of title or name, a group, a kind, a language, an order, and the page from 1."""

    find: str = ""
    group: str = ""
    kind: str = ""
    language: str = ""
    sort: str = "title"
    descending: bool = False
    page: int = 1

    @classmethod
    def from_json(cls, asked: object) -> Choice:
        """From what a page sends (`wanted` is the language of documents, since `language` is the interface's); what is of another type or unknown counts as not chosen."""
        given = asked if isinstance(asked, dict) else {}

        def words(name: str) -> str:
            value = given.get(name)
            return value[:200] if isinstance(value, str) else ""

        page = given.get("page")
        return cls(
            words("find"),
            words("group") if words("group") in GROUPS else "",
            words("kind"),
            words("wanted"),
            words("sort") if words("sort") in _ORDER else "title",
            given.get("descending") is True,
            page if type(page) is int and page > 0 else 1,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One page of what fits: `fitting` is how many do, `page` of `pages` the one that is shown."""

    entries: Sequence[Entry]
    fitting: int
    page: int
    pages: int


def part(catalogued: Catalogued, choice: Choice) -> Part:
    """The page of the list that `choice` asks for; the last one if it asks for one past the end."""
    found = [entry for entry in catalogued.entries if _fits(entry, choice)]
    missing = _MISSING.get(choice.sort, lambda _: False)
    found.sort(key=_ORDER["title"])
    found.sort(key=_ORDER[choice.sort], reverse=choice.descending)
    # What has none comes last, whichever the direction.
    found.sort(key=missing)
    pages = max(1, -(-len(found) // ON_A_PAGE))
    page = min(choice.page, pages)
    return Part(found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE], len(found), page, pages)


def _fits(entry: Entry, choice: Choice) -> bool:
    if choice.group and entry.status not in GROUPS[choice.group]:
        return False
    if (choice.kind and entry.kind != choice.kind) or (choice.language and entry.language != choice.language):
        return False
    if not choice.find:
        return True
    text = fold(f"{entry.title} {entry.doc_id}")
    return all(word in text for word in fold(choice.find).split())


def facets(catalogued: Catalogued) -> dict[str, list[list[Any]]]:
    """What the list can be narrowed to: `[name, how many]` of kinds, languages and groups."""
    entries = catalogued.entries
    return {
        "kinds": _counted(entry.kind for entry in entries),
        "languages": _counted(entry.language for entry in entries),
        "groups": [[name, catalogued.count(statuses)] for name, statuses in GROUPS.items()],
    }


def _counted(names: Any) -> list[list[Any]]:
    return [[name, count] for name, count in Counter(name for name in names if name).most_common(100)]

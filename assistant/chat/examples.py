"""Example questions for the first page, made from the documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from assistant.chat.library import Library
from assistant.chat.strings import LANGUAGES, text

PER_LANGUAGE = 3
_DOCUMENTS = 40


def example_questions(library: Library) -> dict[str, list[str]]:
    """Up to PER_LANGUAGE questions for each language of the interface.

    A document's metadata may give one (`example_en`, `example_es`); where none does, questions are made from the
    names in the first documents, or else from their headings.
    """
    given: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for doc_id in list(library.doc_ids())[:_DOCUMENTS]:
        metadata = library.document(doc_id).metadata
        for language in LANGUAGES:
            if question := metadata.get(f"example_{language}", "").strip():
                given[language].append(question)
    if any(given.values()):
        return {language: questions[:PER_LANGUAGE] for language, questions in given.items()}
    for kind, topics in (("example_name", _names(library)), ("example_heading", _headings(library))):
        if chosen := list(islice(topics, PER_LANGUAGE)):
            return {language: [text(language, kind, topic=topic) for topic in chosen] for language in LANGUAGES}
    return {language: [] for language in LANGUAGES}


def _names(library: Library) -> Iterator[str]:
    """From each document, the acronym that its sentences use most (at least twice), no acronym twice."""
    seen: set[str] = set()
    for doc_id in list(library.doc_ids())[:_DOCUMENTS]:
        lines = (
            line
            for line in library.document(doc_id).text.splitlines()
            if _is_prose(line) and line.rstrip().endswith((".", "!", "?", ".”", '."'))
        )
        counted = Counter(name for line in lines for name in re.findall(r"\b[A-ZÁÉÍÓÚÑ]{3,10}\b", line))
        for name, count in counted.most_common():
            if count >= 2 and name not in seen:
                seen.add(name)
                yield name
                break


def _is_prose(line: str) -> bool:
    """Whether small letters prevail: in a line of capitals every word looks like a name."""
    return sum(map(str.islower, line)) > sum(map(str.isupper, line))


def _headings(library: Library) -> Iterator[str]:
    """One heading of a few words from each document that has one."""
    for doc_id in list(library.doc_ids())[:_DOCUMENTS]:
        for passage in library.passages(doc_id):
            heading = passage.headings[-1].strip("#*_ ") if passage.headings else ""
            if 2 <= len(heading.split()) <= 7 and _is_prose(heading):
                yield heading
                break

"""A question that asks several things at once, taken apart into questions that can each be asked alone."""

from __future__ import annotations

import re

from assistant.question import plain

MOST = 3
_WORD = (
    r"(?:what|which|who|whom|whose|when|where|how|why|que|cual|cuales|quien|quienes|cuando|donde|como|cuant[oa]s?)\b"
)
_BEFORE = r"(?:(?:in|on|at|for|to|from|since|by|with|of|de|en|a|con|por|para|desde|hasta|sobre)\s+)?"
# "As for COPOLAD: what ...": what stands before the first question word is said of all that follows.
_FIRST = re.compile(rf"(?:^|[:;.?,]\s+)¿?(?={_BEFORE}{_WORD})|¿")
_NEXT = re.compile(rf"(?:[;?]|[,;]?\s(?:and|y|e)\b),?\s*¿?(?={_BEFORE}{_WORD})")
_NAME = re.compile(
    r"(?<!^)(?<![.?:] )\b[A-ZÁÉÍÓÚÑ][\w’-]+(?:\s+[A-ZÁÉÍÓÚÑ][\w’-]+)*|\b[A-ZÁÉÍÓÚÑ]{2,}\b|\b\d{4}\b",
)


def clauses(question: str) -> tuple[str, ...]:
    """The questions that `question` asks, two or three, each to be asked alone; empty if it asks one thing.

    A clause that names nothing is asked of what the others name ("When did it begin, and for whom?").
    """
    folded = plain(question)
    first = _FIRST.search(folded)
    start = first.end() if first else 0
    breaks = [(match.start(), match.end()) for match in _NEXT.finditer(folded, start) if match.start() > start]
    if not 1 <= len(breaks) < MOST:
        return ()
    ends = [*(begin for begin, _ in breaks), len(question)]
    parts = [
        question[begin:end].strip(" ¿?,;")
        for begin, end in zip([start, *(end for _, end in breaks)], ends, strict=True)
    ]
    lead = question[:start].strip(" ¿")
    names = [_NAME.findall(f"{lead} {part}".strip()) for part in parts]
    found = []
    for i, part in enumerate(parts):
        whole = f"{lead} {part}?".strip()
        if not names[i] and i:
            whole += f" ({parts[0]})"
        elif not names[i] and any(names):
            whole += f" ({', '.join(dict.fromkeys(name for other in names for name in other))})"
        found.append(whole)
    return tuple(found)

"""What a model writes, sentence by sentence as it comes, with the markers of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKER = re.compile(
    r"\s*[\[【](?:passages?\s*|pasajes?\s*)?(\d{1,3}(?:\s*(?:[,;]|and|y)\s*\d{1,3})*)[\]】]", re.IGNORECASE
)
_END = re.compile(
    r"(?:[.!?…]+[\"”»’)*_]*|(?<=[\]】])\.?)((?:\s*[\[【][^\]】\n]{1,40}[\]】])*\.?)(?=[ \t]+[^\s\[【a-záéíóúñ])"
)
_ABBREVIATION = re.compile(
    r"(?:\b[A-ZÁÉÍÓÚÑ]|\b(?:[Nn]o|[Aa]rt|[Dd]rs?|[Ss]ra?|[Mm]rs?|[Ss]t|[Ee]tc|[Aa]prox|[Pp]ág|[Vv]s|e\.g|i\.e|[Ff]ig|[Ii]nc|EE|UU))\.$"
)
_NUMBER = r"\(?\d{1,2}[.)]"
_BULLET = re.compile(rf"^\s*(?:[-*•–]|{_NUMBER})(?:\s+|$)")
_ITEM = re.compile(r"[-*•–(\d]")
_OPENED_ITEM = re.compile(rf"(?:^|\n)[\s*_]*{_NUMBER}$")
_WHOLE = re.compile(r"(?:\S+\s+){4,}.*[.!?]$", re.DOTALL)
# What says nothing of the documents: headings, code fences, and "Here is the answer:" before it.
_HEADING = re.compile(r"\s*(?:#+\s.*|\*\*[^*\n]+\*\*:?|__[^_\n]+__:?|```\w*)\s*$")
_INTRODUCTION = re.compile(
    r"(?:(?:sure|certainly|of course|here (?:is|are)|here's|claro|por supuesto|aqu[ií] (?:est[aá]n?|tienes?|va))\b[^.:\n]*[:!.]"
    r"|(?:(?:short |final )?answer|respuesta(?: breve)?|resumen|summary)\s*:"
    r"|(?:according to|based on|as (?:stated|said) in|seg[uú]n|de acuerdo con|con base en|bas[aá]ndose en)"
    r"(?: the| los| las| el)?(?: given| provided)? (?:passages?|pasajes?|fragmentos?)(?: \d+)?(?: (?:above|provided|given|proporcionados|dados))?[,:])\s*",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|^#+\s*")
LONGEST = 1_200


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as the model wrote it, without markers, and the numbers of the passages that it names."""

    text: str
    markers: tuple[int, ...]


class SentenceReader:
    """Takes text in pieces and gives sentences as soon as each is whole."""

    def __init__(self) -> None:
        self._rest = ""

    @property
    def rest(self) -> str:
        """What was read of the sentence that is not whole yet."""
        return self._rest

    def read(self, piece: str) -> Iterator[Written]:
        """The sentences that `piece` completes."""
        self._rest += piece
        yield from self._whole(final=False)

    def end(self) -> Iterator[Written]:
        """The sentences that are left, the last one even without a full stop."""
        yield from self._whole(final=True)

    def _whole(self, *, final: bool) -> Iterator[Written]:
        while (end := _boundary(self._rest, final)) is not None:
            sentence, self._rest = self._rest[:end], self._rest[end:]
            if found := parse(sentence):
                yield found


def _boundary(text: str, final: bool) -> int | None:
    """Where the first sentence of `text` ends; None if it may go on."""
    for end in sorted([*(m.end() for m in _END.finditer(text) if not _goes_on(text, m)), *_line_ends(text)]):
        if text[:end].strip():
            return end
    if len(text) > LONGEST:
        return LONGEST
    return len(text) if final and text.strip() else None


def _goes_on(text: str, end: re.Match[str]) -> bool:
    """Whether a full stop is that of an abbreviation, or of an item's number."""
    before = text[: end.start() + 1]
    return (_ABBREVIATION.search(before) or _OPENED_ITEM.search(before)) is not None and not end.group(1)


def _line_ends(text: str) -> Iterator[int]:
    """Line ends at which a sentence ends: not between a lead-in and its list, nor inside that list, unless its items are sentences."""
    for match in re.finditer(r"\n\s*(?=\S)", text):
        lines = [_MARKER.sub("", line).rstrip() for line in text[: match.start()].strip().splitlines()] or [""]
        lead = (
            lines[0].endswith(":")
            and not _HEADING.match(lines[0])
            and not _INTRODUCTION.fullmatch(_EMPHASIS.sub("", lines[0]))
        )
        if not lead or not _ITEM.match(text[match.end() :]) or (len(lines) > 1 and _WHOLE.match(lines[-1])):
            yield match.end()


def parse(raw: str) -> Written | None:
    """A stretch of a model's text as a sentence; None for a heading or an introduction, or if only markers and punctuation are left."""
    markers = [int(number) for found in _MARKER.finditer(raw) for number in re.findall(r"\d+", found.group(1))]
    told = [line for line in raw.splitlines() if not _HEADING.match(line)]
    lines = [_BULLET.sub("", _EMPHASIS.sub("", _MARKER.sub("", line)).strip()).strip() for line in told]
    lines = [line for line in lines if line]
    text = lines[0] if lines else ""
    if len(lines) > 1:
        text = (
            f"{text} {'; '.join(line.rstrip(' .;,') for line in lines[1:])}." if text.endswith(":") else " ".join(lines)
        )
    text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(text.split()))
    if introduction := _INTRODUCTION.match(text):
        text = text[introduction.end() :]
        text = text[:1].upper() + text[1:]
    return Written(text, tuple(dict.fromkeys(markers))) if re.search(r"\w", text) else None

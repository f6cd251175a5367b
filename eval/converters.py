"""Extraction beside another converter, on the same files: words kept, word order, reading order, tables, time.

python -m eval.converters FOLDER --other PYTHON     PYTHON: an interpreter that has markitdown

FOLDER holds documents, and in `reference/` for each stem `STEM.txt`, the text that a reader sees, and if it has tables
`STEM.tsv`, their rows, the columns' names first. `python tests/formats/making.py FOLDER` makes one with LibreOffice and pandoc.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from index.formats.extract import extract
from index.formats.types import Extracted

SHINGLE = 5
_WORD = re.compile(r"\w+")
_OTHER = """
import json, sys, time
from markitdown import MarkItDown
convert = MarkItDown()
for line in sys.stdin:
    path = line.rstrip("\\n")
    for _ in range(2):
        started = time.perf_counter()
        try:
            text = convert.convert(path).text_content
        except Exception:
            text = ""
        seconds = time.perf_counter() - started
    print(json.dumps([text, seconds]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a text renders its reference; all but `seconds` are shares in [0, 1].

    `words`: the reference's words that are there. `runs`: its runs of five words that are there unbroken. `order`:
    its sentences that follow one another as they should, by the longest increasing run of their places. `extra`: words
    of the text that the reference lacks. `rows`: table rows whose cells stand on one line; `named`: together with
    their columns' names.
    """

    words: float
    runs: float | None
    order: float | None
    extra: float | None
    rows: float | None
    named: float | None
    seconds: float


def score(text: str, seconds: float, reference: str, table: Sequence[Sequence[str]]) -> Scores:
    """Scores of one converted document."""
    wanted, got = _words(reference), _words(text)
    # Of a bare table the words may be repeated beside their columns' names, and have no order but that of the rows.
    prose = len(wanted) > sum(len(_words(cell)) for row in table for cell in row)
    return Scores(
        _kept(wanted, got),
        _kept(_shingles(wanted), _shingles(got)) if prose else None,
        _order(" ".join(got), reference, table) if prose else None,
        1 - _kept(got, wanted) if prose else None,
        *_rows(text, table),
        seconds,
    )


def _words(text: str) -> list[str]:
    text = re.sub(r"\]\([^)\s]*\)|\[\^\d+\]|<[^>]*>|\xad", " " if "\xad" not in text else "", text)
    return _WORD.findall(text.casefold().replace("_", " "))


def _shingles(words: Sequence[str]) -> list[str]:
    return [" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)]


def _kept(wanted: Iterable[str], got: Iterable[str]) -> float:
    """Share of `wanted` that `got` has, as bags."""
    bag = Counter(wanted)
    return (bag & Counter(got)).total() / max(1, bag.total())


def _order(text: str, reference: str, table: Sequence[Sequence[str]]) -> float:
    """Sentences that are found, in the longest run that rises, of all that should be found once; no table's rows."""
    rows = {" ".join(_words(" ".join(row))) for row in table}
    sentences = [" ".join(_words(part)) for part in re.split(r"(?<=[.!?])\s+|\n{2,}", reference)]
    sentences = [
        sentence
        for sentence in sentences
        if len(sentence.split()) >= SHINGLE and sentence not in rows and sentences.count(sentence) == 1
    ]
    places = [text.find(sentence) for sentence in sentences]
    rising: list[int] = []
    for place in places:
        if place >= 0:
            at = bisect_left(rising, place)
            rising[at : at + 1] = [place]
    return len(rising) / max(1, len(sentences))


def _rows(text: str, table: Sequence[Sequence[str]]) -> tuple[float | None, float | None]:
    if len(table) < 2:
        return None, None
    lines = [" ".join(line.split()) for line in text.splitlines()]
    names, rows = table[0], table[1:]
    whole = [any(all(cell in line for cell in row) for line in lines) for row in rows]
    named = [any(all(cell in line for cell in (*row, *names)) for line in lines) for row in rows]
    return sum(whole) / len(rows), sum(named) / len(rows)


def _quipu(paths: Sequence[Path]) -> list[tuple[str, float]]:
    """Text and seconds of each file, the second time, so that no import counts."""
    found = []
    for path in paths:
        text, seconds = "", 0.0
        for _ in range(2):
            started = time.perf_counter()
            with path.open("rb") as file:
                outcomes = [outcome for part in extract(file, path.name, 60) for outcome in part]
            seconds = time.perf_counter() - started
            text = "\n\n".join(outcome.text for outcome in outcomes if isinstance(outcome, Extracted))
        found.append((text, seconds))
    return found


def _markitdown(python: str) -> Callable[[Sequence[Path]], list[tuple[str, float]]]:
    def convert(paths: Sequence[Path]) -> list[tuple[str, float]]:
        given = "".join(f"{path.resolve()}\n" for path in paths)
        done = subprocess.run([python, "-c", _OTHER], input=given, capture_output=True, text=True, check=True)
        return [(str(text), float(seconds)) for text, seconds in map(json.loads, done.stdout.splitlines())]

    return convert


def compare(folder: Path, converters: Mapping[str, Callable[[Sequence[Path]], list[tuple[str, float]]]]) -> str:
    """A Markdown table with a line a format and converter, means over the files."""
    references = {path.stem: path for path in (folder / "reference").glob("*.txt")}
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.stem in references)
    scores: dict[tuple[str, str], list[Scores]] = {}
    for name, convert in converters.items():
        for path, (text, seconds) in zip(paths, convert(paths), strict=True):
            tsv = folder / "reference" / f"{path.stem}.tsv"
            table = [line.split("\t") for line in tsv.read_text("utf-8").splitlines()] if tsv.is_file() else []
            found = score(text, seconds, references[path.stem].read_text("utf-8"), table)
            scores.setdefault((path.suffix[1:], name), []).append(found)
    lines = [
        "| format | converter | words | runs of 5 | order | extra | rows | named rows | ms a file |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (suffix, name), group in sorted(scores.items()):
        figures = [
            _mean([values for values in column if values is not None])
            for column in zip(*map(astuple, group), strict=True)
        ]
        shares = " | ".join("–" if value is None else f"{value:.3f}" for value in figures[:-1])
        lines.append(f"| {suffix} | {name} | {shares} | {1e3 * (figures[-1] or 0):.0f} |")
    return "\n".join(lines)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def main() -> None:
    """Run the comparison and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--other", metavar="PYTHON", help="a Python interpreter with markitdown")
    options = parser.parse_args()
    converters = {"Quipu": _quipu}
    if options.other:
        converters["markitdown"] = _markitdown(options.other)  # type: ignore[assignment]
    print(compare(options.folder, converters))  # noqa: T201


if __name__ == "__main__":
    main()

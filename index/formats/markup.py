"""A tree of HTML elements as text: Markdown's headings, items and notes, and tables by row; nothing else is marked.

Web pages, DOCX (by way of HTML), chapters of EPUB and HTML mail all become text here.
"""

from __future__ import annotations

import re
from typing import Any

from index.formats.tables import clean, header_line, named_row, plain_row, table_text

SILENT = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "meta",
        "link",
        "svg",
        "math",
        "canvas",
        "iframe",
        "object",
        "embed",
        "applet",
        "audio",
        "video",
        "source",
        "track",
        "map",
        "area",
        "button",
        "select",
        "option",
        "input",
        "textarea",
        "datalist",
        "dialog",
    ]
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "hi",
        "ref",
    ]
)
DEEPEST = 150
_NOTE = re.compile(r"#?_?(?:foot|end|f|e)?n(?:ote)?s?(?:[-_]?ref)?[-_]?(\d+)$|#?_(?:ftn|edn)(?:ref)?(\d+)$", re.I)
_BACK = re.compile(r"[↑↩⏎^]\ufe0e?\s*$")
_LONG_CELL = 400


def render(root: Any) -> str:
    """Text of the elements below `root`, an lxml element."""
    writer = _Writer()
    writer.walk(root, 0)
    writer.flush()
    return writer.text()


class _Writer:
    """Collects blocks; inline text gathers until a block element ends it."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.inline: list[str] = []
        self.tight: list[bool] = []
        self.lists: list[list[int | None]] = []

    def text(self) -> str:
        parts: list[str] = []
        for number, (block, tight) in enumerate(zip(self.blocks, self.tight, strict=True)):
            if number:
                parts.append("\n" if tight and self.tight[number - 1] else "\n\n")
            parts.append(block)
        return "".join(parts)

    def add(self, block: str, tight: bool = False) -> None:
        if block.strip():
            self.blocks.append(block)
            self.tight.append(tight)

    def flush(self, before: str = "", tight: bool = False) -> None:
        """End the block: what was gathered stands behind `before`."""
        lines = [" ".join(line.split()) for line in "".join(self.inline).split("\n")]
        self.inline.clear()
        gathered = "\n".join(line for line in lines if line)
        if gathered:
            self.add(before + gathered, tight)

    def put(self, text: str | None) -> None:
        if text:
            self.inline.append(re.sub(r"\s+", " ", text.replace("\xad", "")))

    def walk(self, element: Any, depth: int) -> None:
        """Everything inside the element."""
        if depth > DEEPEST:
            self.put(" ".join(element.itertext()))
            return
        self.put(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self.child(child, depth + 1)
            self.put(child.tail)

    def child(self, element: Any, depth: int) -> None:
        tag = element.tag.rpartition("}")[2].lower()
        if tag in SILENT:
            return
        if tag == "br":
            self.inline.append("\n")
        elif tag in INLINE:
            self._inline(element, tag, depth)
        elif tag in HEADINGS:
            self.flush()
            self.walk(element, depth)
            self.inline[:] = ["".join(self.inline).replace("\n", " ")]
            self.flush("#" * HEADINGS[tag] + " ")
        elif tag in ("ul", "ol", "menu", "dir"):
            self.flush(*self._hanging())
            self.lists.append([1 if tag == "ol" else None])
            self.walk(element, depth)
            self.flush(*self._hanging())
            self.lists.pop()
        elif tag == "li":
            self._item(element, depth)
        elif tag == "dl":
            self._definitions(element, depth)
        elif tag == "table":
            self.flush(*self._hanging())
            self._table(element, depth)
        elif tag == "pre":
            self.flush()
            self.add("".join(element.itertext()).strip("\n"))
        else:
            self.flush(*self._hanging())
            self.walk(element, depth)
            self.flush(*self._hanging())

    def _inline(self, element: Any, tag: str, depth: int) -> None:
        if tag == "img":
            return
        if tag in ("a", "ref") and (note := _note_of(element)):
            if note != "back":
                self.inline.append(f"[^{note}]")
            return
        self.walk(element, depth)

    def _hanging(self) -> tuple[str, bool]:
        """The indentation of a paragraph that continues a list's item."""
        return ("  " * len(self.lists) if self.lists else ""), bool(self.lists)

    def _item(self, element: Any, depth: int) -> None:
        self.flush(*self._hanging())
        counter = self.lists[-1] if self.lists else [None]
        note = _NOTE.match(element.get("id") or "")
        if note and "note" in (element.get("id") or "") + (element.get("role") or "") + _classes_above(element):
            # The number that the reader sees is the place in the list; the identifier is the program's own.
            number = counter[0] or (note.group(1) or note.group(2))
            if counter[0] is not None:
                counter[0] += 1
            self.add(f"[^{number}]: {_BACK.sub('', cell_text(element)).strip()}")
            return
        indent = "  " * max(0, len(self.lists) - 1)
        bullet = "- " if counter[0] is None else f"{counter[0]}. "
        if counter[0] is not None:
            counter[0] += 1
        mark = len(self.blocks)
        self.walk(element, depth)
        self.flush("", True)
        if len(self.blocks) > mark:
            # Headings and tables in an item keep their own marks.
            first = self.blocks[mark].lstrip()
            if not first.startswith(("#", "- ", "[^")):
                self.blocks[mark] = indent + bullet + first
                self.tight[mark] = True

    def _definitions(self, element: Any, depth: int) -> None:
        self.flush(*self._hanging())
        entries = list(element.iter("{*}dt", "{*}dd", "dt", "dd"))
        if not _hold_all(entries, element):
            self.walk(element, depth)
            self.flush(*self._hanging())
            return
        term = ""
        for child in entries:
            tag = child.tag.rpartition("}")[2]
            text = clean(" ".join(child.itertext()))
            if tag == "dt":
                if term:
                    self.add(f"- {term}", True)
                term = text.rstrip(":")
            elif text:
                self.add(f"- {term}: {text}" if term else f"- {text}", True)
                term = ""
        if term:
            self.add(f"- {term}", True)

    def _table(self, element: Any, depth: int) -> None:
        rows = [row for row in element.iter("{*}tr", "tr") if _nearest(row, "table") is element]
        cells = [[cell for cell in row if _tag(cell) in ("td", "th")] for row in rows]
        captions = [c for c in element.iter("{*}caption", "caption") if _nearest(c, "table") is element]
        if not _hold_all([*captions, *(cell for row in cells for cell in row)], element):
            self.walk(element, depth)
            self.flush(*self._hanging())
            return
        for caption in captions:
            self.add(clean(" ".join(caption.itertext())))
        nested = any(_tag(inner) == "table" for inner in element.iter() if inner is not element)
        texts = [[cell_text(cell) for cell in row] for row in cells]
        long = any(len(text) > _LONG_CELL for row in texts for text in row)
        wide = max((len(row) for row in cells), default=0) > 1
        if nested or not wide or (long and len(rows) < 3):
            for row in cells:
                for cell in row:
                    self.walk(cell, depth + 1)
                    self.flush()
            return
        grid, headers = _grid(cells, texts)
        if headers:
            names = [
                " ".join(dict.fromkeys(filter(None, (row[at] for row in grid[:headers])))) for at in range(len(grid[0]))
            ]
            lines = [header_line(dict.fromkeys(names)), *(named_row(row, names) for row in grid[headers:])]
            self.add("\n".join(line for line in lines if line) if len(lines) > 1 else plain_row(names))
        else:
            self.add(table_text(grid))


def _hold_all(parts: list[Any], whole: Any) -> bool:
    """Whether the parts hold all the text of the whole, once each, as those of a well-made table do."""
    return sum(_weight(part) for part in parts) == _weight(whole)


def _weight(element: Any) -> int:
    return sum(len("".join(text.split())) for text in element.itertext())


def cell_text(cell: Any) -> str:
    """A cell's text on one line; paragraphs in it are kept apart by a space."""
    return clean(
        "".join(part for node in cell.iter() if _tag(node) not in SILENT for part in _own(node, cell)).replace(
            "\xad", ""
        )
    )


def _own(node: Any, cell: Any) -> list[str]:
    if not isinstance(node.tag, str):
        return [node.tail or ""] if node is not cell else []
    glue = "" if _tag(node) in INLINE else " "
    return [(node.text or "") + glue, (node.tail or "") if node is not cell else ""]


def _grid(cells: list[list[Any]], texts: list[list[str]]) -> tuple[list[list[str]], int]:
    """The table's texts by row and column, spans filled in, and how many rows at its top name the columns."""
    grid: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    headers = 0
    for number, (row, row_texts) in enumerate(zip(cells, texts, strict=True)):
        heads = bool(row) and all(_tag(cell) == "th" for cell in row)
        if heads and headers == number:
            headers += 1
        line: list[str] = []

        def fill(line: list[str]) -> None:
            while len(line) in below:
                left, value = below[len(line)]
                if left > 1:
                    below[len(line)] = (left - 1, value)
                else:
                    del below[len(line)]
                line.append(value)

        for cell, text in zip(row, row_texts, strict=True):
            fill(line)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            for step in range(across):
                value = text if step == 0 or heads else ""
                if down > 1:
                    below[len(line)] = (down - 1, value)
                line.append(value)
        fill(line)
        grid.append(line)
    width = max(map(len, grid))
    return [row + [""] * (width - len(row)) for row in grid], headers if headers < len(grid) else 0


def _span(cell: Any, name: str) -> int:
    value = cell.get(name) or ""
    return max(1, min(100, int(value))) if value.isdecimal() and len(value) < 5 else 1


def _tag(element: Any) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _nearest(element: Any, tag: str) -> Any:
    for above in element.iterancestors():
        if _tag(above) == tag:
            return above
    return None


def _note_of(element: Any) -> str | None:
    """The number of the note that a link leads to, "back" for a link from the note to the text, None for other links."""
    target = element.get("href") or element.get("target") or ""
    if not target or "#" not in target:
        return None
    found = _NOTE.match("#" + target.rpartition("#")[2])
    if not found:
        return None
    text = clean("".join(element.itertext()))
    if "ref" in target.rpartition("#")[2] or _BACK.fullmatch(text):
        return "back"
    if not re.fullmatch(r"\W*\w{1,4}\W*", text):
        return None
    shown = re.search(r"\d+", text)
    return shown.group() if shown else (found.group(1) or found.group(2))


def _classes_above(element: Any) -> str:
    return " ".join(
        (above.get("class") or "") + (above.get("role") or "") + (above.get("id") or "")
        for above in list(element.iterancestors())[:3]
    )

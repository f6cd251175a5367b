"""An export as Markdown, with the sources as footnotes (GitHub, pandoc, Obsidian); words of documents are text, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.export.outline import Asked, Listed, Outline, Part

# What can mean something anywhere in a line, and what does at its beginning.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~$^@]|&(?=#?\w{1,32};)")
_BEGINNING = re.compile(r"^([ \t]*)(?:([#+=-])|(\d{1,9})([.)]))", re.MULTILINE)


def markdown(made: Outline) -> str:
    """The whole document."""
    return "\n".join(_lines(made)).rstrip() + "\n"


def _lines(made: Outline) -> Iterator[str]:
    yield from (f"# {escaped(made.title)}", "", f"{escaped(made.subtitle)}", "", f"*{escaped(made.how)}*", "")
    if made.left_out:
        yield from (f"> **{made.words['export_left_out']}.** {escaped(made.words['export_left_out_note'])}", ">")
        yield from (f"> - {escaped(one)}" for one in made.left_out)
        yield ""
    for asked in made.asked:
        yield from _asked(asked, made, heading=len(made.asked) > 1)
    yield from (f"## {made.words['export_about']}", "")
    for line in made.about:
        yield f"- {escaped(line)}"
    yield ""
    for source in made.sources:
        yield from _source(source, made)


def _asked(asked: Asked, made: Outline, *, heading: bool) -> Iterator[str]:
    if heading:
        yield from (f"## {escaped(asked.question)}", "")
    if asked.notes:
        yield from (f"*{escaped(' '.join(asked.notes))}*", "")
    before = False
    for part in asked.parts:
        if before and not part.item:
            yield ""
        yield f"- {_part(part, '  ')}" if part.item else _part(part, "")
        before = part.item
        if not part.item:
            yield ""
    if before:
        yield ""
    if asked.support:
        yield from (f"*{escaped(asked.support)}*", "")
    if asked.near:
        yield from (f"**{made.words['export_nearest']}.** {escaped(made.words['export_nearest_note'])}", "")
        for near in asked.near:
            title = linked(near.title, near.link)
            yield f"- {title}, {escaped(near.place)}: {escaped(near.excerpt)}"
        yield ""


def _part(part: Part, indent: str) -> str:
    pieces = (escaped(piece.text) + "".join(f"[^{number}]" for number in piece.numbers) for piece in part.pieces)
    return " ".join(pieces).replace("\n", f"\\\n{indent}")


def _source(source: Listed, made: Outline) -> Iterator[str]:
    known = ". ".join(
        filter(None, [linked(source.title, source.link), escaped(source.about), escaped(source.headings)])
    )
    address = f" <{source.link}>" if source.link else ""
    yield from (f"[^{source.number}]: {known}. {escaped(source.place)}.{address}", "")
    for number, paragraph in enumerate(re.split(r"\n\s*\n", source.quote.strip("\n"))):
        if number:
            yield "    >"
        lines = [line.strip() for line in escaped(paragraph).split("\n")]
        yield from (f"    > {line}" for line in "\\\n".join(lines).split("\n"))
    yield ""


def escaped(words: str) -> str:
    """Words as Markdown that shows exactly them."""
    signs = _MARKUP.sub(lambda found: "\\" + found.group(), words)
    return _BEGINNING.sub(lambda f: f"{f[1]}\\{f[2]}" if f[2] else f"{f[1]}{f[3]}\\{f[4]}", signs)


def linked(words: str, address: str) -> str:
    """Words as a link, where there is an address."""
    if not address:
        return f"**{escaped(words)}**"
    target = re.sub(r"[()\\]", lambda found: f"%{ord(found.group()):02X}", address)
    return f"**[{escaped(words)}]({target})**"

"""Scanned pages to text by tesseract, where it is installed, in the document's language."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, BinaryIO

from index.formats.guard import TESSERACT
from index.formats.pdf import open_pdf
from index.formats.prose import join_lines, vocabulary
from index.formats.types import Extracted, RefusedError
from index.types import Span

RESOLUTION = 300
MOST_PIXELS = 25_000_000
LEAST_CONFIDENCE = 20.0
PACKS = {
    "en": "eng",
    "es": "spa",
    "pt": "por",
    "fr": "fra",
    "de": "deu",
    "it": "ita",
    "nl": "nld",
    "ca": "cat",
    "qu": "que",
}


@cache
def languages() -> tuple[str, ...]:
    """The language packs that tesseract has of those that Quipu knows, English and Spanish first; none without it."""
    program = shutil.which(TESSERACT)
    if program is None:
        return ()
    try:
        listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    installed = set(listed.stdout.split())
    return tuple(pack for pack in PACKS.values() if pack in installed)


@cache
def version() -> str:
    """Tesseract's version; empty without it."""
    program = shutil.which(TESSERACT)
    if program is None:
        return ""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    return (told.stdout or told.stderr).splitlines()[0].strip() if told.stdout or told.stderr else ""


def recognise(file: BinaryIO, pages: Sequence[int], deadline: float) -> Extracted:
    """The text of the pages with these numbers; `pages` of the result has one span for each of them, in order.

    The first page with words tells the language. Raises RefusedError if tesseract fails.
    """
    packs = languages()
    if not packs:
        raise RefusedError("tesseract is not installed")
    document = open_pdf(file)
    chosen = ""
    read: list[list[list[str]]] = []
    partly = ""
    try:
        for number in pages:
            left = deadline - time.monotonic()
            if left < 5:
                partly = f"OCR ran out of time after {len(read)} of {len(pages)} scanned pages"
                break
            picture = _picture(document, number - 1)
            found = _tesseract(picture, chosen or "+".join(packs[:2]), left)
            if not chosen and sum(len(line) for paragraph in found for line in paragraph) > 200:
                best = _pack_for(" ".join(line for paragraph in found for line in paragraph), packs)
                if best not in packs[:2] or len(packs) == 1:
                    found = _tesseract(picture, best, max(5.0, deadline - time.monotonic()))
                chosen = best
            read.append(found)
    finally:
        document.close()
    words = vocabulary(line for page in read for paragraph in page for line in paragraph)
    text, spans = "", []
    for page in read:
        start = len(text)
        text += "".join(join_lines(paragraph, words) + "\n\n" for paragraph in page)
        spans.append(Span(start, len(text)))
    spans += [Span(len(text), len(text))] * (len(pages) - len(read))
    metadata = {"ocr": f"{version()} ({chosen or '+'.join(packs[:2])})"}
    return Extracted(text, "", metadata, tuple(spans), partly=partly)


def _picture(document: Any, index: int) -> bytes:
    """A page as a grey PNG, at 300 dots an inch, less for a very large page."""
    page = document[index]
    try:
        width, height = page.get_size()
        scale = RESOLUTION / 72
        if width * height * scale * scale > MOST_PIXELS:
            scale = (MOST_PIXELS / (width * height)) ** 0.5
        bitmap = page.render(scale=scale, grayscale=True)
        out = io.BytesIO()
        bitmap.to_pil().save(out, "PNG", compress_level=1, dpi=(scale * 72, scale * 72))
        bitmap.close()
        return out.getvalue()
    finally:
        page.close()


def _tesseract(picture: bytes, packs: str, seconds: float) -> list[list[str]]:
    """The paragraphs of a picture, each as its lines."""
    program = shutil.which(TESSERACT)
    if program is None:
        raise RefusedError("tesseract is not installed")
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "-l", packs, "--psm", "3", "tsv"],
            input=picture, capture_output=True, timeout=seconds, check=False, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise RefusedError("tesseract took too long over a page") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise RefusedError(f"tesseract failed: {reason[0][:120]}")
    return paragraphs_of(done.stdout.decode("utf-8", "replace"))


def paragraphs_of(tsv: str) -> list[list[str]]:
    """Tesseract's table of words as paragraphs of lines; words that it is far from sure of are left out."""
    paragraphs: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in csv.DictReader(io.StringIO(tsv), delimiter="\t", quoting=csv.QUOTE_NONE):
        word = (row.get("text") or "").strip()
        try:
            sure = float(row.get("conf") or -1)
        except ValueError:
            continue
        if not word or sure < LEAST_CONFIDENCE:
            continue
        lines = paragraphs.setdefault((row.get("block_num") or "", row.get("par_num") or ""), {})
        lines.setdefault(row.get("line_num") or "", []).append(word)
    return [[" ".join(words) for words in lines.values()] for lines in paragraphs.values()]


def _pack_for(text: str, packs: Sequence[str]) -> str:
    from index.language import document_language

    pack = PACKS.get(document_language(text), "")
    return pack if pack in packs else "+".join(packs[:2])


def merged(document: Extracted, seen: Extracted) -> Extracted:
    """The document with the recognised text put at the start of each of its scanned pages."""
    texts = {
        number: seen.text[span.start : span.end] for number, span in zip(document.scanned, seen.pages, strict=True)
    }
    parts: list[str] = []
    pages: list[Span] = []
    size = 0
    for number, page in enumerate(document.pages, start=1):
        # A paragraph may run over from the page before: it must not be parted from its beginning by less than a line.
        part = texts.get(number, "") + document.text[page.start : page.end]
        if number in texts and parts and not parts[-1].endswith("\n") and parts[-1]:
            parts[-1] += "\n\n"
            pages[-1] = Span(pages[-1].start, pages[-1].end + 2)
            size += 2
        parts.append(part)
        pages.append(Span(size, size + len(part)))
        size += len(part)
    text = "".join(parts)
    kept = len(text.rstrip())
    spans = tuple(Span(min(page.start, kept), min(page.end, kept)) for page in pages)
    return replace(
        document,
        text=text[:kept],
        pages=spans,
        metadata={**document.metadata, **seen.metadata},
        scanned=(),
        partly="; ".join(filter(None, (document.partly, seen.partly))),
    )

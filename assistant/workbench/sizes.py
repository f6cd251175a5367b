"""Sizes of files in words."""

from __future__ import annotations

from assistant.chat.strings import Words


def size_words(words: Words, size: int, language: str) -> str:
    """`size` bytes in MB, or in kB where that is less than one, as HTML; the words are `megabytes` and `kilobytes`."""
    if size >= 1_000_000:
        return words.translated(language, "megabytes", size=f"{size / 1e6:,.1f}")
    return words.translated(language, "kilobytes", size=f"{max(size / 1e3, 0.1):,.1f}")

"""Bytes to text: UTF-8, else the likeliest other encoding."""

from __future__ import annotations

from index.errors import SourceError

_WESTERN = frozenset("áéíóúüñÁÉÍÓÚÜÑàèìòùâêîôûãõäëïöçßÀÈÂÊÎÔÛÃÕÄÖÇ¿¡ºª°«»“”‘’–—…•·€£§´©®™½¼\N{NO-BREAK SPACE}")


def decode(data: bytes) -> str:
    """Text of the bytes: UTF-8, else the likeliest other encoding. Raises SourceError if there is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _western(data) or _guessed(data)
    if "\0" in text:
        raise SourceError("is not text: it holds NUL bytes; expected a text file")
    return text


def _western(data: bytes) -> str | None:
    """Text of bytes that read well as Windows-1252, of which Latin-1 is a part; None if they do not.

    Guessing by letter statistics fails on a few Spanish words, where this cannot: among plain letters there are
    some with the accents of western Europe, and nothing else.
    """
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    others = [c for c in text if not (c.isascii() and (c.isprintable() or c in "\t\n\r\f"))]
    letters = sum(c.isalpha() for c in text)
    accented = sum(c.isalpha() for c in others)
    return text if _WESTERN.issuperset(others) and 4 * accented <= letters else None


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    try:
        guess = from_bytes(data).best()
        text = data.decode(guess.encoding) if guess is not None else None
        if text is not None:
            text.encode("utf-8")
            return text
    except UnicodeError:
        pass
    raise SourceError("is not text in any known encoding; save it as UTF-8")

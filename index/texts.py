"""What is encoded of a passage and of a sentence, and the keys under which its vectors are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.cache import cache_key
from index.sentences import readable
from index.types import Passage


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be encoded, under its key; a passage with one vector a token, a sentence without."""

    key: bytes
    text: str
    with_tokens: bool


def embedded_text(corpus_text: str, context: str) -> str:
    """What is encoded for a passage: its headings, then its text without link targets and tags."""
    return context + readable(corpus_text)


def sentence_text(text: str) -> str:
    """What is encoded for a sentence: its text without link targets and tags, white space collapsed."""
    return " ".join(readable(text).split())


def texts_of(passages: Sequence[Passage], contexts: Sequence[str], model_sha256: str) -> Iterator[Text]:
    """The texts of passages under their contexts, each passage before its sentences."""
    for passage, context in zip(passages, contexts, strict=True):
        text = embedded_text(passage.text, context)
        yield Text(cache_key(model_sha256, "passage", text), text, True)
        for sentence in passage.sentences:
            text = sentence_text(passage.text[sentence.start - passage.start : sentence.end - passage.start])
            yield Text(cache_key(model_sha256, "sentence", text), text, False)

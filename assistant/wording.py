"""The sentences that Quipu says itself: everything else in an answer is quoted."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.verifying import Cited

_REFUSAL = {
    "en": ("The documents do not say.", "Not found in the documents: {}.", "The nearest passages are shown."),
    "es": (
        "Los documentos no lo dicen.",
        "No aparece en los documentos: {}.",
        "Se muestran los pasajes más cercanos.",
    ),
}


def answer(cited: Sequence[Cited]) -> str:
    """The quoted sentences, each with the marker of its citation; a line a citation."""
    return "\n".join(
        " ".join(f"{sentence} [{citation.marker}]" for sentence in sentences) for citation, sentences in cited
    )


def refusal(language: str, missing: Sequence[str], nearest: bool) -> str:
    """The refusal in the question's language, naming the terms that the documents lack."""
    none, lacking, shown = _REFUSAL[language]
    parts = [none]
    if missing:
        parts.append(lacking.format(", ".join(missing)))
    if nearest:
        parts.append(shown)
    return " ".join(parts)

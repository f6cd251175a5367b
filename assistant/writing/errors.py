"""What can go wrong with a language model, each as one line for the person who asked."""

from __future__ import annotations

from index.errors import QuipuError, UsageError


class WritingError(QuipuError):
    """The language model did not write: it cannot be reached, is too slow, or answered with something else than text."""


class ConfigurationError(UsageError):
    """The settings of the language model are not as expected."""

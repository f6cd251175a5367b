"""Errors of evaluation; both end a command with exit code 1 and one line on stderr.

QuipuError
├── SetError        a question set or a BEIR folder is malformed: the message begins with file and line
├── ResultsError    saved results cannot be read, or two of them cannot be compared
└── GateError       a new generation answers worse than the live one, and was not published
"""

from __future__ import annotations

from pathlib import Path

from index.errors import QuipuError


class SetError(QuipuError):
    """A question set, a BEIR folder, a run or a qrels file is malformed."""

    @classmethod
    def at(cls, path: Path, line: int, message: str) -> SetError:
        """The error for what stands on `line` (from 1) of the file at `path`."""
        return cls(f"{path}:{line}: {message}")


class ResultsError(QuipuError):
    """Saved results cannot be read or compared."""


class GateError(QuipuError):
    """A new generation answers a question set worse than the live one."""

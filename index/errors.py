"""Errors that a user can meet; each message says what was found, what was expected and what to do.

QuipuError                the work failed: exit code 1, one line on stderr
├── UsageError            the command was called wrongly: exit code 2
├── SourceError           the source folder or a document in it cannot be read
├── ModelError            the embedding model cannot be found, unpacked or trusted
├── IndexMissingError     there is no index where one was expected
├── IndexFormatError      the index was written by another format version or another model
├── IndexDamagedError     a file of the index is missing, cut short or altered
└── QuestionError         the question cannot be asked (empty, too long)
"""


class QuipuError(Exception):
    """Root of every error that is shown to a user as one line."""


class UsageError(QuipuError):
    """The command was called wrongly."""


class SourceError(QuipuError):
    """The source folder, or a file in it, cannot be read."""


class ModelError(QuipuError):
    """The embedding model cannot be found, unpacked or trusted."""


class IndexMissingError(QuipuError):
    """No index stands where one was expected."""


class IndexFormatError(QuipuError):
    """The index was written by another format version or with another model."""


class IndexDamagedError(QuipuError):
    """A file of the index is missing, cut short or altered."""


class QuestionError(QuipuError):
    """The question cannot be asked as it stands."""

"""What every page of the workbench is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from assistant.chat.library import ChatAssistant
from assistant.chat.metrics import Metrics
from assistant.workbench.asked import Turns

FOLDER = "workbench"


@dataclass(frozen=True, slots=True)
class Rights:
    """What visitors may do: add and remove `documents`; `manage` the index and what is kept of it (builds, generations, runs)."""

    documents: bool = True
    manage: bool = True

    @classmethod
    def on(cls, *, local: bool, users: bool, uploads: bool | None) -> Rights:
        """What visitors may do on a server that is `local` to its machine or has `users` with passwords; strangers may only read.

        `uploads` says otherwise for documents alone.
        """
        trusted = local or users
        return cls(trusted if uploads is None else uploads, trusted)


ALL_RIGHTS = Rights()


@dataclass(frozen=True, slots=True, eq=False)
class Workbench:
    """What pages work with: the assistant, and the folder of its index where there is one.

    `logout` says that visitors are logged in, and want a way out. A page's functions and its requests share under its path in
    `shared` what they have in common. `turns` are the answers that can be judged, where what is said of them can be kept;
    `sets` are folders in which question sets are looked for.
    """

    assistant: ChatAssistant
    index: Path | None
    metrics: Metrics
    rights: Rights = ALL_RIGHTS
    logout: bool = False
    shared: dict[str, Any] = field(default_factory=dict)
    turns: Turns | None = None
    sets: tuple[Path, ...] = ()

    @property
    def folder(self) -> Path:
        """Where pages keep what they keep, one file or folder each; ValueError where there is no index.

        It need not exist yet.
        """
        if self.index is None:
            raise ValueError("the workbench has no index")
        return self.index / FOLDER

    def writable(self) -> bool:
        """Whether something can be kept: asked anew each time, since a disk may fill or a right be taken away."""
        if self.index is None:
            return False
        try:
            self.folder.mkdir(exist_ok=True)
            with TemporaryFile(dir=self.folder):
                pass
        except OSError:
            return False
        return True

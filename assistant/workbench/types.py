"""What every page of the workbench is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.chat.library import ChatAssistant
from assistant.chat.metrics import Metrics
from assistant.workbench.asked import Turns

FOLDER = "workbench"


@dataclass(frozen=True, slots=True)
class Rights:
    """What visitors may do: add and remove `documents`; `manage` the index and what is kept of it (builds, generations, runs)."""

    documents: bool = True
    manage: bool = True


ALL_RIGHTS = Rights()


@dataclass(frozen=True, slots=True)
class Workbench:
    """What pages work with: the assistant, and the folder of its index where there is one.

    `logout` says that visitors are logged in, and want a way out. `turns` are the answers that can be judged, where what is said
    of them can be kept; `sets` are folders in which question sets are looked for.
    """

    assistant: ChatAssistant
    index: Path | None
    metrics: Metrics
    rights: Rights = ALL_RIGHTS
    logout: bool = False
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
            trial = self.folder / ".writable"
            trial.write_bytes(b"")
            trial.unlink()
        except OSError:
            return False
        return True

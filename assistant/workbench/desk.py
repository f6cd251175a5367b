"""What the page of documents works with: the list, the builds, the trash, and what visitors may do at the moment."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.workbench.catalogue import Catalogue, Catalogued, Status
from assistant.workbench.rebuilding import Builder, activity_json
from assistant.workbench.trash import removed_documents
from assistant.workbench.types import Workbench
from assistant.workbench.uploads import Held, Limits, sweep
from index.lock import read_activity

_WRITABLE_HOLDS = 15.0


@dataclass(slots=True)
class Desk:
    """The page's working parts for one index."""

    workbench: Workbench
    index: Path
    folder: Path
    catalogue: Catalogue
    builder: Builder
    limits: Limits = field(default_factory=Limits)
    _writable: tuple[float, bool] = (0.0, False)

    @property
    def trash(self) -> Path:
        """Where removed documents are kept."""
        return self.folder / "trash"

    @property
    def incoming(self) -> Path:
        """Where documents arrive."""
        return self.folder / "incoming"

    def writable(self) -> bool:
        """Whether the workbench can keep anything, as it was a few seconds ago."""
        now = time.monotonic()
        if now > self._writable[0]:
            self._writable = (now + _WRITABLE_HOLDS, self.workbench.writable())
        return self._writable[1]

    def may_manage(self) -> bool:
        """Whether visitors may build and go back to another generation."""
        return self.workbench.rights.manage and self.writable()

    def may_change(self, catalogued: Catalogued) -> bool:
        """Whether visitors may add and remove documents."""
        folder = catalogued.folder
        return self.workbench.rights.documents and self.writable() and not folder.fault and folder.writable

    def held(self, catalogued: Catalogued) -> Held:
        """What the source folder holds."""
        return Held(len(catalogued.folder.files), catalogued.folder.size)

    def state(self) -> dict[str, Any]:
        """The state of index and folder for a page, as JSON."""
        catalogued = self.catalogue.read()
        folder = catalogued.folder
        last = self.builder.last()
        return {
            "generation": catalogued.manifest.generation,
            "created": catalogued.manifest.created,
            "answering": self.workbench.assistant.generation_id,
            "waiting": {name: catalogued.count([Status(name)]) for name in ("new", "changed", "removed")},
            "notices": self._notices(catalogued),
            "folder": str(folder.path),
            "change": self.may_change(catalogued),
            "manage": self.may_manage(),
            "build": activity_json(read_activity(self.index), ours=self.builder.running()),
            "buildable": not folder.fault,
            "last": None if last is None else {
                "outcome": last.outcome, "ended": last.ended, "changes": last.changes, "message": last.message,
                "seconds": last.seconds,
            },
            "trash": len(removed_documents(self.trash)) if self.workbench.rights.documents else 0,
            "limits": {"file_bytes": self.limits.file_bytes},
        }  # fmt: skip

    def _notices(self, catalogued: Catalogued) -> list[str]:
        """Keys of the words for what keeps visitors from changing anything, the most telling alone."""
        folder, rights = catalogued.folder, self.workbench.rights
        if folder.fault:
            return ["notice_gone" if not folder.path.exists() else "notice_unreadable"]
        if not self.writable():
            return ["notice_read_only"]
        if not rights.documents and not rights.manage:
            return ["notice_closed"]
        if not rights.documents:
            return ["notice_uploads_off"]
        return [] if folder.writable else ["notice_folder_read_only"]


def desk_of(workbench: Workbench) -> Desk:
    """The one desk of a server."""
    if "documents" not in workbench.shared:
        assert workbench.index is not None
        folder = workbench.folder
        workbench.shared["documents"] = Desk(
            workbench, workbench.index, folder, Catalogue(workbench.index), Builder(workbench.index, folder)
        )
        sweep(folder / "incoming")
    desk: Desk = workbench.shared["documents"]
    return desk

"""The page of documents: what the index holds, what became of every file, adding, removing, building, going back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.chat.functions import Asked, page_function
from assistant.chat.strings import known_language, words_of
from assistant.live import pinned
from assistant.workbench import documents_html as html
from assistant.workbench import trash
from assistant.workbench.desk import Desk, desk_of
from assistant.workbench.frame import add_page
from assistant.workbench.listing import Choice, facets, part
from assistant.workbench.rebuilding import BuildRunningError, activity_json
from assistant.workbench.seen import seen_html
from assistant.workbench.types import Workbench
from assistant.workbench.uploads import UploadRefusedError, planned
from assistant.workbench.versions import versions_html
from index.errors import QuipuError
from index.generations import generations, rollback

if TYPE_CHECKING:
    import fastapi

WORDS = words_of(Path(__file__).with_name("documents.json"))
MOST_AT_ONCE = 200
"""Documents that one call may be about."""


def build(workbench: Workbench) -> None:
    """Add the page to the Blocks that are open."""
    desk = desk_of(workbench)
    functions = {
        "list_documents": lambda asked: _listed(desk, asked),
        "index_state": lambda _: desk.state(),
        "see_text": lambda asked: _seen(desk, asked),
        "plan_uploads": lambda asked: _planned(desk, asked),
        "left_out": lambda asked: _left_out(desk, asked),
        "remove_documents": lambda asked: _removed(desk, asked),
        "list_trash": lambda asked: _trash(desk, asked),
        "restore_document": lambda asked: _restored(desk, asked),
        "delete_documents": lambda asked: _deleted(desk, asked),
        "start_build": lambda _: _started(desk),
        "stop_build": lambda _: _stopped(desk),
        "list_versions": lambda asked: _versions(desk, asked),
        "roll_back": lambda asked: _rolled_back(desk, asked),
    }
    add_page(
        workbench,
        "documents",
        html.body_html(desk.limits),
        WORDS,
        script=("documents-list.js", "documents-add.js", "documents-build.js", "documents.js"),
        functions=[page_function(name, work, "failed") for name, work in functions.items()],
    )


def add_routes(app: fastapi.FastAPI, workbench: Workbench) -> None:
    """Take the documents that the page sends."""
    from assistant.workbench.receiving import upload_route

    upload_route(app, desk_of(workbench))


def _listed(desk: Desk, asked: Asked) -> dict[str, Any]:
    language = known_language(asked.get("language"))
    catalogued = desk.catalogue.read()
    choice = Choice.from_json(asked)
    return {
        "html": html.list_html(part(catalogued, choice), choice, language, picking=desk.may_change(catalogued)),
        "facets": facets(catalogued),
        "summary": html.summary_html(catalogued, language),
    }


def _seen(desk: Desk, asked: Asked) -> dict[str, Any]:
    with pinned(desk.workbench.assistant) as library:
        return {"html": seen_html(library, asked, known_language(asked.get("language")))}


def _planned(desk: Desk, asked: Asked) -> dict[str, Any]:
    """For each `[name, bytes]` of `files`: the name that it would get, whether that is taken, or why it may not come in."""
    catalogued = desk.catalogue.read()
    if not desk.may_change(catalogued):
        return {"error": "refused_off"}
    held = desk.held(catalogued)
    plans: list[dict[str, Any]] = []
    for item in _some(asked.get("files")):
        if not (isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) and type(item[1]) is int):
            plans.append({"error": "refused_name"})
            continue
        try:
            plan = planned(catalogued.folder.path, item[0], item[1], held, desk.limits)
            plans.append({"name": plan.name.as_posix(), "taken": plan.taken})
        except UploadRefusedError as error:
            plans.append({"error": error.key, "name": error.name})
    return {"files": plans}


def _left_out(desk: Desk, asked: Asked) -> dict[str, Any]:
    """Those of `files` that came in, but that the folder's rules keep out of the index."""
    files = desk.catalogue.read().folder.files
    return {"files": [name for name in _some(asked.get("files")) if name not in files]}


def _removed(desk: Desk, asked: Asked) -> dict[str, Any]:
    """Move each of `files` to the trash; gives how many were, and `[name, key of words]` for those that were not."""
    catalogued = desk.catalogue.read()
    if not desk.may_change(catalogued):
        return {"error": "refused_off"}
    known = {*catalogued.folder.files, *(skipped.doc_id for skipped in catalogued.folder.skipped)}
    removed, problems = 0, []
    for name in _some(asked.get("files")):
        try:
            if name not in known:
                raise trash.TrashError("gone", f"{name} is not in the source folder")
            trash.remove(desk.trash, catalogued.folder.path, name)
            removed += 1
        except trash.TrashError as error:
            problems.append([str(name), f"trash_{error.key}"])
    desk.catalogue.look_again()
    return {"removed": removed, "problems": problems}


def _trash(desk: Desk, asked: Asked) -> dict[str, Any]:
    if not desk.workbench.rights.documents:
        return {"error": "refused_off"}
    language = known_language(asked.get("language"))
    return {"html": html.trash_html(trash.removed_documents(desk.trash), language)}


def _restored(desk: Desk, asked: Asked) -> dict[str, Any]:
    catalogued = desk.catalogue.read()
    if not desk.may_change(catalogued):
        return {"error": "refused_off"}
    try:
        name = trash.restore(desk.trash, catalogued.folder.path, str(asked.get("id")))
    except trash.TrashError as error:
        return {"error": f"trash_{error.key}"}
    desk.catalogue.look_again()
    return {"name": name}


def _deleted(desk: Desk, asked: Asked) -> dict[str, Any]:
    """Delete those of `ids` for good; all of the trash where `all` is true."""
    if not desk.may_change(desk.catalogue.read()):
        return {"error": "refused_off"}
    everything = [one.trash_id for one in trash.removed_documents(desk.trash)] if asked.get("all") is True else []
    ids = everything or _some(asked.get("ids"))
    return {"deleted": sum(trash.delete(desk.trash, trash_id) for trash_id in ids if isinstance(trash_id, str))}


def _started(desk: Desk) -> dict[str, Any]:
    if not desk.may_manage():
        return {"error": "refused_off"}
    try:
        desk.builder.start(desk.catalogue.read().manifest)
    except BuildRunningError as error:
        return {"error": "build_held", "build": activity_json(error.activity, ours=desk.builder.running())}
    except OSError:
        return {"error": "notice_read_only"}
    return {"started": True}


def _stopped(desk: Desk) -> dict[str, Any]:
    if not desk.may_manage():
        return {"error": "refused_off"}
    return {"stopped": desk.builder.stop()}


def _versions(desk: Desk, asked: Asked) -> dict[str, Any]:
    language = known_language(asked.get("language"))
    return {"html": versions_html(generations(desk.index), language, manage=desk.may_manage())}


def _rolled_back(desk: Desk, asked: Asked) -> dict[str, Any]:
    """Make `generation` live; `said` is what stood in the way."""
    if not desk.may_manage():
        return {"error": "refused_off"}
    return _said(lambda: {"live": rollback(desk.index, str(asked.get("generation")))})


def _said(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except QuipuError as error:
        return {"error": "failed", "said": str(error)}


def _some(value: object) -> list[Any]:
    return value[:MOST_AT_ONCE] if isinstance(value, list) else []

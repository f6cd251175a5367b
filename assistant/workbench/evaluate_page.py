"""The page that runs question sets: which there are, what a run found, and what changed from one to another."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.chat.functions import Asked, page_function, visited_function
from assistant.chat.library import ChatAssistant
from assistant.chat.strings import known_language, words_of
from assistant.live import pinned
from assistant.workbench import evaluate_html as html
from assistant.workbench.evaluator import Evaluator, find_evaluator
from assistant.workbench.frame import add_page
from assistant.workbench.runs import RunError, Runs
from assistant.workbench.sets import (
    PROBLEMS_SHOWN,
    SetFile,
    SetFileError,
    find_sets,
    keep_upload,
    neighbours,
    remove_upload,
)
from assistant.workbench.types import Workbench
from index.errors import QuipuError

if TYPE_CHECKING:
    import fastapi
    from starlette.requests import Request
    from starlette.responses import Response

WORDS = words_of(Path(__file__).with_name("evaluate.json"))


def build(workbench: Workbench) -> None:
    """Add the page to the Blocks that are open."""
    evaluator = find_evaluator()
    runs = _runs(workbench, evaluator)
    if runs is not None:
        atexit.register(runs.close)

    def show_sets(asked: Asked) -> dict[str, Any]:
        language = known_language(asked.get("language"))
        return {
            "html": html.sets_html(known_sets(workbench), language, writable=workbench.writable()),
            "writable": workbench.writable(),
        }

    def show_runs(asked: Asked) -> dict[str, Any]:
        language = known_language(asked.get("language"))
        assert runs is not None
        found = runs.all()
        going = next((run for run in found if run.status == "running"), None)
        return {
            "html": html.runs_html(found, language, writable=workbench.writable()),
            "running": None if going is None else going.id,
            "progress": html.progress_html(going, language),
            "ended": [run.id for run in found if run.status != "running"][:1],
        }

    def start_run(asked: Asked, by: str) -> dict[str, Any]:
        assert runs is not None
        chosen = next((one for one in known_sets(workbench) if one.key == asked.get("set")), None)
        if chosen is None:
            return {"error": "set_gone"}
        try:
            generation = workbench.assistant.generation_id
            return {"run": runs.start(chosen.path, questions=chosen.questions, by=by, index=generation).id}
        except QuipuError as error:
            return {"error": "run_failed", "said": str(error)}

    def stop_run(asked: Asked) -> dict[str, Any]:
        assert runs is not None
        return {"stopped": runs.stop(str(asked.get("run")))}

    def remove_run(asked: Asked) -> dict[str, Any]:
        assert runs is not None
        try:
            return {"removed": runs.remove(str(asked.get("run")))}
        except RunError as error:
            return {"error": "not_removed", "said": str(error)}

    def remove_set(asked: Asked) -> dict[str, Any]:
        return {"removed": remove_upload(workbench.folder, str(asked.get("set")))}

    def show_report(asked: Asked) -> dict[str, Any]:
        assert runs is not None
        run = runs.get(str(asked.get("run")))
        if run is None or runs.report(run.id) is None:
            return {"error": "report_gone"}
        return {"html": html.report_html(run, known_language(asked.get("language")))}

    def compare_runs(asked: Asked) -> dict[str, Any]:
        assert runs is not None
        assert evaluator is not None
        chosen = asked.get("runs")
        found = [runs.get(str(run_id)) for run_id in chosen] if isinstance(chosen, list) and len(chosen) == 2 else []
        both = sorted((run for run in found if run is not None), key=lambda run: run.id)
        if len(both) != 2:
            return {"error": "compare_two"}
        try:
            comparisons = evaluator.compare(runs.out(both[0].id), runs.out(both[1].id))
        except QuipuError as error:
            return {"error": "compare_failed", "said": str(error)}
        return {"html": html.comparison_html(both[0], both[1], comparisons, known_language(asked.get("language")))}

    functions = (
        []
        if runs is None
        else [
            page_function("show_sets", show_sets, "page_read_failed"),
            page_function("show_runs", show_runs, "page_read_failed"),
            visited_function("start_run", start_run, "run_failed"),
            page_function("stop_run", stop_run, "run_failed"),
            page_function("remove_run", remove_run, "not_removed"),
            page_function("remove_set", remove_set, "not_removed"),
            page_function("show_report", show_report, "report_gone"),
            page_function("compare_runs", compare_runs, "compare_failed"),
        ]
    )
    add_page(
        workbench,
        "evaluate",
        html.body_html(can_run=runs is not None),
        WORDS,
        script="evaluate.js",
        functions=functions,
    )


def add_routes(app: fastapi.FastAPI, workbench: Workbench) -> None:
    """Serve the reports of runs, and take question sets that are uploaded."""
    from starlette.responses import FileResponse, JSONResponse, PlainTextResponse

    evaluator = find_evaluator()
    runs = _runs(workbench, evaluator)

    async def report(request: Request) -> Response:
        path = runs.report(request.query_params.get("run", "")) if runs is not None else None
        if path is None:
            return PlainTextResponse("Not found.", 404)
        return FileResponse(path, media_type="text/html; charset=utf-8", headers={"cache-control": "no-store"})

    async def upload(request: Request) -> Response:
        if evaluator is None:
            return PlainTextResponse("Not found.", 404)
        content = await request.body()
        try:
            kept = await asyncio.to_thread(_keep, workbench, evaluator, request.query_params.get("name", ""), content)
        except SetFileError as error:
            return JSONResponse({"said": str(error), "problems": error.problems}, 422)
        except QuipuError as error:
            return JSONResponse({"said": str(error), "problems": []}, 422)
        return JSONResponse({"key": kept.key, "questions": kept.questions})

    app.add_route("/evaluate/report", report, methods=["GET"])
    app.add_route("/evaluate/upload", upload, methods=["POST"])


def known_sets(workbench: Workbench) -> list[SetFile]:
    """The sets that may be run: the cases, those uploaded, those in the named folders, and those beside the source."""
    source = Path(workbench.assistant.manifest.source)
    return find_sets(workbench.folder, dict.fromkeys([*workbench.sets, *neighbours(source)]))


def _runs(workbench: Workbench, evaluator: Evaluator | None) -> Runs | None:
    return None if evaluator is None or workbench.index is None else Runs(workbench.folder, workbench.index, evaluator)


def _keep(workbench: Workbench, evaluator: Evaluator, name: str, content: bytes) -> SetFile:
    with pinned(workbench.assistant) as library:
        text_of = _texts(library)

        def problems(path: Path) -> Sequence[str]:
            return evaluator.problems(path, text_of, PROBLEMS_SHOWN)

        return keep_upload(workbench.folder, name, content, problems)


def _texts(library: ChatAssistant) -> Callable[[str], str | None]:
    """The texts of documents, each read once."""
    known = frozenset(library.doc_ids())
    texts: dict[str, str] = {}

    def text_of(doc_id: str) -> str | None:
        if doc_id not in known:
            return None
        if doc_id not in texts:
            texts[doc_id] = library.document(doc_id).text
        return texts[doc_id]

    return text_of

"""Making a damaged index whole again: from its own intact parts, from the cache, and from the source files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from index.build import BuildReport, build_index
from index.embedding import Embedder
from index.errors import IndexDamagedError, IndexMissingError, QuipuError
from index.generations import generations, rollback
from index.inspection import check
from index.progress import Progress
from index.store import open_generation


def repair(
    index: Path,
    *,
    embedder: Embedder | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
    say: Callable[[str], None] = lambda _: None,
    wait: float = 0.0,
) -> BuildReport | None:
    """Check every byte of the live generation and build what is damaged anew; texts whose vectors are whole stay.

    None if the index is whole: then nothing is built, even if the sources have changed.
    If the sources cannot be read and the live generation cannot serve, the newest whole one is made live instead,
    and IndexDamagedError says so. Raises IndexMissingError if no generation tells where its sources are.
    """
    try:
        if not check(index)[1]:
            return None
    except QuipuError:
        pass  # What cannot even be checked is repaired.
    known = [kept.manifest for kept in generations(index) if kept.manifest is not None]
    if not known:
        raise IndexMissingError(f"no generation of {index} says where its sources are; run quipu build SOURCE")
    source, model = Path(known[0].source), known[0].model_name
    try:
        return build_index(
            source, index, model=model, embedder=embedder, progress=progress, say=say, wait=wait, thorough=True
        )
    except QuipuError as error:
        try:
            open_generation(index).close()
        except QuipuError:
            name = rollback(index, wait=wait)
            raise IndexDamagedError(f"the generation {name} is live again, since repairing failed: {error}") from None
        raise

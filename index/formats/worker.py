"""The process in which files are read. Started by `pool`; it serves one file after another until the build closes it."""

from __future__ import annotations

import gc
import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

from index.formats.extract import attempt, extract
from index.formats.guard import confine
from index.formats.protocol import ClosedError, receive, send
from index.formats.sniff import BY_SUFFIX
from index.formats.types import Outcome, to_json


def main(descriptor: int, memory: int) -> None:
    """Serve requests `{name, seconds, first, pages}` that come over the socket with an open file each.

    `memory` is the address space that this process may have, in bytes.
    """
    connection = socket.socket(fileno=descriptor)
    os.environ["OMP_THREAD_LIMIT"] = os.environ["OMP_NUM_THREADS"] = "1"
    # pdfium and libxml2 speak to stderr of things that are no concern of the user's.
    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    sys.setrecursionlimit(3_000)
    confine(memory)
    try:
        while True:
            request, handed = receive(connection)
            if handed is None:
                break
            _warm(str(request["name"]))
            _limit_processor_time(float(request["seconds"]))
            # From here on the clock runs: loading a library is not the file's fault.
            send(connection, {"started": True})
            with os.fdopen(handed, "rb") as file:
                for part in _parts(request, file):
                    send(connection, {"part": [to_json(outcome) for outcome in part]})
                    _limit_processor_time(float(request["seconds"]))
            send(connection, {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss})
            gc.collect()
    except (ClosedError, ConnectionError):
        pass
    finally:
        connection.close()


def _parts(request: dict[str, Any], file: Any) -> Iterator[list[Outcome]]:
    seconds = float(request["seconds"])
    if request["pages"]:
        from index.formats.ocr import recognise

        yield attempt(lambda: [recognise(file, request["pages"], time.monotonic() + seconds)])
    else:
        yield from extract(file, str(request["name"]), seconds, int(request["first"]))


def _limit_processor_time(seconds: float) -> None:
    """End this process if a file takes so long even when nobody is left to end it."""
    used = time.process_time()
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 5, hard))


def _warm(name: str) -> None:
    """Load the libraries that the file will need, by its suffix; a wrong one costs only time."""
    kind = BY_SUFFIX.get(os.path.splitext(name)[1].lower())  # noqa: PTH122
    if kind == "pdf":
        import pypdfium2  # noqa: F401
    elif kind in ("html", "mail", "zip"):
        import trafilatura  # noqa: F401
    elif kind == "docx":
        import lxml.html  # noqa: F401
        import mammoth  # noqa: F401
    elif kind == "xlsx":
        import openpyxl  # noqa: F401
    elif kind == "pptx":
        import pptx  # noqa: F401

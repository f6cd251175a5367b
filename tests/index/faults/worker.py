"""Builds on request, each in a process forked for it, with the preloaded faults armed as asked.

One JSON object a line in, one out. A request names `source` and `index`, and may hold `mode`, `at` (see faults.c),
`log`, and `kill_after` (seconds until SIGKILL).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

import faiss
import tantivy

from index.build import build_index
from index.errors import QuipuError
from index.language import document_language
from index.testing import HashEmbedder

assert faiss
assert tantivy


def child(request: dict[str, object], out: int) -> None:
    if "mode" in request:
        library = ctypes.CDLL(None)
        if request.get("log"):
            library.fault_log(str(request["log"]).encode())
        library.fault_arm(str(request["index"]).encode(), request["mode"], ctypes.c_long(int(str(request["at"]))))
    try:
        report = build_index(
            Path(str(request["source"])), Path(str(request["index"])), embedder=HashEmbedder(sha256="a" * 64)
        )
        answer = {"generation": report.generation, "encoded": report.encoded, "unchanged": report.unchanged}
    except QuipuError as error:
        answer = {"error": str(error)}
    except BaseException as error:
        answer = {"crash": f"{type(error).__name__}: {error}"}
    os.write(out, json.dumps(answer).encode())
    os._exit(0)


def main() -> None:
    # Loaded once, here, so that each child spends its time on building.
    document_language("The river is long and deep.")
    for line in sys.stdin:
        request = json.loads(line)
        read, write = os.pipe()
        started = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            child(request, write)
        os.close(write)
        if "kill_after" in request:
            time.sleep(request["kill_after"])
            os.kill(pid, signal.SIGKILL)
        data = b""
        while part := os.read(read, 65536):
            data += part
        os.close(read)
        _, status = os.waitpid(pid, 0)
        answer = json.loads(data) if data else {}
        answer["seconds"] = time.perf_counter() - started
        answer["signal"] = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

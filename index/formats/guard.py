"""What a worker may do: nothing but read the files it is handed, and run tesseract."""

from __future__ import annotations

import os
import resource
import sys
from typing import Any

from index.formats.limits import MEGABYTE

_NEVER = frozenset(
    [
        "socket.connect",
        "socket.bind",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.sendto",
        "os.system",
        "os.exec",
        "os.spawn",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.truncate",
        "shutil.rmtree",
        "shutil.move",
        "shutil.copyfile",
        "urllib.Request",
        "ftplib.connect",
        "smtplib.connect",
        "webbrowser.open",
        "pickle.find_class",
    ]
)
TESSERACT = "tesseract"


def confine(memory: int) -> None:
    """Limit this process for good: memory in bytes, no core file, small files, no network, no programs, no writing.

    Python calls are watched by an audit hook. It is a second fence: the first is that no library is asked for more.
    """
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 16 * MEGABYTE)
    sys.addaudithook(_watch)


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(which, (wanted, wanted))
    except (ValueError, OSError):
        # Some systems know the limit and cannot set it (macOS the address space); time is still limited.
        return


def _readable() -> tuple[str, ...]:
    """Where Python, its packages and the system's own data are."""
    places = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        *sys.path,
        "/usr",
        "/lib",
        "/lib64",
        "/etc",
        "/proc/self",
        "/proc/cpuinfo",
        "/dev",
        "/sys",
    }
    return tuple(os.path.realpath(place) + ("" if os.path.isfile(place) else os.sep) for place in places if place)  # noqa: PTH113


_PLACES = _readable()


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, int):
            return
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        name = os.path.realpath(os.fsdecode(path))
        if name != os.devnull and (
            writes or (not f"{name}{os.sep}".startswith(_PLACES) and not name.startswith(_PLACES))
        ):
            raise PermissionError(f"{name} is not a worker's to open (mode {mode})")
    elif event == "subprocess.Popen":
        if os.path.basename(os.fsdecode(arguments[0] or "")) != TESSERACT:  # noqa: PTH119
            raise PermissionError("a worker runs no program but tesseract")
    elif event in _NEVER:
        raise PermissionError(f"a worker does not do {event}")

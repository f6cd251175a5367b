"""Arrays in .npy files: read as memory maps, written block by block."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError


def load_array(path: Path) -> NDArray[Any]:
    """The array in a .npy file, memory-mapped; IndexDamagedError if there is none. Nothing in it is ever run."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        # For a malformed header numpy lets out whatever its tokenizer and parser raise.
        reason = " ".join(str(error).split())[:200]
        raise IndexDamagedError(f"{path.name} cannot be opened: {reason}; run quipu build") from None
    return array


def write_array(path: Path, shape: tuple[int, ...], dtype: str, blocks: Iterable[NDArray[Any]]) -> None:
    """Write a .npy file from blocks of rows.

    By plain writes, not through a memory map: on a full disk the one is an error, the other the end of the process.
    """
    with path.open("wb") as file:
        header = {"descr": dtype, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in blocks:
            file.write(np.ascontiguousarray(block, dtype=dtype).tobytes())

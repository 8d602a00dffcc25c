"""Arrays as .npy files, written in pieces and mapped, not read, on the other side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIECE_BYTES = 8 << 20
"""The most that is written between two steps: 5 to 40 ms on a usual disk."""

_MAPPED_FROM_BYTES = 1 << 20


def write_array_in_steps(array: NDArray[Any], path: Path) -> Iterator[None]:
    """Write `array` as a .npy in C order, PIECE_BYTES or less a step; it is neither copied whole nor changed.

    Raises OSError where the disk does.
    """
    import numpy as np

    header = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": array.shape,
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for piece in _pieces(array):
            file.write(np.ascontiguousarray(piece).data)
            yield


def read_array(path: Path) -> NDArray[Any]:
    """The array of a .npy; a large one is mapped, and what is changed in it does not reach the file."""
    import numpy as np

    mapped = path.stat().st_size >= _MAPPED_FROM_BYTES
    array: np.ndarray[Any, np.dtype[Any]] = np.load(path, mmap_mode="c" if mapped else None)
    return array.view(np.ndarray)


def _pieces(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The array in C order, in pieces of PIECE_BYTES or less."""
    if array.nbytes <= PIECE_BYTES or array.ndim == 0:
        yield array
        return
    rows = PIECE_BYTES // (array.nbytes // len(array))
    if rows == 0:
        for row in array:
            yield from _pieces(row)
        return
    for start in range(0, len(array), rows):
        yield array[start : start + rows]

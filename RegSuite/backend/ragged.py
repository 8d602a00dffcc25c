"""Many short arrays (the contours of a structure) in one file, not in one each."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.backend.arrays import PIECE_BYTES, read_array, write_array_in_steps

FEWEST = 4
"""Fewer arrays than that are files of their own."""


def is_ragged(values: Sequence[Any]) -> bool:
    """Whether these are arrays that differ in their first axis alone and are small together."""
    if len(values) < FEWEST or not all(type(value) is np.ndarray and value.ndim > 0 for value in values):
        return False
    kinds = {(value.dtype, value.shape[1:]) for value in values}
    return len(kinds) == 1 and sum(value.nbytes for value in values) <= PIECE_BYTES


def write_ragged_in_steps(
    values: Sequence[NDArray[Any]], folder: Path, stem: str
) -> Generator[None, None, dict[str, Any]]:
    """Write the arrays below each other, `stem`.npy, and return their description (see exchange)."""
    file = f"{stem}.npy"
    yield from write_array_in_steps(np.concatenate(values), folder / file)
    return {"kind": "ragged", "file": file, "lengths": [len(value) for value in values]}


def read_ragged(description: dict[str, Any], folder: Path) -> tuple[NDArray[Any], ...]:
    """The arrays of a description, each a view of the whole."""
    whole = read_array(folder / description["file"])
    return tuple(np.split(whole, np.cumsum(description["lengths"])[:-1]))

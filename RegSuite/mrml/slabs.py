"""Work on many voxels in slabs, so that a window lives between them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, TypeVar

Made = TypeVar("Made")

Steps = Generator[Any, None, Made]
"""Yields between pieces of work of some ten milliseconds, and returns what it made."""

SLAB_VOXELS = 1 << 20
"""Handled between two steps: 1 to 10 ms."""


def finish(steps: Steps[Made]) -> Made:
    """What steps make, all of them taken at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: Made = end.value
            return made


def slabs(shape: Sequence[int]) -> Iterator[slice]:
    """Runs of slices of a volume [Z, Y, X], SLAB_VOXELS or one slice each."""
    slices = max(1, SLAB_VOXELS // max(1, shape[1] * shape[2]))
    for start in range(0, shape[0], slices):
        yield slice(start, min(start + slices, shape[0]))

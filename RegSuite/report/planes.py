"""Axial, coronal and sagittal planes of any grid, as radiologists hang them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from RegSuite.geometry import Grid

_HANGING = {  # name: (axis cut, axis to the right, its sign, axis down, its sign), axes of LPS
    "axial": (2, 0, 1, 1, 1),  # seen from the feet: patient's left on the right, front on top
    "coronal": (1, 0, 1, 2, -1),
    "sagittal": (0, 1, 1, 2, -1),  # seen from the patient's left: front on the left
}
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
"""The letters at the low and high end of the LPS axes."""


@dataclass(frozen=True)
class Plane:
    """How one plane of a voxel lattice is laid on a screen.

    normal, right, down: voxel axes (0 = x) cut, shown to the right, shown downwards (normal is
    None in 2D). flip_right, flip_down: whether the index runs against the screen.
    edges: the patient's side at the left, right, top and bottom. tilt_degrees: the largest
    angle between the voxel axes and the patient's.
    """

    name: str
    normal: int | None
    right: int
    down: int
    flip_right: bool
    flip_down: bool
    edges: tuple[str, str, str, str]
    tilt_degrees: float

    def cut(self, volume: NDArray[Any], index: tuple[int, ...]) -> NDArray[Any]:
        """The plane [down, right] of [*S] through a voxel (x, y, z), as a view."""
        d = volume.ndim
        at: list[Any] = [slice(None)] * d
        if self.normal is not None:
            at[d - 1 - self.normal] = index[self.normal]
        plane: NDArray[Any] = volume[tuple(at)]
        if self.right > self.down:  # the array has z before x, the screen's rows are `down`
            plane = plane.T
        return plane[:: -1 if self.flip_down else 1, :: -1 if self.flip_right else 1]

    def position(self, index: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, int]:
        """(row, column) of a voxel (x, y, z) of a lattice of `size` on the screen."""
        row, column = index[self.down], index[self.right]
        return (
            size[self.down] - 1 - row if self.flip_down else row,
            size[self.right] - 1 - column if self.flip_right else column,
        )


def planes_of(grid: Grid) -> tuple[Plane, ...]:
    """Axial, coronal and sagittal planes along the grid's nearest axes; of a 2D grid the one it has.

    A grid with an axis of one voxel has the one plane across it.
    """
    axes, signs = nearest_axes(grid)
    along = np.abs(np.asarray(grid.direction)[np.arange(grid.ndim), axes])
    tilt = float(np.degrees(np.arccos(np.clip(along.min(), 0, 1))))
    if grid.ndim == 2:
        edges = ("-x", "+x", "-y", "+y")
        return (Plane("image", None, axes[0], axes[1], signs[0] < 0, signs[1] < 0, edges, tilt),)
    out = []
    for name, (normal, right, right_sign, down, down_sign) in _HANGING.items():
        left_letter, right_letter = _LETTERS[right][::right_sign]
        top, bottom = _LETTERS[down][::down_sign]
        out.append(
            Plane(
                name,
                axes[normal],
                axes[right],
                axes[down],
                signs[right] != right_sign,
                signs[down] != down_sign,
                (left_letter, right_letter, top, bottom),
                tilt,
            )
        )
    thin = [p for p in out if p.normal is not None and grid.size[p.normal] == 1]
    return tuple(thin[:1]) or tuple(out)


def nearest_axes(grid: Grid) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each axis of LPS the voxel axis nearest to it (each used once), and its sign."""
    direction = np.asarray(grid.direction)
    rows = np.arange(grid.ndim)
    best = max(permutations(range(grid.ndim)), key=lambda p: float(np.abs(direction[rows, list(p)]).sum()))
    return tuple(best), tuple(1 if direction[row, axis] >= 0 else -1 for row, axis in enumerate(best))

"""Structures: named regions of a patient, as contours, as a closed surface or as voxels; LPS mm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    from RegSuite.geometry.image import Image

Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class ContourStructure:
    """A region drawn as closed planar contours: each [n, 3] in LPS mm, n >= 3, without the first point again.

    Contours of one plane are joined by exclusive or (a contour within another is a hole), as are
    the two runs of a keyhole contour. Planes may be oblique; all of a structure are parallel.
    Raises GeometryError for contours of another shape or with values that are not finite.
    """

    name: str
    contours: tuple[NDArray[np.float64], ...]
    number: int | None = None
    colour: Colour | None = None

    def __post_init__(self) -> None:
        for index, contour in enumerate(self.contours):
            if contour.ndim != 2 or contour.shape[1] != 3 or len(contour) < 3:
                raise GeometryError(
                    f"contour {index + 1} has shape {contour.shape}, not (3 or more, 3)",
                    where=f"structure {self.name!r}",
                )
            if not np.isfinite(contour).all():
                raise GeometryError(
                    f"contour {index + 1} has points that are not finite", where=f"structure {self.name!r}"
                )


@dataclass(frozen=True, eq=False)
class SurfaceStructure:
    """A region within a closed surface: points [n, 3] in LPS mm and triangles [m, 3] of point indices."""

    name: str
    points: NDArray[np.float64]
    triangles: NDArray[np.int64]
    number: int | None = None
    colour: Colour | None = None


@dataclass(frozen=True, eq=False)
class VoxelStructure:
    """A region of voxels: an Image whose data is 0..1, the share of each voxel that is inside."""

    name: str
    inside: Image
    number: int | None = None
    colour: Colour | None = None


Structure = ContourStructure | SurfaceStructure | VoxelStructure

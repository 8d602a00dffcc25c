"""A 3D map that keeps the plane z = 0, as the 2D map that it is there."""

from __future__ import annotations

import numpy as np

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.mrml.space import in_plane
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.arrays import ArrayField, ArraySpline, Member
from RegSuite.transforms.rigid import RigidTransform

LEAVES_MM = 1e-3
"""By how much a map may leave the plane over 100 mm."""


def flattened(part: Member, where: str) -> Member:
    """The 2D map in the plane z = 0. Raises GeometryError for one that leaves it."""
    if isinstance(part, AffineTransform):
        matrix, offset = part.matrix, part.offset
        check_plane(max(100 * abs(matrix[2, :2]).max(), abs(offset[2])), where)
        kind = RigidTransform if isinstance(part, RigidTransform) else AffineTransform
        return kind(matrix[:2, :2], offset[:2], part.centre_mm[:2])
    if isinstance(part, ArraySpline):
        coefficients, control = part.coefficients_mm, part.control
        check_plane(float(np.abs(coefficients[2]).max()), where)
        check_plane(float(np.abs(coefficients - coefficients[:, :1]).max()), where)
        lattice = in_plane(
            Grid.make((*control.size[:2], 1), control.spacing, (*control.origin[:2], 0.0), control.direction)
        )
        return ArraySpline(coefficients[:2, 0], _in_the_plane(lattice, where), part.inverted)
    check_plane(float(np.abs(part.displacement_mm[2]).max()), where)
    lattice = in_plane(part.grid)
    return ArrayField(part.displacement_mm[:2, 0], _in_the_plane(lattice, where), part.inverted)


def check_plane(off_mm: float, where: str) -> None:
    """Raise GeometryError for a map that takes points of the plane z = 0 off it by `off_mm`."""
    if not np.isfinite(off_mm) or off_mm > LEAVES_MM:
        raise GeometryError(
            f"the transform leaves the plane of 2D images by {off_mm:.3g} mm",
            where=where,
            mend="give a transform within the plane z = 0, or 3D volumes",
        )


def _in_the_plane(lattice: Grid | None, where: str) -> Grid:
    if lattice is None:
        raise GeometryError(
            "the transform's lattice does not lie in the plane of 2D images",
            where=where,
            mend="give a transform within the plane z = 0, or 3D volumes",
        )
    return lattice

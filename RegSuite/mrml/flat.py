"""A 3D map that keeps the plane z = 0, as the 2D map that it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.mrml.space import in_plane

if TYPE_CHECKING:
    from RegSuite.transforms import Transform

LEAVES_MM = 1e-3
"""By how much a map may leave the plane over 100 mm."""


def flattened(transform: Transform, where: str) -> Transform:
    """The 2D map in the plane z = 0. Raises GeometryError for one that leaves it."""
    from RegSuite.transforms import (
        AffineTransform,
        BSplineTransform,
        CompositeTransform,
        DisplacementTransform,
        RigidTransform,
    )

    if isinstance(transform, CompositeTransform):
        return CompositeTransform.of(*(flattened(member, where) for member in transform.members))
    if isinstance(transform, AffineTransform):
        matrix, offset = transform.matrix, transform.offset
        check_plane(max(100 * abs(matrix[2, :2]).max(), abs(offset[2])), where)
        kind = RigidTransform if isinstance(transform, RigidTransform) else AffineTransform
        return kind(matrix[:2, :2], offset[:2], transform.centre_mm[:2])
    if isinstance(transform, BSplineTransform):
        coefficients = transform.coefficients_mm
        check_plane(float(coefficients[2].abs().max()), where)
        check_plane(float((coefficients - coefficients[:, :1]).abs().max()), where)
        control = transform.control
        lattice = in_plane(
            Grid.make((*control.size[:2], 1), control.spacing, (*control.origin[:2], 0.0), control.direction)
        )
        return BSplineTransform(coefficients[:2, 0], _in_the_plane(lattice, where))
    if isinstance(transform, DisplacementTransform):
        check_plane(float(transform.field[2].abs().max()), where)
        lattice = in_plane(transform.grid)
        return DisplacementTransform(
            transform.field[:2, 0], _in_the_plane(lattice, where), transform.inverse_residual_mm
        )
    raise GeometryError(f"a {type(transform).__name__} is no map of 2D images", where=where)


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

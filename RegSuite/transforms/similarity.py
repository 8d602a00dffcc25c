"""SimilarityTransform: rotation, one scale, translation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from RegSuite.errors import GeometryError
from RegSuite.transforms.affine import AffineTransform, FloatArray, parameter_vector
from RegSuite.transforms.rotation import nearest_rotation, rotation_matrix, rotation_numbers, rotation_vector

TOLERANCE = 1e-4
"""Largest relative deviation from scale times rotation that is taken as rounding, and removed."""


@dataclass(frozen=True, eq=False)
class SimilarityTransform(AffineTransform):
    """T(x) = scale R x + offset, with a rotation R and scale > 0.

    The matrix is made exactly scale times rotation. Raises GeometryError when it is further
    than 1e-4 from that (a shear, a reflection).
    """

    _scales: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        scale = self._scale_of(self.matrix)
        clean = scale * nearest_rotation(self.matrix)
        deviation = float(np.abs(clean - self.matrix).max())
        if deviation > TOLERANCE * max(scale, 1.0):
            raise GeometryError(
                f"the matrix deviates by {deviation:.3g} from that of a {type(self).__name__}",
                where=str(self.matrix.tolist()),
                mend="use AffineTransform for a matrix with shear, reflection or several scales",
            )
        clean.setflags(write=False)
        object.__setattr__(self, "matrix", clean)

    @classmethod
    def _scale_of(cls, matrix: FloatArray) -> float:
        """The scale that the cleaned matrix gets."""
        return float(np.abs(np.linalg.det(matrix)) ** (1 / len(matrix))) if cls._scales else 1.0

    @property
    def scale(self) -> float:
        """The factor by which lengths grow from fixed to moving space."""
        return self._scale_of(self.matrix)

    @property
    def rotation(self) -> FloatArray:
        """[d, d] the rotation alone."""
        turn: FloatArray = self.matrix / self.scale
        return turn

    @classmethod
    def from_parameters(cls, parameters: ArrayLike, ndim: int, centre: ArrayLike | None = None) -> Self:
        """From rotation (angle, or rotation vector; radians), translation in mm, log of the scale."""
        turns = rotation_numbers(ndim)
        p = parameter_vector(parameters, turns + ndim + 1)
        c = np.zeros(ndim) if centre is None else np.asarray(centre, dtype=np.float64)
        return cls.about(np.exp(p[-1]) * rotation_matrix(p[:turns]), c, p[turns:-1])

    @property
    def parameters(self) -> FloatArray:
        return np.concatenate([rotation_vector(self.rotation), self.translation, [np.log(self.scale)]])

"""RigidTransform: rotation and translation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from RegSuite.transforms.affine import FloatArray, parameter_vector
from RegSuite.transforms.rotation import rotation_matrix, rotation_numbers, rotation_vector
from RegSuite.transforms.similarity import SimilarityTransform


@dataclass(frozen=True, eq=False)
class RigidTransform(SimilarityTransform):
    """T(x) = R x + offset with a rotation R: lengths and angles stay.

    The matrix is made exactly orthonormal. Raises GeometryError when it is further than 1e-4
    from a rotation.
    """

    _scales: ClassVar[bool] = False

    @classmethod
    def from_parameters(cls, parameters: ArrayLike, ndim: int, centre: ArrayLike | None = None) -> Self:
        """From rotation (angle, or rotation vector; radians) and translation in mm: 3 or 6 numbers."""
        turns = rotation_numbers(ndim)
        p = parameter_vector(parameters, turns + ndim)
        c = np.zeros(ndim) if centre is None else np.asarray(centre, dtype=np.float64)
        return cls.about(rotation_matrix(p[:turns]), c, p[turns:])

    @property
    def parameters(self) -> FloatArray:
        return np.concatenate([rotation_vector(self.matrix), self.translation])

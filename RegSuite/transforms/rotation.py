"""Rotation matrices from and to rotation vectors, 2D and 3D."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def rotation_numbers(ndim: int) -> int:
    """How many numbers a rotation has: 1 in 2D, 3 in 3D."""
    return 1 if ndim == 2 else 3


def rotation_matrix(vector: FloatArray) -> FloatArray:
    """Rotation matrix of an angle [1] or a rotation vector [3] (axis times angle), in radians.

    Counter-clockwise from x to y for a positive angle in 2D.
    """
    if len(vector) == 1:
        c, s = np.cos(vector[0]), np.sin(vector[0])
        return np.array([[c, -s], [s, c]])
    from scipy.spatial.transform import Rotation  # 0.2 s: not for those who only hold a matrix

    matrix: FloatArray = Rotation.from_rotvec(vector).as_matrix()
    return matrix


def rotation_vector(matrix: FloatArray) -> FloatArray:
    """The vector [1] or [3] in radians, of length at most pi, whose rotation `matrix` is."""
    if len(matrix) == 2:
        return np.array([np.arctan2(matrix[1, 0], matrix[0, 0])])
    from scipy.spatial.transform import Rotation

    vector: FloatArray = Rotation.from_matrix(matrix).as_rotvec()
    return vector


def nearest_rotation(matrix: FloatArray) -> FloatArray:
    """The rotation nearest to `matrix` in the Frobenius norm (polar decomposition), determinant +1."""
    left, _, right = np.linalg.svd(matrix)
    signs = np.ones(len(matrix))
    signs[-1] = np.sign(np.linalg.det(left @ right))
    nearest: FloatArray = (left * signs) @ right
    return nearest

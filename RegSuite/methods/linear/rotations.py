"""Evenly spread rotations to start from."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Alexa, Super-Fibonacci Spirals, CVPR 2022: psi is the positive root of psi^4 = psi + 4
_PHI = float(np.sqrt(2.0))
_PSI = 1.533751168755204288118041


def spread_rotations(count: int) -> FloatArray:
    """[count, 3, 3] rotations spread evenly over SO(3), without random choice.

    Source: Alexa, "Super-Fibonacci Spirals: Fast, Low-Discrepancy Sampling of SO(3)", CVPR 2022, algorithm 1.
    """
    s = np.arange(count) + 0.5
    t = s / count
    d = 2 * np.pi * s
    r, big_r = np.sqrt(t), np.sqrt(1 - t)
    alpha, beta = d / _PHI, d / _PSI
    quaternions = np.stack(
        [r * np.sin(alpha), r * np.cos(alpha), big_r * np.sin(beta), big_r * np.cos(beta)], axis=1
    )
    return rotations_of_quaternions(quaternions)


def cube_rotations() -> FloatArray:
    """[24, 3, 3] the rotations that map the axes onto each other: lying on the side, feet first."""
    found = [np.eye(3)]
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 3))
        matrix[range(3), order] = signs
        if np.linalg.det(matrix) > 0 and not np.array_equal(matrix, np.eye(3)):
            found.append(matrix)
    return np.stack(found)


def plane_rotations(count: int, normal: FloatArray) -> FloatArray:
    """[count, 3, 3] rotations about `normal` [3], evenly spaced over a full turn from 0."""
    angles = 2 * np.pi * np.arange(count) / count
    return rotations_of_vectors(angles[:, None] * np.asarray(normal, float))


def rotations_of_quaternions(quaternions: FloatArray) -> FloatArray:
    """[K, 3, 3] of unit quaternions [K, 4] (x, y, z, w)."""
    x, y, z, w = np.asarray(quaternions, float).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)


def rotations_of_vectors(vectors: FloatArray) -> FloatArray:
    """[K, 3, 3] of rotation vectors [K, 3] (axis times angle in radians)."""
    angle = np.linalg.norm(vectors, axis=1)
    # sin(a/2)/a is 1/2 at a = 0
    half = np.where(angle > 1e-12, np.sin(angle / 2) / np.maximum(angle, 1e-12), 0.5)
    return rotations_of_quaternions(np.column_stack([vectors * half[:, None], np.cos(angle / 2)]))


def angle_between(first: FloatArray, second: FloatArray) -> FloatArray:
    """Angle in degrees of the rotation between two sets of rotations [..., 3, 3]."""
    trace = np.einsum("...ij,...ij->...", first, second)
    return np.asarray(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1))))


def nearest_rotation(matrix: FloatArray) -> FloatArray:
    """The rotation [3, 3] closest to a linear map [3, 3] (polar decomposition, never a reflection)."""
    u, _, vt = np.linalg.svd(matrix)
    flip = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ vt)))])
    return np.asarray(u @ flip @ vt)

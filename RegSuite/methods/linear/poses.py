"""A batch of linear maps and the directions in which a model lets them move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from RegSuite.methods.linear.rotations import rotations_of_vectors

FloatArray = NDArray[np.float64]
Model = Literal["rigid", "similarity", "affine"]


@dataclass(frozen=True)
class Frame:
    """The fixed points' centre [3] and radius in mm: x = centre + radius * scaled.

    axes: [3, k] unit columns along which the fixed image has extent (k = 3, or 2 for a plane
    onto a plane: then only motions within the plane are searched).
    """

    centre: FloatArray
    radius: float
    axes: FloatArray


@dataclass(frozen=True)
class Poses:
    """K maps T(x) = linear (x - centre) + place: linear [K, 3, 3], place [K, 3] in LPS mm."""

    linear: FloatArray
    place: FloatArray

    def __len__(self) -> int:
        return len(self.linear)

    def __getitem__(self, which: list[int] | NDArray[np.intp]) -> Poses:
        return Poses(self.linear[which], self.place[which])

    def maps(self, frame: Frame, to_index: FloatArray) -> FloatArray:
        """[K, 3, 4] from scaled fixed points to the index of the moving level (to_index [4, 4])."""
        mm = np.concatenate([self.linear * frame.radius, self.place[:, :, None]], axis=2)
        out = to_index[:3, :3] @ mm
        out[:, :, 3] += to_index[:3, 3]
        return np.asarray(out)

    def matrix(self, frame: Frame) -> FloatArray:
        """[K, 4, 4] homogeneous matrices, fixed LPS mm to moving LPS mm."""
        out = np.tile(np.eye(4), (len(self), 1, 1))
        out[:, :3, :3] = self.linear
        out[:, :3, 3] = self.place - self.linear @ frame.centre
        return out

    @classmethod
    def joined(cls, parts: list[Poses]) -> Poses:
        """All poses of `parts`, in order."""
        return cls(np.concatenate([p.linear for p in parts]), np.concatenate([p.place for p in parts]))

    @classmethod
    def of_matrix(cls, matrix: FloatArray, frame: Frame) -> Poses:
        """One pose from a homogeneous matrix [4, 4]."""
        return cls(matrix[None, :3, :3].copy(), (matrix[:3, :3] @ frame.centre + matrix[:3, 3])[None])


def directions(model: Model, poses: Poses, frame: Frame) -> FloatArray:
    """[K, P, 3, 4] derivative of [radius * linear | place] by each parameter.

    Every parameter is a length in mm: how far a point at the radius moves. Translations come
    last. P in space: rigid 6, similarity 7, affine 12; in a plane 3, 4, 6.
    """
    turned = poses.linear @ frame.axes
    plane = frame.axes.shape[1] == 2
    k = len(poses)
    parts: list[FloatArray] = []
    if model == "affine":
        # outer products of the turned axes with the fixed ones: within the plane where it is one
        outer = np.einsum("kia,jb->kabij", turned, frame.axes).reshape(k, -1, 3, 3)
        parts = [outer[:, p] for p in range(outer.shape[1])]
    else:
        spins = (
            np.cross(turned[:, :, 0], turned[:, :, 1])[:, None] if plane else np.tile(np.eye(3), (k, 1, 1))
        )
        spins = spins / np.linalg.norm(spins, axis=2, keepdims=True)
        parts = [_cross(spins[:, p]) @ poses.linear for p in range(spins.shape[1])]
        if model == "similarity":
            parts.append(turned @ frame.axes.T)
    count = len(parts) + frame.axes.shape[1]
    out = np.zeros((k, count, 3, 4))
    for p, part in enumerate(parts):
        out[:, p, :, :3] = part
    unit = turned / np.linalg.norm(turned, axis=1, keepdims=True) if plane else np.tile(np.eye(3), (k, 1, 1))
    for a in range(frame.axes.shape[1]):
        out[:, len(parts) + a, :, 3] = unit[:, :, a]
    return out


def moved(model: Model, poses: Poses, frame: Frame, along: FloatArray, step: FloatArray) -> Poses:
    """The poses after `step` [K, P] (mm) along `along` = directions(...); rotations stay rotations."""
    place = poses.place + np.einsum("kp,kpi->ki", step, along[:, :, :, 3])
    change = np.einsum("kp,kpij->kij", step, along[:, :, :, :3]) / frame.radius
    if model == "affine":
        return Poses(poses.linear + change, place)
    # change = (spin + growth) linear on the axes; take it as exp(spin) (1 + growth)
    relative = change @ np.linalg.pinv(poses.linear)
    skew = (relative - np.swapaxes(relative, 1, 2)) / 2
    spin = np.stack([skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0]], axis=1)
    linear = rotations_of_vectors(spin) @ poses.linear
    if model == "similarity":
        growth = step[:, -frame.axes.shape[1] - 1] / frame.radius
        linear = _grown(linear, frame, np.exp(growth))
    return Poses(linear, place)


def _grown(linear: FloatArray, frame: Frame, factor: FloatArray) -> FloatArray:
    """Linear maps [K, 3, 3] with the fixed axes stretched by factor [K]."""
    within = frame.axes @ frame.axes.T
    return np.asarray(linear @ (np.eye(3) + (factor[:, None, None] - 1) * within))


def _cross(vectors: FloatArray) -> FloatArray:
    """[K, 3, 3] matrices of the cross product with vectors [K, 3]."""
    out = np.zeros((len(vectors), 3, 3))
    x, y, z = vectors.T
    out[:, 0, 1], out[:, 0, 2], out[:, 1, 2] = -z, y, -x
    out[:, 1, 0], out[:, 2, 0], out[:, 2, 1] = z, -y, x
    return out

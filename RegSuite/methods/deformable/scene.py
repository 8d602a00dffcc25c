"""What a run works on: both images as volumes, scaled, and the linear map between their voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.deformable.masked import check_values, filled, scaled
from RegSuite.methods.deformable.stages import Stage
from RegSuite.numerics.pyramid import block_mean, factors_for

FLAT_BORDER = 0.01
"""Share of the intensity range within which a border counts as background that may be repeated."""

TOUCHES = 1e-3
"""Voxels: a face this far outside still counts as inside."""


@dataclass(frozen=True)
class Scene:
    """One voxel size of a pair of images; a 2D image is a volume one voxel thick.

    fixed, moving: [C, Z, Y, X] float32. spacing: of fixed, mm. moving_spacing: mm.
    affine: [4, 4] fixed voxel to moving voxel. fixed_weight, moving_weight: masks [1, Z, Y, X] as
    0..1, or None. watches_field: whether voxels that read outside the moving image are left out.
    """

    fixed: Tensor
    moving: Tensor
    spacing: tuple[float, ...]
    moving_spacing: tuple[float, ...]
    affine: NDArray[np.float64]
    fixed_weight: Tensor | None
    moving_weight: Tensor | None
    watches_field: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape (z, y, x) of the fixed lattice."""
        return tuple(self.fixed.shape[1:])


def make_scene(fixed: Image, moving: Image, homogeneous: NDArray[np.float64]) -> Scene:
    """The scene at full size, with the linear map `homogeneous` [d+1, d+1], LPS mm, fixed to moving.

    Intensities are scaled so that their 99.5th percentile is 1, for floors to mean the same everywhere;
    no value outside a mask is used. Raises InputError for images without structure or with an empty
    mask, GeometryError where the images do not overlap.
    """
    check_values(fixed)
    check_values(moving)
    d = fixed.ndim
    voxel_to_voxel = np.eye(4)
    keep = [*range(d), 3]
    voxel_to_voxel[np.ix_(keep, keep)] = moving.grid.inverse_matrix @ homogeneous @ fixed.grid.matrix
    _check_overlap(fixed, moving, voxel_to_voxel)
    fixed_values, fixed_weight = _values_and_weight(fixed)
    moving_values, moving_weight = _values_and_weight(moving)
    return Scene(
        fixed_values,
        moving_values,
        _three(fixed.grid.spacing),
        _three(moving.grid.spacing),
        voxel_to_voxel,
        fixed_weight,
        moving_weight,
        not _flat_border(moving_values),
    )


def at_stage(scene: Scene, stage: Stage) -> Scene:
    """The scene with blocks of the stage's voxels averaged, the moving image to about their size."""
    f = (*stage.factors, 1)[:3]
    size_mm = min(s * k for s, k, n in zip(scene.spacing, f, scene.shape[::-1], strict=True) if n > 1)
    m = tuple(factors_for(Grid.make(scene.moving.shape[:0:-1], scene.moving_spacing), size_mm))
    return Scene(
        block_mean(scene.fixed, f).contiguous(),
        block_mean(scene.moving, m).contiguous(),
        tuple(s * k for s, k in zip(scene.spacing, f, strict=True)),
        tuple(s * k for s, k in zip(scene.moving_spacing, m, strict=True)),
        np.linalg.inv(_block_centres(m)) @ scene.affine @ _block_centres(f),
        None if scene.fixed_weight is None else block_mean(scene.fixed_weight, f).contiguous(),
        None if scene.moving_weight is None else block_mean(scene.moving_weight, m).contiguous(),
        scene.watches_field,
    )


def _block_centres(factors: tuple[int, ...]) -> NDArray[np.float64]:
    """[4, 4] from the index of a block to the voxel coordinate of its centre."""
    out = np.eye(4)
    for axis, factor in enumerate(factors):
        out[axis, axis] = factor
        out[axis, 3] = (factor - 1) / 2
    return out


def _values_and_weight(image: Image) -> tuple[Tensor, Tensor | None]:
    """Scaled values [C, Z, Y, X] and the mask [1, Z, Y, X] as 0..1; values outside come from within."""
    values = _volume(scaled(image))
    if image.mask is None:
        return values, None
    mask = _volume(image.mask[None].bool())
    return filled(values, mask), mask.float()


def _check_overlap(fixed: Image, moving: Image, voxel_to_voxel: NDArray[np.float64]) -> None:
    """Raise GeometryError where no part of either image lies within the other."""
    there = _share_within(fixed.grid.shape, voxel_to_voxel, moving.grid.shape)
    inverse = np.asarray(np.linalg.inv(voxel_to_voxel), np.float64)
    back = _share_within(moving.grid.shape, inverse, fixed.grid.shape)
    if there == back == 0:
        raise GeometryError(
            f"fixed {fixed.name!r} and moving {moving.name!r} do not overlap",
            where=f"fixed: {fixed.grid}; moving: {moving.grid}",
            mend="start from a rigid or affine registration, or give an initial transform",
        )


def _share_within(shape: tuple[int, ...], matrix: NDArray[np.float64], other: tuple[int, ...]) -> float:
    """Share of a lattice of points over one image that `matrix` [4, 4] maps between the other's faces."""
    ends = [(-0.5, n - 0.5) if n > 1 else (0.0, 0.0) for n in (1, *shape)[-3:]]
    axes = np.meshgrid(*(np.linspace(a, b, 17) for a, b in ends), indexing="ij")
    at = np.stack(axes[::-1], axis=-1).reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
    size = np.asarray((1, *other)[-3:][::-1])
    return float(((at >= -0.5 - TOUCHES) & (at <= size - 0.5 + TOUCHES)).all(axis=-1).mean())


def _flat_border(data: Tensor) -> bool:
    """Whether the outer voxels are all alike, so that repeating them invents no structure."""
    value_range = float(data.max() - data.min())
    faces = []
    for dim in range(1, data.ndim):
        if data.shape[dim] > 1:
            faces += [data.select(dim, 0), data.select(dim, -1)]
    low = min(float(face.min()) for face in faces)
    high = max(float(face.max()) for face in faces)
    return high - low <= FLAT_BORDER * value_range


def _volume(values: Tensor) -> Tensor:
    """[C, Y, X] as [C, 1, Y, X]; [C, Z, Y, X] as it is."""
    return values[:, None] if values.ndim == 3 else values


def _three(spacing: tuple[float, ...]) -> tuple[float, ...]:
    """A spacing of three axes: 1 mm along the one that a plane has not."""
    return (*spacing, 1.0)[:3]

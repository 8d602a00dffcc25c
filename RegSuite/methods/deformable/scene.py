"""What a run works on: both images as volumes, scaled, and the linear map between their voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.deformable.stages import Stage
from RegSuite.numerics.pyramid import block_mean, factors_for

FLAT_BORDER = 0.01
"""Share of the intensity range within which a border counts as background that may be repeated."""


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

    Intensities are scaled so that their 99.5th percentile is 1, for floors to mean the same everywhere.
    """
    d = fixed.ndim
    voxel_to_voxel = np.eye(4)
    keep = [*range(d), 3]
    voxel_to_voxel[np.ix_(keep, keep)] = moving.grid.inverse_matrix @ homogeneous @ fixed.grid.matrix
    return Scene(
        _volume(_scaled(fixed)),
        _volume(_scaled(moving)),
        _three(fixed.grid.spacing),
        _three(moving.grid.spacing),
        voxel_to_voxel,
        None if fixed.mask is None else _volume(fixed.mask[None].float()),
        None if moving.mask is None else _volume(moving.mask[None].float()),
        not _flat_border(moving.data),
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


def _scaled(image: Image) -> Tensor:
    """The values over their 99.5th percentile above the minimum, channel by channel."""
    values = image.data.to(torch.float32)
    out = []
    for channel in values:
        step = max(1, channel.numel() // 500_000)
        seen = channel.flatten()[::step]
        low, high = seen.min(), torch.quantile(seen, 0.995)
        if not high > low:
            high = channel.max()
        if not high > low:
            raise InputError(
                f"all voxels hold {float(low):g}", where=image.name, mend="give an image that shows something"
            )
        out.append((channel - low) / (high - low))
    return torch.stack(out)


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

"""The field from target to source: organ by organ, and the tissue around by inverting the blend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.resample import warp
from RegSuite.pointcloud.field.forward import ForwardField
from RegSuite.pointcloud.field.lattice import Lattice, ends
from RegSuite.pointcloud.field.organ_inverse import OrganInverse
from RegSuite.pointcloud.field.organ_motion import rest_variance
from RegSuite.pointcloud.result import Drift
from RegSuite.transforms.displacement import DisplacementTransform
from RegSuite.transforms.inversion import invert_displacement, summary

TISSUE_VOXELS = 100_000
"""Voxels of tissue at which the inversion of the blend is checked."""


@dataclass(frozen=True, eq=False)
class BackwardField:
    """On the target's grid: displacement_mm [d, *shape], sd_mm and determinant [*shape].

    sd_mm: of an axis of T where it leads here, NaN beyond the organs' reach. determinant: of T^-1, in an
    organ of that organ's own smooth motion, so a border along which organs slide is no fold.
    tissue_residual_mm: {mean, p95, max} of the blend's inversion over the voxels of tissue.
    """

    displacement_mm: Tensor
    sd_mm: Tensor
    determinant: Tensor
    tissue_residual_mm: dict[str, float] | None


def backward_field(
    inverses: Sequence[OrganInverse],
    organ_at: Tensor,
    forward: ForwardField,
    source: Grid,
    target: Grid,
    drift: Drift,
    tell: Callable[[float], None],
) -> BackwardField:
    """T^-1 on the target's grid. organ_at [*shape]: the organ of each of its voxels, TISSUE (-1) elsewhere.

    In organ l: T_l(x) = y solved with that organ's motion alone. Elsewhere the blended field is inverted
    as it is. Raises GeometryError where the target's grid holds nothing of the source's.
    """
    if not inverses:
        return _of_rho(drift, target)
    tissue = organ_at < 0
    residual = None
    if bool(tissue.any()):
        u = invert_displacement(forward.displacement_mm, source, target).displacement_mm
        residual = _residual(u, forward, source, target, tissue)
        determinant, sd = jacobian_determinant(u, target), _sd_of_tissue(u, forward, source, target)
    else:
        u = torch.zeros((target.ndim, *target.shape))
        determinant, sd = torch.ones(target.shape), torch.zeros(target.shape)
    tell(0.5)
    for k, inverse in enumerate(inverses):
        for slab in inverse.box.slabs() if not inverse.box.empty else ():
            mine = organ_at[slab.slices] == k
            if not bool(mine.any()):
                continue
            grid = slab.grid
            u[(slice(None), *slab.slices)] = torch.where(
                mine, inverse.displacement(grid), u[(slice(None), *slab.slices)]
            )
            deviation = inverse.variance(grid).sqrt_()
            sd[slab.slices] = torch.where(mine, deviation, sd[slab.slices])
            determinant[slab.slices] = torch.where(mine, inverse.determinant(grid), determinant[slab.slices])
        tell(0.5 + 0.5 * (k + 1) / len(inverses))
    return BackwardField(u, sd, determinant, residual)


def _of_rho(drift: Drift, target: Grid) -> BackwardField:
    """Where rho alone moves."""
    back = drift.start.inverse()
    low, high = (0,) * target.ndim, ends(target)
    variance = Lattice.of(lambda y: rest_variance(drift, 0.0, y), target, low, high, math.inf).on(target)[0]
    sd = variance.clamp(min=0).sqrt_()
    return BackwardField(back.displacement(target), sd, back.jacobian_determinant(target), None)


def _residual(
    u: Tensor, forward: ForwardField, source: Grid, target: Grid, tissue: Tensor
) -> dict[str, float] | None:
    """|T(T^-1(y)) - y| at voxels y of tissue that come from the source's grid; None where none does."""
    chosen = torch.nonzero(tissue.reshape(-1))[:, 0]
    chosen = chosen[:: max(1, len(chosen) // TISSUE_VOXELS)]
    index = np.stack(np.unravel_index(chosen.numpy(), target.shape)[::-1], axis=-1)
    places = torch.from_numpy(target.points(index))
    origin = places + u.reshape(target.ndim, -1)[:, chosen].T
    error = (DisplacementTransform(forward.displacement_mm, source).points(origin) - places).norm(dim=1)
    inside = torch.from_numpy(source.contains(origin.numpy()))
    return summary(error[inside]) if bool(inside.any()) else None


def _sd_of_tissue(u: Tensor, forward: ForwardField, source: Grid, target: Grid) -> Tensor:
    """The forward field's sd_mm where each voxel comes from: [*shape]; NaN beyond the organs' reach."""
    both = torch.stack([forward.sd_mm, forward.known.float()])
    sd, known = _read(both, u, source, target)
    return torch.where(known > 0.5, sd, torch.nan)


def _read(values: Tensor, u: Tensor, source: Grid, target: Grid) -> Tensor:
    """Values on the source's grid at y + u(y) of the target's, 0 beyond it: [C, *target.shape]."""
    d = target.ndim
    affine = (source.inverse_matrix @ target.matrix)[:d]
    return warp(values, target.shape, affine, u, source.inverse_matrix[:d, :d], outside=0.0)

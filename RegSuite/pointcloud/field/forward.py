"""The field from source to target: each organ by its own motion, the tissue around by a blend of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.pointcloud.field.box import Box, voxels_of
from RegSuite.pointcloud.field.label_map import seeds_on
from RegSuite.pointcloud.field.lattice import Lattice, ends
from RegSuite.pointcloud.field.organ_motion import NODES_A_BANDWIDTH, OrganMotion, rest_variance
from RegSuite.pointcloud.field.reach import REACH, STAY, distance_to, pull
from RegSuite.pointcloud.result import Drift


@dataclass(frozen=True, eq=False)
class OrganField:
    """One organ's motion v about the source organ, as a spline. box: the voxels that it reaches."""

    organ: OrganMotion
    lattice: Lattice
    box: Box


@dataclass(frozen=True, eq=False)
class ForwardField:
    """On the source's grid: displacement_mm [d, *shape] to the target; sd_mm [*shape] of an axis of it.

    sd_mm is in the target's mm. known [*shape]: where an organ reaches; sd_mm beyond is the largest prior's.
    """

    displacement_mm: Tensor
    sd_mm: Tensor
    known: Tensor


def organ_field(organ: OrganMotion, mask: Tensor, grid: Grid, everywhere: bool) -> OrganField:
    """The spline of an organ over the organ and as far as it reaches into the tissue around.

    mask: its voxels. everywhere: over the whole grid, where all voxels are of this organ.
    """
    margin = REACH * organ.widest_mm
    index = grid.index(organ.points) if len(organ.points) else np.empty((0, grid.ndim))
    if bool(mask.any()):
        index = np.concatenate([index, voxels_of(mask.numpy())])
    if everywhere:
        index = np.concatenate([index, [np.zeros(grid.ndim), np.subtract(grid.size, 1)]])
    box = Box.about(index, margin, grid)
    # off the grid only what the inverse may ask for: the organ itself and a bandwidth beyond
    near = organ.narrowest_mm / np.asarray(grid.spacing)
    low = np.minimum(box.first, index.min(axis=0) - near)
    high = np.maximum(np.asarray(box.stop) - 1, index.max(axis=0) + near)
    spacing = organ.narrowest_mm / NODES_A_BANDWIDTH
    return OrganField(organ, Lattice.of(organ.motion, grid, low.tolist(), high.tolist(), spacing), box)


def forward_field(
    fields: Sequence[OrganField],
    organ_at: Tensor,
    drift: Drift,
    grid: Grid,
    tell: Callable[[float], None],
) -> ForwardField:
    """T on the source's grid. organ_at [*shape]: which field each voxel is of, TISSUE (-1) elsewhere.

    An organ's voxels move by T of that organ alone, so that organs slide along each other. Tissue moves by
    v = sum a_l v_l / (sum a_l + 1/9) (`pull`), as continuous to each organ as their surfaces let it. Its
    variance is that of a mixture: it moves as organ l with probability a_l / (sum a + 1/9), else the
    similarity transform moves it, give or take the largest prior and what is unknown of the similarity.
    Memory: seven numbers of four bytes a voxel, and a distance map of the organ's box.
    """
    d = grid.ndim
    v = torch.zeros((d, *grid.shape))
    weight, second = torch.zeros(grid.shape), torch.zeros(grid.shape)
    prior = max((field.organ.spread_mm for field in fields), default=0.0) ** 2
    for k, field in enumerate(fields):
        _add(field, organ_at, k, (v, weight, second))
        tell((k + 1) / len(fields))
    tissue = organ_at < 0
    known = (weight > 0) | ~tissue
    share = torch.where(tissue, 1 / (weight + STAY), torch.ones_like(weight))
    v *= share
    rest = Lattice.of(
        lambda x: rest_variance(drift, prior, drift.start.points(x)), grid, (0,) * d, ends(grid), math.inf
    ).on(grid)[0]
    second += torch.where(tissue, STAY * rest, 0.0)
    second *= share
    # the organs' voxels hold their variance; those of tissue the mean square less the square of the mean
    spread = v.square().sum(dim=0).mul_(drift.scale**2 / d)
    sd = torch.where(tissue, second - spread, second).clamp_(min=0).sqrt_()
    return ForwardField(drift.start.displacement_after(v, grid), sd, known)


def _add(field: OrganField, organ_at: Tensor, k: int, sums: tuple[Tensor, Tensor, Tensor]) -> None:
    """Add one organ's part to the sums of a v, a and a (variance + v^2 / d) over the grid, in its box."""
    v, weight, second = sums
    box = field.box
    square = field.organ.drift.scale**2
    if box.empty:
        return
    mask = organ_at == k
    distance = distance_to(_surface(mask, field)[box.slices], box.grid)
    variance = _variance(field)
    for slab in box.slabs():
        inside = mask[slab.slices]
        within = slice(slab.first[-1] - box.first[-1], slab.stop[-1] - box.first[-1])
        a = pull(distance[within], field.organ.widest_mm)
        a = torch.where(organ_at[slab.slices] < 0, a, inside.float())
        motion, spread = field.lattice.on(slab.grid), variance.on(slab.grid)[0].clamp_(min=0)
        mean_square = motion.square().sum(dim=0) * (square / len(motion))
        spread += torch.where(inside, 0.0, mean_square)
        v[(slice(None), *slab.slices)] += a * motion
        weight[slab.slices] += torch.where(inside, 0.0, a)
        second[slab.slices] += a * spread


def _surface(mask: Tensor, field: OrganField) -> Tensor:
    """What distances are taken from: the organ's voxels, or those of its points where it has none."""
    return mask if bool(mask.any()) else seeds_on(field.box.whole, field.organ)


def _variance(field: OrganField) -> Lattice:
    """The variance of T, its nodes half as far apart again: it need not be that exact."""
    nodes = field.lattice.nodes
    spacing = 1.5 * max(nodes.spacing)
    last = np.subtract(nodes.size, 1)
    return Lattice.of(field.organ.variance, nodes, (0.5,) * nodes.ndim, (last - 0.5).tolist(), spacing)

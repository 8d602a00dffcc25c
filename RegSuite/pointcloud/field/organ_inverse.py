"""The inverse of one organ's motion, which is as smooth as the motion and so a spline as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.numerics.jacobian import determinant_of_identity_plus
from RegSuite.pointcloud.field.box import Box, voxels_of
from RegSuite.pointcloud.field.forward import OrganField
from RegSuite.pointcloud.field.lattice import Lattice, node_grid
from RegSuite.pointcloud.field.organ_motion import NODES_A_BANDWIDTH
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.inversion import invert_displacement

POINTS_OF_AN_ORGAN = 4000
"""Voxels of an organ that are moved to see where it comes to lie."""

NEWTON_STEPS = 4
EXACT_MM = 1e-4
STEEPEST = 0.05
"""A determinant below which Newton's step leads nowhere."""


@dataclass(frozen=True, eq=False)
class OrganInverse:
    """T^-1(y) = rho^-1(y) + g(y) of one organ about the target organ.

    lattice: g [d] and the variance of T at T^-1(y), C = d + 1, along the target grid's axes. box: voxels of
    the target's grid that it is of use for.
    """

    field: OrganField
    lattice: Lattice
    box: Box
    back: AffineTransform

    def displacement(self, grid: Grid) -> Tensor:
        """T^-1(y) - y on a grid of the same axes: float32 [d, *shape]."""
        return self.back.displacement(grid) + self.lattice.on(grid)[: grid.ndim]

    def variance(self, grid: Grid) -> Tensor:
        """Variance of T at T^-1(y), mean over the axes, in the target's mm^2: [*shape]."""
        return self.lattice.on(grid)[grid.ndim].clamp_(min=0)

    def determinant(self, grid: Grid) -> Tensor:
        """det of dT^-1/dy on a grid of the same axes: [*shape]; the organ's own, whatever slides along it."""
        d = grid.ndim
        along = torch.stack([self.lattice.on(grid, axis)[:d] for axis in range(d)], dim=1)
        direction = np.asarray(grid.direction)
        # in the axes of the grid, where the derivatives are: the determinant stays the same
        turned = torch.einsum("pi,pa...->ia...", torch.from_numpy(direction).float(), along)
        linear = torch.from_numpy(direction.T @ (self.back.matrix - np.eye(d)) @ direction).float()
        return determinant_of_identity_plus(turned + linear.reshape(d, d, *(1,) * d))


def organ_inverse(
    field: OrganField, source_mask: Tensor, target_mask: Tensor, target: Grid, everywhere: bool
) -> OrganInverse:
    """The inverse over the target organ (its voxels, and where the source organ comes to lie).

    Solved at the nodes by Newton's method in the spline of the motion, never across another organ.
    """
    reached = [target.index(field.organ.moved(_some_of(source_mask, field)).numpy())]
    if bool(target_mask.any()):
        reached.append(voxels_of(target_mask.numpy()).astype(float))
    if everywhere:
        reached.append(np.stack([np.zeros(target.ndim), np.subtract(target.size, 1.0)]))
    margin = field.organ.narrowest_mm / 2
    index = np.concatenate(reached)
    box = Box.about(index, margin, target)
    low = index.min(axis=0) - margin / np.asarray(target.spacing)
    high = index.max(axis=0) + margin / np.asarray(target.spacing)
    start = field.organ.drift.start
    scale = field.organ.drift.scale
    # the motion read from the target is steeper where tissue is compressed: nodes are 4/3 as dense
    spacing = 0.75 * scale * field.organ.narrowest_mm / NODES_A_BANDWIDTH
    nodes = node_grid(target, low.tolist(), high.tolist(), spacing)
    back = start.inverse()
    places = torch.from_numpy(nodes.all_points().reshape(-1, target.ndim))
    rigid = back.points(places)
    found = _solved(field, rigid, _first(field, nodes))
    values = torch.cat([found - rigid, field.organ.variance(found)], dim=1)
    lattice = Lattice.through(values.T.reshape(-1, *nodes.shape), nodes)
    return OrganInverse(field, lattice, box, back)


def _some_of(mask: Tensor, field: OrganField) -> Tensor:
    """Points of the source organ [n, d] LPS mm: some of its voxels, evenly taken, and all its points."""
    points = [field.organ.points]
    if bool(mask.any()):
        inside = torch.nonzero(mask[field.box.slices]).numpy()
        step = max(1, len(inside) // POINTS_OF_AN_ORGAN)
        points.append(field.box.grid.points(inside[::step, ::-1]))
    return torch.from_numpy(np.concatenate(points))


def _first(field: OrganField, nodes: Grid) -> Tensor:
    """Where the nodes come from, nearly [n, d]: the motion at its own nodes inverted as a linear field."""
    lattice = field.lattice.nodes
    d = lattice.ndim
    from_places = torch.from_numpy(lattice.all_points().reshape(-1, d))
    moved = field.organ.drift.start.points(from_places + field.lattice.at(from_places)[0])
    displacement = (moved - from_places).T.reshape(d, *lattice.shape).float()
    inverse = invert_displacement(displacement, lattice, nodes).displacement_mm.reshape(d, -1).T
    return torch.from_numpy(nodes.all_points().reshape(-1, d)) + inverse.double()


def _solved(field: OrganField, rigid: Tensor, first: Tensor) -> Tensor:
    """x [n, d] with x + v(x) = rigid, by Newton's method from `first`; the best place where it fails."""
    x = first.clone()
    motion, gradient = field.lattice.at(x)
    error = x + motion - rigid
    eye = torch.eye(x.shape[1], dtype=torch.float64)
    open_ = torch.arange(len(x))
    for _ in range(NEWTON_STEPS):
        slope = eye + gradient
        usable = (error[open_].norm(dim=1) > EXACT_MM) & (torch.linalg.det(slope) > STEEPEST)
        open_, slope = open_[usable], slope[usable]
        tried = x[open_] - torch.linalg.solve(slope, error[open_])
        motion, gradient = field.lattice.at(tried)
        left = tried + motion - rigid[open_]
        better = left.norm(dim=1) < error[open_].norm(dim=1)
        open_, gradient = open_[better], gradient[better]
        x[open_], error[open_] = tried[better], left[better]
    return x

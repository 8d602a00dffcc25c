"""The coupled convex discrete search between two lattices of descriptors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from torch import Tensor

from RegSuite.methods.convex_search import kernels
from RegSuite.numerics.flow import compose
from RegSuite.numerics.kernels import array, serves
from RegSuite.numerics.smoothing import gaussian

COUPLINGS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Weights of the coupling, in turn: of a squared step against 12 squared descriptor differences."""
CHANNELS = 12
SMOOTHING_STEPS = 1.2
"""Sigma of the regularisation between two minimisations, in steps of the lattice."""
CONSISTENCY_ROUNDS = 15


def search(
    fixed: Tensor, moving: Tensor, weight: Tensor, pads: Sequence[int], window: Sequence[int]
) -> Tensor:
    """Displacements in steps [3, Z, Y, X] from fixed descriptors to moving ones.

    fixed: [C, Z, Y, X]; moving: the same lattice with pads (x, y, z) voxels more on every side;
    weight: [Z, Y, X]; window: half widths in steps, at most the pads. Alternates the exact
    minimum over all shifts of cost + coupling |shift - u|^2 with a smoothing of u, while the
    coupling grows. Memory: 4 bytes a voxel and shift.
    Source: Heinrich, Papiez, Schnabel, Handels, MICCAI 2014, doi:10.1007/978-3-319-10404-1_26;
    Siebert and Heinrich, WBIR 2022, doi:10.1007/978-3-031-11203-4_13, equation 1.
    """
    costs = costs_of(fixed, moving, weight, pads, window)
    u = torch.zeros((3, *fixed.shape[1:]), device=fixed.device)
    sigma = [SMOOTHING_STEPS] * 3
    for coupling in COUPLINGS:
        u = gaussian(coupled_minimum(costs, u, window, coupling), sigma)
    return u


def costs_of(
    fixed: Tensor, moving: Tensor, weight: Tensor, pads: Sequence[int], window: Sequence[int]
) -> Tensor:
    """Weighted squared descriptor differences, as of 12 channels: [voxels, shifts], x fastest."""
    shifts = int(np.prod([2 * w + 1 for w in window]))
    scaled = weight * (CHANNELS / fixed.shape[0])
    costs = torch.empty((fixed[0].numel(), shifts), device=fixed.device)
    if serves(fixed, moving, weight):
        f, m = (array(v.movedim(0, -1)) for v in (fixed, moving))
        kernels.cost_volume(f, m, array(scaled), np.asarray(pads), np.asarray(window), costs.numpy())
        return costs
    ranges = [range(-w, w + 1) for w in reversed(window)]
    for k, shift in enumerate(product(*ranges)):  # z, y, x
        part = moving
        for dim, (d, pad, n) in enumerate(zip(shift, reversed(pads), fixed.shape[1:], strict=True), start=1):
            part = part.narrow(dim, pad + d, n)
        costs[:, k] = (scaled * (fixed - part).square().sum(dim=0)).flatten()
    return costs


def coupled_minimum(costs: Tensor, field: Tensor, window: Sequence[int], coupling: float) -> Tensor:
    """At each voxel the shift of least cost + coupling |shift - field|^2: [3, Z, Y, X] in steps."""
    flat = field.reshape(3, -1)
    out = torch.empty_like(flat)
    if serves(costs, field):
        kernels.coupled_minimum(
            array(costs), array(flat), np.asarray(window), np.float32(coupling), out.numpy()
        )
        return out.reshape(field.shape)
    axes = [torch.arange(-w, w + 1, device=field.device, dtype=field.dtype) for w in window]
    z, y, x = torch.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    shifts = torch.stack([x.flatten(), y.flatten(), z.flatten()])
    for start in range(0, flat.shape[1], 1 << 14):
        part = slice(start, start + (1 << 14))
        distance = (flat[:, part, None] - shifts[:, None]).square().sum(dim=0)
        out[:, part] = shifts[:, (costs[part] + coupling * distance).argmin(dim=1)]
    return out.reshape(field.shape)


def made_consistent(there: Tensor, back: Tensor) -> Tensor:
    """`there` drawn to the inverse of `back` and back to its own: fields in steps, [3, Z, Y, X].

    Source: Siebert et al., ConvexAdam, IEEE TMI 2024, inverse consistency.
    """
    ones = (1.0, 1.0, 1.0)
    for _ in range(CONSISTENCY_ROUNDS):
        there, back = (
            there - 0.5 * compose(back, there, ones),
            back - 0.5 * compose(there, back, ones),
        )
    return there

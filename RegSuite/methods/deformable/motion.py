"""The deformation while it is sought: node displacements, their steps, their smoothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from RegSuite.numerics.flow import compose, exponential
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.local_systems import Equations
from RegSuite.numerics.smoothing import gaussian

DAMPING = 0.01
"""Damping of the node systems, as a share of their mean diagonal where there is structure."""

STRUCTURE = 1e-3
"""Nodes whose diagonal is above this share of the largest count as structure."""


def step(equations: Equations, window_nodes: Sequence[float], longest_mm: float) -> Tensor:
    """The Gauss-Newton step [3, *nodes] in mm of equations smoothed over windows of nodes.

    Every node's window shares one step (Lucas and Kanade 1981, with Gaussian windows); no
    longer than `longest_mm`.
    """
    wide = [w / e for w, e in zip(window_nodes, equations.every, strict=True)]
    matrix = gaussian(equations.matrix, wide)
    vector = gaussian(equations.vector, window_nodes)
    trace = (matrix[0] + matrix[1] + matrix[2]) / 3
    structured = trace > STRUCTURE * trace.max()
    mean = float((trace * structured).sum() / structured.sum().clamp(min=1))
    smooth = Equations(matrix / float(np.prod(equations.every)), vector, equations.every, equations.loss)
    return smooth.solve(DAMPING * max(mean, 1e-20) / float(np.prod(equations.every)), longest_mm)


def follow(displacement: Tensor, d: Tensor, spacing: Sequence[float]) -> Tensor:
    """The displacement after the flow of a step: x -> x + d first, then the displacement there."""
    return compose(displacement, exponential(d, spacing), spacing)


def unfold(displacement: Tensor, spacing: Sequence[float], least: float = 0.01, rounds: int = 20) -> Tensor:
    """The displacement, smoothed around nodes whose Jacobian determinant is under `least` until none is.

    Each round smooths by one node around the nodes that fold; the rest is left as it is.
    """
    from RegSuite.geometry import Grid

    grid = Grid.make(displacement.shape[:0:-1], tuple(spacing))
    for _ in range(rounds):
        bad = jacobian_determinant(displacement, grid) < least
        if not bool(bad.any()):
            break
        near = gaussian(bad[None].float(), 2.0)
        share = (near / 0.05).clamp(max=1.0)
        displacement = torch.lerp(displacement, gaussian(displacement, 1.0), share)
    return displacement

"""The deformation while it is sought: node displacements, their steps, their smoothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from scipy.ndimage import binary_dilation, find_objects, label
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.numerics.flow import compose, exponential
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.local_systems import Equations
from RegSuite.numerics.smoothing import gaussian

DAMPING = 0.01
"""Damping of the node systems, as a share of their mean diagonal where there is structure."""

STRUCTURE = 1e-3
"""Nodes whose diagonal is above this share of the largest count as structure."""


LEAST_DIAGONAL = 1e-8
"""What a mean diagonal counts as at least, so that the determinant of no system is 0 in float32."""

LEAST_JACOBIAN = 0.02
UNFOLD_ROUNDS = 40
MARGIN = 8
"""Nodes around a fold that its smoothing may move; the Gaussian of NEAR_NODES has died out by then."""

NEAR_NODES = 2.0
NEAR_SHARE = 0.05
"""Where the smoothed mark of the folds is above this, the field is smoothed whole."""


def step(equations: Equations, window_nodes: Sequence[float], longest_mm: float) -> Tensor:
    """The Gauss-Newton step [3, *nodes] in mm of equations smoothed over windows of nodes.

    Every node's window shares one step (Lucas and Kanade 1981, with Gaussian windows); no
    longer than `longest_mm`.
    """
    wide = [w / e for w, e in zip(window_nodes, equations.every, strict=True)]
    matrix = gaussian(equations.matrix / _nodes_a_matrix(equations), wide)
    vector = gaussian(equations.vector, window_nodes)
    trace = (matrix[0] + matrix[1] + matrix[2]) / 3
    structured = trace > STRUCTURE * trace.max()
    mean = float((trace * structured).sum() / structured.sum().clamp(min=1))
    smooth = Equations(matrix, vector, equations.every, equations.loss)
    return smooth.solve(DAMPING * max(mean, LEAST_DIAGONAL), longest_mm)


def _nodes_a_matrix(equations: Equations) -> Tensor:
    """How many nodes share each matrix, [*wide nodes]: fewer at the end of an axis."""
    nodes, wide = equations.vector.shape[1:], equations.matrix.shape[1:]
    along = [
        (n - e * torch.arange(w)).clamp(max=e)
        for n, w, e in zip(nodes, wide, equations.every[::-1], strict=True)
    ]
    counts = along[0][:, None, None] * along[1][:, None] * along[2]
    return counts.to(equations.matrix)


def follow(displacement: Tensor, d: Tensor, spacing: Sequence[float]) -> Tensor:
    """The displacement after the flow of a step: x -> x + d first, then the displacement there."""
    return compose(displacement, exponential(d, spacing), spacing)


def unfold(displacement: Tensor, spacing: Sequence[float]) -> Tensor:
    """The displacement [3, *nodes] without nodes whose Jacobian determinant is under `LEAST_JACOBIAN`.

    Each region of such nodes is smoothed with its surroundings, a node's length at a time, until
    none is left (or UNFOLD_ROUNDS have passed); the rest of the field stays as it is.
    """
    grid = Grid.make(displacement.shape[:0:-1], tuple(spacing))
    bad = jacobian_determinant(displacement, grid) < LEAST_JACOBIAN
    if not bool(bad.any()):
        return displacement
    out = displacement.clone()
    near = binary_dilation(bad.cpu().numpy(), iterations=2)
    for region in find_objects(label(near)[0]):
        around = (slice(None), *(slice(max(s.start - MARGIN, 0), s.stop + MARGIN) for s in region))
        out[around] = _unfold_patch(out[around].contiguous(), spacing)
    return out


def _unfold_patch(patch: Tensor, spacing: Sequence[float]) -> Tensor:
    grid = Grid.make(patch.shape[:0:-1], tuple(spacing))
    for _ in range(UNFOLD_ROUNDS):
        bad = jacobian_determinant(patch, grid) < LEAST_JACOBIAN
        if not bool(bad.any()):
            break
        near = gaussian(bad[None].float(), NEAR_NODES)
        patch = torch.lerp(patch, gaussian(patch, 1.0), (near / NEAR_SHARE).clamp(max=1.0))
    return patch

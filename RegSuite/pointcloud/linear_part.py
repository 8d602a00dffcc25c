"""rho: the rotation, scale and shift (or affine map) that bring weighted points onto their partners."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

LinearKind = Literal["rigid", "similarity", "affine"]

GUARD = 1e-9
"""Share of the former rotation that is mixed in: it decides where the points do not (a line, a plane)."""


def fitted_linear(
    kind: LinearKind, u: Tensor, weighted: Tensor, evidence: Tensor, variance: float, former: Tensor
) -> tuple[Tensor, Tensor]:
    """Matrix [d, d] and shift [d] that minimise the sum over m of nu_m E|x_m - A u_m - t|^2.

    u [M, d]: means of the source points, each with `variance` mm^2 an axis (its nu-weighted mean);
    weighted [M, d]: nu_m x_m; evidence [M]: nu_m; former [d, d]: the matrix before. Rotations have
    determinant +1 (Umeyama 1991). Along directions in which the points do not extend, what was before stays.
    """
    count = evidence.sum()
    mean_u, mean_x = (evidence @ u) / count, weighted.sum(dim=0) / count
    du = u - mean_u
    cross = (weighted - evidence[:, None] * mean_x).T @ du / count
    own = du.T @ (evidence[:, None] * du) / count
    own = own + variance * torch.eye(len(own), dtype=own.dtype, device=own.device)
    size = torch.trace(own).clamp(min=1e-30)
    turn = nearest_rotation(former)
    guard = GUARD * size
    rotation = nearest_rotation(cross + guard * turn)
    if kind == "affine":
        eye = torch.eye(len(own), dtype=own.dtype, device=own.device)
        matrix = torch.linalg.solve(own + guard * eye, (cross + guard * rotation).T).T
    else:
        scale = (rotation * cross).sum() / size if kind == "similarity" else torch.ones_like(size)
        matrix = scale.clamp(min=1e-6) * rotation
    return matrix, mean_x - matrix @ mean_u


def nearest_rotation(matrix: Tensor) -> Tensor:
    """The rotation R [d, d] of largest trace(R^T matrix), determinant +1: never a reflection."""
    left, _, right = torch.linalg.svd(matrix)
    signs = torch.ones(len(matrix), dtype=matrix.dtype, device=matrix.device)
    signs[-1] = torch.linalg.det(left @ right).sign()
    rotation: Tensor = (left * signs) @ right
    return rotation


def mean_scale(matrix: Tensor) -> float:
    """s of a matrix [d, d]: the d-th root of its determinant's size."""
    return math.pow(float(torch.linalg.det(matrix).abs()), 1 / len(matrix))

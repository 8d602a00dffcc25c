"""Bayesian coherent point drift of labelled clouds (Hirose 2021; paper 13)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.basis import MotionBasis
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.prior import MotionPrior
from RegSuite.pointcloud.result import Drift, DriftPoint
from RegSuite.transforms.affine import AffineTransform

Progress = Callable[[float, str, Mapping[str, float]], None]
Watch = Callable[[NDArray[np.float64]], None]

LARGEST_NU = 1e-12


def quiet(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
    """A progress that tells nobody."""


def drift(
    source: PointSet,
    target: PointSet,
    model: OrganModel | None = None,
    parameters: DriftParameters | None = None,
    progress: Progress = quiet,
    *,
    device: str = "cpu",  # noqa: ARG001
    watch: Watch | None = None,
) -> Drift:
    """Bring `source` [M, d] onto `target` [N, d], LPS mm."""
    begun = time.perf_counter()
    chosen = parameters or DriftParameters()
    y = torch.as_tensor(np.array(source.points))
    x = torch.as_tensor(np.array(target.points))
    (m, d), n = y.shape, len(x)
    used = model or OrganModel.of([0], [0])
    ly = torch.as_tensor(used.indices(None if model is None else source.labels, m))
    lx = torch.as_tensor(used.indices(None if model is None else target.labels, n))
    log_u = torch.log(torch.as_tensor(used.transition, dtype=torch.float64).clamp(min=1e-300))
    basis = None
    if chosen.transform == "deformable":
        basis = MotionBasis.of(
            MotionPrior(used), y, ly, tolerance=chosen.basis_tolerance, largest=chosen.basis_largest
        )
    spread = float((x.amax(0) - x.amin(0)).clamp(min=1e-6).prod())
    linear, shift = torch.eye(d, dtype=torch.float64), x.mean(0) - y.mean(0)
    moved = y @ linear.T + shift
    sigma2 = chosen.gamma**2 * float(torch.cdist(moved, x).square().mean()) / d
    v, sd2 = torch.zeros_like(y), torch.zeros(m, dtype=torch.float64)
    weights = covariance = None
    curve: list[DriftPoint] = []
    px, nu, inlier = y, torch.ones(m, dtype=torch.float64), torch.ones(n, dtype=torch.float64)
    for iteration in range(chosen.iterations):
        scale2 = float(torch.linalg.det(linear).abs()) ** (2 / d)
        logs = -torch.cdist(moved, x).square() / (2 * sigma2) - 0.5 * d * math.log(2 * math.pi * sigma2)
        logs += log_u[lx][:, ly].T - (scale2 * d * sd2 / (2 * sigma2))[:, None]
        logs += math.log((1 - chosen.outliers) / m)
        out = math.log(chosen.outliers / spread) if chosen.outliers else -math.inf
        total = torch.logaddexp(torch.logsumexp(logs, 0), torch.tensor(out, dtype=torch.float64))
        p = torch.exp(logs - total)
        nu, inlier, px = p.sum(1), p.sum(0), p @ x
        count = float(nu.sum())
        mean_x = px / nu.clamp(min=LARGEST_NU)[:, None]
        if basis is not None:
            c = scale2 / sigma2
            back = torch.linalg.solve(linear, (mean_x - shift).T).T - y
            f = basis.values
            inner = torch.eye(basis.rank, dtype=torch.float64) + c * f.T @ (nu[:, None] * f)
            factor = torch.linalg.cholesky(inner)
            weights = torch.cholesky_solve(c * f.T @ (nu[:, None] * back), factor)
            covariance = torch.cholesky_inverse(factor)
            v = f @ weights
            sd2 = ((f @ covariance) * f).sum(1)
        u = y + v
        linear, shift = _linear(chosen.transform, u, mean_x, nu, float((nu * sd2).sum()) / count)
        moved = u @ linear.T + shift
        scale2 = float(torch.linalg.det(linear).abs()) ** (2 / d)
        squared = (
            (inlier * x.square().sum(1)).sum() - 2 * (px * moved).sum() + (nu * moved.square().sum(1)).sum()
        )
        new = float(squared) / (count * d) + scale2 * float((nu * sd2).sum()) / count
        new = max(new, 1e-8)
        curve.append(DriftPoint("drift", iteration, math.sqrt(new), float(total.mean())))
        change = abs(math.log(new / sigma2))
        sigma2 = new
        progress((iteration + 1) / chosen.iterations, "drift", {"sigma_mm": math.sqrt(sigma2)})
        if watch is not None:
            watch(moved.numpy().copy())
        if change < chosen.tolerance:
            break
    matrix = np.eye(d + 1)
    matrix[:d, :d], matrix[:d, d] = linear.numpy(), shift.numpy()
    matched = np.where((nu > 1e-6)[:, None], (px / nu.clamp(min=LARGEST_NU)[:, None]).numpy(), np.nan)
    return Drift(
        source=source,
        target=target,
        model=model,
        start=AffineTransform.from_homogeneous(matrix),
        basis=basis,
        weights=weights,
        covariance=covariance,
        sigma_mm=math.sqrt(sigma2),
        moved_mm=moved.numpy().copy(),
        matched_mm=matched,
        evidence=nu.numpy(),
        outlier_probability=(1 - inlier).clamp(0, 1).numpy(),
        convergence=tuple(curve),
        seconds={"drift": time.perf_counter() - begun},
    )


def _linear(kind: str, u: Tensor, x: Tensor, nu: Tensor, variance: float) -> tuple[Tensor, Tensor]:
    """s R (or the affine matrix) and t that bring u onto x under weights nu."""
    d = u.shape[1]
    share = nu / nu.sum()
    mean_u, mean_x = share @ u, share @ x
    cross = (x - mean_x).T @ (share[:, None] * (u - mean_u))
    inner = (u - mean_u).T @ (share[:, None] * (u - mean_u)) + variance * torch.eye(d, dtype=torch.float64)
    if kind == "affine":
        linear = torch.linalg.solve(inner, cross.T).T
    else:
        left, _, right = torch.linalg.svd(cross)
        flip = torch.ones(d, dtype=torch.float64)
        flip[-1] = torch.linalg.det(left @ right).sign()
        rotation = left @ torch.diag(flip) @ right
        scale = 1.0 if kind == "rigid" else float(torch.trace(rotation.T @ cross) / torch.trace(inner))
        linear = scale * rotation
    return linear, mean_x - linear @ mean_u

"""LogPolyaffineTransform: several affine motions blended into one invertible map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import logm
from torch import Tensor

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.dense import DenseTransform
from RegSuite.transforms.exponential import exponential
from RegSuite.transforms.linear_field import linear_field


@dataclass(frozen=True, eq=False)
class LogPolyaffineTransform(DenseTransform):
    """T = exp(v), v(x) = sum_i w_i(x) log(T_i) (x, 1) / sum_i w_i(x); T^-1 from the negated logs.

    logs: [R, d+1, d+1] principal logarithms of the affine motions. weights: [R, *grid.shape],
    not negative; where all are 0 the velocity is 0. The map is held as its displacement on
    `grid` (computed once, when first used) and is the identity outside, as the saved file is.
    Near the grid's border the velocity beyond it is the border's, so leave a margin.
    Raises GeometryError for shapes that do not fit or weights that are negative or not finite.
    Source: Arsigny et al. 2009, J Math Imaging Vis 33, doi:10.1007/s10851-008-0135-9, eq. 6.
    """

    logs: NDArray[np.float64]
    weights: Tensor
    grid: Grid
    squarings: int | None = None

    def __post_init__(self) -> None:
        logs, d = np.array(self.logs, dtype=np.float64), self.grid.ndim
        if (
            logs.shape != (len(self.weights), d + 1, d + 1)
            or tuple(self.weights.shape[1:]) != self.grid.shape
        ):
            raise GeometryError(
                f"logs {logs.shape} and weights {tuple(self.weights.shape)} do not make regions "
                f"on a grid of shape {self.grid.shape}"
            )
        if not bool((self.weights >= 0).all() & torch.isfinite(self.weights).all()):
            raise GeometryError(
                "region weights are negative or not finite", mend="give weights of 0 or more at every voxel"
            )
        logs.setflags(write=False)
        object.__setattr__(self, "logs", logs)
        object.__setattr__(self, "ndim", d)

    @classmethod
    def of(cls, motions: Sequence[AffineTransform], weights: Tensor, grid: Grid) -> LogPolyaffineTransform:
        """From one affine motion a region and weights [R, *grid.shape] (see `gaussian_weights`).

        Raises InputError for a motion without a real logarithm (a reflection, a half turn).
        """
        logs = [principal_log(m.homogeneous, f"region {i}") for i, m in enumerate(motions)]
        return cls(np.stack(logs), weights, grid)

    @property
    def velocity_mm(self) -> Tensor:
        """v at the voxels of `grid`: float32 [d, *shape] in LPS mm per unit time."""
        device = self.weights.device
        total = self.weights.sum(dim=0, dtype=torch.float32)
        share = torch.where(total > 0, 1 / total.clamp(min=torch.finfo(torch.float32).tiny), 0.0)
        velocity = torch.zeros((self.ndim, *self.grid.shape), device=device)
        for log, weight in zip(self.logs, self.weights, strict=True):
            velocity.addcmul_(linear_field(log, self.grid, device), (weight.float() * share)[None])
        return velocity

    @cached_property
    def _field(self) -> Tensor:
        return exponential(self.velocity_mm, self.grid, self.squarings)

    @property
    def field(self) -> Tensor:
        return self._field

    def inverse(self) -> LogPolyaffineTransform:
        return LogPolyaffineTransform(-self.logs, self.weights, self.grid, self.squarings)


def gaussian_weights(centres_mm: ArrayLike, sigma_mm: float, grid: Grid) -> Tensor:
    """exp(-|x - c_i|^2 / (2 sigma^2)) at the voxels: float32 [R, *shape], relative to the nearest centre.

    centres_mm: [R, d] LPS mm. Dividing by the largest of them changes no share of the sum and
    keeps voxels far from every centre from losing all weight.
    """
    if not (np.isfinite(sigma_mm) and sigma_mm > 0):
        raise InputError(f"a standard deviation of {sigma_mm} mm is not positive and finite")
    identity = linear_field(np.eye(grid.ndim + 1), grid)
    centres = np.asarray(centres_mm, dtype=np.float64).reshape(-1, grid.ndim)
    squares = []
    for centre in centres:
        place = torch.tensor(centre, dtype=torch.float32).reshape(-1, *(1,) * grid.ndim)
        squares.append(((identity - place) ** 2).sum(dim=0))
    distance = torch.stack(squares)
    return torch.exp((distance.amin(dim=0) - distance) / (2 * sigma_mm**2))


def principal_log(homogeneous: NDArray[np.float64], where: str = "") -> NDArray[np.float64]:
    """The real principal logarithm of a [d+1, d+1] affine matrix.

    Raises InputError when an eigenvalue lies on the closed negative real axis: there is none then.
    """
    values = np.linalg.eigvals(homogeneous)
    if bool(((np.abs(values.imag) < 1e-9) & (values.real <= 0)).any()):
        raise InputError(
            f"an affine motion has no real logarithm: eigenvalues {np.round(values, 4).tolist()}",
            where=where,
            mend="split a half turn or a reflection off as a common affine transform first",
        )
    return np.asarray(np.real(logm(homogeneous)), dtype=np.float64)

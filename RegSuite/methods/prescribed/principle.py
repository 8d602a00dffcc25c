"""The variational principle itself: a grid with a given Jacobian determinant and curl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.methods.local_forces.lattice import as_volume, physical, volume_values
from RegSuite.methods.prescribed.controls import Domain
from RegSuite.methods.prescribed.descent import Lbfgs
from RegSuite.methods.prescribed.folding import require_unfolded, smallest_determinant
from RegSuite.transforms.displacement import DisplacementTransform

MOST_STEPS = 300
TOLERANCE = 1e-5
"""A descent ends when a step gains less than this share of the misfit."""
ENOUGH = 1e-10
"""Misfit at which determinant and curl are right to some 1e-5."""


@dataclass(frozen=True, eq=False)
class PrescribedMap:
    """A map and how near its determinant and curl came to what was prescribed.

    scale: what f was multiplied by, since the border stays where it is: then the volume within does,
    and f must be 1 in the mean. determinant: [*shape] achieved. curl: achieved, [*shape] in a plane, else
    [3, *shape] LPS. *_error: {mean, p95, max} of |achieved - prescribed| over the inner nodes (the
    determinant against scale * f). misfit: half the mean of both errors squared, at the start (one
    Poisson solve with f and g as controls) and at the end; steps: between the two.
    """

    transform: DisplacementTransform
    scale: float
    determinant: Tensor
    curl: Tensor
    smallest_determinant: float
    determinant_error: Mapping[str, float]
    curl_error: Mapping[str, float]
    misfit: tuple[float, float]
    steps: int


def prescribed_map(
    f: ArrayLike | Tensor, g: ArrayLike | Tensor, grid: Grid, *, steps: int = MOST_STEPS
) -> PrescribedMap:
    """The map phi = id + u, u = 0 on the outer voxels, with det Dphi near f and curl phi near g.

    f: [*grid.shape], positive. g: 2D [*grid.shape] (or [1, *grid.shape]), about the normal; 3D
    [3, *grid.shape], LPS components. Half the mean of (det Dphi - f)^2 + |curl phi - g|^2 is descended in
    the control functions of Laplace u = grad f_c - curl g_c from f_c = f, g_c = g. With the border held,
    f and g together say more than a map can obey: what was achieved is in the answer.
    Source: the variational principle behind paper 25, WBIR 2022, LNCS 13386, reference 1.
    Raises InputError for arrays that do not fit, or f that is not positive; MethodFailed for a fold.
    """
    volume = as_volume(grid)
    domain = Domain(volume.shape, volume.spacing)
    wanted_f, scale = _checked_f(f, grid)
    wanted_g = _checked_g(g, grid, domain)
    misfit = _Misfit(domain, volume_values(wanted_f[None], grid.ndim)[0], wanted_g)
    descent = Lbfgs(misfit.energy, misfit.start())
    before, taken = descent.value, 0
    for taken in range(1, steps + 1):  # noqa: B007 - the count is told
        value = descent.value
        if not descent.step() or value - descent.value < TOLERANCE * value or descent.value < ENOUGH:
            break
    u = misfit.displacement(descent.x)
    transform = DisplacementTransform(*physical(u, volume, grid.ndim))
    determinant = domain.determinant(u)
    curl = domain.curl(u)
    inner = tuple(slice(1, -1) if n > 1 else slice(None) for n in volume.shape)
    return PrescribedMap(
        transform=transform,
        scale=scale,
        determinant=determinant.reshape(grid.shape),
        curl=_curl_outside(curl, grid),
        smallest_determinant=require_unfolded(determinant, 0.0),
        determinant_error=_spread((determinant - misfit.f).abs()[inner]),
        curl_error=_spread((curl - misfit.g).norm(dim=0)[inner]),
        misfit=(before, descent.value),
        steps=taken,
    )


@dataclass(frozen=True, eq=False)
class _Misfit:
    """Half the mean square of what determinant and curl lack, in the controls (f_c, g_c)."""

    domain: Domain
    f: Tensor
    g: Tensor

    def start(self) -> Tensor:
        """f and g themselves, half way back to the identity as often as their map folds."""
        x = torch.cat([(self.f - 1).reshape(1, *self.f.shape), self.g]).flatten()
        for _ in range(20):
            if smallest_determinant(self.displacement(x), self.domain) > 0:
                return x
            x = 0.5 * x
        return torch.zeros_like(x)

    def displacement(self, x: Tensor) -> Tensor:
        parts = x.reshape(-1, *self.f.shape)
        return self.domain.displacement(parts[0], parts[1:])

    def energy(self, x: Tensor) -> tuple[float, Tensor]:
        at = x.detach().requires_grad_()
        u = self.displacement(at)
        if not smallest_determinant(u.detach(), self.domain) > 0:
            return float("inf"), torch.zeros_like(x)
        of_curl = (self.domain.curl(u) - self.g).square().sum(dim=0)
        value = 0.5 * ((self.domain.determinant(u) - self.f).square() + of_curl).mean()
        return float(value.detach()), torch.autograd.grad(value, at)[0]


def _checked_f(f: ArrayLike | Tensor, grid: Grid) -> tuple[Tensor, float]:
    """f as float32 with mean 1 over the domain, and the factor."""
    values = torch.as_tensor(np.asarray(f)).float()
    if tuple(values.shape) != grid.shape or min(grid.size) < 4:
        raise InputError(
            f"f of shape {tuple(values.shape)} on a grid of shape {grid.shape}",
            where="prescribed determinant",
            mend="give one value a voxel, on a grid of at least 4 voxels along each axis",
        )
    least = float(values.min())
    if not (least > 0 and bool(torch.isfinite(values).all())):
        raise InputError(
            f"the determinant prescribed is {least:g} at the least: a map that does not fold has it positive",
            where="prescribed determinant",
            mend="give positive, finite values",
        )
    weight = torch.ones_like(values)
    for dim, n in enumerate(values.shape):  # a node on the border stands for half a cell
        for end in (0, n - 1):
            weight.select(dim, end).mul_(0.5)
    scale = float(weight.double().sum() / (weight * values).double().sum())
    return values * scale, scale


def _checked_g(g: ArrayLike | Tensor, grid: Grid, domain: Domain) -> Tensor:
    """g along the lattice's axes, [1 or 3, Z, Y, X]; a curl turns as an axial vector."""
    values = torch.as_tensor(np.asarray(g)).float()
    if grid.ndim == 2 and values.ndim == 2:
        values = values[None]
    if tuple(values.shape) != (domain.curls, *grid.shape) or not bool(torch.isfinite(values).all()):
        raise InputError(
            f"g of shape {tuple(values.shape)} on a grid of shape {grid.shape}",
            where="prescribed curl",
            mend="give finite values: in 2D one a voxel, in 3D three (LPS components first)",
        )
    direction = np.asarray(grid.direction)
    hand = float(np.sign(np.linalg.det(direction)))
    if grid.ndim == 2:
        return hand * values[:, None]
    turn = torch.tensor(hand * direction.T, dtype=values.dtype)
    return torch.einsum("ap,p...->a...", turn, values)


def _curl_outside(curl: Tensor, grid: Grid) -> Tensor:
    """The curl as the caller gave g: [*shape] in a plane, LPS components in a volume."""
    direction = np.asarray(grid.direction)
    hand = float(np.sign(np.linalg.det(direction)))
    if grid.ndim == 2:
        return hand * curl[0, 0]
    return torch.einsum("pa,a...->p...", torch.tensor(hand * direction, dtype=curl.dtype), curl)


def _spread(values: Tensor) -> dict[str, float]:
    """{mean, p95, max}."""
    found = values.double().numpy()
    return {"mean": float(found.mean()), "p95": float(np.quantile(found, 0.95)), "max": float(found.max())}

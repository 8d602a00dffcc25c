"""The loss of paper 11, Eq. 2 to 4, with the mean fixed to the found displacement.

With z = mu + G C eps (mu the found field, G the diagonal SD, C a separable Gaussian whose rows have
unit L2 norm) the loss is, but for constants,

    1 / (2 sigma_I^2 K) sum_k |f - m(x + z_k)|^2  +  tr(lambda / 2 (D - A) G C C^T G^T)  -  sum log G .

D - A is the graph Laplacian of the voxel lattice; only neighbours' correlations rho enter its trace
(Eq. 4), and these are numbers along each axis, since C is separable. The paper measures u in voxels. Here
an edge along an axis of spacing h weighs 1 / h^2, with u and G in mm: the same number in isotropic
voxels, and neither voxel size nor slice thickness changes what lambda means. All terms are means over
the voxels, not sums: so patches of any size weigh alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.numerics.resample import index_map, sample

if TYPE_CHECKING:
    from RegSuite.dose.uncertainty.correlation import Correlation


def paired_noise(correlation: Correlation, draws: int, generator: torch.Generator) -> Tensor:
    """[draws, 3, kz, ky, kx] of unit normal numbers in +/- pairs, drawn on the CPU: alike on any device.

    Of a pair the image term's parts of first order in the noise cancel: its gradient varies less.
    """
    half = torch.randn((draws // 2, 3, *correlation.nodes), generator=generator)
    return torch.cat([half, -half])


def image_term(
    fixed: Tensor, moving: Tensor, displacement_mm: Tensor, spacing_mm: Sequence[float], variance: float
) -> Tensor:
    """1 / (2 sigma_I^2) times the mean of (f - m(x + z))^2 over voxels and draws.

    fixed, moving: [Z, Y, X] on one lattice; displacement_mm: [K, 3, Z, Y, X] along its axes.
    Voxels without a displacement (NaN), or whose point lies beyond the moving image, do not count.
    """
    steps = displacement_mm / torch.tensor(spacing_mm, device=fixed.device).view(1, 3, 1, 1, 1)
    home = index_map(tuple(fixed.shape), torch.eye(3, 4).numpy(), device=fixed.device)
    place = home + steps.movedim(1, -1)
    size = torch.tensor(tuple(fixed.shape)[::-1], device=fixed.device)
    counts = ((place >= 0) & (place <= size - 1)).all(dim=-1)
    values = sample(moving[None], torch.where(counts[..., None], place, torch.zeros_like(place)))[0]
    squares = torch.where(counts, (fixed - values).square(), torch.zeros_like(values))
    return squares.sum() / (2 * variance * counts.sum().clamp(min=1))


def trace_term(
    sd_mm: Tensor, neighbours: Sequence[Tensor], spacing_mm: Sequence[float], smoothness: float
) -> Tensor:
    """tr(lambda / 2 (D - A) Sigma) over the number of voxels; an edge weighs 1 / h^2 (Eq. 4).

    sd_mm: [3, Z, Y, X]. An edge between i and j adds G_i^2 + G_j^2 - 2 rho_ij G_i G_j, written so
    that rho near 1 loses no digits.
    """
    total = sd_mm.new_zeros(())
    for axis, (rho, spacing) in enumerate(zip(neighbours, spacing_mm, strict=True)):
        dim = sd_mm.ndim - 1 - axis
        count = sd_mm.shape[dim]
        here, there = sd_mm.narrow(dim, 0, count - 1), sd_mm.narrow(dim, 1, count - 1)
        shape = [1] * sd_mm.ndim
        shape[dim] = count - 1
        apart = (here - there).square() + 2 * (1 - rho.view(shape)) * here * there
        total = total + apart.sum() / spacing**2
    return smoothness / 2 * total / sd_mm[0].numel()


def entropy_term(log_sd: Tensor) -> Tensor:
    """-1/2 log |Sigma| over the number of voxels, but for a constant: minus the sum of log G."""
    return -log_sd.sum() / log_sd[0].numel()


def landmark_term(log_sd: Tensor, places: Tensor, errors_mm: Tensor) -> Tensor:
    """Mean negative log density (Eq. 5, but for a constant) of errors [n, 3] at voxels [n, 3] (x, y, z).

    log_sd: [3, Z, Y, X]. The least likely 1 %, at least one, is left out; 0 where there are no landmarks.
    """
    if len(places) < 2:
        return log_sd.new_zeros(())
    logs = sample(log_sd, places).T
    each = (0.5 * (errors_mm / logs.exp()).square() + logs).sum(dim=1)
    return each.sort().values[: len(each) - max(1, len(each) // 100)].mean()


def posterior_loss(
    fixed: Tensor,
    moving: Tensor,
    displacement_mm: Tensor,
    log_sd: Tensor,
    correlation: Correlation,
    noise: Tensor,
    *,
    spacing_mm: Sequence[float],
    smoothness: float,
    image_variance: float,
) -> dict[str, Tensor]:
    """{image, trace, entropy, total} of one patch (see the module).

    fixed, moving: [Z, Y, X] normalised. displacement_mm, log_sd: [3, Z, Y, X] along the lattice's
    axes. noise: [K, 3, kz, ky, kx], unit normal, of `correlation` on that lattice.
    """
    sd = log_sd.exp()
    drawn = displacement_mm + sd * correlation.field_tensor(noise)
    image = image_term(fixed, moving, drawn, spacing_mm, image_variance)
    neighbours = [torch.from_numpy(r).to(sd) for r in correlation.neighbours()]
    trace = trace_term(sd, neighbours, spacing_mm, smoothness)
    entropy = entropy_term(log_sd)
    return {"image": image, "trace": trace, "entropy": entropy, "total": image + trace + entropy}

"""How a tumour looks in a T1-weighted scan: necrosis, rim, oedema; and how another scanner would show it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.phantoms.smooth_noise import smooth_noise

TEXTURE_MM = 4.0
BIAS_MM = 35.0
EDGE_MM = 2.0
"""Over which oedema fades into healthy tissue."""

NECROSIS = (0.55, 0.78)
"""Radius of the necrosis as a share of the core's, smallest and largest."""


@dataclass(frozen=True)
class Look:
    """Grey values as shares of white matter's, and the scanner's part.

    necrosis, rim, oedema: T1-like values. gamma, scale: of the grey values (template's white matter
    at `white` becomes `scale` times it). bias_log_sd, noise: see `known_field_phantom`.
    """

    necrosis: float
    rim: float
    necrotic_share: float
    oedema: float
    gamma: float
    scale: float
    bias_log_sd: float
    noise: float


def draw_look(rng: np.random.Generator) -> Look:
    """A look at random: rims from hardly to strongly enhancing, oedema darker than white matter."""
    return Look(
        necrosis=float(rng.uniform(0.28, 0.42)),
        rim=float(rng.uniform(0.85, 1.35)),
        necrotic_share=float(rng.uniform(*NECROSIS)),
        oedema=float(rng.uniform(0.62, 0.74)),
        gamma=float(rng.uniform(0.85, 1.2)),
        scale=float(rng.uniform(0.7, 1.4)),
        bias_log_sd=0.06,
        noise=0.025,
    )


def with_oedema(values: Tensor, weight: Tensor, white: float, look: Look) -> Tensor:
    """Tissue with water: `weight` [*shape] 0..1 of the way to the oedema's grey value."""
    return values + weight * (torch.minimum(values, torch.tensor(look.oedema * white)) - values)


def oedema_weight(
    distance_mm: Tensor, extent_mm: float, white: Tensor, grid: Grid, generator: torch.Generator
) -> Tensor:
    """0..1: white matter up to about `extent_mm` from the core, with fingers, soft at its end.

    distance_mm: from the core's surface. white: boolean [*shape].
    """
    fingers = 0.35 * extent_mm * smooth_noise(grid, 7.0, 1, generator)[0]
    near = torch.sigmoid((extent_mm + fingers - distance_mm) / (EDGE_MM / 2))
    spacing = np.asarray(grid.spacing[::-1])
    tract = ndimage.gaussian_filter(white.float().numpy(), np.minimum(0.7, 1.0 / spacing))
    return near * torch.from_numpy(tract)


def with_core(
    values: Tensor,
    radius: Tensor,
    distance_mm: Tensor,
    white: float,
    look: Look,
    grid: Grid,
    generator: torch.Generator,
) -> Tensor:
    """The core in place of tissue, with partial volume at its surface.

    radius: of each voxel as a share of the core's in its direction; distance_mm: r - a, negative inside.
    """
    texture = smooth_noise(grid, TEXTURE_MM, 2, generator)
    border = look.necrotic_share * (1 + 0.12 * texture[0])
    width = float(np.mean(grid.spacing))
    # mm of radius from the necrosis' border, as the core is distance / (radius - 1) mm wide there
    scale = torch.where((radius - 1).abs() > 1e-3, distance_mm / (radius - 1), torch.tensor(1e3))
    in_rim = torch.sigmoid((radius - border) * scale.clamp(min=1.0) / (0.6 * max(width, 1.2)))
    necrosis = look.necrosis * (1 + 0.07 * texture[1])
    rim = look.rim * (1 + 0.06 * texture[1])
    core = white * (necrosis + in_rim * (rim - necrosis))
    share = (0.5 - distance_mm / width).clamp(0.0, 1.0)
    return values + share * (core - values)


def scanned(values: Tensor, white: float, look: Look, grid: Grid, generator: torch.Generator) -> Tensor:
    """As another scanner shows it: gamma, scale, bias field, and noise in the magnitude within the head."""
    head = values > 0.02 * white
    shown = (values.clamp(min=0) / white) ** look.gamma
    log = smooth_noise(grid, BIAS_MM, 1, generator)[0]
    shown = shown * torch.exp(look.bias_log_sd * (log - log.mean()) / log.std())
    real, imaginary = look.noise * torch.randn((2, *shown.shape), generator=generator)
    noisy = ((shown + real).square() + imaginary.square()).sqrt()
    return torch.where(head, noisy, shown) * (white * look.scale)

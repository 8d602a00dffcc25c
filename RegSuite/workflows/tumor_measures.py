"""What a tumour's registration comes to: shape against appearance, misfit, what lies under the tumour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from RegSuite.quality import dice

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image
    from RegSuite.methods.shooting.shot import Shot

SHELL_MM = 10.0
"""How far around the tumour the surrounding tissue is looked at."""
SSD_UNIT = "sum over voxels, intensities divided by the template's range (0.1st to 99.9th percentile)"
SHARES = (
    "shape: sum of squares of deformed - start; appearance: of final - deformed; "
    "each as a share of both sums together, over all voxels that count"
)


def range_of(template: Image) -> float:
    """The template's range of intensities, a few odd voxels left out; above 0."""
    values = template.data.detach().float().cpu().flatten()
    some = values[:: max(1, len(values) // 1_000_000)].numpy()
    low, high = (float(v) for v in np.percentile(some, [0.1, 99.9]))
    return high - low if high > low else max(float(values.max() - values.min()), 1e-12)


def change_metrics(
    images: Mapping[str, Image], region: Tensor | None, counted: Tensor, scale: float
) -> dict[str, Any]:
    """SSDs and the shares of shape and appearance.

    images: target (in the template's units), before, deformed and final on one grid. region: the tumour,
    counted: voxels that count, both bool [*shape]. scale: the template's range. `_outside` is outside of
    the tumour, `_inside` in it; a share is absent where nothing changed.
    """
    fixed, before, deformed, final = (
        images[name].data.double() / scale for name in ("target", "before", "deformed", "final")
    )
    squares = {
        "ssd_before": (fixed - before).square().sum(0),
        "ssd_final": (fixed - final).square().sum(0),
        "ssd_deformed": (fixed - deformed).square().sum(0),
    }
    shape, appearance = (deformed - before).square().sum(0), (final - deformed).square().sum(0)
    places = {"": counted}
    if region is not None:
        places |= {"_outside": counted & ~region, "_inside": counted & region}
    out: dict[str, Any] = {"ssd_unit": SSD_UNIT, "shares_are": SHARES}
    for place, where in places.items():
        for name, values in squares.items():
            out[name + place] = float(values[where].sum())
        parts = float(shape[where].sum()), float(appearance[where].sum())
        if sum(parts) > 0:
            out["shape_share" + place] = parts[0] / sum(parts)
            out["appearance_share" + place] = parts[1] / sum(parts)
    if region is not None:
        everywhere = float(appearance[counted].sum())
        if everywhere > 0:
            out["appearance_outside_share"] = float(appearance[counted & ~region].sum()) / everywhere
    return out


def motion_metrics(deformation_mm: Tensor, grid: Grid, region: Tensor, counted: Tensor) -> dict[str, Any]:
    """How far points move within the tumour and in the shell about it, in mm, the start left out.

    deformation_mm: [d, *shape]. Keys: tumor_displacement_mm, surrounding_displacement_mm {mean, p95, max},
    mask_volume_cc (absent in 2D: mask_area_mm2).
    """
    length = deformation_mm.norm(dim=0)
    out: dict[str, Any] = {}
    size = float(region.sum()) * grid.voxel_volume
    out |= {"mask_volume_cc": size / 1000} if grid.ndim == 3 else {"mask_area_mm2": size}
    for name, where in (
        ("tumor_displacement_mm", region),
        ("surrounding_displacement_mm", shell_of(region, grid) & counted),
    ):
        if bool(where.any()):
            values = length[where].double().numpy()
            out[name] = {
                "mean": float(values.mean()),
                "p95": float(np.percentile(values, 95)),
                "max": float(values.max()),
            }
    return out


def shell_of(region: Tensor, grid: Grid) -> Tensor:
    """Voxels within SHELL_MM of the region, the region left out: bool [*shape]."""
    from scipy import ndimage

    spacing = grid.spacing[::-1]
    found = np.argwhere(region.numpy())
    margin = np.array([int(SHELL_MM / s) + 2 for s in spacing])
    low = np.maximum(found.min(axis=0) - margin, 0)
    high = np.minimum(found.max(axis=0) + margin + 1, region.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    near = ndimage.distance_transform_edt(~region[box].numpy(), sampling=spacing) <= SHELL_MM
    out = torch.zeros_like(region)
    out[box] = torch.from_numpy(near)
    return out & ~region


def label_shares(warped: Image, region: Tensor) -> dict[int, dict[str, float]]:
    """{label: {volume_cc (2D: area_mm2), tumor_percent}} of the warped labels: what lies in the tumour."""
    values = warped.data[0].numpy()
    labels, counts = np.unique(values[values != 0], return_counts=True)
    inside = dict(zip(*np.unique(values[region.numpy()], return_counts=True), strict=True))
    name, unit = ("volume_cc", 1000.0) if warped.ndim == 3 else ("area_mm2", 1.0)
    return {
        int(label): {
            name: float(count) * warped.grid.voxel_volume / unit,
            "tumor_percent": 100 * float(inside.get(label, 0)) / float(count),
        }
        for label, count in zip(labels, counts, strict=True)
    }


def dice_outside(target: Image, warped: Image, region: Tensor) -> dict[str, Any]:
    """dice_outside {label: value} and its mean, over the voxels outside of the tumour."""
    found = dice(*(image.data[0].masked_fill(region, 0) for image in (target, warped)))
    return {} if found.mean is None else {"dice_outside": found.values, "dice_outside_mean": found.mean}


def energy_metrics(shot: Shot) -> dict[str, Any]:
    """energy {data, velocity, intensity} at the end, as they are minimised; energy_drift_percent."""
    out: dict[str, Any] = {}
    if shot.energies:
        last = shot.energies[-1]
        out["energy"] = {"data": last.data, "velocity": last.velocity, "intensity": last.intensity}
    if "energy_drift_percent" in shot.extra:
        out["energy_drift_percent"] = shot.extra["energy_drift_percent"]
    return out

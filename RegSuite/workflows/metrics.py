"""The metrics of a registration's result, each only where it can be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from RegSuite.quality import (
    dice,
    inverse_residual_mm,
    jacobian_statistics,
    surface_distances,
    tre_mm,
)

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image, PointSet
    from RegSuite.transforms import DisplacementTransform
    from RegSuite.transforms.base import Transform

RESIDUAL_VOXELS = 200_000
"""The inverse is checked at about so many evenly spaced voxels."""


def field_metrics(
    forward: DisplacementTransform, inverse: DisplacementTransform, jacobian: Tensor, mask: Tensor | None
) -> dict[str, Any]:
    """jacobian and inverse_residual_mm of the fields that are written, over the fixed mask (all if None)."""
    return {
        "jacobian": jacobian_statistics(jacobian, mask),
        "inverse_residual_mm": inverse_residual_mm(
            forward, inverse, forward.grid, mask, moving_grid=inverse.grid, at_most=RESIDUAL_VOXELS
        ),
    }


def label_metrics(
    fixed: Image, warped: Image, names: dict[int, str] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """dice, dice_mean, hd95_mm, msd_mm of labels on one grid; warnings about labels that one side lacks."""
    overlap = dice(fixed.data[0], warped.data[0])
    distances = surface_distances(fixed.data[0], warped.data[0], fixed.grid)
    metrics: dict[str, Any] = {}
    if overlap.mean is not None:
        metrics = {
            "dice": overlap.values,
            "dice_mean": overlap.mean,
            "hd95_mm": distances.hd95_mm,
            "msd_mm": distances.msd_mm,
        }
    return metrics, [*overlap.warnings(names), *_numbering(overlap.mean, fixed, warped)]


def _numbering(mean: float | None, fixed: Image, warped: Image) -> list[str]:
    """A warning where all labels together overlap and the labels one by one do not."""
    whole = dice((fixed.data[0] != 0).int(), (warped.data[0] != 0).int()).mean
    if mean is None or whole is None or whole < 0.5 or mean > 0.2:
        return []
    return [
        f"all labels together overlap (Dice {whole:.2f}), one by one they hardly do (mean {mean:.2f}): "
        "do both label maps number their structures alike?"
    ]


def point_metrics(transform: Transform, fixed: PointSet, moving: PointSet) -> dict[str, Any]:
    """tre_mm of landmark pairs."""
    return {"tre_mm": tre_mm(transform, fixed, moving)}

"""The measures a result may hold: their names, units, which way is better, and what they mean."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Bound = Literal["max", "min"]


@dataclass(frozen=True)
class Measure:
    """One measure of result.json's `metrics`.

    path: where it stands there, parts joined by dots. bound: the side a limit is on ("max": at
    most). per_label: a dict by label rather than a number.
    """

    path: str
    title: str
    unit: str
    bound: Bound
    definition: str
    per_label: bool = False

    @property
    def words(self) -> str:
        """'at most' or 'at least'."""
        return "at most" if self.bound == "max" else "at least"


_TRE = "|T(fixed point) - moving point| over landmark pairs"
_CYCLE = "|B(F(x)) - x|, F and B from two independent runs with fixed and moving swapped"
_OWN = "|T^-1(T(x)) - x|, the transform with its own inverse: numerics only, never judged"
_JAC = "det dT/dx, the volume in the moving image of a fixed voxel"

MEASURES: dict[str, Measure] = {
    m.path: m
    for m in (
        Measure("tre_mm.mean", "TRE, mean", "mm", "max", f"mean of {_TRE}"),
        Measure("tre_mm.sd", "TRE, SD", "mm", "max", f"sample standard deviation of {_TRE}"),
        Measure("tre_mm.p95", "TRE, 95th percentile", "mm", "max", f"95th percentile of {_TRE}"),
        Measure("tre_mm.max", "TRE, largest", "mm", "max", f"largest of {_TRE}"),
        Measure("dice_mean", "Dice, mean", "", "min", "mean Dice over labels present in both images"),
        Measure("dice", "Dice", "", "min", "2|A∩B| / (|A|+|B|) of each label", per_label=True),
        Measure(
            "hd95_mm",
            "HD95",
            "mm",
            "max",
            "the larger of the two directed 95th percentiles of the distance between surfaces",
            per_label=True,
        ),
        Measure(
            "msd_mm",
            "Mean surface distance",
            "mm",
            "max",
            "mean of the two directed mean distances between surfaces",
            per_label=True,
        ),
        Measure(
            "jacobian.percent_nonpositive",
            "Folded voxels",
            "%",
            "max",
            f"share of voxels with J <= 0; J = {_JAC}",
        ),
        Measure("jacobian.min", "Jacobian, smallest", "", "min", f"smallest J = {_JAC}"),
        Measure("jacobian.max", "Jacobian, largest", "", "max", f"largest J = {_JAC}"),
        Measure(
            "jacobian.sd_log", "SD of ln J", "", "max", f"standard deviation of ln J where J > 0; J = {_JAC}"
        ),
        Measure("inverse_consistency_mm.mean", "Inverse consistency, mean", "mm", "max", f"mean of {_CYCLE}"),
        Measure(
            "inverse_consistency_mm.p95", "Inverse consistency, 95th pct.", "mm", "max", f"p95 of {_CYCLE}"
        ),
        Measure(
            "inverse_consistency_mm.max", "Inverse consistency, largest", "mm", "max", f"largest of {_CYCLE}"
        ),
        Measure("inverse_residual_mm.mean", "Inverse residual, mean", "mm", "max", f"mean of {_OWN}"),
        Measure("inverse_residual_mm.p95", "Inverse residual, 95th pct.", "mm", "max", f"p95 of {_OWN}"),
        Measure("inverse_residual_mm.max", "Inverse residual, largest", "mm", "max", f"largest of {_OWN}"),
    )
}

JUDGEABLE = tuple(path for path in MEASURES if not path.startswith("inverse_residual_mm"))
"""What a limits file may name: everything but the transform with its own inverse."""


def measured(metrics: Mapping[str, Any], path: str) -> Any | None:
    """The value under a dotted path of `metrics`: a finite number, a dict, or None where it is absent."""
    value: Any = metrics
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        return value
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def nearest_name(path: str) -> str:
    """The judgeable measure whose name is closest to `path`, or '' when none is close."""
    close = difflib.get_close_matches(path, JUDGEABLE, n=1)
    return close[0] if close else ""

"""Folds told apart: inside organs, at their borders (where organs slide), and between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.view import as_array

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrgansPage

Array = NDArray[Any]

FEW_PERCENT = 0.1
"""Up to this share of folded voxels inside organs is doubted, more of them fails."""


@dataclass(frozen=True)
class Folds:
    """Percent of the voxels of each zone with J <= 0 (or unknown J within organs).

    inside: organ voxels whose neighbours are of the same organ. border: voxels beside another label, an
    organ on one side. between: the rest. by_label: inside of each organ. None where a zone has no voxel;
    without labels all of it is `between` and labelled is False.
    """

    inside: float | None
    border: float | None
    between: float | None
    by_label: Mapping[int, float] = field(default_factory=dict)
    labelled: bool = True

    @property
    def sentence(self) -> str:
        """What the folds mean, in words."""
        if not self.labelled:
            if not self.between:
                return "No voxel is folded."
            return (
                f"{_share(self.between)} of the voxels are folded. Without labels jumps at sliding borders "
                "cannot be told from folds of tissue."
            )
        if self.inside:
            first = f"{_share(self.inside)} of the voxels inside organs are folded: there the map is wrong."
        else:
            first = "No organ is folded inside."
        if self.border:
            first += (
                f" {_share(self.border)} of the voxels at organ borders have J <= 0: where organs slide the "
                "displacement jumps from one voxel to the next, and J taken across the jump is no volume."
            )
        if self.between:
            first += (
                f" {_share(self.between)} of the voxels between organs are folded: there no point was "
                "matched, the field is carried on from the organs around."
            )
        return first


def folds_of(page: OrgansPage) -> Folds | None:
    """Of the Jacobian on the target's grid; None without one."""
    if page.jacobian is None:
        return None
    folded = as_array(page.jacobian.data)[0] <= 0
    if page.target_labels is None:
        return Folds(None, None, _percent(folded), labelled=False)
    labels = as_array(page.target_labels.data)[0]
    border = beside_another(labels)
    organ = labels != 0
    inside = organ & ~border
    by_label = {}
    for shown in page.organs:
        zone = inside & (labels == shown.label)
        share = _percent(folded[zone])
        if share is not None:
            by_label[shown.label] = share
    return Folds(
        _percent(folded[inside]), _percent(folded[border]), _percent(folded[~organ & ~border]), by_label
    )


def beside_another(labels: Array) -> Array:
    """Voxels with a neighbour (along the axes) of another label, boolean like labels."""
    out = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        change = np.diff(labels, axis=axis) != 0
        low: list[Any] = [slice(None)] * labels.ndim
        high: list[Any] = [slice(None)] * labels.ndim
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        out[tuple(low)] |= change
        out[tuple(high)] |= change
    return out


def _percent(folded: Array) -> float | None:
    return 100 * float(folded.mean()) if folded.size else None


def _share(percent: float) -> str:
    return "Under 0.01 %" if percent < 0.01 else f"{percent:.2g} %"

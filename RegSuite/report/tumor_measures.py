"""What a page of a tumour measures on its images: each label under the tumour, what appearance explains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.quality.dice import dice
from RegSuite.report.brightness import window_of
from RegSuite.report.tumor_view import INSIDE
from RegSuite.report.view import as_array

if TYPE_CHECKING:
    from RegSuite.report.tumor_content import TumorPage

Array = NDArray[Any]

UNDER_PERCENT = 5.0
"""A label with more of it under the tumour is not to be trusted."""
PAINTED_PERCENT = 10.0
"""Nor one whose intensity was changed, outside the tumour, by more of the template's range on average."""


@dataclass(frozen=True)
class LabelFacts:
    """One label of the template on the target.

    dice_before: through the start alone, None where the target has no such label. before_cc, after_cc: its
    volume through the start and through the whole transform (in 2D its area in cm2). under_percent: the
    share of it under the tumour; None without a mask. painted_percent: the mean size of the intensity change
    in it, outside the tumour, in percent of the template's range; None where nothing is changed or all of it
    lies under the tumour. lowest_jacobian: within it, NaN where the label has gone.
    """

    label: int
    name: str
    dice_before: float | None
    before_cc: float | None
    after_cc: float
    under_percent: float | None
    painted_percent: float | None
    lowest_jacobian: float

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why this label must not be trusted, in words."""
        out = []
        if self.after_cc == 0:
            out.append("vanished")
        if self.under_percent is not None and self.under_percent > UNDER_PERCENT:
            out.append(f"{self.under_percent:.0f} % of it lies under the tumour")
        if self.painted_percent is not None and self.painted_percent > PAINTED_PERCENT:
            out.append("its appearance was changed outside the tumour: painted, not moved")
        if self.lowest_jacobian <= 0:
            out.append("the deformation folds in it")
        return tuple(out)


class TumorMeasures:
    """Measured when asked for, once."""

    def __init__(self, found: TumorPage) -> None:
        self._page = found
        self.dimensions = found.target.grid.ndim
        self._inside = None if found.mask is None else as_array(found.mask.data)[0] > INSIDE
        spacing = found.target.grid.spacing
        self._voxel = float(np.prod(spacing)) / (1000.0 if self.dimensions == 3 else 100.0)

    @cached_property
    def mask_cc(self) -> float | None:
        """The tumour's volume in cc (2D: its area in cm2)."""
        return None if self._inside is None else float(np.count_nonzero(self._inside)) * self._voxel

    @cached_property
    def range(self) -> float:
        """The brightness range of the template."""
        low, high = window_of(as_array(self._page.before.data)[0])
        return high - low

    @cached_property
    def appearance_outside_percent(self) -> float | None:
        """Of the squared change of intensity, what lies outside the mask; None without either."""
        if self._page.intensity_change is None or self._inside is None:
            return None
        squared = as_array(self._page.intensity_change.data)[0].astype(np.float64) ** 2
        whole = float(squared.sum())
        return 100.0 * float(squared[~self._inside].sum()) / whole if whole > 0 else None

    @cached_property
    def labels(self) -> tuple[LabelFacts, ...]:
        """Of every label of the template that the start or the transform brings onto the target's grid."""
        page = self._page
        if page.warped_labels is None:
            return ()
        whole = _whole(page.warped_labels.data)
        started = None if page.before_labels is None else _whole(page.before_labels.data)
        there = np.unique(whole) if started is None else np.union1d(whole, started)
        n = len(there)
        after = np.searchsorted(there, whole)  # by rank: labels may be numbers of any size
        before = None if started is None else np.searchsorted(there, started)
        counts = np.bincount(after.ravel(), minlength=n)
        counts_before = None if before is None else np.bincount(before.ravel(), minlength=n)
        under = None if self._inside is None else np.bincount(after[self._inside], minlength=n)
        painted, outside = self._painted(after, n)
        lowest = self._lowest(after, n)
        dice_before: dict[int, float] = {}
        if page.target_labels is not None and started is not None:
            dice_before = dice(_whole(page.target_labels.data), started).values
        return tuple(
            LabelFacts(
                label=label,
                name=page.label_names.get(label) or f"label {label}",
                dice_before=dice_before.get(label),
                before_cc=None if counts_before is None else float(counts_before[k]) * self._voxel,
                after_cc=float(counts[k]) * self._voxel,
                under_percent=_percent(None if under is None else under[k], counts[k]),
                painted_percent=_percent(None if painted is None else painted[k], outside[k]),
                lowest_jacobian=float(lowest[k]),
            )
            for k, label in enumerate(int(v) for v in there)
            if label != 0
        )

    def _painted(self, labels: Array, n: int) -> tuple[Array | None, Array]:
        """Of each label, outside the tumour: sum of |change| / range, and the number of voxels."""
        outside = np.ones(labels.shape, bool) if self._inside is None else ~self._inside
        counts = np.bincount(labels[outside], minlength=n)
        if self._page.intensity_change is None:
            return None, counts
        size = np.abs(as_array(self._page.intensity_change.data)[0]) / self.range
        return np.bincount(labels[outside], weights=size[outside], minlength=n), counts

    def _lowest(self, labels: Array, n: int) -> Array:
        """The smallest Jacobian within each label, NaN where there is none."""
        out = np.full(n, np.inf)
        np.minimum.at(out, labels.ravel(), as_array(self._page.jacobian.data)[0].ravel())
        out[np.isinf(out)] = np.nan
        return out


def _whole(labels: Any) -> Array:
    return np.asarray(as_array(labels)[0]).astype(np.int64)


def _percent(part: Any | None, whole: Any) -> float | None:
    return None if part is None or not whole else 100.0 * float(part) / float(whole)

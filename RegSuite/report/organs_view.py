"""The images of a page of organs, cut where the planes show the most of the organs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.report.images import ReportImages
from RegSuite.report.view import Place, View, as_array

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.report.organs_content import OrgansPage

Array = NDArray[Any]


class OrgansView(View):
    """scans: whether both scans are shown, rather than one or the label maps alone."""

    def __init__(self, page: OrgansPage, images: ReportImages, *, scans: bool) -> None:
        self.page = page
        self.scans = scans
        super().__init__(images)

    @cached_property
    def centre(self) -> Place:
        """Along each axis the plane that cuts the most of the organs, each organ by its largest cut."""
        labels = self.images.fixed_labels
        if labels is None or not bool((labels != 0).any()):
            return super().centre
        index = []
        for axis in range(self.grid.ndim):
            array_axis = self.grid.ndim - 1 - axis
            index.append(_fullest(as_array(labels), [o.label for o in self.page.organs], array_axis))
        return self._place(tuple(index), "the organs, where planes cut the most of them")

    @cached_property
    def uncertainty(self) -> Array | None:
        """Standard deviation in mm [*shape], NaN where unknown."""
        image = self.page.uncertainty_mm
        return None if image is None else as_array(image.data)[0]


def organs_view(page: OrgansPage) -> OrgansView | None:
    """None where the page has neither a scan nor labels on the target's grid."""
    anchor = page.target if page.target is not None else page.target_labels
    if anchor is None:
        return None
    scans = page.target is not None and page.before is not None and page.warped is not None
    fixed = page.target.data if page.target is not None else _shown(page.target_labels)
    if page.before is not None and page.warped is not None and scans:
        before, warped = page.before.data, page.warped.data
    else:
        before = warped = fixed
    images = ReportImages(
        anchor.grid,
        fixed,
        before,
        warped,
        displacement_mm=None if page.displacement_mm is None else page.displacement_mm.data,
        jacobian=None if page.jacobian is None else page.jacobian.data[0],
        fixed_labels=_labels(page.target_labels),
        before_labels=_labels(page.before_labels),
        warped_labels=_labels(page.warped_labels),
        label_names={o.label: o.name for o in page.organs},
        comparable=page.comparable,
        fixed_name=page.target_name,
        moving_name=page.source_name,
    )
    return OrgansView(page, images, scans=scans)


def _labels(image: Image | None) -> Tensor | None:
    return None if image is None else image.data[0]


def _shown(labels: Image | None) -> Tensor:
    """Labels as a picture of two greys, where there is no scan."""
    assert labels is not None
    return torch.where(labels.data != 0, 0.45, 0.12) + 0.0 * labels.data


def _fullest(labels: Array, wanted: list[int], axis: int) -> int:
    """The index along an array axis at which the labels' cuts, each by its own largest, add up to most."""
    others = tuple(a for a in range(labels.ndim) if a != axis)
    score = np.zeros(labels.shape[axis])
    for label in wanted:
        if label == 0:
            continue
        areas = (labels == label).sum(axis=others)
        if areas.any():
            score += np.sqrt(areas / areas.max())
    best = np.flatnonzero(score >= score.max() * (1 - 1e-9))
    return int(best[len(best) // 2])

"""A view: the arrays of a report cropped to what there is to see, and the place to cut them at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.brightness import bright, coarse, matched, scaled, steps, window_of
from RegSuite.report.planes import Plane, planes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor

    from RegSuite.report.images import ReportImages

Array = NDArray[Any]
Voxel = tuple[int, ...]

_MARGIN_MM = 8.0


@dataclass(frozen=True)
class Place:
    """A voxel (x, y, z) to cut at, where it is in LPS mm, and why it was chosen."""

    index: Voxel
    point_mm: tuple[float, ...]
    why: str


class View:
    """Numpy arrays of a ReportImages, brightness scaled to 0..1 a picture; nothing is copied.

    tight: strips are as wide as their planes, rather than as the page.
    """

    tight = False

    def __init__(self, images: ReportImages) -> None:
        self.images = images
        self.grid = images.grid
        self.planes = planes_of(images.grid)
        self.fixed, self.before, self.warped = (
            as_array(image)[0] for image in (images.fixed, images.before, images.warped)
        )
        self.mask = None if images.mask is None else as_array(images.mask).astype(bool, copy=False)
        self.fixed_window = window_of(self.fixed)
        self.moving_window = window_of(self.warped if np.ptp(coarse(self.warped)) > 0 else self.before)
        if images.comparable:
            self.moving_window = matched(self.fixed, self.fixed_window, self.warped, self.moving_window)
        self.box = self._box()

    def cut(self, volume: Array, plane: Plane, place: Place) -> Array:
        """The plane [down, right] of a volume [*shape] through the place, cropped to the box."""
        start = tuple(s.start for s in self.box)
        cropped = volume[self.box]
        return plane.cut(cropped, tuple(i - o for i, o in zip(place.index, start[::-1], strict=True)))

    def position(self, plane: Plane, place: Place) -> tuple[int, int]:
        """(row, column) of the place in the cropped plane."""
        index = tuple(i - s.start for i, s in zip(place.index, self.box[::-1], strict=True))
        return plane.position(index, tuple(s.stop - s.start for s in self.box[::-1]))

    def pixel_mm(self, plane: Plane) -> tuple[float, float]:
        """Height and width of a pixel in mm."""
        return self.grid.spacing[plane.down], self.grid.spacing[plane.right]

    def draw_over(self, axes: Axes, plane: Plane, place: Place) -> None:
        """What is drawn over every picture of a strip: nothing, unless a kind of page says otherwise."""

    def fixed_cut(self, plane: Plane, place: Place) -> Array:
        """The fixed image, 0..1."""
        return scaled(self.cut(self.fixed, plane, place), self.fixed_window)

    def moving_cut(self, plane: Plane, place: Place, after: bool) -> Array:
        """The moving image before or after registration, 0..1 (both on one scale)."""
        return scaled(self.cut(self.warped if after else self.before, plane, place), self.moving_window)

    def difference(self, plane: Plane, place: Place, after: bool) -> Array:
        """Moving minus fixed, each scaled to 0..1; 0 outside the mask."""
        out = self.moving_cut(plane, place, after) - self.fixed_cut(plane, place)
        return out if self.mask is None else out * self.cut(self.mask, plane, place)

    @cached_property
    def centre(self) -> Place:
        """The middle of the labels, else of the mask, else of what is bright in the fixed image."""
        images = self.images
        if images.fixed_labels is not None and bool((images.fixed_labels != 0).any()):
            return self._middle(as_array(images.fixed_labels) != 0, "the middle of the fixed labels")
        if self.mask is not None and self.mask.any():
            return self._middle(self.mask, "the middle of the mask")
        return self._middle(bright(self.fixed, self.fixed_window), "the middle of the fixed image's content")

    @cached_property
    def worst(self) -> Place | None:
        """Where the images still differ most over about 10 mm, uneven brightness aside; or None."""
        from scipy import ndimage

        if not self.images.comparable:
            return None
        step = steps(self.fixed.shape)
        spots = tuple(slice(None, None, s) for s in step)
        difference = scaled(self.warped[spots], self.moving_window)
        difference -= scaled(self.fixed[spots], self.fixed_window)
        if self.mask is not None:
            difference *= self.mask[spots]
        spacing = np.asarray(self.grid.spacing[::-1]) * step
        sigma = max(4.0, 0.02 * float(self.grid.extent_mm.max())) / spacing
        uneven = ndimage.gaussian_filter(difference, 3 * sigma)  # a bias field is no misfit
        regional = ndimage.gaussian_filter(np.abs(difference - uneven), sigma, mode="constant")
        if regional.max() <= 0:
            return None
        at = np.unravel_index(int(regional.argmax()), regional.shape)
        voxel = tuple(min(int(i) * s, n - 1) for i, s, n in zip(at, step, self.fixed.shape, strict=True))
        return self._place(voxel[::-1], "where fixed and warped still differ most")

    @cached_property
    def fold(self) -> Place | None:
        """The most folded voxel; None where nothing folds."""
        if self.images.jacobian is None:
            return None
        jacobian = as_array(self.images.jacobian)
        counted = jacobian if self.mask is None else np.where(self.mask, jacobian, np.inf)
        at = np.unravel_index(int(np.argmin(counted)), counted.shape)
        if not counted[at] <= 0:
            return None
        return self._place(tuple(int(i) for i in at[::-1]), f"the most folded voxel (J = {counted[at]:.2f})")

    def _place(self, index: Voxel, why: str) -> Place:
        inside = tuple(
            int(np.clip(i, s.start, s.stop - 1)) for i, s in zip(index, self.box[::-1], strict=True)
        )
        return Place(inside, tuple(float(v) for v in self.grid.points(inside)), why)

    def _middle(self, region: Array, why: str) -> Place:
        """The centre of mass of a region."""
        step = steps(region.shape)
        found = np.argwhere(region[tuple(slice(None, None, s) for s in step)])
        if not len(found):
            return self._place(tuple(n // 2 for n in self.grid.size), "the middle of the fixed image")
        middle = np.rint(found.mean(axis=0) * step).astype(int)
        return self._place(tuple(int(i) for i in middle[::-1]), why)

    def _box(self) -> tuple[slice, ...]:
        """Slices (array order) around what is bright in the fixed or the warped image, and the mask."""
        step = steps(self.fixed.shape)
        spots = tuple(slice(None, None, s) for s in step)
        seen = bright(self.fixed[spots], self.fixed_window) | bright(self.warped[spots], self.moving_window)
        if self.mask is not None:
            seen = seen | self.mask[spots]
        if not seen.any():
            return tuple(slice(0, n) for n in self.fixed.shape)
        out = []
        for axis, n in enumerate(self.fixed.shape):
            along = np.flatnonzero(seen.any(axis=tuple(a for a in range(seen.ndim) if a != axis)))
            margin = step[axis] + int(_MARGIN_MM / self.grid.spacing[::-1][axis])
            out.append(
                slice(max(0, along[0] * step[axis] - margin), min(n, along[-1] * step[axis] + margin + 1))
            )
        return tuple(out)


def as_array(tensor: Tensor) -> Array:
    """The values as numpy, sharing memory where they are on the CPU."""
    return np.asarray(tensor.detach().cpu().numpy())


def content(images: ReportImages) -> Array:
    """The mask; without one what is bright in the fixed image: boolean [*shape]."""
    if images.mask is not None:
        return as_array(images.mask).astype(bool, copy=False)
    fixed = as_array(images.fixed)[0]
    return bright(fixed, window_of(fixed))

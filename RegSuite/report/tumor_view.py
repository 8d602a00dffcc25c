"""TumorView: planes through the tumour, all intensities on one scale, the tumour outlined."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.brightness import scaled, window_of
from RegSuite.report.images import ReportImages
from RegSuite.report.planes import Plane
from RegSuite.report.view import Place, View, as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from RegSuite.report.tumor_content import TumorFilm, TumorPage

Array = NDArray[Any]
TUMOR_COLOUR = "#ff3b30"
INSIDE = 0.5
"""A weight above this is inside the tumour's outline."""


class TumorView(View):
    """before, deformed and the target on the target's grid, cut through the tumour.

    `warped` is the template deformed alone: what the deformation is judged by.
    """

    def __init__(self, found: TumorPage) -> None:
        self.page = found
        self.tumor = None if found.mask is None else as_array(found.mask.data)[0]
        self.oedema = None if found.oedema is None else as_array(found.oedema.data)[0]
        self.change = None if found.intensity_change is None else as_array(found.intensity_change.data)[0]
        self.final = as_array(found.final.data)[0]
        super().__init__(_images(found))
        self.tight = len(self.planes) == 1
        windows = [window_of(v) for v in (self.fixed, self.before, self.warped)]
        window = min(low for low, _ in windows), max(high for _, high in windows)
        self.fixed_window = self.moving_window = window

    def final_cut(self, plane: Plane, place: Place) -> Array:
        """The final image, 0..1."""
        return scaled(self.cut(self.final, plane, place), self.moving_window)

    def draw_over(self, axes: Axes, plane: Plane, place: Place) -> None:
        """The tumour's outline, the oedema's dashed."""
        outline(axes, self.tumor, self, plane, place)
        outline(axes, self.oedema, self, plane, place, "dashed")

    @property
    def plane(self) -> Plane:
        """The plane for a single picture: the first (axial)."""
        return self.planes[0]

    @cached_property
    def centre(self) -> Place:
        """The tumour's middle; without one where intensity changes most, else the middle of the content."""
        if self.tumor is not None and (self.tumor > INSIDE).any():
            return self._inside(self.tumor > INSIDE, "the tumour's middle")
        if self.change is not None and np.any(self.change):
            strong = np.abs(self.change) >= 0.7 * np.abs(self.change).max()
            return self._inside(strong, "the place of the strongest appearance change")
        return super().centre

    def _inside(self, region: Array, why: str) -> Place:
        """The voxel of a region nearest to its middle (a region may be several, or hollow)."""
        from scipy import ndimage

        parts, count = ndimage.label(region)
        if count > 1:
            region = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
        spots = np.argwhere(region)
        nearest = spots[np.argmin(((spots - spots.mean(axis=0)) ** 2).sum(axis=1))]
        return self._place(tuple(int(i) for i in nearest[::-1]), why)


class FilmView(View):
    """The planes of a film's own grid through a place of the target; brightness as on the page."""

    def __init__(self, film: TumorFilm, window: tuple[float, float], point_mm: tuple[float, ...]) -> None:
        super().__init__(ReportImages(film.grid, film.images[0], film.images[0], film.images[-1]))
        self.film = film
        self.fixed_window = self.moving_window = window
        at = np.rint(film.grid.index(np.asarray(point_mm))).astype(int)
        self.place = self._place(tuple(int(i) for i in at), "the tumour")

    def frame_cut(self, frame: int, plane: Plane) -> Array:
        """The image at one time, 0..1."""
        volume = as_array(self.film.images[frame])[0]
        return scaled(self.cut(volume, plane, self.place), self.moving_window)

    def weight(self, frame: int) -> Array | None:
        """M_t at one time, [*shape]."""
        return None if self.film.weight is None else as_array(self.film.weight[frame])


def outline(
    axes: Axes,
    weight: Array | None,
    view: View,
    plane: Plane,
    place: Place,
    style: str = "solid",
    level: float = INSIDE,
) -> None:
    """A line around what is above a level in this plane, dark-edged so that it is seen on any colour."""
    if weight is None:
        return
    from matplotlib.patheffects import Normal, Stroke

    cut = view.cut(weight, plane, place).astype(np.float32)
    if min(cut.shape) < 2 or not cut.max() > level > cut.min():
        return
    drawn = axes.contour(cut, levels=[level], colors=TUMOR_COLOUR, linewidths=1.3, linestyles=style)
    drawn.set_path_effects([Stroke(linewidth=2.3, foreground="black", alpha=0.55), Normal()])


def _images(found: TumorPage) -> ReportImages:
    """What the pictures of ordinary registrations need."""

    def labels(name: str) -> Any:
        image = getattr(found, name)
        return None if image is None else image.data[0]

    return ReportImages(
        grid=found.target.grid,
        fixed=found.target.data,
        before=found.before.data,
        warped=found.deformed.data,
        displacement_mm=found.displacement_mm.data,
        jacobian=found.jacobian.data[0],
        fixed_labels=labels("target_labels"),
        before_labels=labels("before_labels"),
        warped_labels=labels("warped_labels"),
        label_names=found.label_names,
    )

"""Pictures of the deformation, its Jacobian, and the place to look at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.draw import ColourBar, grey, picture, round_step, strip
from RegSuite.report.planes import Plane
from RegSuite.report.view import Place, View, as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLD_COLOUR = "#39ff14"
FIXED_COLOUR = "#2ee66b"
MOVING_COLOUR = "#ff4fd8"


@dataclass(frozen=True)
class Shown:
    """A picture of the report: its name, what it shows and how to read it, and the drawing(s).

    after is None for a picture that has no "before".
    """

    name: str
    title: str
    caption: str
    before: Figure | None
    after: Figure


def deformation(view: View, *, over_fixed: bool = False) -> Shown | None:
    """A regular grid of the moving image, drawn where registration took it; None without a displacement.

    over_fixed: over the fixed image rather than the warped one.
    """
    if view.images.displacement_mm is None:
        return None
    field, place = as_array(view.images.displacement_mm), view.centre
    step = round_step(float(view.grid.extent_mm.max()), 32)

    def paint(axes: Axes, plane: Plane) -> None:
        below = view.fixed_cut(plane, place) if over_fixed else view.moving_cut(plane, place, True)
        grey(axes, 0.75 * below, view.pixel_mm(plane))
        for axis in (plane.right, plane.down):
            where = _moving_coordinate(view, field, plane, place, axis)
            levels = np.arange(np.floor(where.min() / step), np.ceil(where.max() / step) + 1) * step
            if len(levels) > 1 and min(where.shape) > 1:
                axes.contour(where, levels=levels, colors="#ffd166", linewidths=0.75, alpha=0.85)

    caption = (
        f"Lines {step:g} mm apart in the moving image, where they come to lie on the fixed one: even squares "
        "are undeformed, narrow ones were squeezed, crossing lines fold. "
        f"Over the {'fixed' if over_fixed else 'warped'} image."
    )
    return Shown("deformation", "Deformation", caption, None, strip(view, place, paint))


def jacobian(view: View) -> Shown | None:
    """Jacobian determinant, logarithmic colours about 1, folds in a colour of their own."""
    if view.images.jacobian is None:
        return None
    from matplotlib import colormaps

    volume, place = as_array(view.images.jacobian), view.fold or view.centre
    sampled = volume[tuple(slice(None, None, 3 if n > 64 else 1) for n in volume.shape)]
    positive = sampled[(sampled > 0) & np.isfinite(sampled)]
    spread = float(np.percentile(np.abs(np.log2(positive)), 99.5)) if positive.size else 1.0
    top = float(np.clip(np.ceil(2 * spread) / 2, 0.5, 4.0))
    colours = colormaps["RdBu_r"].with_extremes(bad=FOLD_COLOUR)

    def paint(axes: Axes, plane: Plane) -> Any:
        values = view.cut(volume, plane, place)
        logs = np.log2(np.where(values > 0, values, np.nan))  # imshow masks NaN
        drawn = picture(
            axes, logs, view.pixel_mm(plane), cmap=colours, vmin=-top, vmax=top, interpolation="nearest"
        )
        anatomy = view.fixed_cut(plane, place)
        if min(anatomy.shape) > 1 and np.ptp(anatomy) > 0.3:
            axes.contour(anatomy, levels=[0.25], colors="black", linewidths=0.35, alpha=0.55)
        return drawn

    ticks = tuple(np.linspace(-top, top, 5))
    bar = ColourBar("J (log scale)", ticks, tuple(f"{2.0**t:.2g}" for t in ticks))
    caption = (
        "Volume in the moving image of a fixed voxel: red (J > 1) was compressed to fit, "
        f"blue (J < 1) was expanded, white kept its volume; bright green folds (J <= 0). "
        f"Cut through {place.why}. Thin lines: the fixed image's edges."
    )
    return Shown(
        "jacobian", "Jacobian determinant", caption, None, strip(view, place, paint, bar, paper="#f7f7f7")
    )


def worst_place(view: View) -> Shown | None:
    """The place where the images still differ most, blended, with a cross on it."""
    place = view.worst
    if place is None:
        return None
    at = ", ".join(f"{v:.0f}" for v in place.point_mm)
    figure = strip(view, place, lambda axes, plane: blend(axes, view, plane, place, True), marked=True)
    caption = f"After registration, cut {place.why} (cross, LPS {at} mm). Fixed in green, moving in magenta."
    return Shown("worst", "Look here first", caption, None, figure)


def blend(axes: Axes, view: View, plane: Plane, place: Place, after: bool) -> None:
    """Fixed in green and moving in magenta, one over the other."""
    fixed, moving = view.fixed_cut(plane, place), view.moving_cut(plane, place, after)
    picture(axes, np.stack([moving, fixed, moving], axis=-1), view.pixel_mm(plane))


def _moving_coordinate(
    view: View, field: NDArray[Any], plane: Plane, place: Place, axis: int
) -> NDArray[Any]:
    """Where the plane's voxels are taken from, in mm along a voxel axis of the fixed image."""
    unit = np.asarray(view.grid.direction)[:, axis]
    cuts = np.stack([view.cut(component, plane, place) for component in field])
    moved = np.tensordot(unit, cuts, axes=1)
    along = np.arange(moved.shape[0 if axis == plane.down else 1])
    if plane.flip_down if axis == plane.down else plane.flip_right:
        along = along[::-1]
    along_mm = along * view.grid.spacing[axis]
    return np.asarray(moved + (along_mm[:, None] if axis == plane.down else along_mm[None]))

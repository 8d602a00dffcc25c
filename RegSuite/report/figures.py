"""The pictures of a report: before and after, deformation, Jacobian, the worst place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.draw import ColourBar, grey, picture, steps_of, strip
from RegSuite.report.planes import Plane
from RegSuite.report.view import Place, View, as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLD_COLOUR = "#39ff14"
FIXED_COLOUR = "#2ee66b"
MOVING_COLOUR = "#ff4fd8"
_TILES = 9


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


def comparisons(view: View) -> list[Shown]:
    """Before and after, in every way that the images allow."""
    place = view.centre
    out = [
        _pair(
            "blend",
            "Blend",
            "Fixed in green, moving in magenta: where they agree the picture is grey.",
            lambda after: strip(view, place, lambda axes, plane: _blend(axes, view, plane, place, after)),
        ),
        _pair(
            "checkerboard",
            "Checkerboard",
            "Tiles of the fixed and the moving image in turn: edges should run on across tiles.",
            lambda after: strip(view, place, lambda axes, plane: _checkerboard(axes, view, plane, place, after)),
        ),
    ]
    if view.images.comparable:
        out.append(_difference(view, place))
    if view.images.fixed_labels is not None and view.images.warped_labels is not None:
        out.append(
            _pair(
                "outlines",
                "Label outlines",
                "Outlines of the fixed labels in green and of the moving labels in magenta, on the fixed image.",
                lambda after: strip(view, place, lambda axes, plane: _outlines(axes, view, plane, place, after)),
            )
        )
    return out


def originals(view: View) -> list[Shown]:
    """The images themselves: fixed, moving before, moving after."""
    place, names = view.centre, view.images
    drawn = [
        ("fixed", f"Fixed: {names.fixed_name}", "", None),
        ("before", f"Moving before: {names.moving_name}", "", False),
        ("warped", "Moving after registration", "", True),
    ]

    def draw(after: bool | None) -> Figure:
        def paint(axes: Axes, plane: Plane) -> None:
            values = view.fixed_cut(plane, place) if after is None else view.moving_cut(plane, place, after)
            grey(axes, values, view.pixel_mm(plane))

        return strip(view, place, paint, marked=after is None)

    return [Shown(name, title, caption, None, draw(after)) for name, title, caption, after in drawn]


def deformation(view: View) -> Shown | None:
    """A regular grid of the moving image, drawn where registration took it; None without a displacement."""
    if view.images.displacement_mm is None:
        return None
    field, place = as_array(view.images.displacement_mm), view.centre
    step, _ = steps_of(np.array([0.0, max(s * n for s, n in zip(view.grid.spacing, view.grid.size, strict=True))]), 32)

    def paint(axes: Axes, plane: Plane) -> None:
        grey(axes, 0.75 * view.moving_cut(plane, place, True), view.pixel_mm(plane))
        for axis in (plane.right, plane.down):
            where = _moving_coordinate(view, field, plane, place, axis)
            levels = np.arange(np.floor(where.min() / step), np.ceil(where.max() / step) + 1) * step
            if len(levels) > 1 and min(where.shape) > 1:
                axes.contour(where, levels=levels, colors="#ffd166", linewidths=0.75, alpha=0.85)

    caption = (
        f"Lines {step:g} mm apart in the moving image, where they come to lie on the fixed one: even squares "
        "are undeformed, narrow ones were squeezed, crossing lines fold. Over the warped image."
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
        logs = np.ma.masked_invalid(np.log2(np.where(values > 0, values, np.nan)))
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
        "Volume in the moving image of a fixed voxel: red (J > 1) was compressed to fit, blue (J < 1) was expanded, "
        f"white kept its volume; bright green folds (J <= 0). Cut through {place.why}. "
        "Thin lines: the fixed image's edges."
    )
    return Shown("jacobian", "Jacobian determinant", caption, None, strip(view, place, paint, bar))


def worst_place(view: View) -> Shown | None:
    """The place where the images still differ most, blended, with a cross on it."""
    place = view.worst
    if place is None:
        return None
    at = ", ".join(f"{v:.0f}" for v in place.point_mm)
    figure = strip(view, place, lambda axes, plane: _blend(axes, view, plane, place, True), marked=True)
    caption = f"After registration, cut {place.why} (cross, LPS {at} mm). Fixed in green, moving in magenta."
    return Shown("worst", "Look here first", caption, None, figure)


def _pair(name: str, title: str, caption: str, draw: Any) -> Shown:
    return Shown(name, title, caption, draw(False), draw(True))


def _blend(axes: Axes, view: View, plane: Plane, place: Place, after: bool) -> None:
    fixed, moving = view.fixed_cut(plane, place), view.moving_cut(plane, place, after)
    picture(axes, np.stack([moving, fixed, moving], axis=-1), view.pixel_mm(plane))


def _checkerboard(axes: Axes, view: View, plane: Plane, place: Place, after: bool) -> None:
    fixed, moving = view.fixed_cut(plane, place), view.moving_cut(plane, place, after)
    height, width = view.pixel_mm(plane)
    tile_mm = max(fixed.shape[0] * height, fixed.shape[1] * width) / _TILES
    rows = (np.arange(fixed.shape[0]) * height // tile_mm).astype(int)[:, None]
    columns = (np.arange(fixed.shape[1]) * width // tile_mm).astype(int)[None]
    grey(axes, np.where((rows + columns) % 2 == 0, fixed, moving), view.pixel_mm(plane))


def _difference(view: View, place: Place) -> Shown:
    """Moving minus fixed before and after, on one scale."""
    from matplotlib.colors import LinearSegmentedColormap

    cuts = [view.difference(plane, place, after) for plane in view.planes for after in (False, True)]
    top = max(0.05, float(np.percentile(np.concatenate([np.abs(c).ravel() for c in cuts]), 99)))
    colours = LinearSegmentedColormap.from_list("difference", ["#9be7ff", "#1b7fd6", "#000000", "#e0631b", "#ffe29b"])

    def draw(after: bool) -> Figure:
        def paint(axes: Axes, plane: Plane) -> Any:
            values = view.difference(plane, place, after)
            return picture(axes, values, view.pixel_mm(plane), cmap=colours, vmin=-top, vmax=top)

        bar = ColourBar("moving - fixed", (-top, 0.0, top), (f"-{top:.2f}", "0", f"{top:.2f}"))
        return strip(view, place, paint, bar)

    caption = (
        "Moving minus fixed, each image scaled to 0..1 (0.5th to 99.5th percentile); before and after share "
        f"the colour scale of ±{top:.2f}. Black: no difference."
    )
    return _pair("difference", "Difference", caption, draw)


def _outlines(axes: Axes, view: View, plane: Plane, place: Place, after: bool) -> None:
    """Label borders as lines of a pixel on a threefold finer raster."""
    images = view.images
    moving = images.warped_labels if after else images.before_labels
    grey(axes, view.fixed_cut(plane, place), view.pixel_mm(plane))
    for labels, colour in ((moving, MOVING_COLOUR), (images.fixed_labels, FIXED_COLOUR)):
        if labels is not None:
            _overlay(axes, _borders(view.cut(as_array(labels), plane, place)), colour, view.pixel_mm(plane))


def _overlay(axes: Axes, fine: NDArray[np.bool_], colour: str, pixel_mm: tuple[float, float]) -> None:
    from matplotlib.colors import to_rgba

    rgba = np.zeros((*fine.shape, 4), np.float32)
    rgba[fine] = to_rgba(colour)
    rows, columns = fine.shape
    extent = (-0.5, columns / 3 - 0.5, rows / 3 - 0.5, -0.5)
    picture(axes, rgba, pixel_mm, extent=extent, interpolation="nearest")


def _borders(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Inner borders of the labelled regions, threefold finer."""
    fine = np.pad(np.repeat(np.repeat(labels, 3, axis=0), 3, axis=1), 1, mode="edge")
    middle = fine[1:-1, 1:-1]
    other = np.zeros(middle.shape, bool)
    for rows, columns in ((0, 1), (2, 1), (1, 0), (1, 2)):
        other |= fine[rows : rows + middle.shape[0], columns : columns + middle.shape[1]] != middle
    return other & (middle != 0)


def _moving_coordinate(
    view: View, field: NDArray[Any], plane: Plane, place: Place, axis: int
) -> NDArray[Any]:
    """Where the plane's voxels are taken from, in mm along a voxel axis of the fixed image."""
    unit = np.asarray(view.grid.direction)[:, axis]
    moved = sum(float(unit[c]) * view.cut(field[c], plane, place) for c in range(len(field)))
    along = np.arange(moved.shape[0] if axis == plane.down else moved.shape[1], dtype=float)  # type: ignore[union-attr]  # a sum of arrays
    if plane.flip_down if axis == plane.down else plane.flip_right:
        along = along[::-1]
    along = along * view.grid.spacing[axis]
    return np.asarray(moved + (along[:, None] if axis == plane.down else along[None]))

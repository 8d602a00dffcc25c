"""Pictures of the images themselves, and of both before and after registration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.draw import ColourBar, grey, picture, strip
from RegSuite.report.figures import FIXED_COLOUR, MOVING_COLOUR, Shown, blend
from RegSuite.report.planes import Plane
from RegSuite.report.view import Place, View, as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TILES = 9


def comparisons(view: View) -> list[Shown]:
    """Before and after, in every way that the images allow."""
    place = view.centre
    out = [
        _pair(
            "blend",
            "Blend",
            "Fixed in green, moving in magenta: where they agree the picture is grey. A coloured edge is a "
            "misfit; an even tint is a difference of brightness alone.",
            lambda after: strip(view, place, lambda axes, plane: blend(axes, view, plane, place, after)),
        ),
        _pair(
            "checkerboard",
            "Checkerboard",
            "Tiles of the fixed and the moving image in turn: edges should run on across tiles.",
            lambda after: strip(view, place, lambda axes, plane: _tiles(axes, view, plane, place, after)),
        ),
    ]
    if view.images.comparable:
        out.append(_difference(view, place))
    if view.images.fixed_labels is not None and view.images.warped_labels is not None:
        out.append(
            _pair(
                "outlines",
                "Label outlines",
                "Outlines of the fixed labels in green, of the moving labels in magenta, on the fixed image.",
                lambda after: strip(
                    view, place, lambda axes, plane: _outlines(axes, view, plane, place, after)
                ),
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


def _pair(name: str, title: str, caption: str, draw: Any) -> Shown:
    return Shown(name, title, caption, draw(False), draw(True))


def _tiles(axes: Axes, view: View, plane: Plane, place: Place, after: bool) -> None:
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
    colours = LinearSegmentedColormap.from_list(
        "difference", ["#9be7ff", "#1b7fd6", "#000000", "#e0631b", "#ffe29b"]
    )

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
            overlay(axes, borders(view.cut(as_array(labels), plane, place)), colour, view.pixel_mm(plane))


def overlay(axes: Axes, fine: NDArray[np.bool_], colour: str, pixel_mm: tuple[float, float]) -> None:
    """What is true on a threefold finer raster, in one colour."""
    from matplotlib.colors import to_rgba

    rgba = np.zeros((*fine.shape, 4), np.float32)
    rgba[fine] = to_rgba(colour)
    rows, columns = fine.shape
    extent = (-0.5, columns / 3 - 0.5, rows / 3 - 0.5, -0.5)
    picture(axes, rgba, pixel_mm, extent=extent, interpolation="nearest")


def borders(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Inner borders of the labelled regions, threefold finer."""
    fine = np.pad(np.repeat(np.repeat(labels, 3, axis=0), 3, axis=1), 1, mode="edge")
    middle = fine[1:-1, 1:-1]
    other = np.zeros(middle.shape, bool)
    for rows, columns in ((0, 1), (2, 1), (1, 0), (1, 2)):
        other |= fine[rows : rows + middle.shape[0], columns : columns + middle.shape[1]] != middle
    return np.asarray(other & (middle != 0))

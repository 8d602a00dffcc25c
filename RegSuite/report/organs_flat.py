"""Clouds of two dimensions, drawn as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report import draw
from RegSuite.report.organs_bodies import organ_colours
from RegSuite.report.organs_scene import UNKNOWN_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from RegSuite.report.organs_content import OrgansPage

Array = NDArray[Any]

_INK = "#1f2933"
_HIGH_INCH = 5.6


def clouds(page: OrgansPage, points: Array) -> Figure:
    """Dots: `points` (of the source); rings: the target, in the organs' colours."""
    figure, axes = _plane(page)
    target, source = np.asarray(page.target_mm), np.asarray(points)
    for place, colour in enumerate(organ_colours(page)):
        theirs, own = target[page.target_organs == place], source[page.source_organs == place]
        axes.plot(theirs[:, 0], theirs[:, 1], "o", ms=5, mfc="none", mec=colour, mew=0.8)
        axes.plot(own[:, 0], own[:, 1], "o", ms=2.6, color=colour, mew=0)
    return figure


def coloured(page: OrgansPage, values: Array, colours: str, top: float, bar: draw.ColourBar) -> Figure:
    """The moved points by a value, grey where it is unknown."""
    figure, axes = _plane(page)
    known = np.isfinite(values)
    moved = np.asarray(page.moved_mm)
    axes.scatter(moved[~known, 0], moved[~known, 1], s=12, color=UNKNOWN_COLOUR, linewidths=0)
    drawn = axes.scatter(
        moved[known, 0],
        moved[known, 1],
        s=14,
        c=values[known],
        cmap=colours,
        vmin=0,
        vmax=top,
        edgecolors=_INK,
        linewidths=0.25,
    )
    draw.add_bar(figure, drawn, bar, _INK)
    return figure


def _plane(page: OrgansPage) -> tuple[Figure, Axes]:
    """Axes in mm, x to the right and y down, of one scale and frame for all pictures of the page."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(draw.WIDTH_INCH, _HIGH_INCH), dpi=draw.DPI, facecolor="white")
    axes = figure.add_axes((0.07, 0.1, 0.83, 0.87))
    reach = np.concatenate([page.source_mm, page.moved_mm, page.target_mm])
    low, high = reach.min(axis=0), reach.max(axis=0)
    room = 0.05 * max(float((high - low).max()), 1.0)
    axes.set(
        xlim=(low[0] - room, high[0] + room),
        ylim=(high[1] + room, low[1] - room),
        xlabel="x in mm",
        ylabel="y in mm",
    )
    axes.set_aspect("equal", adjustable="box")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8, colors=_INK)
    return figure, axes

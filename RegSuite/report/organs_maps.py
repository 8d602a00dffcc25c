"""Planes through the scans of a page of organs: the warped scan under the target's outlines, the maps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report import comparisons, figures
from RegSuite.report.draw import ColourBar, grey, picture, strip
from RegSuite.report.figures import Shown
from RegSuite.report.organs_bodies import organ_colours
from RegSuite.report.organs_pictures import COLOURS, bar_ticks, scale_top
from RegSuite.report.view import as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from RegSuite.report.organs_view import OrgansView
    from RegSuite.report.planes import Plane

Array = NDArray[Any]


def pairs(view: OrgansView) -> list[Shown]:
    """Two pictures each: the scan before and after under the target's outlines, and the usual comparisons."""
    out = []
    if view.scans:
        out.append(_under_outlines(view))
    for shown in comparisons.comparisons(view):
        if view.scans or shown.name == "outlines":
            out.append(replace(shown, title=f"{shown.title}: before / after", caption=_WORDS[shown.name]))
    return out


_WORDS = {
    "blend": "Target in green, source in magenta, before and after: where they agree the picture is grey. A "
    "coloured edge is a misfit; between organs the field is carried on from them, look there twice.",
    "checkerboard": "Tiles of the target and the source in turn: edges should run on across tiles.",
    "difference": "Source minus target before and after, on one scale, 1 being the range of brightness "
    "shown. Black: no difference.",
    "outlines": "Outlines of the target's labels in green, of the source's labels in magenta, before and "
    "after, on the target.",
}


def _under_outlines(view: OrgansView) -> Shown:
    """The scan of the source, before and after, with the organs of the target drawn on it."""

    def draw(after: bool) -> Figure:
        def paint(axes: Axes, plane: Plane) -> None:
            grey(axes, view.moving_cut(plane, view.centre, after), view.pixel_mm(plane))
            outlines(axes, view, plane)

        return strip(view, view.centre, paint)

    words = "The source's scan, before and after"
    if view.images.fixed_labels is not None:
        words += (
            ", under the outlines of the target's organs: after it, each organ should fill its own outline, "
            "and vessels and edges inside should look like one scan, not like patches"
        )
    return Shown("warped", "Scan: before / after", words + ".", draw(False), draw(True))


def outlines(axes: Axes, view: OrgansView, plane: Plane, *, dark: bool = False) -> None:
    """The target's organs in their colours, light ones unless `dark`; nothing without labels."""
    labels = view.images.fixed_labels
    if labels is None:
        return
    cut = view.cut(as_array(labels), plane, view.centre)
    for organ, colour in zip(view.page.organs, organ_colours(view.page), strict=True):
        if organ.label and (cut == organ.label).any():
            fine = _thick(comparisons.borders(np.where(cut == organ.label, 1, 0)))
            shown = colour if dark else _lighter(colour)
            comparisons.overlay(axes, fine, shown, view.pixel_mm(plane))


def _thick(fine: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Lines two pixels of the finer raster wide."""
    out = fine.copy()
    out[1:] |= fine[:-1]
    out[:, 1:] |= out[:, :-1].copy()
    return out


def uncertainty(view: OrgansView) -> Shown | None:
    """Standard deviation over the target's scan; None where it is known nowhere."""
    values = view.uncertainty
    if values is None or not np.isfinite(values).any():
        return None
    top = scale_top(values[np.isfinite(values)], view.page)

    def paint(axes: Axes, plane: Plane) -> Any:
        grey(axes, 0.8 * view.fixed_cut(plane, view.centre), view.pixel_mm(plane))
        cut = np.ma.masked_invalid(view.cut(values, plane, view.centre))
        drawn = picture(axes, cut, view.pixel_mm(plane), cmap=COLOURS["sd_mm"], vmin=0, vmax=top, alpha=0.62)
        outlines(axes, view, plane)
        return drawn

    bar = ColourBar("sd of a coordinate in mm", *bar_ticks(top))
    caption = (
        "How far off each coordinate of the displacement may be, given the model: pale is sure, dark blue is "
        "guessed. Away from the organs nothing was matched: the displacement there is carried on from them, "
        "and the map says how little is known. "
    )
    if not np.isfinite(values).all():
        caption += "Bare grey: unknown. "
    figure = strip(view, view.centre, paint, bar)
    return Shown("uncertainty", "How sure the field is", caption.strip(), None, figure)


def singles(view: OrgansView, folds: str) -> list[Shown]:
    """Uncertainty, deformation grid, Jacobian with the words on folds."""
    jacobian = figures.jacobian(view)
    if jacobian is not None:
        jacobian = replace(jacobian, caption=f"{folds} {jacobian.caption}".strip())
    grid = figures.deformation(view, over_fixed=True)
    maps = [uncertainty(view), *(m and _said(m) for m in (grid, jacobian))]
    return [m for m in maps if m is not None]


def _lighter(colour: str) -> str:
    """A colour that can be seen on a dark scan, #rrggbb."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = (0.3 + 0.7 * part for part in to_rgb(colour))
    return to_hex((red, green, blue))


def _said(shown: Shown) -> Shown:
    """A picture of ordinary registrations in this page's words: source and target."""
    caption = re.sub(r"\bmoving\b", "source", re.sub(r"\bfixed\b", "target", shown.caption))
    return replace(shown, caption=caption)

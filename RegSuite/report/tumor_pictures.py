"""Pictures of an atlas brought to a tumour: the five images side by side, and pairs to compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report import comparisons, draw, figures
from RegSuite.report.draw import ColourBar, dress, grey, picture, strip
from RegSuite.report.figures import Shown
from RegSuite.report.view import as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from RegSuite.report.planes import Plane
    from RegSuite.report.tumor_view import TumorView

Cut = Callable[["Axes", "Plane"], Any]

_COLUMNS = 3
_TITLE_INCH = 0.3
_PANEL_INCH = 3.6
_SIGNED = ("#b3ecff", "#1b7fd6", "#000000", "#e0631b", "#ffe29b")
"""Darker, nothing, brighter."""


def overview(view: TumorView) -> Shown:
    """Template, deformation alone, appearance change; final image, target, what is left between them."""
    top = signed_top(view)
    panels: list[tuple[str, Cut]] = [
        ("template before", lambda axes, plane: _grey(axes, view, plane, view.before)),
        ("deformation alone", lambda axes, plane: _grey(axes, view, plane, view.warped)),
        ("+ appearance change", lambda axes, plane: _signed(axes, view, plane, view.change, top)),
        ("= final image", lambda axes, plane: _grey(axes, view, plane, view.final)),
        ("target", lambda axes, plane: _grey(axes, view, plane, view.fixed)),
        (
            "left over: final - target",
            lambda axes, plane: _signed(axes, view, plane, view.final - view.fixed, top),
        ),
    ]
    caption = (
        "Red: the tumour's outline on the target"
        + (", dashed its oedema" if view.oedema is not None else "")
        + ". All grey pictures share one scale, both coloured ones another (in the template's units): orange "
        "was made brighter, blue darker. Anatomy that shows as edges in the appearance change was painted, "
        "not moved."
    )
    if view.change is None:
        caption += " This method changes no intensity: final image and deformation alone are the same."
    if view.tumor is None:
        caption = caption.replace("Red: the tumour's outline on the target. ", "")
    title = "Through the tumour" if view.tumor is not None else "Shape and appearance"
    return Shown("overview", title, caption, None, _matrix(view, panels, top))


def pairs(view: TumorView) -> list[Shown]:
    """Two pictures each, laid over each other on the page; the first is the one on the left of the slider."""
    place, top = view.centre, signed_top(view)

    def grey_strip(volume: NDArray[Any], room_for: ColourBar | None = None) -> Figure:
        return strip(view, place, lambda axes, plane: _grey(axes, view, plane, volume), room_for)

    out = [
        Shown(
            "deformed",
            "Target / deformation alone",
            "The target, and the template deformed without any change of intensity: outside the outline the "
            "anatomy should stay where it is when you fade.",
            grey_strip(view.fixed),
            grey_strip(view.warped),
        )
    ]
    if view.change is not None:
        change = view.change
        bar = _bar("intensity added (template's units)", top)
        out += [
            Shown(
                "final",
                "Target / final image",
                "The target, and the deformed template with the appearance change added.",
                grey_strip(view.fixed),
                grey_strip(view.final),
            ),
            Shown(
                "appearance",
                "Deformation alone / appearance change",
                "What was added to the deformed template: orange brighter, blue darker, black nothing.",
                grey_strip(view.warped, bar),
                strip(view, place, lambda axes, plane: _signed(axes, view, plane, change, top), bar),
            ),
        ]
    for shown in comparisons.comparisons(view):
        if shown.name != "checkerboard":
            out.append(_of_deformation(shown))
    return out


_WORDS = {
    "blend": "Target in green, template in magenta, before and after the deformation alone: where they agree "
    "the picture is grey. Within the outline they must differ; outside, a coloured edge is a misfit.",
    "difference": "Template minus target before and after the deformation alone, on one scale, 1 being the "
    "range of brightness shown. Black: no difference. What lies within the outline is the appearance's part.",
    "outlines": "Outlines of the target's labels in green, of the template's in magenta, before and after, "
    "on the target; the tumour's outline in red. Within it the template's labels name what may be gone.",
}


def _of_deformation(shown: Shown) -> Shown:
    """A comparison of ordinary registrations in this page's words."""
    return Shown(shown.name, f"{shown.title}: before / after", _WORDS[shown.name], shown.before, shown.after)


def labels_alone(view: TumorView) -> Shown | None:
    """The template's labels on the target where the target has none of its own to compare with."""
    if view.images.fixed_labels is not None or view.images.warped_labels is None:
        return None
    labels = as_array(view.images.warped_labels)

    def paint(axes: Axes, plane: Plane) -> None:
        _grey(axes, view, plane, view.fixed)
        fine = comparisons.borders(view.cut(labels, plane, view.centre))
        comparisons.overlay(axes, fine, figures.MOVING_COLOUR, view.pixel_mm(plane))

    caption = (
        "Outlines of the template's labels on the target. The target has no labels of its own here, so only "
        "the eye can tell whether they fit. Within the tumour's outline they name tissue that is not there."
    )
    return Shown("labels", "The atlas labels on the target", caption, None, strip(view, view.centre, paint))


def singles(view: TumorView) -> list[Shown]:
    """Labels where they cannot be compared, deformation grid and Jacobian."""
    start = "" if view.page.start == "none" else " The start is part of it."
    maps = (figures.deformation(view, over_fixed=True), figures.jacobian(view))
    found = [labels_alone(view), *(m and replace(m, caption=m.caption + start) for m in maps)]
    return [s for s in found if s is not None]


def signed_top(view: TumorView) -> float:
    """The end of the coloured scale: the 99.5th percentile of the appearance change where there is any.

    Of what is left over where the method changes no intensity.
    """
    low, high = view.moving_window
    strong = np.abs(view.final - view.fixed if view.change is None else view.change)
    strong = strong[strong > 0.01 * (high - low)]
    return max(0.05 * (high - low), float(np.percentile(strong, 99.5)) if strong.size else 0.0)


def _grey(axes: Axes, view: TumorView, plane: Plane, volume: NDArray[Any]) -> None:
    from RegSuite.report.brightness import scaled

    grey(axes, scaled(view.cut(volume, plane, view.centre), view.moving_window), view.pixel_mm(plane))


def _signed(axes: Axes, view: TumorView, plane: Plane, volume: NDArray[Any] | None, top: float) -> Any:
    if volume is None:
        rows, columns = view.cut(view.fixed, plane, view.centre).shape
        nothing = np.zeros((rows, columns))
        picture(axes, nothing, view.pixel_mm(plane), cmap=_signed_colours(), vmin=-top, vmax=top)
        axes.text(0.5, 0.5, "none", color="#9aa5b1", fontsize=10, ha="center", transform=axes.transAxes)
        return None
    cut = view.cut(volume, plane, view.centre)
    return picture(axes, cut, view.pixel_mm(plane), cmap=_signed_colours(), vmin=-top, vmax=top)


def _signed_colours() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signed", list(_SIGNED))


def _bar(label: str, top: float) -> ColourBar:
    """From -top to top, with words of two digits."""
    end = f"{float(f'{top:.2g}'):g}"
    return ColourBar(label, (-top, 0.0, top), (f"-{end}", "0", f"+{end}"))


def _matrix(view: TumorView, panels: Sequence[tuple[str, Cut]], top: float) -> Figure:
    """Panels of one plane, three in a row, with titles and one bar for the coloured ones."""
    from matplotlib.figure import Figure

    plane = view.plane
    rows_mm, columns_mm = draw.size_mm(view, plane, view.centre)
    bar_inch, gap = draw.BAR_INCH, draw.GAP_INCH
    room = (draw.WIDTH_INCH - bar_inch - gap * (_COLUMNS - 1)) / _COLUMNS
    scale = min(room / columns_mm, _PANEL_INCH / rows_mm)
    wide, high = columns_mm * scale, rows_mm * scale
    rows = -(-len(panels) // _COLUMNS)
    height = rows * (high + _TITLE_INCH + gap) - gap
    figure = Figure(figsize=(draw.WIDTH_INCH, height), dpi=draw.DPI, facecolor="black")
    left = (draw.WIDTH_INCH - bar_inch - _COLUMNS * wide - (_COLUMNS - 1) * gap) / 2
    mappable = None
    for number, (title, paint) in enumerate(panels):
        row, column = divmod(number, _COLUMNS)
        bottom = height - (row + 1) * (high + _TITLE_INCH) - row * gap
        at = ((left + column * (wide + gap)) / draw.WIDTH_INCH, bottom / height)
        axes = figure.add_axes((*at, wide / draw.WIDTH_INCH, high / height))
        mappable = paint(axes, plane) or mappable
        axes.set_title(title, color="white", fontsize=10, pad=4)
        view.draw_over(axes, plane, view.centre)
        dress(axes, view, plane, view.centre, False)
    if mappable is not None:
        draw.add_bar(figure, mappable, _bar("template's units", top), "white")
    return figure

"""Pictures of an accumulated course: dose and isodoses, its spread, where it is not known, fractions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.dose_colours import DIFFERENCE, DOSE, SPREAD, colour_at, isodose_levels, round_top
from RegSuite.report.draw import ColourBar, grey, picture, strip
from RegSuite.report.figures import Shown, blend
from RegSuite.report.view import as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

    from RegSuite.geometry import Image
    from RegSuite.report.dose_content import DoseFraction
    from RegSuite.report.dose_view import DoseView
    from RegSuite.report.planes import Plane

Outlines = Callable[["Axes", "Plane"], None]
SEEN = 0.1
"""A dose below this share of the largest is not washed over the image."""
MARK_COLOURS = {1: "#3b82f6", 2: "#ef4444", 4: "#facc15"}
"""Of outside the dose grid, folded, undefined (RegSuite.dose.mapping.marks)."""


def accumulated(view: DoseView, dose: Image, outlines: Outlines) -> Shown:
    """The accumulated dose as a wash with isodose lines, over the planning image, with the structures."""
    values = as_array(dose.data)[0]
    top, steps = round_top(float(np.nanmax(values, initial=0.0)))
    levels = isodose_levels(top)

    def paint(axes: Axes, plane: Plane) -> Any:
        grey(axes, view.fixed_cut(plane, view.place), view.pixel_mm(plane))
        cut = view.sampled(values, dose.grid, plane)
        alpha = np.where(cut >= SEEN * top, 0.38, 0.0)
        drawn = wash(axes, cut, view.pixel_mm(plane), DOSE, (0.0, top), alpha)
        lines(axes, cut, levels, [colour_at(DOSE, level / top) for level in levels])
        outlines(axes, plane)
        return drawn

    ticks = tuple(top * n / steps for n in range(steps + 1))
    bar = ColourBar("accumulated dose in Gy", ticks, tuple(f"{t:g}" for t in ticks))
    said = ", ".join(f"{level:g}" for level in levels)
    caption = (
        f"Thin lines: isodoses of {said} Gy. Thick dashed lines: structures. Wash from "
        f"{SEEN * top:.3g} Gy; where there is a gap within it, the dose is not known."
    )
    return Shown("dose", "Accumulated dose", caption, None, strip(view, view.place, paint, bar))


def spread(view: DoseView, sd: Image, outlines: Outlines) -> Shown:
    """Standard deviation of the accumulated dose over the samples of the deformation."""
    values = as_array(sd.data)[0]
    top, steps = round_top(float(np.nanmax(values, initial=0.0)))

    def paint(axes: Axes, plane: Plane) -> Any:
        grey(axes, 0.8 * view.fixed_cut(plane, view.place), view.pixel_mm(plane))
        cut = view.sampled(values, sd.grid, plane)
        alpha = 0.8 * np.clip(np.nan_to_num(cut) / (0.25 * top), 0, 1)
        drawn = wash(axes, cut, view.pixel_mm(plane), SPREAD, (0.0, top), alpha)
        outlines(axes, plane)
        return drawn

    ticks = tuple(top * n / steps for n in range(steps + 1))
    bar = ColourBar("SD of the dose in Gy", ticks, tuple(f"{t:g}" for t in ticks))
    caption = (
        "How far the dose at a tissue voxel varies when the deformation is drawn from its uncertainty. "
        "Bright rims lie where the dose is steep and the deformation unsure."
    )
    return Shown("spread", "Uncertainty of the dose", caption, None, strip(view, view.place, paint, bar))


def marked(view: DoseView, marks: Image, outlines: Outlines) -> Shown | None:
    """Voxels whose dose is not known; None where there are none."""
    bits = as_array(marks.data)[0]
    if not bits.any():
        return None

    def paint(axes: Axes, plane: Plane) -> None:
        grey(axes, view.fixed_cut(plane, view.place), view.pixel_mm(plane))
        cut = view.nearest(bits, marks.grid, plane).astype(int)
        overlay = np.zeros((*cut.shape, 4))
        for bit, colour in MARK_COLOURS.items():
            rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            overlay[(cut & bit) > 0] = (*rgb, 0.45)
        picture(axes, overlay, view.pixel_mm(plane), interpolation="nearest")
        outlines(axes, plane)

    caption = "Blue: outside of a fraction's dose grid. Red: the deformation folds. Yellow: it is undefined."
    return Shown("marks", "Where the dose is not known", caption, None, strip(view, view.place, paint))


def difference(view: DoseView, found: Image, words: tuple[str, str], outlines: Outlines) -> Shown:
    """The other mapping's dose minus the one asked for. words: (asked, other) as people call them."""
    values = as_array(found.data)[0]
    known = np.abs(values[np.isfinite(values)])
    top, _ = round_top(float(np.percentile(known, 99.9)) if known.size else 0.0)

    def paint(axes: Axes, plane: Plane) -> Any:
        grey(axes, 0.8 * view.fixed_cut(plane, view.place), view.pixel_mm(plane))
        cut = view.sampled(values, found.grid, plane)
        alpha = 0.9 * np.clip(np.abs(np.nan_to_num(cut)) / (0.5 * top), 0, 1) ** 0.5
        alpha[np.abs(np.nan_to_num(cut)) < 0.04 * top] = 0.0
        drawn = wash(axes, cut, view.pixel_mm(plane), DIFFERENCE, (-top, top), alpha)
        outlines(axes, plane)
        return drawn

    ticks = (-top, -top / 2, 0.0, top / 2, top)
    bar = ColourBar(f"{words[1]} minus {words[0]} in Gy", ticks, tuple(f"{t:g}" for t in ticks))
    caption = (
        f"{words[1]} minus {words[0]}: large where dose and density are steep, where neither is the truth. "
        "Both are defined only where the deformation is."
    )
    return Shown("difference", "Between the two mappings", caption, None, strip(view, view.place, paint, bar))


def fraction(view: DoseView, found: DoseFraction) -> Shown | None:
    """A fraction's image brought to the planning image, in green and magenta; None without an image."""
    if found.warped is None:
        return None

    def paint(axes: Axes, plane: Plane) -> None:
        blend(axes, view, plane, view.place, True)
        if found.sigma_mm is not None:
            sigma = np.sqrt((as_array(found.sigma_mm.data).astype(np.float32) ** 2).sum(axis=0))
            cut = view.sampled(sigma, found.sigma_mm.grid, plane)
            lines(axes, cut, SIGMA_LEVELS, ["#ffe08a", "#ffb703", "#fb5607"], label=True)

    caption = "Planning in green, the fraction in magenta: grey where they agree."
    if found.sigma_mm is not None:
        said = ", ".join(f"{level:g}" for level in SIGMA_LEVELS)
        caption += f" Lines: the deformation's standard deviation of {said} mm (all three components)."
    return Shown(found.name, found.name, caption, None, strip(view, view.place, paint))


SIGMA_LEVELS = (2.0, 4.0, 8.0)
"""mm, of the lines over a fraction's picture."""


def outlined(
    view: DoseView, shares: Mapping[str, NDArray[Any]], grid: Any, colours: Mapping[str, str]
) -> Outlines:
    """Draws the structures' borders into axes. shares: [Z, Y, X] of `grid`, 0..1."""
    cuts = {p.name: {n: view.sampled(v, grid, p) for n, v in shares.items()} for p in view.planes}

    def draw(axes: Axes, plane: Plane) -> None:
        for name, cut in cuts[plane.name].items():
            if np.nanmax(cut, initial=0.0) > 0.5 > np.nanmin(cut, initial=1.0):
                options: dict[str, Any] = {"linewidths": 1.6, "linestyles": "dashed"}
                axes.contour(np.nan_to_num(cut), levels=[0.5], colors=[colours[name]], **options)

    return draw


def lines(
    axes: Axes, cut: NDArray[Any], levels: Sequence[float], colours: Sequence[Any], label: bool = False
) -> None:
    """Lines of equal value, of the levels that the plane has."""
    if not np.isfinite(cut).any():
        return
    low, high = float(np.nanmin(cut)), float(np.nanmax(cut))
    chosen = [(v, c) for v, c in zip(levels, colours, strict=True) if low < v < high]
    if not chosen or min(cut.shape) < 2:
        return
    values, inks = zip(*chosen, strict=True)
    drawn = axes.contour(np.ma.masked_invalid(cut), levels=values, colors=inks, linewidths=0.9)
    if label:
        axes.clabel(drawn, fmt="%g", fontsize=7)


def wash(
    axes: Axes,
    cut: NDArray[Any],
    pixel_mm: tuple[float, float],
    colours: Sequence[str],
    limits: tuple[float, float],
    alpha: NDArray[Any],
) -> Any:
    """Values in colour over what is drawn already, `alpha` of each pixel; nothing where they are NaN."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    mappable = ScalarMappable(Normalize(*limits), _map(colours))
    rgba = mappable.to_rgba(np.nan_to_num(cut))
    rgba[..., 3] = np.where(np.isfinite(cut), alpha, 0.0)
    picture(axes, rgba, pixel_mm)
    return mappable


def _map(anchors: Sequence[str]) -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("dose", ["#" + a for a in anchors])

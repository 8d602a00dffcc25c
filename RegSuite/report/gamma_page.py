"""report.html of `gamma`: how many voxels agree, where they do not, by structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.dose_colours import DOSE, colour_at, isodose_levels
from RegSuite.report.dose_pictures import lines, wash
from RegSuite.report.dose_view import DoseView
from RegSuite.report.draw import DPI, ColourBar, embedded, grey, png, strip
from RegSuite.report.headline import Headline, counted, number
from RegSuite.report.html import place_sentence
from RegSuite.report.page import rendered
from RegSuite.report.view import as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from RegSuite.geometry import Image
    from RegSuite.report.planes import Plane
    from RegSuite.report.result import Result

COLOURS = ("2166ac", "92c5de", "e8eef2", "f4a582", "b2182b")
"""Of gamma from 0 to 2; 1 is in the middle, blue agrees, red does not."""
TOP = 2.0
_INK = "#1f2933"
_SPOT_MM = 6.0
"""Failing voxels are counted over about so many mm to find where most of them lie."""


@dataclass(frozen=True, eq=False)
class GammaPage:
    """What the page shows. reference: the dose in Gy; gamma: on its grid, NaN where not judged."""

    reference: Image
    gamma: Image


def write_gamma_page(path: Path, found: GammaPage, record: Result) -> None:
    """Write the page: one file, pictures inside it."""
    path.write_text(gamma_page(found, record), encoding="utf-8")


def gamma_page(found: GammaPage, record: Result) -> str:
    """The page as text."""
    gamma = record.gamma or {}
    view = _view(found)
    return rendered(
        "gamma.html.j2",
        result=record,
        content=record.to_dict(),
        gamma=gamma,
        headline=gamma_headline(gamma, len(record.warnings)),
        place=place_sentence(view, view.place),
        picture=embedded(png(_picture(view, found))),
        chart=embedded(png(gamma_chart(as_array(found.gamma.data)[0]))),
        structures=sorted(gamma["structures"].items(), key=lambda item: float(item[1]["pass_rate_percent"])),
    )


def gamma_headline(gamma: Mapping[str, Any], warnings: int) -> Headline:
    """The pass rate and what it is of; never a verdict, since no limit is given."""
    rate = float(gamma["pass_rate_percent"])
    step = f"{gamma['percent']:g} % ({gamma['percent_is']}) / {gamma['distance_mm']:g} mm"
    sentence = (
        f"At {step}, of {gamma['judged_voxels']} voxels with at least {gamma['cutoff_percent']:g} % of "
        f"{number(gamma['normalisation_gy'])} Gy. No limit is applied: TG-218 asks measured plans for 95 % "
        "(action below 90 %) at 3 % global / 2 mm with a cut-off of 10 %."
    )
    if warnings:
        sentence += f" Mind the {counted(warnings, 'warning')} below."
    return Headline("unsure", f"{rate:.2f} % of the voxels pass", sentence)


def gamma_chart(values: NDArray[Any]) -> Figure:
    """How often each gamma occurs, of judged voxels; a line at 1."""
    from matplotlib.figure import Figure

    judged = values[np.isfinite(values)]
    figure = Figure(figsize=(11.6, 3.4), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.062, 0.17, 0.92, 0.79))
    top = max(TOP, float(judged.max(initial=0.0)))
    edges = np.linspace(0, top, round(top / 0.05) + 1)
    counts, _ = np.histogram(judged, edges)
    middles = (edges[1:] + edges[:-1]) / 2
    colours = ["#4393c3" if middle <= 1 else "#d6604d" for middle in middles]
    axes.bar(middles, 100 * counts / max(len(judged), 1), width=np.diff(edges) * 0.92, color=colours)
    axes.axvline(1.0, color=_INK, lw=1.0)
    axes.set(xlim=(0, top))
    axes.set_xlabel("gamma (the last bar holds what is capped)", color=_INK)
    axes.set_ylabel("% of judged voxels", color=_INK)
    axes.grid(axis="y", color="#e4e7eb", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _view(found: GammaPage) -> DoseView:
    """Cut where most failing voxels lie together; where none fail, where the dose is highest."""
    from scipy.ndimage import gaussian_filter

    failing = (np.nan_to_num(as_array(found.gamma.data)[0]) > 1).astype(np.float32)
    if not failing.any():
        return DoseView(found.reference, found.reference)
    import torch

    sigma = [_SPOT_MM / s for s in found.gamma.grid.spacing[::-1]]
    spots = torch.from_numpy(gaussian_filter(failing, sigma))[None]
    why = "where most failing voxels lie together"
    return DoseView(found.reference, found.gamma.with_data(spots), why=why)


def _picture(view: DoseView, found: GammaPage) -> Figure:
    dose = as_array(found.reference.data)[0]
    values = as_array(found.gamma.data)[0]
    largest = float(np.nanmax(dose, initial=0.0))
    levels = isodose_levels(largest)

    def paint(axes: Axes, plane: Plane) -> Any:
        grey(axes, 0.6 * view.fixed_cut(plane, view.place), view.pixel_mm(plane))
        cut = view.nearest(values, found.gamma.grid, plane)
        alpha = np.full(cut.shape, 0.85)
        drawn = wash(axes, cut, view.pixel_mm(plane), COLOURS, (0.0, TOP), alpha)
        inks = [colour_at(DOSE, level / largest) for level in levels]
        lines(axes, view.sampled(dose, found.reference.grid, plane), levels, inks)
        return drawn

    ticks = (0.0, 0.5, 1.0, 1.5, 2.0)
    bar = ColourBar("gamma", ticks, ("0", "0.5", "1", "1.5", "≥ 2"))
    return strip(view, view.place, paint, bar)

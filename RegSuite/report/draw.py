"""Drawing planes side by side on one scale, with the patient's sides at the edges."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.planes import Plane
from RegSuite.report.view import Place, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Paint = Callable[["Axes", Plane], Any]
"""Draws one plane into axes (pixel coordinates); gives the mappable of a colour bar, or None."""

DPI = 125
WIDTH_INCH = 11.6
HEIGHT_INCH = 4.3
GAP_INCH = 0.08
BAR_INCH = 0.85


@dataclass(frozen=True)
class ColourBar:
    """A colour bar at the right of a strip: its label and its ticks with their words."""

    label: str
    ticks: tuple[float, ...]
    words: tuple[str, ...]


def strip(
    view: View,
    place: Place,
    paint: Paint,
    bar: ColourBar | None = None,
    *,
    marked: bool = False,
    paper: str = "black",
) -> Figure:
    """The planes through `place` side by side, all at one scale of mm, on `paper`.

    marked: thin lines show where the other planes cut.
    """
    from matplotlib.figure import Figure

    sizes = [size_mm(view, plane, place) for plane in view.planes]
    room = WIDTH_INCH - GAP_INCH * (len(sizes) - 1) - (BAR_INCH if bar else 0)
    inch_per_mm = min(room / sum(w for _, w in sizes), HEIGHT_INCH / max(h for h, _ in sizes))
    height = max(h for h, _ in sizes) * inch_per_mm
    spare = room - sum(w for _, w in sizes) * inch_per_mm
    width = WIDTH_INCH - spare if view.tight else WIDTH_INCH
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=paper)
    left = 0.0 if view.tight else spare / 2
    mappable = None
    for plane, (h, w) in zip(view.planes, sizes, strict=True):
        wide, high = w * inch_per_mm / width, h * inch_per_mm / height
        axes = figure.add_axes((left / width, 0.5 - high / 2, wide, high))
        mappable = paint(axes, plane) or mappable
        view.draw_over(axes, plane, place)
        dress(axes, view, plane, place, marked)
        left += w * inch_per_mm + GAP_INCH
    if bar is not None and mappable is not None:
        add_bar(figure, mappable, bar, "white" if paper == "black" else "#1f2933")
    return figure


def picture(axes: Axes, values: NDArray[Any], pixel_mm: tuple[float, float], **options: Any) -> Any:
    """An image [rows, columns] (or RGB(A)) with pixels of their true shape."""
    options.setdefault("interpolation", "bilinear")
    return axes.imshow(values, aspect=pixel_mm[0] / pixel_mm[1], **options)


def grey(axes: Axes, values: NDArray[Any], pixel_mm: tuple[float, float]) -> None:
    """A grey image of values 0..1."""
    picture(axes, values, pixel_mm, cmap="gray", vmin=0, vmax=1)


def png(figure: Figure, opaque: bool = True) -> bytes:
    """The figure as PNG; no global state of matplotlib is touched."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", transparent=not opaque, pil_kwargs={"compress_level": 4})
    return buffer.getvalue()


def jpeg(figure: Figure, quality: int = 80) -> bytes:
    """The figure as JPEG, small and with full colour resolution: for pictures of scans."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    options = {"quality": quality, "subsampling": 0, "optimize": True}
    figure.savefig(buffer, format="jpeg", pil_kwargs=options)
    return buffer.getvalue()


def embedded(image: bytes) -> str:
    """PNG or JPEG bytes as the address of a picture inside a page."""
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(image).decode("ascii")


def size_mm(view: View, plane: Plane, place: Place) -> tuple[float, float]:
    """Height and width of a plane's picture in mm."""
    rows, columns = view.cut(view.fixed, plane, place).shape
    height, width = view.pixel_mm(plane)
    return rows * height, columns * width


def dress(axes: Axes, view: View, plane: Plane, place: Place, marked: bool) -> None:
    """Letters at the edges, no ticks, and the cross of the other planes."""
    axes.set_axis_off()
    left, right, top, bottom = plane.edges
    style: dict[str, Any] = {
        "transform": axes.transAxes,
        "color": "#ffffff",
        "fontsize": 8.5,
        "fontweight": "bold",
        "bbox": {"facecolor": "black", "alpha": 0.45, "edgecolor": "none", "pad": 1.2},
    }
    axes.text(0.012, 0.5, left, ha="left", va="center", **style)
    axes.text(0.988, 0.5, right, ha="right", va="center", **style)
    axes.text(0.5, 0.988, top, ha="center", va="top", **style)
    axes.text(0.5, 0.012, bottom, ha="center", va="bottom", **style)
    if marked:
        row, column = view.position(plane, place)
        axes.axhline(row, color="#ffd166", lw=0.7, alpha=0.6)
        axes.axvline(column, color="#ffd166", lw=0.7, alpha=0.6)


def add_bar(figure: Figure, mappable: Any, bar: ColourBar, ink: str) -> None:
    """The colour bar at the figure's right edge."""
    width = figure.get_figwidth()
    axes = figure.add_axes((1 - (BAR_INCH - 0.12) / width, 0.1, 0.14 / width, 0.8))
    drawn = figure.colorbar(mappable, cax=axes)
    drawn.set_ticks(list(bar.ticks), labels=list(bar.words))
    drawn.set_label(bar.label, color=ink, fontsize=8, labelpad=1)
    axes.tick_params(colors=ink, labelsize=8)
    drawn.outline.set_edgecolor("#888888")


def round_step(span: float, count: int) -> float:
    """A round step (1, 2 or 5 times a power of ten) that divides a span into about `count`."""
    rough = span / count
    power = 10.0 ** np.floor(np.log10(rough))
    return float(min((f * power for f in (1, 2, 5, 10)), key=lambda step: abs(np.log(step / rough))))

"""The looks at a patient side by side, all at one scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report import draw
from RegSuite.report.organs_scene import LOOKS, Frame, frame_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[Any]
Paint = Callable[[Frame], Array]
"""Draws what a frame holds: a picture [h, w, 3], 0..1."""

FINER = 1.4
"""Pixels drawn for one shown."""
_MARGIN_MM = 12.0
_HEIGHT_INCH = 4.8
_INK = "#1f2933"


def strip_of(reach: Array, paint: Paint) -> Figure:
    """The looks side by side at one scale, with the patient's sides, a bar of mm and room for colours."""
    from matplotlib.figure import Figure

    sizes = [np.ptp(reach @ look.axes.T[:, :2], axis=0) + 2 * _MARGIN_MM for look in LOOKS]
    room = draw.WIDTH_INCH - draw.BAR_INCH - 2 * draw.GAP_INCH
    scale = min(room / sum(w for w, _ in sizes), _HEIGHT_INCH / max(h for _, h in sizes))
    height = max(h for _, h in sizes) * scale + 0.3
    figure = Figure(figsize=(draw.WIDTH_INCH, height), dpi=draw.DPI, facecolor="white")
    spare = room - sum(w for w, _ in sizes) * scale
    left = spare / 6
    for look, (wide, high) in zip(LOOKS, sizes, strict=True):
        frame = frame_of(look, reach, scale * draw.DPI * FINER, _MARGIN_MM)
        box = (left, (height - 0.3 - high * scale) / 2, wide * scale, high * scale)
        axes = figure.add_axes(
            (box[0] / draw.WIDTH_INCH, box[1] / height, box[2] / draw.WIDTH_INCH, box[3] / height)
        )
        axes.imshow(np.clip(paint(frame), 0, 1), aspect="auto", interpolation="antialiased")
        _dress(axes, frame)
        left += wide * scale + spare / 3 + draw.GAP_INCH
    return figure


def _dress(axes: Any, frame: Frame) -> None:
    """The name of the look, the patient's sides, and a bar of some round length in the first look."""
    axes.set_axis_off()
    axes.set_title(frame.look.name, fontsize=9.5, color=_INK, pad=3)
    style: dict[str, Any] = {
        "transform": axes.transAxes,
        "color": "#52606d",
        "fontsize": 9,
        "fontweight": "bold",
    }
    left, right, top, bottom = frame.look.edges
    axes.text(0.0, 0.5, left, ha="left", va="center", **style)
    axes.text(1.0, 0.5, right, ha="right", va="center", **style)
    axes.text(0.5, 1.0, top, ha="center", va="top", **style)
    axes.text(0.5, 0.0, bottom, ha="center", va="bottom", **style)
    if frame.look is LOOKS[0]:
        wide = frame.shape[1] / frame.pixels_per_mm
        length = draw.round_step(wide, 5)
        axes.plot([0.02, 0.02 + length / wide], [0.025] * 2, transform=axes.transAxes, color=_INK, lw=2)
        axes.text(
            0.02, 0.035, f"{length:g} mm", transform=axes.transAxes, fontsize=8, color=_INK, va="bottom"
        )


def add_scale(figure: Figure, colours: str, top: float, bar: draw.ColourBar) -> None:
    """The colour bar from 0 to `top` at the figure's right edge."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    draw.add_bar(figure, ScalarMappable(Normalize(0, top), colours), bar, _INK)

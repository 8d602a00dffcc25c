"""The film of the path: frames inside the page, and a strip of some for paper and without scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.report import draw
from RegSuite.report.draw import dress, embedded, grey, jpeg, strip
from RegSuite.report.tumor_view import FilmView, outline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from RegSuite.report.planes import Plane
    from RegSuite.report.tumor_content import TumorFilm
    from RegSuite.report.tumor_view import TumorView

MOST_FRAMES = 21
MOST_BYTES = 1_500_000
"""Of all frames together as text; they are drawn coarser until they fit."""
OPEN = 0.25
"""A weight above this is outlined: intensity may change there (the weight of an oedema may stay low)."""
_STILLS = 6
_QUALITIES = (82, 70, 55, 40, 25)


@dataclass(frozen=True)
class Film:
    """Frames (picture, words) as the page wants them; still: some of them side by side."""

    frames: list[tuple[str, str]]
    target: str | None
    still: str
    caption: str


def film(view: TumorView, found: TumorFilm) -> Film:
    """At most MOST_FRAMES frames: three planes in 3D; one in 2D, with the target to be laid beside it."""
    shown = FilmView(found, view.moving_window, view.centre.point_mm)
    if found.grid == view.grid:
        shown.box = view.box
    chosen = _spread(len(found.times), MOST_FRAMES)
    flat = len(shown.planes) == 1
    frames = _fitting([_frame(shown, n, flat) for n in chosen])
    target = embedded(jpeg(_target(view))) if flat else None
    still = embedded(jpeg(_still(shown, _spread(len(found.times), _STILLS))))
    weight = (
        "Red: where intensity may change at that moment. "
        if found.weight is not None
        else "No weight is drawn: the method has none. "
    )
    caption = (
        f"The template becomes the final image: {len(chosen)} of {len(found.times)} moments of the path, "
        f"from t = {found.times[0]:g} (the template) to t = {found.times[-1]:g} (the final image). {weight}"
        "Anatomy should move; what fades in or out in place is appearance."
    )
    words = [f"t = {found.times[n]:.2f}" for n in chosen]
    return Film(list(zip(frames, words, strict=True)), target, still, caption)


def _spread(count: int, most: int) -> list[int]:
    """At most so many of the indices 0 to count - 1, evenly, the first and the last among them."""
    return sorted({round(float(v)) for v in np.linspace(0, count - 1, min(count, most))})


def _fitting(figures: list[Callable[[], Figure]]) -> list[str]:
    """The frames at the best quality that keeps them under MOST_BYTES; at the coarsest if none does."""
    out: list[str] = []
    for quality in _QUALITIES:
        out = [embedded(jpeg(figure(), quality)) for figure in figures]
        if sum(len(f) for f in out) <= MOST_BYTES:
            break
    return out


def _frame(view: FilmView, number: int, flat: bool) -> Callable[[], Figure]:
    def paint(axes: Axes, plane: Plane) -> None:
        grey(axes, view.frame_cut(number, plane), view.pixel_mm(plane))
        outline(axes, view.weight(number), view, plane, view.place, level=OPEN)

    if flat:
        return lambda: _single(view, lambda axes: paint(axes, view.planes[0]))
    return lambda: strip(view, view.place, paint)


def _target(view: TumorView) -> Figure:
    def paint(axes: Axes) -> None:
        grey(axes, view.fixed_cut(view.plane, view.centre), view.pixel_mm(view.plane))
        view.draw_over(axes, view.plane, view.centre)

    return _single(view, paint)


def _single(view: Any, paint: Callable[[Axes], None]) -> Figure:
    """One plane, without margins."""
    from matplotlib.figure import Figure

    place = view.place if isinstance(view, FilmView) else view.centre
    rows, columns = draw.size_mm(view, view.planes[0], place)
    wide = min(5.4, 5.4 * columns / rows)
    figure = Figure(figsize=(wide, wide * rows / columns), dpi=draw.DPI, facecolor="black")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    paint(axes)
    dress(axes, view, view.planes[0], place, False)
    return figure


def _still(view: FilmView, chosen: list[int]) -> Figure:
    """Some frames of the first plane side by side."""
    from matplotlib.figure import Figure

    plane = view.planes[0]
    rows, columns = draw.size_mm(view, plane, view.place)
    gap, title = 0.05, 0.24
    wide = (draw.WIDTH_INCH - gap * (len(chosen) - 1)) / len(chosen)
    wide = min(wide, draw.HEIGHT_INCH * columns / rows)
    high = wide * rows / columns
    figure = Figure(figsize=(draw.WIDTH_INCH, high + title), dpi=draw.DPI, facecolor="black")
    left = (draw.WIDTH_INCH - len(chosen) * (wide + gap) + gap) / 2
    for place, number in enumerate(chosen):
        across = (left + place * (wide + gap)) / draw.WIDTH_INCH
        axes = figure.add_axes((across, 0.0, wide / draw.WIDTH_INCH, high / (high + title)))
        grey(axes, view.frame_cut(number, plane), view.pixel_mm(plane))
        outline(axes, view.weight(number), view, plane, view.place, level=OPEN)
        axes.set_title(f"t = {view.film.times[number]:.2f}", color="white", fontsize=8, pad=3)
        axes.set_axis_off()
    return figure

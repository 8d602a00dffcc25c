"""Pictures of organs in space: before and after, coloured by residual and by uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report import draw, organs_flat
from RegSuite.report.figures import Shown
from RegSuite.report.organs_bodies import VALUES, Bodies, Side
from RegSuite.report.organs_measures import in_mm
from RegSuite.report.organs_scene import (
    LOOKS,
    UNKNOWN_COLOUR,
    Frame,
    glass,
    merged,
    opaque,
)
from RegSuite.report.organs_strip import add_scale, strip_of

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrgansPage

Array = NDArray[Any]

COLOURS = {"residual_mm": "YlOrRd", "sd_mm": "YlGnBu"}


def before_after(page: OrgansPage, bodies: Bodies) -> Shown:
    """The source, opaque, before and after within the target, as glass."""
    shift = bodies.shift
    things = "organs" if page.labelled else "points"
    when = f"the source's {things}, before as they lie and after registration."
    caption = (
        f"Opaque: {when} Glass with a dark rim: the target's. After it, nothing should stand out of its "
        f"glass, and no glass be empty. Seen {', '.join(look.name for look in LOOKS[:-1])} and "
        f"{LOOKS[-1].name}."
    )
    if page.dimensions == 2:
        caption = f"Dots: {when} Rings: the target's. After it, dots and rings should form the same lines."
    elif all(body.surfels.normals is None for body in bodies.target):
        caption = (
            f"Opaque balls: {when} Clear balls with a dark rim: the target's. After it, both should mix."
        )
    if bodies.lonely and page.dimensions == 3:
        caption += f" Greyed: in the source alone ({', '.join(bodies.lonely)})."
    if shift.any():
        words = ", ".join(f"{v:.0f}" for v in shift)
        caption += (
            f" Before, the source lies far away and is shown shifted by ({words}) mm so that both are seen."
        )
    title = f"{things.capitalize()}: before / after"
    if page.dimensions == 2:
        figures = [organs_flat.clouds(page, points) for points in (page.source_mm + shift, page.moved_mm)]
        return Shown("organs", title, caption, figures[0], figures[1])
    before = strip_of(bodies.reach, lambda frame: _within_glass(frame, bodies, "source"))
    after = strip_of(bodies.reach, lambda frame: _within_glass(frame, bodies, "moved"))
    return Shown("organs", title, caption, before, after)


def coloured(page: OrgansPage, bodies: Bodies, name: str) -> Shown | None:
    """The moved source coloured by "residual_mm" or "sd_mm"; None where it is known nowhere."""
    values = getattr(page, name)
    if values is None or not np.isfinite(values).any():
        return None
    apart = bodies.spacing_mm
    top = scale_top(values, page, 1.5 * apart if name == "residual_mm" else 0.0)
    title, label, words = _WORDS[name]
    if not page.labelled:
        title = title.replace("surfaces", "clouds")
    caption = words + f" The scale ends at {top:g} mm, {_over(values, top)}."
    if name == "residual_mm" and apart:
        caption += (
            f" Points of an organ lie {in_mm(apart)} mm apart: residuals under that come from their sampling."
        )
    if not np.isfinite(values).all():
        caption += f" Grey: unknown ({100 * np.mean(~np.isfinite(values)):.0f} % of the points)."
    bar = draw.ColourBar(f"{label} in mm", *bar_ticks(top))
    if page.dimensions == 2:
        return Shown(name, title, caption, None, organs_flat.coloured(page, values, COLOURS[name], top, bar))
    figure = strip_of(bodies.reach, lambda frame: _by_value(frame, bodies, name, top))
    add_scale(figure, COLOURS[name], top, bar)
    return Shown(name, title, caption, None, figure)


_WORDS = {
    "residual_mm": (
        "Where the surfaces do not meet",
        "residual",
        "The moved source, coloured by the distance of each point to the place of its partners in the "
        "target: pale fits, red does not. It tells how well the clouds lie on each other, not whether the "
        "right points were joined: points that slide along a surface have no residual.",
    ),
    "sd_mm": (
        "How sure each point is",
        "standard deviation",
        "The moved source, coloured by the standard deviation of each coordinate of a point's place, given "
        "the model: pale is sure, dark blue is guessed from afar. It knows nothing of a wrong model.",
    ),
}


def scale_top(values: Array, page: OrgansPage, at_least: float = 0.0) -> float:
    """A round end of the colour scale: the 98th percentile, at least 0.5 % of the target's diagonal."""
    known = values[np.isfinite(values)]
    size = float(np.linalg.norm(np.ptp(np.asarray(page.target_mm), axis=0))) if len(page.target_mm) else 0.0
    most = max(float(np.percentile(known, 98)), 0.005 * size, at_least, 1e-3)
    power = 10.0 ** np.floor(np.log10(most))
    return float(next(f * power for f in (1, 1.5, 2, 3, 4, 5, 8, 10, 15) if f * power >= most))


def _within_glass(frame: Frame, bodies: Bodies, side: Side) -> Array:
    """One side opaque, the target over it as glass, the farthest first."""
    below, which = merged(bodies.layers(side, frame))
    picture = opaque(below, which, bodies.own_colours(side)[which])
    panes = zip(bodies.layers("target", frame), bodies.target, strict=True)
    for pane, body in sorted(panes, key=lambda p: -_middle(p[0].depth)):
        picture = glass(picture, below, pane, bodies.colours[body.place])
    return picture


def _middle(depth: Array) -> float:
    known = depth[np.isfinite(depth)]
    return float(known.mean()) if known.size else 0.0


def _by_value(frame: Frame, bodies: Bodies, name: str, top: float) -> Array:
    from matplotlib import colormaps

    layer, which = merged(bodies.layers("moved", frame))
    values = layer.values[..., VALUES.index(name)]
    colours = colormaps[COLOURS[name]](np.clip(np.nan_to_num(values) / top, 0, 1))[..., :3]
    colours[np.isnan(values)] = UNKNOWN_COLOUR
    return opaque(layer, which, colours, soft=True)


def bar_ticks(top: float) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Round ticks from 0 to the end of a scale, and their words."""
    step = draw.round_step(top, 4)
    ticks = tuple(float(t) for t in np.arange(0, top + step / 2, step) if t <= top * (1 + 1e-9))
    return ticks, tuple(f"{t:g}" for t in ticks)


def _over(values: Array, top: float) -> str:
    known = values[np.isfinite(values)]
    share = 100 * float(np.mean(known > top))
    return "no point is over it" if share == 0 else f"{share:.1f} % of the points are over it"

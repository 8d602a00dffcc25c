"""Charts of a page of organs: landmarks before and after, stated against true errors, convergence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.report.organs_bodies import organ_colours
from RegSuite.report.plots import plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from RegSuite.report.organs_content import OrganLandmarks, OrgansPage

MOST_LANDMARKS = 24
"""Drawn by name, the worst first."""
_INK = "#1f2933"
_PALE = "#c3cad3"
_BEFORE = "#8a94a3"
_BLUE = "#2563a8"


def landmarks(page: OrgansPage, radius: float) -> Figure | None:
    """Error of each landmark before (ring) and after (dot); a bar up to the radius that 95 % should keep."""
    marks = page.landmarks
    if marks is None or not len(marks.names):
        return None
    order = np.argsort(-marks.after_mm, kind="stable")[:MOST_LANDMARKS]
    figure, axes = plain_axes(11.6, 0.95 + 0.26 * len(order), left=0.22)
    colours = organ_colours(page)
    places = np.full(len(marks.names), -1) if marks.organs is None else np.asarray(marks.organs)
    for row, i in enumerate(order):
        colour = colours[places[i]] if places[i] >= 0 else _BLUE
        before, after = float(marks.before_mm[i]), float(marks.after_mm[i])
        sd = np.nan if marks.sd_mm is None else float(marks.sd_mm[i])
        if np.isfinite(sd):
            axes.barh(row, radius * sd, height=0.62, color="#e8edf3", zorder=0)
        axes.plot([before, after], [row, row], color=_PALE, lw=1.4, zorder=1)
        axes.plot(before, row, "o", mfc="white", mec=_BEFORE, ms=5.5)
        axes.plot(after, row, "o", color=colour, ms=6.5)
        axes.text(
            1.008,
            row,
            f"{after:.1f}",
            va="center",
            fontsize=8,
            color=_INK,
            transform=axes.get_yaxis_transform(),
        )
    axes.set_yticks(range(len(order)), [_short(marks.names[i]) for i in order], fontsize=8)
    axes.set(ylim=(len(order) - 0.4, -0.6), xlim=(0, None))
    bars = "; grey bar: where 95 % should lie by the stated uncertainty" if marks.sd_mm is not None else ""
    axes.set_xlabel(f"error in mm (ring: before, dot: after{bars})")
    axes.grid(axis="x", color="#e4e7eb", lw=0.7)
    axes.set_axisbelow(True)
    return figure


def landmark_shares(marks: OrganLandmarks | None) -> Figure | None:
    """Share of the landmarks under each error, before and after; None with few."""
    if marks is None or len(marks.names) <= MOST_LANDMARKS:
        return None
    figure, axes = plain_axes(5.7, 3.0)
    percent = 100 * (np.arange(len(marks.names)) + 1) / len(marks.names)
    for errors, words, colour in (
        (marks.before_mm, "before", _BEFORE),
        (marks.after_mm, "after", _BLUE),
    ):
        axes.step(np.sort(errors), percent, where="post", color=colour, lw=1.6, label=words)
    axes.axhline(95, color=_PALE, lw=0.8)
    axes.set(xlabel="error in mm", ylabel="landmarks under it in %", xlim=(0, None), ylim=(0, 101))
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    return figure


def stated(marks: OrganLandmarks | None, radius: float) -> Figure | None:
    """Each landmark's error over its standard deviation, and the line under which 95 % should lie."""
    if marks is None or marks.sd_mm is None:
        return None
    sd, error = np.asarray(marks.sd_mm, float), marks.after_mm
    known = np.isfinite(sd)
    if known.sum() < 3:
        return None
    figure, axes = plain_axes(5.7, 3.0)
    outside = error > radius * sd
    axes.plot(
        sd[known & ~outside], error[known & ~outside], "o", color=_BLUE, ms=4, alpha=0.8, label="within"
    )
    axes.plot(
        sd[known & outside], error[known & outside], "o", color="#b3261e", ms=4, alpha=0.8, label="outside"
    )
    right = 1.15 * float(sd[known].max())
    axes.plot([0, right], [0, radius * right], color=_INK, lw=1, ls="--", label="95 % should lie below")
    top = 1.15 * max(float(error[known].max()), radius * float(np.median(sd[known])))
    axes.set(xlim=(0, right), ylim=(0, top))
    axes.set(xlabel="stated standard deviation of a coordinate in mm", ylabel="error in mm")
    axes.legend(loc="upper left", frameon=False, fontsize=8)
    return figure


def convergence(sigma_mm: Sequence[float], inliers: Sequence[float]) -> Figure | None:
    """Sigma, the clouds' spread about each other, over the iterations; below it the share that matched."""
    from matplotlib.ticker import MaxNLocator

    sigma = np.asarray(sigma_mm, float)
    if not np.isfinite(sigma).any():
        return None
    shares = np.asarray(inliers, float)
    figure, axes = plain_axes(5.7, 3.0)
    across = np.arange(1, len(sigma) + 1)
    axes.plot(across, sigma, color=_BLUE, lw=1.6, marker="o" if len(sigma) == 1 else "", ms=4)
    axes.set_yscale("log")
    _plain_ticks(axes, sigma)
    axes.set(xlabel="iteration", ylabel="sigma in mm", xlim=(0.5, len(sigma) + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    last = float(sigma[np.isfinite(sigma)][-1])
    end = f"ends at {last:.2g} mm"
    if shares.size and np.isfinite(shares[-1]):
        end += f"; {100 * shares[-1]:.0f} % of the points matched"
    axes.text(0.98, 0.95, end, ha="right", va="top", fontsize=8.5, color=_INK, transform=axes.transAxes)
    return figure


def _plain_ticks(axes: Any, values: Any) -> None:
    """Numbers as people write them on a logarithmic axis."""
    known = values[np.isfinite(values) & (values > 0)]
    if not known.size:
        return
    low, high = float(known.min()), float(known.max())
    exponents = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks = [f * 10.0**e for e in exponents for f in (1, 2, 5)]
    shown = [t for t in ticks if low / 2 <= t <= high * 2]
    axes.set_yticks(shown, [f"{t:g}" for t in shown])
    axes.set_yticks([], minor=True)
    axes.set_ylim(low / 1.3, high * 1.4)


def _short(name: str) -> str:
    return name if len(name) <= 34 else name[:33] + "…"

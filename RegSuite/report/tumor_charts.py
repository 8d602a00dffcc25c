"""The energies of a geodesic: over the iterations that found it, and along its path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.report.plots import plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from RegSuite.methods.shooting.shot import EnergyPoint
    from RegSuite.report.tumor_content import TumorFilm

_PARTS = (
    ("data", "data: distance from the target", "#2563a8"),
    ("velocity", "velocity: cost of the deformation", "#b3261e"),
    ("intensity", "intensity: cost of the appearance change", "#1b7f4b"),
)
_INK = "#1f2933"
_DECADES = 6.0
"""The chart reaches so many powers of ten below its highest value."""


def energies(points: Sequence[EnergyPoint]) -> Figure | None:
    """What is minimised, its parts and their sum, over all iterations with stages marked; None without."""
    if not points:
        return None
    parts = {name: np.array([getattr(p, name) for p in points], float) for name, _, _ in _PARTS}
    whole = np.sum(list(parts.values()), axis=0)
    figure, axes = plain_axes(11.6, 3.7, bottom=0.85)
    across = np.arange(1, len(points) + 1)
    alone = "o" if len(points) == 1 else ""
    for name, words, colour in _PARTS:
        values = np.where(parts[name] > 0, parts[name], np.nan)
        if np.isfinite(values).any():
            axes.plot(across, values, color=colour, lw=1.6, label=words, marker=alone, ms=4)
    sums = np.where(whole > 0, whole, np.nan)
    axes.plot(across, sums, color=_INK, lw=1.2, ls="--", label="their sum (minimised)")
    axes.set_yscale("log")
    highest = float(np.nanmax(sums)) if np.isfinite(sums).any() else 1.0
    lowest = min((float(np.nanmin(v[v > 0])) for v in parts.values() if (v > 0).any()), default=highest)
    axes.set_ylim(max(lowest * 0.7, highest * 10**-_DECADES), highest * 2.5)
    _mark_stages(axes, [p.stage for p in points])
    axes.set(xlabel="iteration", ylabel="energy (logarithmic)", xlim=(0.5, len(points) + 0.5))
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.17), ncols=4, frameon=False, fontsize=8)
    return figure


def _mark_stages(axes: Any, stages: Sequence[str]) -> None:
    """A band for every other stage, its name on top."""
    starts = [i for i, s in enumerate(stages) if i == 0 or s != stages[i - 1]]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(stages)], strict=True)):
        if number % 2:
            axes.axvspan(start + 0.5, end + 0.5, color="#f1f4f8", lw=0, zorder=0)
        if (end - start) / len(stages) > 0.05:
            axes.annotate(
                stages[start],
                ((start + end + 1) / 2, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=7.5,
                color=_INK,
            )


def along_path(film: TumorFilm) -> Figure | None:
    """||v_t||_V^2, rho <z_t, M_t z_t> and their sum over the path's time; None where they are not known."""
    if not film.kinetic:
        return None
    figure, axes = plain_axes(5.7, 2.9)
    kinetic = np.asarray(film.kinetic, float)
    times = np.linspace(film.times[0], film.times[-1], len(kinetic))
    axes.plot(times, kinetic, color="#b3261e", lw=1.6, label="kinetic, ||v||²")
    top = kinetic.max()
    if film.added and np.any(np.asarray(film.added)):
        added = np.asarray(film.added, float)
        moments = np.linspace(film.times[0], film.times[-1], len(added))
        axes.plot(moments, added, color="#1b7f4b", lw=1.6, label="added, ρ⟨z, M z⟩")
        if len(added) == len(kinetic):
            axes.plot(times, kinetic + added, color=_INK, lw=1.2, ls="--", label="their sum")
            top = (kinetic + added).max()
    axes.set(xlabel="time along the path", ylabel="energy", xlim=(times[0], times[-1]))
    axes.set_ylim(0, 1.25 * top if top > 0 else 1.0)
    axes.legend(loc="upper center", ncols=3, frameon=False, fontsize=7.5)
    return figure

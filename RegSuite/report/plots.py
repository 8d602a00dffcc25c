"""The curves of a report: convergence, displacement, Dice by label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.report.draw import DPI
from RegSuite.report.figures import MOVING_COLOUR
from RegSuite.report.view import as_array, content

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from RegSuite.methods.base import ConvergencePoint
    from RegSuite.report.images import ReportImages

_INK = "#1f2933"
_BLUE = "#2563a8"
_PALE = "#c3cad3"
MOST_LABELS = 24
"""Labels drawn, the lowest Dice first."""


def convergence(points: Sequence[ConvergencePoint]) -> Figure | None:
    """The measure (lower is better) over iterations, with the stages; None without points."""
    values = np.array([p.value for p in points], float)
    if not np.isfinite(values).any():
        return None
    starts = [i for i, p in enumerate(points) if i == 0 or p.stage != points[i - 1].stage]
    figure, axes = _axes(5.7, 2.9, top=0.35 if len(starts) < 4 else 0.75)
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(points)], strict=True)):
        if number % 2:
            axes.axvspan(start, end, color="#f1f4f8", lw=0)
        alone = "o" if end - start == 1 else ""
        axes.plot(np.arange(start, end), values[start:end], color=_BLUE, lw=1.5, marker=alone, ms=3)
        if start:
            axes.axvline(start, color=_PALE, lw=0.8)
        axes.annotate(
            points[start].stage,
            (start, 1),
            xycoords=("data", "axes fraction"),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize=7,
            color="#52606d",
            rotation=0 if len(starts) < 4 else 25,
        )
    axes.set(xlabel="iteration", ylabel="measure (lower is better)", xlim=(0, max(1, len(points))))
    return figure


def displacement(images: ReportImages) -> Figure | None:
    """How far the voxels of `displacement_lengths` are moved; None without a displacement."""
    length = displacement_lengths(images)
    if length is None:
        return None
    figure, axes = _axes(5.7, 2.9)
    axes.hist(length, bins=60, color=_BLUE, weights=np.full(length.size, 100 / length.size))
    axes.axvline(float(length.mean()), color=_INK, lw=1.2, ls="--")
    axes.annotate(
        f"mean {length.mean():.2f} mm",
        (float(length.mean()), 0.96),
        xycoords=("data", "axes fraction"),
        xytext=(5, 0),
        textcoords="offset points",
        va="top",
        fontsize=8.5,
        color=_INK,
    )
    axes.set(xlabel="displacement in mm", ylabel="voxels in %", xlim=(0, None))
    return figure


def displacement_lengths(images: ReportImages) -> Any | None:
    """Lengths in mm of the displacement at up to a few hundred thousand voxels.

    Of the mask; without one of what is bright in the fixed image, so that air does not count.
    """
    if images.displacement_mm is None:
        return None
    step = max(1, round((images.grid.voxels / 4e5) ** (1 / images.grid.ndim)))
    spots = tuple(slice(None, None, step) for _ in images.grid.shape)
    field = as_array(images.displacement_mm)[(slice(None), *spots)]
    length = np.sqrt((field.astype(np.float64) ** 2).sum(axis=0))
    counts = content(images)[spots]
    return length[counts] if counts.any() else length.ravel()


def dice_by_label(
    before: Mapping[int, float], after: Mapping[int, float], names: Mapping[int, str], limit: float | None
) -> Figure | None:
    """Dice of each label before (ring) and after (dot), the worst first; None without labels."""
    if not after:
        return None
    labels = sorted(after, key=lambda label: after[label])[:MOST_LABELS]
    figure, axes = _axes(11.6, 0.9 + 0.235 * len(labels), left=0.24)
    rows = np.arange(len(labels))[::-1]
    for row, label in zip(rows, labels, strict=True):
        if label in before:
            axes.plot([before[label], after[label]], [row, row], color=_PALE, lw=3, solid_capstyle="round")
            axes.plot(before[label], row, "o", mfc="white", mec=MOVING_COLOUR, ms=5)
        axes.plot(after[label], row, "o", color=_BLUE, ms=5.5)
        axes.text(1.012, row, f"{after[label]:.2f}", va="center", fontsize=8, color=_INK)
    if limit is not None:
        axes.axvline(limit, color="#b3261e", lw=1, ls="--")
        axes.annotate(
            f"limit {limit:g}",
            (limit, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color="#b3261e",
        )
    axes.set_yticks(rows, [names.get(label) or f"label {label}" for label in labels], fontsize=8)
    axes.set(xlim=(0, 1), ylim=(-0.7, len(labels) - 0.3), xlabel="Dice (ring: before, dot: after)")
    axes.grid(axis="x", color="#e4e7eb", lw=0.7)
    axes.set_axisbelow(True)
    return figure


def _axes(width: float, height: float, left: float | None = None, top: float = 0.35) -> tuple[Figure, Axes]:
    """A figure of some inches with one pair of plain axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    across = 0.75 / width if left is None else left
    box = (across, 0.55 / height, 0.93 - across, 1 - (0.55 + top) / height)
    axes = figure.add_axes(box)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_PALE)
    axes.tick_params(labelsize=8, colors=_INK, length=3)
    axes.xaxis.label.set_fontsize(8.5)
    axes.yaxis.label.set_fontsize(8.5)
    return figure, axes

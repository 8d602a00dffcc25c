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
MOST_STAGES = 10
"""Stages drawn, the last ones."""


def convergence(points: Sequence[ConvergencePoint]) -> Figure | None:
    """The measure (lower is better) within each stage, every stage as wide and high as any other.

    Stages may minimise different measures, so each is scaled from its lowest to its highest value;
    first and last value stand below it. The last MOST_STAGES are drawn. None without points.
    """
    values = np.array([p.value for p in points], float)
    if not np.isfinite(values).any():
        return None
    starts = [i for i, p in enumerate(points) if i == 0 or p.stage != points[i - 1].stage]
    spans = list(zip(starts, [*starts[1:], len(points)], strict=True))[-MOST_STAGES:]
    figure, axes = plain_axes(5.7, 2.9, left=0.2, bottom=1.15)
    words = []
    for column, (start, end) in enumerate(spans):
        part = values[start:end]
        low, high = float(np.nanmin(part)), float(np.nanmax(part))
        scaled = (part - low) / (high - low) if high > low else np.full(part.shape, 0.5)
        if column % 2:
            axes.axvspan(column, column + 1, color="#f1f4f8", lw=0)
        alone = "o" if len(part) == 1 else ""
        across = column + np.linspace(0.08, 0.92, len(part)) if len(part) > 1 else [column + 0.5]
        axes.plot(across, scaled, color=_BLUE, lw=1.5, marker=alone, ms=3)
        words.append(f"{_short(points[start].stage)}\n{part[0]:.3g} → {part[-1]:.3g}")
    axes.set_xticks(np.arange(len(spans)) + 0.5, words, fontsize=6.5, rotation=35, ha="right")
    axes.set_yticks([0, 1], ["lowest", "highest"], fontsize=7.5)
    axes.set(ylabel="measure of the stage", xlim=(0, len(spans)), ylim=(-0.08, 1.08))
    return figure


def _short(stage: str) -> str:
    """A stage's name in at most 22 letters."""
    return stage if len(stage) <= 22 else stage[:21] + "…"


def displacement(images: ReportImages) -> Figure | None:
    """How far the voxels of `displacement_lengths` are moved; None without a displacement."""
    length = displacement_lengths(images)
    if length is None:
        return None
    figure, axes = plain_axes(5.7, 2.9)
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
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1.5},
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
    figure, axes = plain_axes(11.6, 0.9 + 0.235 * len(labels), left=0.24)
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


def plain_axes(
    width: float, height: float, left: float | None = None, bottom: float = 0.55
) -> tuple[Figure, Axes]:
    """A figure of some inches with one pair of plain axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    across = 0.75 / width if left is None else left
    box = (across, bottom / height, 0.93 - across, 1 - (bottom + 0.35) / height)
    axes = figure.add_axes(box)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_PALE)
    axes.tick_params(labelsize=8, colors=_INK, length=3)
    axes.xaxis.label.set_fontsize(8.5)
    axes.yaxis.label.set_fontsize(8.5)
    return figure, axes

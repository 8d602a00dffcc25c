"""The DVHs of an accumulated course, each with the band that the deformation's uncertainty gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from RegSuite.report.draw import DPI
from RegSuite.report.dvh_page import short_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from RegSuite.report.dose_content import DoseLine

_INK = "#1f2933"


def dvh_bands(lines: Sequence[DoseLine], looks: Mapping[str, tuple[str, str]], unit: str = "Gy") -> Figure:
    """Cumulative DVHs in percent of the volume whose dose is known, with 5 to 95 % bands where given."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.6, 5.6), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.062, 0.105, 0.70, 0.865))
    largest = 0.0
    for line in lines:
        colour, style = looks[line.name]
        high = line.volume_percent
        if line.p05_percent is not None and line.p95_percent is not None:
            axes.fill_between(
                line.dose_gy, line.p05_percent, line.p95_percent, color=colour, alpha=0.2, lw=0, zorder=1
            )
            for edge in (line.p05_percent, line.p95_percent):
                axes.plot(line.dose_gy, edge, color=colour, lw=0.6, alpha=0.6, zorder=2)
            high = line.p95_percent
        axes.plot(
            line.dose_gy,
            line.volume_percent,
            color=colour,
            ls=style,
            lw=1.7,
            label=short_name(line.name),
            zorder=3,
        )
        some = line.dose_gy[(high > 0.05) | (line.volume_percent > 0.05)]
        largest = max(largest, float(some[-1]) if len(some) else 0.0)
    axes.set(xlim=(0, largest * 1.03 or 1), ylim=(0, 101))
    axes.set_xlabel(f"dose in {unit}", color=_INK)
    axes.set_ylabel("volume with that dose or more, in %", color=_INK)
    axes.grid(color="#e4e7eb", lw=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.01), frameon=False, fontsize=6.5 if len(lines) > 24 else 8.5
    )
    return figure

"""report.html of `dvh`: the curves, the metrics, and what must not be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from RegSuite.report.draw import DPI, embedded, png
from RegSuite.report.headline import counted
from RegSuite.report.page import rendered
from RegSuite.report.structure_looks import structure_looks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from RegSuite.report.result import Result

_INK = "#1f2933"


@dataclass(frozen=True, eq=False)
class DvhLine:
    """A structure on the page: its cumulative DVH, its own colour (0..255) if it has one, its metrics."""

    name: str
    dose_gy: NDArray[Any]
    volume_percent: NDArray[Any]
    metrics: Mapping[str, float]
    colour: Sequence[int] | None = None


@dataclass(frozen=True, eq=False)
class DvhPage:
    """What the page shows. columns: name and unit of each metric."""

    lines: Sequence[DvhLine]
    columns: Sequence[tuple[str, str]]
    warnings: Sequence[str] = ()


def write_dvh_page(path: Path, found: DvhPage, record: Result) -> None:
    """Write the page: one file, pictures inside it."""
    path.write_text(dvh_page(found, record), encoding="utf-8")


def dvh_page(found: DvhPage, record: Result) -> str:
    """The page as text."""
    looks = _looks(found)
    rows = [
        {
            "name": line.name,
            "colour": looks[line.name][0],
            "cells": [line.metrics.get(name) for name, _ in found.columns],
            "basis": record.dose["structures"][line.name] if record.dose else {},
        }
        for line in found.lines
    ]
    return rendered(
        "dvh.html.j2",
        {"digits": digits},
        result=record,
        content=record.to_dict(),
        headline=_headline(found),
        chart=embedded(png(dvh_chart(found))),
        columns=found.columns,
        rows=rows,
        dose=record.dose or {},
    )


def dvh_chart(found: DvhPage) -> Figure:
    """Cumulative DVHs of all structures, in percent of the volume within the dose grid."""
    from matplotlib.figure import Figure

    looks = _looks(found)
    figure = Figure(figsize=(11.6, 5.6), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.062, 0.105, 0.70, 0.865))
    largest = 0.0
    for line in found.lines:
        colour, style = looks[line.name]
        axes.plot(
            line.dose_gy, line.volume_percent, color=colour, ls=style, lw=1.7, label=short_name(line.name)
        )
        largest = max(largest, float(line.dose_gy[-1]))
    axes.set(xlim=(0, largest * 1.01 or 1), ylim=(0, 101))
    axes.set_xlabel("dose in Gy", color=_INK)
    axes.set_ylabel("volume with that dose or more, in %", color=_INK)
    axes.grid(color="#e4e7eb", lw=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    many = len(found.lines) > 24
    legend_size = 6.5 if many else 8.5
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.01), frameon=False, fontsize=legend_size)
    return figure


def _looks(found: DvhPage) -> dict[str, tuple[str, str]]:
    return structure_looks({line.name: line.colour for line in found.lines})


def digits(value: float) -> str:
    """Two decimals, three of what is below 1, none of thousands."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def short_name(name: str) -> str:
    """At most 26 characters of a name, for a legend."""
    return name if len(name) <= 26 else name[:25] + "…"


def _headline(found: DvhPage) -> dict[str, Any]:
    doubts = counted(len(found.warnings), "warning")
    many = counted(len(found.lines), "structure")
    return {
        "tone": "unsure" if found.warnings else "plain",  # green is for what was judged
        "title": f"DVHs of {many}" + (f", with {doubts}" if found.warnings else ""),
        "sentence": "Cumulative, of each structure's volume within the dose grid. Nothing here is judged "
        "against a limit; compare with the plan's own DVHs before you rely on it.",
    }

"""report.html of `dose`: bands, metrics against limits, and what must not be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from RegSuite.report.draw import DPI, embedded, png
from RegSuite.report.headline import counted
from RegSuite.report.page import rendered

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from RegSuite.geometry import Image, Structure
    from RegSuite.report.result import Result

_COLOURS = ("#2563a8", "#b3261e", "#1b7f4b", "#d97706", "#7c3aed", "#0e7490", "#be185d", "#4d7c0f")
_INK = "#1f2933"


@dataclass(frozen=True, eq=False)
class DoseLine:
    """A structure's cumulative DVH, [n] each: dose in Gy, volume in percent of what is known; bands."""

    name: str
    kind: str
    dose_gy: NDArray[Any]
    volume_percent: NDArray[Any]
    p05_percent: NDArray[Any] | None = None
    p95_percent: NDArray[Any] | None = None
    colour: Sequence[int] | None = None


@dataclass(frozen=True)
class DoseMetric:
    """A metric of a structure, with its distribution where it was sampled."""

    structure: str
    metric: str
    unit: str
    value: float
    p05: float | None = None
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True, eq=False)
class DoseFraction:
    """A fraction as the page shows it. quality: as result.json has it under dose: fractions.

    displacement, sigma_mm [3, Z, Y, X] and dose on the accumulation grid; warped on the planning grid.
    """

    name: str
    count: float
    quality: Mapping[str, Any]
    displacement: Image
    dose: Image
    sigma_mm: Image | None = None
    warped: Image | None = None


@dataclass(frozen=True, eq=False)
class DosePage:
    """What the page shows. Doses in Gy on the accumulation grid, NaN where not known.

    eqd2: by alpha/beta. spread: dose_sd, dose_p05, dose_p95, dose_mean; empty without samples.
    gamma, difference_gy: between the two mappings, None where these were not compared.
    """

    planning: Image
    structures: Sequence[Structure]
    dose: Image
    eqd2: Mapping[float, Image]
    marks: Image
    spread: Mapping[str, Image]
    lines: Sequence[DoseLine]
    metrics: Sequence[DoseMetric]
    fractions: Sequence[DoseFraction]
    gamma: Image | None = None
    difference_gy: Image | None = None


def write_dose_page(path: Path, found: DosePage, record: Result) -> None:
    """Write the page: one file, pictures inside it."""
    path.write_text(dose_page(found, record), encoding="utf-8")


def dose_page(found: DosePage, record: Result) -> str:
    """The page as text."""
    physical = [line for line in found.lines if line.kind == "physical"]
    effective = [line for line in found.lines if line.kind != "physical"]
    return rendered(
        "dose.html.j2",
        result=record,
        content=record.to_dict(),
        headline=_headline(found, record),
        chart=embedded(png(dvh_bands(physical))),
        effective_chart=embedded(png(dvh_bands(effective))) if effective else None,
        metrics=found.metrics,
        fractions=found.fractions,
        dose=record.dose or {},
    )


def dvh_bands(lines: Sequence[DoseLine]) -> Figure:
    """Cumulative DVHs, each with its 5 to 95 % band where there is one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.6, 5.6), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.062, 0.105, 0.70, 0.865))
    for index, line in enumerate(lines):
        colour = _COLOURS[index % len(_COLOURS)]
        if line.p05_percent is not None and line.p95_percent is not None:
            axes.fill_between(
                line.dose_gy, line.p05_percent, line.p95_percent, color=colour, alpha=0.22, lw=0
            )
        axes.plot(line.dose_gy, line.volume_percent, color=colour, lw=1.7, label=line.name)
    axes.set(ylim=(0, 101), xlim=(0, None))
    axes.set_xlabel("dose in Gy", color=_INK)
    axes.set_ylabel("volume with that dose or more, in %", color=_INK)
    axes.grid(color="#e4e7eb", lw=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.01), frameon=False, fontsize=8.5)
    return figure


def _headline(found: DosePage, record: Result) -> dict[str, str]:
    doses = [v for v in record.verdicts if v.measure.startswith("dose.")]
    words = {word: [v for v in doses if v.verdict == word] for word in ("fail", "not certain", "pass")}
    courses = counted(len(found.fractions), "dose")
    if words["fail"]:
        return {
            "tone": "fail",
            "title": f"{counted(len(words['fail']), 'dose limit')} exceeded",
            "sentence": f"{courses} accumulated; see the table of limits.",
        }
    if words["not certain"]:
        return {
            "tone": "unsure",
            "title": f"{counted(len(words['not certain']), 'dose limit')} not certain",
            "sentence": f"{courses} accumulated; the deformation's uncertainty straddles these limits.",
        }
    tone = "unsure" if record.warnings else "pass" if words["pass"] else "plain"
    doubts = f", with {counted(len(record.warnings), 'warning')}" if record.warnings else ""
    return {
        "tone": tone,
        "title": f"{courses} accumulated{doubts}",
        "sentence": f"{counted(len(words['pass']), 'dose limit')} met."
        if words["pass"]
        else "No dose was judged against a limit.",
    }

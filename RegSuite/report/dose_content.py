"""DosePage: what the page of an accumulated course is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from RegSuite.geometry import Image

Colour = Sequence[int]


@dataclass(frozen=True, eq=False)
class DoseLine:
    """A structure's cumulative DVH, [n] each: dose in Gy, volume in percent of what is known; bands.

    kind: physical or eqd2.
    """

    name: str
    kind: str
    dose_gy: NDArray[Any]
    volume_percent: NDArray[Any]
    p05_percent: NDArray[Any] | None = None
    p95_percent: NDArray[Any] | None = None


@dataclass(frozen=True)
class DoseMetric:
    """A line of dvh_metrics.csv: the value without errors of the deformation, and its distribution."""

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

    structures: {name: its own colour or None}, in their order. share: the share 0..1 of each voxel of the
    accumulation grid that is inside of the structure called so, [Z, Y, X]. eqd2: by alpha/beta. spread:
    dose_sd, dose_p05, dose_p95, dose_mean; empty without samples. gamma, difference_gy: between the two
    mappings, None where these were not compared. command: how to repeat it.
    """

    planning: Image
    structures: Mapping[str, Colour | None]
    share: Callable[[str], NDArray[Any]]
    dose: Image
    eqd2: Mapping[float, Image]
    marks: Image
    spread: Mapping[str, Image]
    lines: Sequence[DoseLine]
    metrics: Sequence[DoseMetric]
    fractions: Sequence[DoseFraction]
    gamma: Image | None = None
    difference_gy: Image | None = None
    command: str | None = None

"""What geodesic shooting gives back: the registration, the path that led to it, and its energies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from RegSuite.methods.base import Registration

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid, Image


@dataclass(frozen=True)
class EnergyPoint:
    """The parts of what is minimised, each weighted as it enters the sum, after one iteration."""

    stage: str
    iteration: int
    data: float
    velocity: float
    intensity: float


@dataclass(frozen=True, eq=False)
class GeodesicPath:
    """The path from template (time 0) to final image (time 1): I_t = template(psi_t) + intensity_t.

    grid: along the fixed image's axes, its own or a coarser one. times: 0 to 1, rising [T].
    displacement_mm: [T, d, *shape], LPS mm, from a point at time t to its point in the template
    (the initial transform included). intensity: [T, C, *shape], added up to time t, in the
    template's units. weight: M_t [T, *shape], None where intensity is free or fixed everywhere.
    kinetic, added: ||v_t||_V^2 and rho <z_t, M_t z_t> over the path, in the energy's own units.
    """

    grid: Grid
    times: tuple[float, ...]
    displacement_mm: Tensor
    intensity: Tensor
    weight: Tensor | None = None
    kinetic: tuple[float, ...] = ()
    added: tuple[float, ...] = ()


@dataclass(frozen=True)
class Shot(Registration):
    """A registration by shooting: final image = moving(transform) + intensity_change.

    intensity_change: [C, *shape] on the fixed grid, in the moving image's units; None where the
    method changes none. mask: where intensity may change (given or estimated), fixed grid.
    """

    path: GeodesicPath | None = None
    intensity_change: Image | None = None
    mask: Image | None = None
    energies: tuple[EnergyPoint, ...] = ()

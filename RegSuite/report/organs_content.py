"""OrgansPage: what the page of organs (or plain points) brought onto each other is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    from RegSuite.geometry import Image

Array = NDArray[Any]
Colour = Sequence[int]
"""Red, green, blue (0..255)."""


@dataclass(frozen=True)
class SurfaceGap:
    """Distances between both surfaces (or clouds) of one organ, both directions together, in mm."""

    mean: float
    p95: float
    max: float


@dataclass(frozen=True)
class OrganShown:
    """One organ as the page shows it; of plain points without labels there is one, with label 0.

    colour: its own, None without. magnitude_mm (Lambda), bandwidth_mm (B), outliers (omega): its prior;
    wider: further scales (magnitude, bandwidth) in mm. source: where these values come from. before, after:
    None where the organ is missing on one side.
    cut_off: the sides ("source", "target") on which the edge of the field of view cuts it.
    """

    label: int
    name: str
    colour: Colour | None = None
    magnitude_mm: float | None = None
    bandwidth_mm: float | None = None
    outliers: float | None = None
    source: str = ""
    before: SurfaceGap | None = None
    after: SurfaceGap | None = None
    cut_off: tuple[str, ...] = ()
    wider: tuple[tuple[float, float], ...] = ()

    @property
    def deviation_mm(self) -> float | None:
        """Standard deviation of a coordinate of its points before anything was matched, of all scales."""
        if self.magnitude_mm is None:
            return None
        return float(hypot(self.magnitude_mm, *(magnitude for magnitude, _ in self.wider)))


@dataclass(frozen=True, eq=False)
class OrganSurface:
    """A triangulated surface of one organ: points [V, d] in LPS mm, triangles [T, 3] of their indices.

    residual_mm, sd_mm: at the points [V], NaN where unknown, None where not taken there.
    """

    points_mm: Array
    triangles: Array
    residual_mm: Array | None = None
    sd_mm: Array | None = None


@dataclass(frozen=True, eq=False)
class OrganLandmarks:
    """Landmark pairs [n, d] in LPS mm that the registration did not see.

    moved_mm: T(source). sd_mm [n]: standard deviation of each coordinate of moved_mm, NaN where unknown,
    None where not known at all. organs [n]: the organ's place in OrgansPage.organs, -1 of none.
    """

    names: tuple[str, ...]
    source_mm: Array
    target_mm: Array
    moved_mm: Array
    sd_mm: Array | None = None
    organs: Array | None = None

    @property
    def before_mm(self) -> Array:
        """|source - target| as both lie [n]."""
        return _lengths(self.source_mm, self.target_mm)

    @property
    def after_mm(self) -> Array:
        """|T(source) - target| [n]."""
        return _lengths(self.moved_mm, self.target_mm)

    def __post_init__(self) -> None:
        n = len(self.names)
        for name in ("source_mm", "target_mm", "moved_mm", "sd_mm", "organs"):
            _counts("landmarks", name, getattr(self, name), n)


@dataclass(frozen=True, eq=False)
class OrgansPage:
    """What the page shows. Clouds in LPS mm, [M, d] of the source (moving), [N, d] of the target.

    source_organs [M], target_organs [N]: the place of each point's organ in `organs`. moved_mm: T(source);
    residual_mm [M]: distance to the place of its partners in the target, NaN without one; sd_mm [M]:
    posterior standard deviation of each coordinate. outlier_probability [N] of each target point.
    coherence S, transition U[target, source]: [L, L], None for plain points.
    source_surfaces, moved_surfaces, target_surfaces: {place in organs: surface}; points are drawn without.
    target, before, warped: scans on the target's grid (before: the source's as it lies). Label maps on the
    same grid with the organs' labels; before_labels as it lies. displacement_mm [d, *shape] target to
    source, jacobian of it, uncertainty_mm [1, *shape] (NaN where unknown): on that grid. comparable: whether
    both scans have equal brightness of equal tissue. sigma_mm, inliers: over the iterations. command: how
    to repeat it. Measures and verdicts are read from the Result.
    Raises GeometryError for parts that do not fit each other.
    """

    source_mm: Array
    target_mm: Array
    moved_mm: Array
    source_organs: Array
    target_organs: Array
    organs: tuple[OrganShown, ...]
    residual_mm: Array
    outlier_probability: Array
    sd_mm: Array | None = None
    coherence: Array | None = None
    transition: Array | None = None
    landmarks: OrganLandmarks | None = None
    source_surfaces: Mapping[int, OrganSurface] = field(default_factory=dict)
    moved_surfaces: Mapping[int, OrganSurface] = field(default_factory=dict)
    target_surfaces: Mapping[int, OrganSurface] = field(default_factory=dict)
    target: Image | None = None
    before: Image | None = None
    warped: Image | None = None
    target_labels: Image | None = None
    before_labels: Image | None = None
    warped_labels: Image | None = None
    displacement_mm: Image | None = None
    jacobian: Image | None = None
    uncertainty_mm: Image | None = None
    comparable: bool = True
    sigma_mm: Sequence[float] = ()
    inliers: Sequence[float] = ()
    source_name: str = "source"
    target_name: str = "target"
    command: str | None = None

    @property
    def dimensions(self) -> int:
        """2 or 3."""
        return int(self.source_mm.shape[1])

    @property
    def labelled(self) -> bool:
        """Whether the points carry organs rather than being one cloud."""
        return len(self.organs) > 1 or bool(self.organs[0].label)

    def __post_init__(self) -> None:
        m, n, count = len(self.source_mm), len(self.target_mm), len(self.organs)
        for name in ("moved_mm", "source_organs", "residual_mm", "sd_mm"):
            _counts("source", name, getattr(self, name), m)
        for name in ("target_organs", "outlier_probability"):
            _counts("target", name, getattr(self, name), n)
        for name in ("source_organs", "target_organs"):
            places = getattr(self, name)
            if np.any((np.asarray(places) < 0) | (np.asarray(places) >= count)):
                raise GeometryError(f"{name} points beyond the {count} organs", where="report")
        for name in ("coherence", "transition"):
            matrix = getattr(self, name)
            if matrix is not None and np.shape(matrix) != (count, count):
                raise GeometryError(f"{name} is {np.shape(matrix)}, not of {count} organs", where="report")
        self._check_grids()

    def _check_grids(self) -> None:
        images = {name: getattr(self, name) for name in IMAGES if getattr(self, name) is not None}
        for name, image in images.items():
            first, other = next(iter(images.items()))
            if image.grid.shape != other.grid.shape:
                raise GeometryError(
                    f"{name} of shape {image.grid.shape} is not on the grid of {first}, {other.grid.shape}",
                    where="report",
                )


IMAGES = (
    "target",
    "before",
    "warped",
    "target_labels",
    "before_labels",
    "warped_labels",
    "displacement_mm",
    "jacobian",
    "uncertainty_mm",
)
"""The parts of a page on the target's grid."""


def _lengths(a: Array, b: Array) -> Array:
    lengths: Array = np.linalg.norm(np.asarray(a, float) - np.asarray(b, float), axis=1)
    return lengths


def _counts(where: str, name: str, values: Array | None, count: int) -> None:
    if values is not None and len(values) != count:
        raise GeometryError(f"{name} has {len(values)} entries for {count} {where} points", where="report")

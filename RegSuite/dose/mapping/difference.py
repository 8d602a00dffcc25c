"""How far two mappings of one dose are apart, and where."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import DoseError, GeometryError
from RegSuite.geometry import Grid

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MappingDifference:
    """Energy/mass transfer minus direct dose mapping, where both are known.

    map_gy [z, y, x]: NaN elsewhere. mean_gy, p99_gy, max_gy: of its magnitude; max_at_mm: LPS mm of the
    largest, with the two doses there. percent_of_max: max_gy in percent of the direct dose's largest.
    voxels: how many were compared.
    """

    map_gy: Values
    mean_gy: float
    p99_gy: float
    max_gy: float
    max_at_mm: tuple[float, float, float]
    ddm_there_gy: float
    emt_there_gy: float
    percent_of_max: float
    voxels: int

    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON holds them, without the map."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "map_gy"}

    def sentence(self) -> str:
        """The figures in words, for a report."""
        x, y, z = self.max_at_mm
        return (
            f"energy/mass transfer and direct dose mapping differ by {self.mean_gy:.2g} Gy on average, by "
            f"{self.p99_gy:.2g} Gy or less in 99 % of the voxels, and by {self.max_gy:.2g} Gy at most "
            f"({self.percent_of_max:.2g} % of the largest dose), at ({x:.1f}, {y:.1f}, {z:.1f}) mm LPS: "
            f"{self.ddm_there_gy:.4g} Gy mapped directly, {self.emt_there_gy:.4g} Gy by energy and mass"
        )


def mapping_difference(ddm_gy: Values, emt_gy: Values, grid: Grid) -> MappingDifference:
    """Both [z, y, x] in Gy on `grid`, NaN where not known (marked, or a sum with a marked fraction).

    Raises GeometryError for shapes that do not fit, DoseError where no voxel is known in both.
    """
    if ddm_gy.shape != grid.shape or emt_gy.shape != grid.shape:
        raise GeometryError(f"doses of shapes {ddm_gy.shape} and {emt_gy.shape} on a grid of {grid.shape}")
    difference = (emt_gy - ddm_gy).astype(np.float32)
    known = np.isfinite(difference)
    if not known.any():
        raise DoseError("no voxel's dose is known under both mappings", where="comparison of mappings")
    size = np.abs(difference[known])
    largest = np.flatnonzero(known)[int(size.argmax())]
    place = np.unravel_index(int(largest), grid.shape)
    at = grid.points(np.array(place[::-1]))
    most = float(np.abs(ddm_gy[known]).max())
    return MappingDifference(
        difference,
        float(size.mean(dtype=np.float64)),
        float(np.percentile(size, 99)),
        float(size.max()),
        (float(at[0]), float(at[1]), float(at[2])),
        float(ddm_gy[place]),
        float(emt_gy[place]),
        100 * float(size.max()) / most if most > 0 else 0.0,
        int(known.sum()),
    )

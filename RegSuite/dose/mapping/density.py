"""DensityTable: mass density from CT numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import InputError

DENSEST = 25.0
"""g/cm3: osmium has 22.6, so that more than this is another unit."""

SCHNEIDER_ROWS = (
    (-1000.0, 0.00121),
    (-98.0, 0.9305),
    (14.0, 1.030),
    (23.0, 1.030),
    (100.0, 1.0762),
    (3071.0, 2.8350),
)


@dataclass(frozen=True)
class DensityTable:
    """Rows of CT number (HU) and mass density (g/cm3), straight between rows, held beyond the ends.

    hu: rising. density: positive, not falling, so that more attenuation is never less mass.
    source: where the rows are from, in words, for the report. Raises InputError for a table that cannot be.
    """

    hu: tuple[float, ...]
    density: tuple[float, ...]
    source: str = "given"

    def __post_init__(self) -> None:
        object.__setattr__(self, "hu", tuple(float(v) for v in self.hu))
        object.__setattr__(self, "density", tuple(float(v) for v in self.density))
        _check(self)

    @classmethod
    def default(cls) -> DensityTable:
        """Schneider's curve for tissues at 120 kV, made monotone; a clinic's own scanner may differ.

        Air 0.00121 at -1000 HU, a line to 0.9305 at -98 (adipose), 1.018 + 0.893e-3 H to 14, 1.03 to 23,
        and 1.017 + 0.592e-3 H from 100 HU on (bone; extrapolated above about 1600 HU, and metal is
        denser than it says). Between 23 and 100 HU Schneider has 1.003 + 1.169e-3 H for connective
        tissue, which ends 0.044 g/cm3 above where bone begins; here a straight line joins the two.
        Source: Schneider, Bortfeld and Schlegel 2000, Phys Med Biol 45:459 (doi 10.1088/0031-9155/45/2/314).
        """
        hu, density = zip(*SCHNEIDER_ROWS, strict=True)
        return cls(hu, density, "Schneider et al. 2000, joined monotonically (RegSuite's default)")

    def of(self, hu: ArrayLike) -> NDArray[np.float32]:
        """g/cm3 of CT numbers of any shape; NaN stays NaN."""
        values = np.asarray(hu)
        found: NDArray[np.float32] = np.interp(values.ravel(), self.hu, self.density).astype(np.float32)
        return found.reshape(values.shape)


def _check(table: DensityTable) -> None:
    """Raise InputError for rows that are no table of densities."""
    where = f"density table ({table.source})"
    hu, density = np.array(table.hu), np.array(table.density)
    if len(hu) != len(density) or len(hu) < 2:
        raise InputError(
            f"{len(hu)} CT numbers and {len(density)} densities", where=where, mend="give two rows or more"
        )
    if not (np.isfinite(hu).all() and np.isfinite(density).all()):
        raise InputError("a value is not finite", where=where, mend="correct or remove the row")
    bad = np.flatnonzero(np.diff(hu) <= 0)
    if len(bad):
        a, b = hu[bad[0]], hu[bad[0] + 1]
        raise InputError(
            f"the CT numbers do not rise: {a:g} HU is followed by {b:g} HU",
            where=where,
            mend="sort the rows, one row a CT number",
        )
    if density.min() <= 0:
        raise InputError(
            f"a density of {density.min():g} g/cm3", where=where, mend="give positive densities (air: 0.0012)"
        )
    bad = np.flatnonzero(np.diff(density) < 0)
    if len(bad):
        raise InputError(
            f"the density falls from {density[bad[0]]:g} g/cm3 at {hu[bad[0]]:g} HU "
            f"to {density[bad[0] + 1]:g} at {hu[bad[0] + 1]:g} HU",
            where=where,
            mend="give densities that do not fall as the CT number rises",
        )
    if density.max() > DENSEST:
        raise InputError(
            f"a density of {density.max():g} g/cm3", where=where, mend="divide by 1000 if these are kg/m3"
        )

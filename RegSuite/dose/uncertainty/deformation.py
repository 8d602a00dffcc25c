"""DeformationUncertainty: a deformation, its standard deviation, and draws from it (paper 11, Sec. 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    import numpy as np

    from RegSuite.dose.uncertainty.samples import DisplacementSamples
    from RegSuite.geometry import Image


@dataclass(frozen=True, eq=False)
class DeformationUncertainty:
    """A Gaussian field around a found deformation: Sigma = G C C^T G^T.

    displacement: the mean u, [3, Z, Y, X] in LPS mm on the planning grid; NaN where it is undefined.
    sigma_mm: diagonal of G, [3, Z, Y, X] on the same grid: SD of each LPS component in mm, as
    diag(C C^T) = 1. correlation_mm: SD of the Gaussian C (15 voxels of about 2 mm in the paper).
    source: network, laplace, ensemble or given. calibration: what is known of its honesty, else None.
    """

    displacement: Image
    sigma_mm: Image
    correlation_mm: float = 30.0
    source: str = "given"
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        if self.displacement.data.shape != self.sigma_mm.data.shape:
            raise GeometryError(
                f"the deformation has shape {tuple(self.displacement.data.shape)}, "
                f"its standard deviation {tuple(self.sigma_mm.data.shape)}",
                where="uncertainty",
            )

    def sample(self, n: int, generator: np.random.Generator) -> DisplacementSamples:
        """`n` draws of the displacement, held as coarse noise and made into voxels a slab at a time."""
        from RegSuite.dose.uncertainty.samples import DisplacementSamples

        return DisplacementSamples.drawn(self, n, generator)

"""DisplacementSamples: draws of a deformation, held as coarse noise and made into voxels when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.dose.uncertainty.correlation import Correlation
from RegSuite.errors import InputError

if TYPE_CHECKING:
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DisplacementSamples:
    """n draws u_k = mean + sigma * (C noise_k), in LPS mm on the grid of the uncertainty.

    mean, sigma: [3, Z, Y, X] float32, NaN where the deformation is undefined (so are the draws there).
    noise: [n, 3, kz, ky, kx]. Memory: the noise, some 0.2 MB a draw for a thorax at 30 mm.
    """

    mean: Values
    sigma: Values
    correlation: Correlation
    noise: Values

    @classmethod
    def drawn(
        cls, uncertainty: DeformationUncertainty, n: int, rng: np.random.Generator
    ) -> DisplacementSamples:
        """`n` draws; the same generator state gives the same bits. Raises InputError for n < 1."""
        if n < 1:
            raise InputError(f"{n} samples", where="samples", mend="give 1 or more (100 are usual)")
        mean, sigma = (
            np.ascontiguousarray(image.data.detach().cpu().numpy(), np.float32)
            for image in (uncertainty.displacement, uncertainty.sigma_mm)
        )
        correlation = Correlation.of(uncertainty.displacement.grid, uncertainty.correlation_mm)
        return cls(mean, sigma, correlation, correlation.noise(n, rng))

    def __len__(self) -> int:
        return len(self.noise)

    def __getitem__(self, k: int) -> Values:
        """Draw k: [3, Z, Y, X]."""
        return self._voxels(self.noise[k], slice(None))

    def slab(self, z0: int, z1: int) -> Values:
        """All draws in planes z0 to before z1: [n, 3, z1 - z0, Y, X]."""
        return self._voxels(self.noise, slice(z0, z1))

    def _voxels(self, noise: Values, z: slice) -> Values:
        out = self.correlation.field(noise, z)
        out *= self.sigma[:, z]
        out += self.mean[:, z]
        return out

"""LDDMM by geodesic shooting: only shape changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.shooting.parameters import LDDMMParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class LDDMM:
    """The geodesic of diffeomorphisms from the moving image to the fixed one, by its initial momentum.

    A fixed mask leaves its outside out of the image distance (cost function masking).
    Source: Beg et al. 2005, doi:10.1023/B:VISI.0000043755.93987.aa; Vialard et al. 2012,
    doi:10.1007/s11263-011-0481-8; EPDiff and stationary forms as in LNCS 13386 (GAN-LDDMM, section 2).
    """

    name: ClassVar[str] = "lddmm"
    summary: ClassVar[str] = "geodesic shooting of diffeomorphisms: image, vector or stationary momentum"
    Parameters: ClassVar[type[MethodParameters]] = LDDMMParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: LDDMMParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The end of the geodesic (with the initial transform after it). Raises InputError."""
        from RegSuite.methods.shooting.run import register_by_shooting

        return register_by_shooting(fixed, moving, parameters, progress, initial=initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: LDDMMParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.shooting.run import memory_mb

        return memory_mb(fixed, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: LDDMMParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.shooting.run import expected_seconds

        return expected_seconds(fixed, parameters)

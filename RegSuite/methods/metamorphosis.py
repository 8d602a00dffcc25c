"""Metamorphosis and weighted metamorphosis: shape and appearance change together."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.shooting.parameters import MetamorphosisParameters, WeightedMetamorphosisParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class Metamorphosis:
    """Intensity may be added everywhere.

    The transform alone is what a registration needs of it; the added intensity is in the Shot.
    Source: Trouve and Younes 2005, doi:10.1007/s10208-004-0128-z; equations as in WeightedMetamorphosis.
    """

    name: ClassVar[str] = "metamorphosis"
    summary: ClassVar[str] = "geodesic shooting that may also add intensity, anywhere"
    Parameters: ClassVar[type[MethodParameters]] = MetamorphosisParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: MetamorphosisParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The deformation of the metamorphosis (with the initial transform after it). Raises InputError."""
        from RegSuite.methods.shooting.run import register_by_shooting

        return register_by_shooting(fixed, moving, parameters, progress, initial=initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: MetamorphosisParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.shooting.run import memory_mb

        return memory_mb(fixed, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: MetamorphosisParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.shooting.run import expected_seconds

        return expected_seconds(fixed, parameters)


class WeightedMetamorphosis(Metamorphosis):
    """Intensity may be added only outside of the fixed mask: there the images do not correspond.

    With a mask that grows with time, core and oedema: `regsuite tumor`, which hands it to
    methods/shooting as a Growth.
    Source: weighted metamorphosis (WBIR 2022, LNCS 13386), equations 1 to 9.
    """

    name: ClassVar[str] = "weighted-metamorphosis"
    summary: ClassVar[str] = (
        "metamorphosis that adds intensity only where the fixed mask is 0 (`regsuite tumor`)"
    )
    Parameters: ClassVar[type[MethodParameters]] = WeightedMetamorphosisParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: MetamorphosisParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The deformation (with the initial transform after it). Raises InputError without a fixed mask."""
        from RegSuite.errors import InputError
        from RegSuite.methods.shooting.growth import Growth
        from RegSuite.methods.shooting.run import register_by_shooting

        if fixed.mask is None or bool(fixed.mask.all()):
            raise InputError(
                "weighted metamorphosis needs to know where the images do not correspond",
                where="fixed mask",
                mend="give a fixed mask that is 0 there, or use `regsuite tumor` or the method metamorphosis",
            )
        growth = Growth((~fixed.mask)[None].float(), fixed.grid)
        whole = fixed.with_mask(None)
        return register_by_shooting(whole, moving, parameters, progress, initial=initial, growth=growth)

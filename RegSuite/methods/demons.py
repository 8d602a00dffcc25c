"""Demons: log-domain diffeomorphic registration with one stationary velocity field."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.log_demons.parameters import LogDemonsParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class DemonsParameters(LogDemonsParameters):
    """Those of one log-demons run; forces of one direction unless asked for: half the time."""

    symmetric: bool = Field(
        False, description="forces of both directions, so that swapping the images gives the inverse map"
    )


class Demons:
    """Log-domain demons; see methods/log_demons.

    The map is initial o exp(v), v on a lattice of its own; its inverse is exp(-v) o initial^-1.
    Source: Vercauteren et al. 2009, NeuroImage 45:S61, doi:10.1016/j.neuroimage.2008.10.040.
    """

    name: ClassVar[str] = "demons"
    summary: ClassVar[str] = (
        "log-domain demons, symmetric if wanted: one stationary velocity field, exactly invertible"
    )
    Parameters: ClassVar[type[MethodParameters]] = DemonsParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: DemonsParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The velocity transform (with the initial transform after it). Raises InputError."""
        from RegSuite.methods.log_demons.run import register_demons

        return register_demons(fixed, moving, parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: DemonsParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.log_demons.run import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: DemonsParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.log_demons.run import expected_seconds

        return expected_seconds(fixed, moving, parameters)

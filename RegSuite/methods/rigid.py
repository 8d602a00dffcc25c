"""Rigid registration: rotation and translation, from any start."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.linear.parameters import LinearParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class Rigid:
    """Six parameters in space, three in the plane; see methods/linear for how they are found."""

    name: ClassVar[str] = "rigid"
    summary: ClassVar[str] = "rotation and translation, found from any start (feet first, lying on the side)"
    Parameters: ClassVar[type[MethodParameters]] = LinearParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: LinearParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The rigid map of fixed to moving points. Raises InputError, MethodFailed."""
        from RegSuite.methods.linear.result import register_linear

        return register_linear(fixed, moving, "rigid", parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: LinearParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.linear.result import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: LinearParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.linear.result import expected_seconds

        return expected_seconds(fixed, moving, parameters)

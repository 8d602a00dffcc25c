"""Affine registration: rotation, translation, scale and shear, from any start."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.linear.parameters import LinearParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform


class AffineParameters(LinearParameters):
    """The linear parameters, and which maps are allowed."""

    model: Literal["affine", "similarity"] = Field(
        "affine",
        description="affine (scale and shear too) or similarity (rotation, translation, one scale)",
    )


class Affine:
    """Twelve parameters in space, six in the plane (similarity: 7, 4); see methods/linear."""

    name: ClassVar[str] = "affine"
    summary: ClassVar[str] = "affine or similarity map, found from any start (feet first, lying on the side)"
    Parameters: ClassVar[type[MethodParameters]] = AffineParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: AffineParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The affine map of fixed to moving points. Raises InputError, MethodFailed."""
        from RegSuite.methods.linear.result import register_linear

        return register_linear(fixed, moving, parameters.model, parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: AffineParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.linear.result import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: AffineParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.linear.result import expected_seconds

        return expected_seconds(fixed, moving, parameters)

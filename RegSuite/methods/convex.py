"""Convex: discrete search over a window of displacements, then instance optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field
from pydantic.config import JsonDict

from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform

_MM: JsonDict = {"unit": "mm"}


class ConvexParameters(MethodParameters):
    """What a search and its refinement are made with."""

    window_mm: float = Field(
        16.0,
        gt=0,
        le=200,
        description="largest displacement searched along each axis, either way (32 for lungs and abdomen)",
        json_schema_extra=_MM,
    )
    feature_mm: float | None = Field(
        None,
        gt=0,
        le=50,
        description="voxel size of the descriptors; twice the fixed image's smallest spacing if left out",
        json_schema_extra=_MM,
    )
    search_mm: float | None = Field(
        None,
        gt=0,
        le=100,
        description="step of the search; twice the descriptors' voxels, or more where memory asks for it",
        json_schema_extra=_MM,
    )
    inverse_consistency: bool = Field(
        True, description="search in both directions and draw each to the inverse of the other"
    )
    iterations: int = Field(20, ge=0, le=1000, description="refinements after the search, at most")
    fluid_mm: float = Field(
        5.0,
        ge=0,
        le=100,
        description="sigma of the window over which an update is fitted",
        json_schema_extra=_MM,
    )
    diffusion_mm: float = Field(
        2.0,
        ge=0,
        le=100,
        description="sigma of the smoothing of the displacement after each update",
        json_schema_extra=_MM,
    )
    tolerance: float = Field(
        1e-3,
        ge=0,
        lt=1,
        description="refinement ends when two updates gain less than this share of the measure",
    )


class Convex:
    """Coupled convex discrete search on MIND-SSC descriptors and refinement; see methods/convex_search.

    For large motion (lung, abdomen) and other contrasts.
    Source: Siebert, Grossbroehmer, Hansen, Heinrich, ConvexAdam, IEEE TMI 2024.
    """

    name: ClassVar[str] = "convex"
    summary: ClassVar[str] = "discrete search over a displacement window on self-similarity, then refinement"
    Parameters: ClassVar[type[MethodParameters]] = ConvexParameters

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: ConvexParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """The displacement (with the initial transform after it). Raises InputError, OutOfMemory."""
        from RegSuite.methods.convex_search.run import register_convex

        return register_convex(fixed, moving, parameters, progress, initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: ConvexParameters) -> float:
        """Working memory beyond the two images, in MB."""
        from RegSuite.methods.convex_search.costs import memory_mb

        return memory_mb(fixed, moving, parameters)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: ConvexParameters) -> float:
        """Expected time on two cores, in seconds."""
        from RegSuite.methods.convex_search.costs import expected_seconds

        return expected_seconds(fixed, moving, parameters)

"""Parameters of the convex method."""

from __future__ import annotations

from pydantic import Field
from pydantic.config import JsonDict

from RegSuite.methods.base import MethodParameters

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

"""Parameters of the B-spline method."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from RegSuite.methods.base import MethodParameters

_MM: JsonDict = {"unit": "mm"}


class BSplineParameters(MethodParameters):
    """What a free-form deformation is found with."""

    measure: Literal["lncc", "ssd", "mind", "mi", "ngf", "ncc"] = Field(
        "lncc",
        description="what is compared: lncc (local correlation), ssd (intensities, matched first), mind "
        "(self-similarity descriptors), mi (mutual information), ngf (gradient directions), ncc",
    )
    radius_voxels: int = Field(
        2,
        ge=1,
        le=8,
        description="radius of the correlation windows in voxels of a level",
        json_schema_extra={"unit": "voxels"},
    )
    intensities: Literal["histogram", "linear", "local", "none"] = Field(
        "histogram", description="for ssd, how the moving image's intensities are brought to the fixed one's"
    )
    local_mm: float = Field(
        10.0,
        gt=0,
        le=200,
        description="sigma of the neighbourhood for intensities=local",
        json_schema_extra=_MM,
    )
    spacing_mm: float = Field(
        8.0,
        gt=0,
        le=500,
        description="largest distance between control points of the final lattice",
        json_schema_extra=_MM,
    )
    bending_mm2: float = Field(
        5.0,
        ge=0,
        le=1e6,
        description="weight of the bending energy (mean squared second derivatives) against the measure",
        json_schema_extra={"unit": "mm^2"},
    )
    levels: int = Field(4, ge=1, le=8, description="resolutions, each twice as fine as the one before")
    finest_mm: float | None = Field(
        None,
        gt=0,
        le=50,
        description="voxel size of the finest level; the fixed image's smallest spacing if left out",
        json_schema_extra=_MM,
    )
    iterations: int = Field(12, ge=1, le=1000, description="Gauss-Newton steps a level, at most")
    finest_iterations: int = Field(
        4, ge=0, le=1000, description="Gauss-Newton steps at the finest level, at most"
    )
    tolerance: float = Field(
        5e-3, ge=0, lt=1, description="a level ends when a step gains less than this share of the objective"
    )

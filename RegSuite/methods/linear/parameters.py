"""The parameters that rigid and affine registration share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from RegSuite.methods.base import MethodParameters


class LinearParameters(MethodParameters):
    """What a linear registration may be told; the defaults suit whole images of one patient or two."""

    measure: Literal["auto", "mi", "ncc", "lncc"] = Field(
        "auto",
        description="Measure of alignment: mutual information (any two modalities), normalised "
        "cross-correlation (one modality), local correlation (one modality with uneven brightness); "
        "auto begins with mutual information and decides when the images lie roughly on each other",
    )
    search: Literal["auto", "full", "near", "none"] = Field(
        "auto",
        description="Where to look: full tries rotations over the whole sphere (feet first, lying on "
        "the side), near up to 35 degrees, none starts from the header or the initial transform alone; "
        "auto is full without an initial transform and none with one",
    )
    samples: int = Field(
        40_000, ge=500, le=5_000_000, description="Sample points of the fixed image at the finest level"
    )
    finest_mm: float | None = Field(
        None,
        gt=0,
        description="Voxel size of the finest level in mm; empty: 1/112 of the shorter image's extent, "
        "at least the voxel size",
        json_schema_extra={"unit": "mm"},
    )
    least_overlap_fraction: float = Field(
        0.25,
        gt=0,
        le=1,
        description="Fraction of the fixed foreground (or of what the moving volume can cover of it, if "
        "less) that must lie in the moving image; poses below are penalised, a result below is refused",
    )
    iterations: int = Field(60, ge=1, le=1000, description="Iterations at most on each level")
    seed: int = Field(0, ge=0, description="Seed of the places of the sample points")

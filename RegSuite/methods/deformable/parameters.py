"""Parameters of the deformable method."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from RegSuite.methods.base import MethodParameters

Measure = Literal["lncc", "ssd", "ncc", "mi", "ngf", "mind"]


class DeformableParameters(MethodParameters):
    """What the deformable method can be told.

    Regularity lengths are those of the finest stage and grow with the node spacing on coarser
    ones; None means the stated multiple of the finest voxel, so that a section of any pixel
    size is treated alike.
    """

    measure: Measure = Field("lncc", description="Similarity measure that drives the deformation")
    window_mm: float | None = Field(
        None,
        gt=0,
        le=100,
        description="Standard deviation of the window whose voxels share a step (mm); None: 2 finest voxels",
        json_schema_extra={"unit": "mm"},
    )
    smoothness_mm: float | None = Field(
        None,
        ge=0,
        le=100,
        description="Standard deviation of the smoothing of the whole displacement after each step (mm); "
        "larger is stiffer; None: 0.8 of the finest voxel",
        json_schema_extra={"unit": "mm"},
    )
    radius_voxels: int = Field(
        3,
        ge=1,
        le=10,
        description="Radius of the local correlation's window (voxels of each stage): 3 is 7 x 7 x 7",
        json_schema_extra={"unit": "voxels"},
    )
    finest_mm: float | None = Field(
        None,
        gt=0,
        le=50,
        description="Voxel size of the finest stage (mm); None: the image's smallest, "
        "but not under 1/256 of a volume's (1/1024 of a slice's) longest edge",
        json_schema_extra={"unit": "mm"},
    )
    coarsest_mm: float | None = Field(
        None,
        gt=0,
        le=200,
        description="Voxel size of the coarsest stage (mm); None: the largest doubling of the finest "
        "that leaves 48 voxels along the longest edge",
        json_schema_extra={"unit": "mm"},
    )
    iterations: tuple[int, ...] = Field(
        (10, 10, 10, 3, 2),
        min_length=1,
        max_length=12,
        description="Steps of each stage, coarsest first; the last is the finest voxels with a node each, "
        "the one before the finest voxels with a node every second voxel; with fewer stages the first "
        "numbers are left out, with more the first one is repeated; 0 leaves a stage out",
    )
    symmetric: bool = Field(
        False,
        description="Deform both images towards each other, half a step each (twice the time): "
        "swapping fixed and moving then gives nearly the inverse",
    )
    robust: float = Field(
        0.0,
        ge=0,
        le=10,
        description="Residual (in local standard deviations) at which a voxel's weight is halved; 0: off",
    )
    seed: int = Field(0, ge=0, description="Not used: the method draws nothing at random")

"""What a search for correspondences is made with."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

_MM: JsonDict = {"unit": "mm"}


class KeypointParameters(BaseModel):
    """Keypoints, window, graph and what makes a match count. Lengths in mm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(
        default=2000,
        ge=1,
        le=50000,
        title="Keypoints",
        description="wanted in the fixed image, evenly spread",
    )
    distance_mm: float = Field(
        default=3.0,
        gt=0,
        le=100,
        title="Distance",
        description="least distance of two keypoints",
        json_schema_extra=_MM,
    )
    window_mm: float = Field(
        default=32.0,
        gt=0,
        le=200,
        title="Window",
        description="largest displacement searched along each axis of the fixed image, either way",
        json_schema_extra=_MM,
    )
    finest_mm: float | None = Field(
        default=None,
        gt=0,
        le=50,
        title="Finest lattice",
        description="voxel size of the last search; if left out the smallest spacing of both images (at "
        "least half of the fixed one's geometric mean), more where that made over 8 million voxels",
        json_schema_extra=_MM,
    )
    stiffness: float = Field(
        default=3.0,
        ge=0,
        le=1e4,
        title="Stiffness",
        description="cost of a displacement that differs between two neighbours by as much as they are "
        "apart, against the cost of a wholly wrong match; 0: each keypoint for itself",
    )
    neighbours: int = Field(
        default=10,
        ge=1,
        le=50,
        title="Neighbours",
        description="of a keypoint, in the graph that trees are drawn from",
    )
    trees: int = Field(
        default=4, ge=1, le=16, title="Trees", description="spanning trees whose answers are averaged"
    )
    patch: int = Field(
        default=1, ge=0, le=4, title="Patch", description="half width, in descriptors two voxels apart"
    )
    consistent_mm: float | None = Field(
        default=None,
        gt=0,
        le=100,
        title="Consistency",
        description="matches whose way back misses the keypoint by more are left out; if left out 1.5 voxels "
        "of the finest lattice",
        json_schema_extra=_MM,
    )

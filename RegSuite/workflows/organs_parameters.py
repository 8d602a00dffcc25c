"""What `regsuite organs`, and what every registration of clouds, can be told."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from RegSuite.workflows.model import RunParameters

FROM_PYTHON: dict[str, Any] = {"command_line": False}
"""Of fields that hold more than an option of the command line can."""


class CloudParameters(RunParameters):
    """What registrations of clouds have in common."""

    transform: Literal["deformable", "affine", "similarity", "rigid"] = Field(
        default="deformable", title="Transform", description="how the cloud may move"
    )
    outliers: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        title="Outliers",
        description="share of target points that are expected to belong to no source point",
    )
    grid_mm: float | None = Field(
        default=None,
        gt=0,
        title="Grid",
        description="voxels of the fields where no scan or label map has a grid; chosen if not given",
        json_schema_extra={"unit": "mm"},
    )
    limits: str | None = Field(
        default=None,
        title="Limits file",
        description="YAML with the clinic's tolerances; REGSUITE_LIMITS or TG-132's if not given",
    )
    scene: bool = Field(default=True, title="Scene", description="write scene.mrb where MRML is at hand")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        title="Drift's parameters",
        description="of pointcloud.parameters.DriftParameters, where they differ from its defaults",
    )


class OrgansParameters(CloudParameters):
    """What `regsuite organs` can be told."""

    elasticity: str = Field(
        default="whole-organs",
        title="Elasticity",
        description="preset of the organs' elastic properties (Resources/organs)",
    )
    points: int = Field(
        default=5000, ge=100, le=200_000, title="Points", description="on each side, on all organs together"
    )
    spacing_mm: float | None = Field(
        default=None,
        gt=0,
        title="Spacing of points",
        description="instead of their number",
        json_schema_extra={"unit": "mm"},
    )
    only: list[str] | None = Field(
        default=None, title="Only these organs", description="by name or label; may be repeated"
    )
    refine: bool = Field(
        default=False,
        title="Refine by the scans",
        description="run `deformable` on both scans from where the organs ended",
    )
    structures_space: Literal["LPS", "RAS"] = Field(
        default="LPS", title="Space of surfaces", description="of the coordinates of .vtp and .stl files"
    )
    organs: dict[str, Any] = Field(
        default_factory=dict,
        title="Organs",
        description="{name or label: {magnitude_mm, bandwidth_mm, translation_mm, outliers, preset}}",
        json_schema_extra=FROM_PYTHON,
    )
    trust: dict[str, float] = Field(
        default_factory=dict,
        title="Trust",
        description="{name or label: share of its points whose label is right}",
        json_schema_extra=FROM_PYTHON,
    )
    coherence: Any = Field(
        default=None,
        title="Coherence",
        description="organ, global, or {names, values}; the preset's if not given",
        json_schema_extra=FROM_PYTHON,
    )
    confusion: Any = Field(
        default=None,
        title="Confusion",
        description="{names, values}: counts, a row a true organ, a column a predicted one",
        json_schema_extra=FROM_PYTHON,
    )

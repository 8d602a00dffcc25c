"""Bring a cloud of points onto another one without correspondences, and with it any point of space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from RegSuite.workflows.model import InputRole, OutputRole, View, Workflow
from RegSuite.workflows.organs_parameters import CloudParameters

if TYPE_CHECKING:
    from RegSuite.workflows.organs_result import CloudResult
    from RegSuite.workflows.run import Run

INPUTS = (
    InputRole(
        "source",
        "points",
        "Source points",
        "CSV with x,y,z in LPS mm, optional label and name; is moved",
        required=True,
    ),
    InputRole("target", "points", "Target points", "CSV likewise; stays", required=True),
    InputRole("source_landmarks", "points", "Source landmarks", "measured, not used", of="source"),
    InputRole("target_landmarks", "points", "Target landmarks", "row by row the same places", of="target"),
    InputRole("source_image", "image", "Source scan", "is warped", of="source"),
    InputRole("target_image", "image", "Target scan", "the fields are on its grid", of="target"),
)
OUTPUTS = (
    OutputRole("registered", "points", "Registered points", "the source's, moved", of="target"),
    OutputRole("correspondences", "table", "Correspondences", "of each point, with its doubt", of="target"),
    OutputRole("displacement", "displacement", "Transform", "target to source points, mm, LPS", of="source"),
    OutputRole(
        "inverse_displacement", "displacement", "Inverse transform", "source to target points", of="target"
    ),
    OutputRole("linear", "linear", "Linear part", "of the transform, alone", of="source"),
    OutputRole("warped", "image", "Warped scan", "the source scan on the target", of="target"),
    OutputRole(
        "jacobian", "jacobian", "Jacobian", "determinant of the transform; 1 keeps the volume", of="target"
    ),
    OutputRole(
        "uncertainty",
        "image",
        "Uncertainty",
        "standard deviation, mm an axis; NaN where unknown",
        of="target",
    ),
    OutputRole("organs", "table", "Labels", "points, distances, residuals by label", of="target"),
    OutputRole("moved_points", "points", "Moved landmarks", "the source's, registered", of="target"),
    OutputRole("report", "report", "Report", "page with pictures, measures and verdicts", of="target"),
    OutputRole("scene", "scene", "Scene", "everything placed and coloured, for 3D Slicer", of="target"),
)


class PointsParameters(CloudParameters):
    """What `regsuite points` can be told."""

    elasticity: str = Field(
        default="paper",
        title="Elasticity",
        description="preset of elastic properties (Resources/organs): those of its other organs",
    )
    magnitude_mm: float | None = Field(
        default=None,
        gt=0,
        title="Magnitude",
        description="standard deviation of a point's motion beyond the similarity map; the preset's if none",
        json_schema_extra={"unit": "mm"},
    )
    bandwidth_mm: float | None = Field(
        default=None,
        gt=0,
        title="Bandwidth",
        description="over which points move alike; the preset's if none",
        json_schema_extra={"unit": "mm"},
    )
    coherence: Literal["organ", "global"] = Field(
        default="organ",
        title="Coherence",
        description="of points of different labels: organ (they move independently), global (as one)",
    )
    labels: bool = Field(
        default=True,
        title="Labels",
        description="keep points of different labels apart, where both clouds have labels",
        json_schema_extra={"flags": "labels/--no-labels"},
    )


def points(source: Any, target: Any, **options: Any) -> CloudResult:
    """Bring a cloud onto another one; the transform maps target to source points, `drift` the other way.

    source, target: CSV or RegSuite.PointSet, LPS mm. options: the other inputs by name (source_landmarks,
    target_landmarks, source_image, target_image), the parameters of PointsParameters, seed, device, threads,
    progress. `result.registered` is T(source). Raises InputError for clouds that cannot be right,
    MethodFailed where no usable result was reached.
    """
    from RegSuite.workflows.now import run_now

    values = dict(options)
    named = {role.name: values.pop(role.name) for role in INPUTS if role.name in values}
    found: CloudResult = run_now(WORKFLOW, {"source": source, "target": target, **named}, values)
    return found


def run_points(inputs: Mapping[str, Any], parameters: PointsParameters, run: Run) -> CloudResult:
    """The workflow; see workflows/points_run.py for its steps."""
    from RegSuite.workflows.points_run import registered

    return registered(inputs, parameters, run)


WORKFLOW = Workflow(
    name="points",
    summary="Bring a cloud of points onto another one, without correspondences.",
    inputs=INPUTS,
    Parameters=PointsParameters,
    run=run_points,
    outputs=OUTPUTS,
    view=View(background="target_image", foreground="warped"),
)

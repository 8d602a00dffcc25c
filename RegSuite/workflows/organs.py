"""Bring organs onto each other as labelled point clouds, and with them the whole volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from RegSuite.workflows.model import InputRole, OutputRole, RunParameters, View, Workflow

if TYPE_CHECKING:
    from RegSuite.workflows.organs_result import CloudResult
    from RegSuite.workflows.run import Run

INPUTS = (
    InputRole(
        "source_labels",
        "labels",
        "Source organs",
        "label map, RT Structure Set, folder of closed surfaces or contours, or CSV of points with labels; "
        "is moved",
        required=True,
        of="source_image",
        also=("points", "structures"),
    ),
    InputRole(
        "target_labels",
        "labels",
        "Target organs",
        "the same organs as they lie in the target, which stays",
        required=True,
        of="target_image",
        also=("points", "structures"),
    ),
    InputRole("source_image", "image", "Source scan", "is warped; its grid is that of a label map"),
    InputRole("target_image", "image", "Target scan", "the result is on its grid"),
    InputRole(
        "source_points",
        "points",
        "Source landmarks",
        "CSV with x,y,z in LPS mm; measured, not used",
        of="source_image",
    ),
    InputRole(
        "target_points",
        "points",
        "Target landmarks",
        "row by row the same places",
        of="target_image",
    ),
    InputRole(
        "label_names",
        "table",
        "Names",
        "CSV of label,name for both sides (of surfaces: file,name); NAME.csv beside a label map is found",
    ),
    InputRole("source_names", "table", "Names of the source", "where the two sides are numbered unlike"),
    InputRole("target_names", "table", "Names of the target", "where the two sides are numbered unlike"),
    InputRole(
        "organs_table",
        "table",
        "Table of organs",
        "CSV of label,name,magnitude_mm,bandwidth_mm,outliers; labels are the target's",
    ),
    InputRole(
        "confusion",
        "table",
        "Confusion matrix",
        "CSV of the segmentation tool's mistakes: a row a true organ, a column a predicted one",
    ),
    InputRole(
        "coherence",
        "table",
        "Coherence",
        "organ (organs move independently), global (as one), or a CSV with a row and a column an organ",
    ),
)
OUTPUTS = (
    OutputRole(
        "displacement", "displacement", "Transform", "target to source points, mm, LPS", of="source_image"
    ),
    OutputRole(
        "inverse_displacement",
        "displacement",
        "Inverse transform",
        "source to target points",
        of="target_image",
    ),
    OutputRole("linear", "linear", "Linear part", "of the transform, alone", of="source_image"),
    OutputRole("warped", "image", "Warped scan", "the source scan on the target", of="target_image"),
    OutputRole("warped_labels", "labels", "Warped organs", "with the target's numbers", of="target_image"),
    OutputRole("label_names", "table", "Names of labels", "of the warped organs", of="target_image"),
    OutputRole(
        "jacobian",
        "jacobian",
        "Jacobian",
        "determinant of the transform; 1 keeps the volume",
        of="target_image",
    ),
    OutputRole(
        "uncertainty",
        "image",
        "Uncertainty",
        "standard deviation of the transform, mm an axis; NaN where unknown",
        of="target_image",
    ),
    OutputRole("registered", "points", "Registered points", "the source cloud moved", of="target_image"),
    OutputRole(
        "correspondences",
        "table",
        "Correspondences",
        "of each source point, with its doubt",
        of="target_image",
    ),
    OutputRole("organs", "table", "Organs", "points, distances, residuals by organ", of="target_image"),
    OutputRole("moved_points", "points", "Moved landmarks", "the source's, registered", of="target_image"),
    OutputRole("source_surfaces", "surface", "Source organs", "surfaces", of="source_image"),
    OutputRole(
        "moved_surfaces", "surface", "Moved organs", "with residual and uncertainty", of="target_image"
    ),
    OutputRole("target_surfaces", "surface", "Target organs", "surfaces", of="target_image"),
    OutputRole("report", "report", "Report", "page with pictures, measures and verdicts", of="target_image"),
    OutputRole("scene", "scene", "Scene", "everything placed and coloured, for 3D Slicer", of="target_image"),
)
VIEW = View(background="target_image", foreground="warped", labels=("target_labels", "warped_labels"))
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
        default="paper",
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


def organs(source_labels: Any, target_labels: Any, **options: Any) -> CloudResult:
    """Bring the organs of a source onto those of a target; the transform maps target to source points.

    source_labels, target_labels: a label map (file, RegSuite.Image, SimpleITK image), an RT Structure Set, a
    folder of surfaces or contours, structure objects, or points with labels (CSV, RegSuite.PointSet).
    options: the other inputs by name (source_image, target_image, source_points, target_points, label_names,
    organs_table, confusion, coherence), the parameters of OrgansParameters, seed, device, threads, progress,
    and scene (MRML, for `show`). The result has .transform, .drift, .images, .metrics, .warnings, .save(DIR)
    and .show(). Raises InputError for inputs that cannot be right, OutOfMemory before a run that would not
    fit, MethodFailed where no usable result was reached.
    """
    from RegSuite.workflows.now import run_now

    values = dict(options)
    named = {role.name: values.pop(role.name) for role in INPUTS if role.name in values}
    inputs = {"source_labels": source_labels, "target_labels": target_labels, **named}
    found: CloudResult = run_now(WORKFLOW, inputs, values)
    return found


def run_organs(inputs: Mapping[str, Any], parameters: OrgansParameters, run: Run) -> CloudResult:
    """The workflow; see workflows/organs_run.py for its steps."""
    from RegSuite.workflows.organs_run import registered

    return registered(inputs, parameters, run)


WORKFLOW = Workflow(
    name="organs",
    summary="Bring organs onto each other as labelled point clouds, and with them the whole volume.",
    inputs=INPUTS,
    Parameters=OrgansParameters,
    run=run_organs,
    outputs=OUTPUTS,
    view=VIEW,
)

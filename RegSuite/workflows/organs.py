"""Bring organs onto each other as labelled point clouds, and with them the whole volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.workflows.model import InputRole, OutputRole, View, Workflow
from RegSuite.workflows.organs_parameters import OrgansParameters

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

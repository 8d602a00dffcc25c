"""Bring a healthy template onto a brain with a tumour: shape and appearance apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from RegSuite.workflows.model import InputRole, OutputRole, View, Workflow, WorkflowParameters

if TYPE_CHECKING:
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.tumor_result import TumorResult

TumorMethod = Literal["weighted", "metamorphosis", "lddmm", "masked", "variational"]
METHODS: dict[TumorMethod, str] = {
    "weighted": "weighted-metamorphosis",
    "metamorphosis": "metamorphosis",
    "lddmm": "lddmm",
    "masked": "lddmm",
    "variational": "variational",
}
"""How `tumor` calls a method, and how the registry of methods does."""

INPUTS = (
    InputRole("template", "image", "Template", "healthy image; is brought to the target", required=True),
    InputRole("target", "image", "Target", "the patient's image; the result is on its grid", required=True),
    InputRole("tumor_mask", "mask", "Tumour mask", "core of the tumour, on the target's grid", of="target"),
    InputRole(
        "oedema_mask",
        "mask",
        "Oedema mask",
        "oedema (or the whole tumour), on the target's grid",
        of="target",
    ),
    InputRole("template_labels", "labels", "Template labels", "label map on the template; is warped"),
    InputRole("target_labels", "labels", "Target labels", "label map on the target, to measure overlap"),
    InputRole(
        "label_names", "table", "Label names", "CSV of label,name; NAME.csv beside the labels is found"
    ),
    InputRole(
        "growth",
        "series",
        "Growth",
        "4D image, time last, 0..1, on the target's grid: where intensity may be added, from when on",
        of="target",
    ),
    InputRole(
        "initial",
        "transform",
        "Initial transform",
        "target to template: a file, or center-of-mass, center, identity, rigid, affine",
    ),
    InputRole("target_mask", "mask", "Target mask", "the brain in the target: voxels that count"),
    InputRole("template_mask", "mask", "Template mask", "the brain in the template"),
)
OUTPUTS = (
    OutputRole(
        "displacement", "displacement", "Transform", "target to template points, mm, LPS", of="template"
    ),
    OutputRole(
        "inverse_displacement", "displacement", "Inverse transform", "template to target points", of="target"
    ),
    OutputRole("linear", "linear", "Linear part", "of the transform, alone", of="template"),
    OutputRole("warped", "image", "Final image", "deformed template with the intensity change", of="target"),
    OutputRole("deformed", "image", "Deformed template", "by the transform alone", of="target"),
    OutputRole(
        "intensity_change", "image", "Intensity change", "added to the deformed template", of="target"
    ),
    OutputRole(
        "matched_target", "image", "Matched target", "the target in the template's intensities", of="target"
    ),
    OutputRole("mask", "labels", "Tumour", "1 core, 2 oedema: given, grown or estimated", of="target"),
    OutputRole("path", "series", "Path", "the final image over time, 4D", of="target"),
    OutputRole(
        "warped_labels", "labels", "Warped labels", "the template's labels on the target", of="target"
    ),
    OutputRole(
        "jacobian", "jacobian", "Jacobian", "determinant of the transform; 1 keeps the volume", of="target"
    ),
    OutputRole("report", "report", "Report", "page with pictures, measures and verdicts", of="target"),
    OutputRole("scene", "scene", "Scene", "everything placed and coloured, for 3D Slicer", of="target"),
)
VIEW = View(background="target", foreground="warped", labels=("target_labels", "warped_labels"))


class TumorParameters(WorkflowParameters):
    """What `regsuite tumor` can be told."""

    method: TumorMethod = Field(
        default="weighted",
        title="Method",
        description="weighted (intensity may change in the tumour), metamorphosis (everywhere), lddmm "
        "(nowhere), masked (lddmm that does not look into the tumour), variational (prescribed "
        "Jacobian and curl)",
    )
    start: Literal["auto", "rigid", "affine", "none"] = Field(
        default="auto",
        title="Start",
        description="registration that runs before, outside of the tumour; auto: where template and target "
        "do not lie on each other and it mends that",
    )
    intensities: Literal["linear", "monotone", "none"] = Field(
        default="linear",
        title="Intensities",
        description="how the target's are brought to the template's, by what lies outside of the tumour",
    )
    weight: Literal["evolving", "constant"] = Field(
        default="evolving",
        title="Weight",
        description="evolving: the mask grows from a ball along the path; constant: all of it from the start",
    )
    core_weight: float = Field(
        default=1.0,
        gt=0,
        le=1,
        title="Weight of the core",
        description="how freely intensity is added there; 1: freely",
    )
    oedema_weight: float = Field(
        default=1.0,
        gt=0,
        le=1,
        title="Weight of the oedema",
        description="how freely intensity is added there; 1: freely",
    )


def tumor(template: Any, target: Any, method: TumorMethod = "weighted", **options: Any) -> TumorResult:
    """Bring a healthy template onto a target with a tumour; the transform maps target to template points.

    Images, masks and labels: a file name, a DICOM folder, RegSuite.Image or a SimpleITK image.
    options: the other inputs by name (tumor_mask, oedema_mask, template_labels, target_labels,
    label_names, growth, initial, target_mask, template_mask), the parameters of TumorParameters
    (start, intensities, weight, core_weight, oedema_weight, preset, limits, parameters={...}: the method's
    own), seed, device, threads, progress, and scene (MRML, for `show`).
    The result has .transform, .images, .metrics, .warnings, .save(DIR) and .show().
    Raises InputError for inputs that cannot be right, OutOfMemory before a run that would not fit,
    MethodFailed where no usable result was reached.
    """
    from RegSuite.workflows.now import run_now

    values = dict(options)
    named = {role.name: values.pop(role.name) for role in INPUTS if role.name in values}
    inputs = {"template": template, "target": target, **named}
    found: TumorResult = run_now(WORKFLOW, inputs, {"method": method, **values})
    return found


def run_tumor(inputs: Mapping[str, Any], parameters: TumorParameters, run: Run) -> TumorResult:
    """The workflow; see workflows/tumor_run.py for its steps."""
    from RegSuite.workflows.tumor_run import registered

    return registered(inputs, parameters, run)


WORKFLOW = Workflow(
    name="tumor",
    summary="Bring a healthy template onto a brain with a tumour: shape and appearance apart.",
    inputs=INPUTS,
    Parameters=TumorParameters,
    run=run_tumor,
    outputs=OUTPUTS,
    view=VIEW,
)

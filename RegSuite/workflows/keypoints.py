"""Find keypoints of an image in another one, and the deformation that they tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from RegSuite.workflows.model import InputRole, OutputRole, RunParameters, View, Workflow
from RegSuite.workflows.register import INPUTS as PAIR_INPUTS
from RegSuite.workflows.register import OUTPUTS as PAIR_OUTPUTS

if TYPE_CHECKING:
    from RegSuite.workflows.keypoints_result import KeypointsResult
    from RegSuite.workflows.run import Run

INPUTS = (
    *(role for role in PAIR_INPUTS if not role.name.endswith("_points")),
    InputRole("fixed_landmarks", "points", "Fixed landmarks", "CSV with x,y,z in LPS mm: measured, not used"),
    InputRole("moving_landmarks", "points", "Moving landmarks", "row by row the same places"),
)
OUTPUTS = (
    OutputRole(
        "fixed_points", "points", "Keypoints", "of the fixed image, with their confidence", of="fixed"
    ),
    OutputRole("moving_points", "points", "Partners", "of the keypoints, row by row", of="moving"),
    *PAIR_OUTPUTS,
)


class KeypointsParameters(RunParameters):
    """What `regsuite keypoints` can be told."""

    count: int = Field(
        default=2000,
        ge=1,
        le=50000,
        title="Keypoints",
        description="wanted in the fixed image (and its mask), evenly spread",
    )
    window_mm: float = Field(
        default=32.0,
        gt=0,
        le=200,
        title="Window",
        description="largest displacement searched along each axis of the fixed image, either way",
        json_schema_extra={"unit": "mm"},
    )
    refine: bool = Field(
        default=False,
        title="Refine",
        description="let the deformable method go on from the keypoints' field",
        json_schema_extra={"flags": "refine/--no-refine"},
    )
    limits: str | None = Field(
        default=None,
        title="Limits file",
        description="YAML with the clinic's tolerances; REGSUITE_LIMITS or TG-132's if not given",
    )
    scene: bool = Field(default=True, title="Scene", description="write scene.mrb where MRML is at hand")
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        title="Search's parameters",
        description="of pointcloud.keypoints.parameters, where they differ from its defaults: distance_mm, "
        "finest_mm, stiffness, neighbours, trees, patch, consistent_mm",
    )


def keypoints(fixed: Any, moving: Any, **options: Any) -> KeypointsResult:
    """Keypoints of `fixed` matched in `moving`, and the field that they tell, fixed points to moving points.

    options: the other inputs by name (masks, labels, landmarks, initial), the parameters of
    KeypointsParameters, seed, device, threads, progress. `result.matches` holds the points with their
    confidence. Raises InputError for images that cannot be searched, MethodFailed where nothing matches.
    """
    from RegSuite.workflows.now import run_now

    values = dict(options)
    named = {role.name: values.pop(role.name) for role in INPUTS if role.name in values}
    found: KeypointsResult = run_now(WORKFLOW, {"fixed": fixed, "moving": moving, **named}, values)
    return found


def run_keypoints(inputs: Mapping[str, Any], parameters: KeypointsParameters, run: Run) -> KeypointsResult:
    """The workflow; see workflows/keypoints_run.py for its steps."""
    from RegSuite.workflows.keypoints_run import matched

    return matched(inputs, parameters, run)


WORKFLOW = Workflow(
    name="keypoints",
    summary="Find keypoints of an image in another one, and the deformation that they tell.",
    inputs=INPUTS,
    Parameters=KeypointsParameters,
    run=run_keypoints,
    outputs=OUTPUTS,
    view=View(background="fixed", foreground="warped", labels=("fixed_labels", "warped_labels")),
)

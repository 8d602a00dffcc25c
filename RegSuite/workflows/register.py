"""Register a moving image to a fixed image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from RegSuite.methods.base import Progress, no_progress
from RegSuite.workflows.model import InputRole, OutputRole, View, Workflow, WorkflowParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.methods.base import Registration
    from RegSuite.methods.choice import Choice
    from RegSuite.transforms.base import Transform
    from RegSuite.workflows.inputs import Pair
    from RegSuite.workflows.result import Result
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.scene import Scene

INPUTS = (
    InputRole("fixed", "image", "Fixed image", "stays; the result is on its grid", required=True),
    InputRole("moving", "image", "Moving image", "is warped onto the fixed image", required=True),
    InputRole("fixed_mask", "mask", "Fixed mask", "voxels of the fixed image that count"),
    InputRole("moving_mask", "mask", "Moving mask", "voxels of the moving image that count"),
    InputRole("fixed_labels", "labels", "Fixed labels", "label map on the fixed image, to measure overlap"),
    InputRole("moving_labels", "labels", "Moving labels", "label map on the moving image; is warped"),
    InputRole("fixed_points", "points", "Fixed landmarks", "CSV with x,y,z in LPS mm"),
    InputRole(
        "moving_points", "points", "Moving landmarks", "CSV with x,y,z in LPS mm, row by row the same places"
    ),
    InputRole(
        "initial",
        "transform",
        "Initial transform",
        "file (.tfm, .h5, .nii.gz), or center-of-mass, center, identity, rigid, affine",
    ),
    InputRole(
        "label_names", "table", "Label names", "CSV of label,name; NAME.csv beside the labels is found"
    ),
)

OUTPUTS = (
    OutputRole("displacement", "displacement", "Transform", "fixed to moving points, mm, LPS", of="moving"),
    OutputRole(
        "inverse_displacement", "displacement", "Inverse transform", "moving to fixed points", of="fixed"
    ),
    OutputRole("linear", "linear", "Linear part", "of the transform, alone", of="moving"),
    OutputRole("warped", "image", "Warped image", "the moving image on the fixed grid"),
    OutputRole("warped_labels", "labels", "Warped labels", "the moving labels on the fixed grid"),
    OutputRole("jacobian", "jacobian", "Jacobian", "determinant of the transform; 1 keeps the volume"),
    OutputRole("report", "report", "Report", "page with pictures, measures and verdicts"),
    OutputRole("scene", "scene", "Scene", "everything placed and coloured, for 3D Slicer"),
)
VIEW = View(background="fixed", foreground="warped", labels=("fixed_labels", "warped_labels"))


class RegisterParameters(WorkflowParameters):
    """What `regsuite register` can be told."""

    method: str = Field(
        default="auto", title="Method", description="see `regsuite methods`; auto chooses and says why"
    )


def register(
    fixed: Any,
    moving: Any,
    method: str = "auto",
    *,
    fixed_mask: Any = None,
    moving_mask: Any = None,
    fixed_labels: Any = None,
    moving_labels: Any = None,
    fixed_points: Any = None,
    moving_points: Any = None,
    initial: Any = None,
    label_names: Any = None,
    preset: str | None = None,
    device: str | None = None,
    threads: int | None = None,
    seed: int = 0,
    limits: str | None = None,
    progress: Progress = no_progress,
    scene: Scene | None = None,
    **parameters: Any,
) -> Result:
    """Register `moving` to `fixed`; the result's transform maps fixed points to moving points.

    Images, masks and labels: a file name, a DICOM folder, RegSuite.Image or a SimpleITK image.
    Points: a CSV name or RegSuite.PointSet. initial: a transform file, a Transform, or one of
    center-of-mass, center, identity, rigid, affine. parameters: the method's own
    (`RegSuite.describe_methods()`). progress(fraction, stage, metrics) may raise Cancelled. scene:
    MRML, for the result's `show` and `save` (RegSuite.register hands it in).
    Raises InputError for inputs that cannot be right, OutOfMemory before a run that would not
    fit, MethodFailed where no usable result was reached.
    """
    from RegSuite.validation import validated
    from RegSuite.workflows.failure import as_failure
    from RegSuite.workflows.run import start_run

    given = {
        "method": method,
        "preset": preset,
        "parameters": parameters,
        "device": device,
        "threads": threads,
        "seed": seed,
        "limits": limits,
    }
    model = validated(RegisterParameters, given, "RegSuite.register")
    run = start_run("register", model, progress, scene=scene)
    inputs = {
        role.name: value
        for role, value in zip(
            INPUTS,
            (
                fixed,
                moving,
                fixed_mask,
                moving_mask,
                fixed_labels,
                moving_labels,
                fixed_points,
                moving_points,
                initial,
                label_names,
            ),
            strict=True,
        )
    }
    try:
        return run_register(inputs, model, run)
    except Exception as error:
        failure = as_failure(error, run)
        if failure is error:
            raise
        raise failure from error


def run_register(inputs: Mapping[str, Any], parameters: RegisterParameters, run: Run) -> Result:
    """The workflow: read, choose, check that it fits, register, measure."""
    from RegSuite.io.checks import check_pair
    from RegSuite.workflows.estimate import check_resources
    from RegSuite.workflows.initial import initial_of
    from RegSuite.workflows.inputs import check_partners, read_pair
    from RegSuite.workflows.limits import limits_of
    from RegSuite.workflows.quality import measured
    from RegSuite.workflows.reproducible import reproducible

    run.method = parameters.method
    choice = chosen_by_name(parameters)
    limits = limits_of(parameters.limits)
    with reproducible(run.threads, run.seed, run.device):
        with run.stage("read", 0.0, 0.04):
            pair = read_pair(inputs, run)
            check_partners(pair, run)
            initial, start = initial_of(inputs.get("initial"), pair.fixed, pair.moving, run.warn)
            for sentence in check_pair(pair.fixed, pair.moving, initial):
                run.warn(sentence)
        choice = choice or chosen_by_look(pair.fixed, pair.moving, parameters)
        choice = choice if start is None else replace(choice, start=start)
        _remember(choice, parameters, run)
        check_resources(choice, pair.fixed, pair.moving, run)
        registration = _register(choice, pair, initial, run)
        return measured(registration, pair, initial, choice, limits, parameters, run)


def chosen_by_name(parameters: RegisterParameters) -> Choice | None:
    """The choice that method and preset make without a look at the images; None where auto must look."""
    from RegSuite.methods import get_method
    from RegSuite.methods.choice import choice_of
    from RegSuite.presets import load_preset

    preset = None if parameters.preset is None else load_preset(parameters.preset)
    if parameters.method != "auto":
        return choice_of(parameters.method, parameters.parameters, preset=preset, seed=parameters.seed)
    get_method("auto")
    if preset is None:
        return None
    return choice_of(preset.method, parameters.parameters, preset=preset, seed=parameters.seed)


def chosen_by_look(fixed: Image, moving: Image, parameters: RegisterParameters) -> Choice:
    """The choice of auto for two images."""
    from RegSuite.methods.auto import choose

    return choose(fixed, moving, parameters.parameters, None, parameters.seed)


def _remember(choice: Choice, parameters: RegisterParameters, run: Run) -> None:
    """Put method and parameters, as they run, into the result; say what was chosen."""
    run.method = choice.name
    run.parameters = {
        **run.parameters,
        "requested_method": parameters.method,
        "start": choice.start,
        "parameters": choice.parameters.model_dump(mode="json"),
    }
    for sentence in choice.notes:
        run.say(sentence)


def _register(choice: Choice, pair: Pair, initial: Transform | None, run: Run) -> Registration:
    """The method's work on the run's device."""
    from RegSuite.methods.choice import run_choice

    with run.stage("register", 0.04, 0.78) as progress:
        fixed, moving = pair.fixed.to(run.device), pair.moving.to(run.device)
        registration = run_choice(choice, fixed, moving, progress, initial=initial)
    for stage, seconds in registration.seconds.items():
        run.seconds[f"register: {stage}"] = seconds
    run.notes.extend(registration.notes)
    for sentence in registration.warnings:
        run.warn(sentence)
    return registration


WORKFLOW = Workflow(
    name="register",
    summary="Register a moving image to a fixed image.",
    inputs=INPUTS,
    Parameters=RegisterParameters,
    run=run_register,
    outputs=OUTPUTS,
    view=VIEW,
)

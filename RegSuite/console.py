"""What Python calls: the workflows, with MRML nodes as inputs beside files and images.

The one place where MRML and the workflows meet from above, for Slicer's console, batch scripts in
Slicer and plain Python alike.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.workflows.register import register as _register

if TYPE_CHECKING:
    from RegSuite.backend.job import Job
    from RegSuite.geometry import Image, PointSet
    from RegSuite.workflows.dose_result import DoseCourseResult
    from RegSuite.workflows.dvh_result import DvhResult
    from RegSuite.workflows.gamma_result import GammaResult
    from RegSuite.workflows.keypoints_result import KeypointsResult
    from RegSuite.workflows.model import InputKind, Workflow
    from RegSuite.workflows.organs_result import CloudResult
    from RegSuite.workflows.result import Result
    from RegSuite.workflows.tumor import TumorMethod
    from RegSuite.workflows.tumor_result import TumorResult


def register(fixed: Any, moving: Any, method: str = "auto", **options: Any) -> Result:
    """Register `moving` to `fixed`; see RegSuite.workflows.register.register for every option.

    fixed, moving, and each input by name (fixed_mask, moving_labels, initial, ...): a file name, a
    RegSuite.Image, a SimpleITK image or an MRML node. The caller's nodes are not changed.
    `result.show()` shows the result in Slicer's views, outside of Slicer as a page.
    """
    from RegSuite.mrml import scene_at_hand
    from RegSuite.workflows.register import WORKFLOW

    given = {role.name: options.pop(role.name) for role in WORKFLOW.inputs if role.name in options}
    inputs = _engine_inputs(WORKFLOW, {"fixed": fixed, "moving": moving, **given}, options)
    options.setdefault("scene", scene_at_hand())
    return _register(inputs.pop("fixed"), inputs.pop("moving"), method, **inputs, **options)


# help() and completion in a console show every option, written once, in the workflow
register.__signature__ = inspect.signature(_register)  # type: ignore[attr-defined]


def warp(source: Any, transform: Any, *, like: Any = None, **options: Any) -> Image | PointSet:
    """Apply a transform; see RegSuite.workflows.warp.warp. Volumes, markups and transforms may be nodes.

    Label maps and segmentations that are nodes keep their labels (interpolation "label") unless
    another interpolation is asked for.
    """
    from RegSuite.workflows.warp import warp as run

    if _kind(source) == "labels":
        options.setdefault("interpolation", "label")
    return run(
        _engine_object(source, "source"),
        _engine_object(transform, "transform"),
        like=_engine_object(like, "like"),
        **options,
    )


def dvh(dose: Any, structures: Any, *, structure_names: Any = None, **options: Any) -> DvhResult:
    """Dose-volume histograms; see RegSuite.workflows.dvh.DvhParameters for the options.

    dose: a file, a RegSuite.DoseImage, an Image in Gy, or a dose volume node (its unit as SlicerRT keeps
    it, or `dose_unit`). structures: a file or folder, structure objects, a label Image, or a segmentation
    or label map node; contours are taken as they were drawn. options: metric=["D95%", "V20Gy"],
    bin_width_gy, end_slices, alpha_beta, fractions, ...; progress. The result has `.metrics`,
    `.curve(name)`, `.warnings` and `.save(DIR)`.
    """
    from RegSuite.workflows.dvh import WORKFLOW
    from RegSuite.workflows.now import run_now

    inputs = {"dose": dose, "structures": structures, "structure_names": structure_names}
    found: DvhResult = run_now(WORKFLOW, _engine_inputs(WORKFLOW, inputs, options), options)
    return found


def gamma(
    reference: Any, evaluated: Any, *, structures: Any = None, structure_names: Any = None, **options: Any
) -> GammaResult:
    """Gamma of two doses; see RegSuite.workflows.gamma.GammaParameters for the options.

    reference: the dose whose voxels are judged; evaluated: the dose that is searched. Both, and
    structures, as `dvh` takes them. options: percent, distance_mm, local, cutoff, percent_of, ...;
    progress. The result has `.pass_rate_percent`, `.rates`, `.images["gamma"]`, `.warnings` and `.save(DIR)`.
    """
    from RegSuite.workflows.gamma import WORKFLOW
    from RegSuite.workflows.now import run_now

    inputs = {
        "reference": reference,
        "evaluated": evaluated,
        "structures": structures,
        "structure_names": structure_names,
    }
    found: GammaResult = run_now(WORKFLOW, _engine_inputs(WORKFLOW, inputs, options), options)
    return found


def dose(course: Any = None, /, **options: Any) -> DoseCourseResult:
    """Accumulate the dose of a course; see RegSuite.workflows.course.Course for what a course holds.

    course: a COURSE.yaml, or a mapping of its keys; or give the keys by name, beside the options:
    dose(planning={"image": ..., "structures": ...}, fractions=[{"image": ..., "dose": ...}, ...]). Scans,
    doses and transforms may be files, RegSuite's objects, SimpleITK images or MRML nodes, structures also
    a segmentation node (as SlicerRT loads them). The caller's nodes are not changed.
    options: settings that replace the course's (mapping, samples, uncertainty, alpha_beta, ...; see
    RegSuite.workflows.dose.DoseParameters), seed, device, threads, progress. `result.show()` shows the
    accumulated dose in Slicer's views, outside of Slicer as a page.
    """
    from RegSuite.errors import InputError
    from RegSuite.mrml import scene_at_hand
    from RegSuite.workflows.course import Course
    from RegSuite.workflows.dose import WORKFLOW
    from RegSuite.workflows.now import run_now

    if course is None:
        course = {name: options.pop(name) for name in Course.model_fields if name in options}
    if not course:
        raise InputError(
            "no course was given", where="course", mend="give a COURSE.yaml, or planning and fractions"
        )
    options.setdefault("scene", scene_at_hand())
    found: DoseCourseResult = run_now(
        WORKFLOW, _engine_inputs(WORKFLOW, {"course": course}, options), options
    )
    return found


def tumor(template: Any, target: Any, method: TumorMethod = "weighted", **options: Any) -> TumorResult:
    """Bring a healthy template onto a target with a tumour; see RegSuite.workflows.tumor.tumor.

    template, target, and each input by name (tumor_mask, oedema_mask, template_labels, growth, ...): a file
    name, a RegSuite.Image, a SimpleITK image or an MRML node (growth: a sequence). The caller's nodes are
    not changed. options: as of RegSuite.workflows.tumor.TumorParameters, and progress. `result.show()` shows
    target, final image, deformation and intensity change in Slicer's views, outside of Slicer as a page.
    """
    from RegSuite.mrml import scene_at_hand
    from RegSuite.workflows.now import run_now
    from RegSuite.workflows.tumor import WORKFLOW

    given = {role.name: options.pop(role.name) for role in WORKFLOW.inputs if role.name in options}
    inputs = _engine_inputs(WORKFLOW, {"template": template, "target": target, **given}, options)
    options.setdefault("scene", scene_at_hand())
    found: TumorResult = run_now(WORKFLOW, inputs, {"method": method, **options})
    return found


def organs(source_labels: Any, target_labels: Any, **options: Any) -> CloudResult:
    """Bring organs onto each other as labelled clouds; see RegSuite.workflows.organs.organs.

    source_labels, target_labels: label maps, RT Structure Sets, folders of surfaces, points with labels, or
    segmentation, label map and markups nodes; each further input by name (source_image, target_image,
    source_points, organs_table, ...) likewise. The caller's nodes are not changed. options: as of
    RegSuite.workflows.organs.OrgansParameters, and progress. `result.show()` shows both sides and the moved
    organs in Slicer's views, outside of Slicer as a page.
    """
    from RegSuite.workflows.organs import WORKFLOW

    inputs = {"source_labels": source_labels, "target_labels": target_labels}
    found: CloudResult = _run(WORKFLOW, inputs, options)
    return found


def points(source: Any, target: Any, **options: Any) -> CloudResult:
    """Bring a cloud of points onto another one; see RegSuite.workflows.points.points.

    source, target: CSV files, RegSuite.PointSet or markups nodes; source_landmarks, target_landmarks, and
    scans to warp (source_image, target_image), by name. options: as of
    RegSuite.workflows.points.PointsParameters, and progress.
    """
    from RegSuite.workflows.points import WORKFLOW

    found: CloudResult = _run(WORKFLOW, {"source": source, "target": target}, options)
    return found


def keypoints(fixed: Any, moving: Any, **options: Any) -> KeypointsResult:
    """Keypoints of `fixed` found in `moving`, and the field that they tell; see docs/keypoints.md.

    fixed, moving: files, RegSuite.Image, SimpleITK images or volume nodes; masks, labels, landmarks and
    initial by name. options: as of RegSuite.workflows.keypoints.KeypointsParameters, and progress.
    """
    from RegSuite.workflows.keypoints import WORKFLOW

    found: KeypointsResult = _run(WORKFLOW, {"fixed": fixed, "moving": moving}, options)
    return found


def _run(workflow: Workflow, required: Mapping[str, Any], options: dict[str, Any]) -> Any:
    """The workflow's result object; the other inputs are taken out of the options."""
    from RegSuite.mrml import scene_at_hand
    from RegSuite.workflows.now import run_now

    given = {role.name: options.pop(role.name) for role in workflow.inputs if role.name in options}
    inputs = _engine_inputs(workflow, {**required, **given}, options)
    options.setdefault("scene", scene_at_hand())
    return run_now(workflow, inputs, options)


def submit(
    workflow_name: str,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    **options: Any,
) -> Job:
    """Start a workflow in a process of its own; see RegSuite.backend.job.prepare for the options.

    inputs: by role, each a file name, a RegSuite object, a SimpleITK image or an MRML node; none is
    changed. The job is followed by `poll` or `wait`, stopped by `cancel`, kept by `publish`.
    """
    from RegSuite.backend.job import submit as run
    from RegSuite.workflows import get_workflow

    workflow = get_workflow(workflow_name)
    return run(workflow_name, _engine_inputs(workflow, inputs, parameters or {}), parameters, **options)


def _engine_inputs(
    workflow: Workflow, given: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The inputs with MRML nodes read; others as they are. MRML is not asked for where there is no node."""
    from RegSuite.mrml import holds_node

    if not holds_node(given):
        return dict(given)
    from RegSuite.mrml.inputs import engine_inputs

    return engine_inputs(workflow, given, unit_is_told=parameters.get("dose_unit") is not None)


def _engine_object(given: Any, role: str) -> Any:
    """A node read as what its class says: points, a transform, labels or an image; others as they are."""
    kind = _kind(given)
    if kind is None:
        return given
    from RegSuite.mrml.inputs import engine_object

    return engine_object(given, kind, role)


def _kind(given: Any) -> InputKind | None:
    """What a node is by its class; None for what is no node."""
    from RegSuite.mrml import is_node

    if not is_node(given):
        return None
    if given.IsA("vtkMRMLMarkupsNode"):
        return "points"
    if given.IsA("vtkMRMLTransformNode"):
        return "transform"
    labels = given.IsA("vtkMRMLLabelMapVolumeNode") or given.IsA("vtkMRMLSegmentationNode")
    return "labels" if labels else "image"

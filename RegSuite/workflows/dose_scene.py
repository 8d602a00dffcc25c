"""An accumulated course as an MRML scene shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.workflows.scene import SCENE_FILE, SceneContent, SceneError

if TYPE_CHECKING:
    from RegSuite.report.result import Result as ResultRecord
    from RegSuite.workflows.dose_result import DoseCourseResult


def scene_content(result: DoseCourseResult, record: ResultRecord, folder: Path | None = None) -> SceneContent:
    """Planning scan, structures, doses, marks, and what each fraction looked like.

    folder: where the result's tables were written, for a scene that holds them. Items by role: planning,
    structures (tuple), accumulated_dose, accumulated_eqd2, dose_mean, dose_sd, dose_p05, dose_p95, marks,
    dvh and dvh_metrics (Path), fraction_images and fraction_doses (tuples, one a fraction).
    """
    from RegSuite.workflows import get_workflow
    from RegSuite.workflows.dose_files import CURVES_FILE, METRICS_FILE, sampled_images

    items: dict[str, Any] = {
        "planning": result.planning,
        "structures": result.structures,
        "accumulated_dose": result.dose,
        **sampled_images(result),
        "marks": result.marks,
        "fraction_doses": tuple(f.dose for f in result.fractions),
    }
    if result.eqd2:
        items["accumulated_eqd2"] = next(iter(result.eqd2.values()))
    images = tuple(f.warped for f in result.fractions if f.warped is not None)
    if len(images) == len(result.fractions):
        items["fraction_images"] = images
    if folder is not None:
        items |= {"dvh": folder / CURVES_FILE, "dvh_metrics": folder / METRICS_FILE}
    return SceneContent(
        workflow=get_workflow(result.run.workflow),
        record=record,
        items=items,
        label_names={},
        centre_mm=_centre(result),
        name=f"dose on {result.planning.name.split('.')[0]}",
    )


def write_scene(result: DoseCourseResult, record: ResultRecord, folder: Path) -> bool:
    """scene.mrb where MRML is at hand; else, and where it fails, a warning in its stead."""
    run = result.run
    if run.scene is None:
        run.warn("scene.mrb was not written: MRML is not at hand (pip install 'regsuite[slicer]')")
        return False
    try:
        with run.stage("scene", 0.98, 1.0):
            return run.scene.write(scene_content(result, record, folder), folder / SCENE_FILE)
    except SceneError as error:
        run.warn(f"scene.mrb was not written: {error.what}")
        return False


def _centre(result: DoseCourseResult) -> tuple[float, ...] | None:
    """The middle of the voxels with more than 90 % of the largest dose; None without dose."""
    import numpy as np

    dose = np.nan_to_num(result.dose.data[0].numpy(), nan=0.0)
    high = np.argwhere(dose > 0.9 * float(dose.max()))
    if not len(high) or not float(dose.max()) > 0:
        return None
    return tuple(float(v) for v in result.grid.points(high.mean(axis=0)[::-1]))

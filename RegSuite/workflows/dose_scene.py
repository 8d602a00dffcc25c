"""An accumulated course as an MRML scene shows it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.workflows.scene import SCENE_FILE, SceneContent, SceneError

if TYPE_CHECKING:
    from RegSuite.report.result import Result as ResultRecord
    from RegSuite.workflows.dose_parts import Curve
    from RegSuite.workflows.dose_result import DoseCourseResult


def scene_content(result: DoseCourseResult, record: ResultRecord, folder: Path | None = None) -> SceneContent:
    """Planning scan, structures, doses, marks, and what each fraction looked like.

    folder: where the result's tables were written, None where they were not. Items by role: planning,
    structures (tuple), accumulated_dose, accumulated_eqd2, dose_mean, dose_sd, dose_p05, dose_p95, marks,
    dvh, dvh_eqd2 and dvh_metrics (Path of the table, or its columns by name), fraction_images and
    fraction_doses (tuples, one a fraction).
    """
    from RegSuite.workflows import get_workflow
    from RegSuite.workflows.dose_files import sampled_images

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
    items |= _columns(result) if folder is None else _tables(result, folder)
    return SceneContent(
        workflow=get_workflow(result.run.workflow),
        record=record,
        items=items,
        label_names={},
        centre_mm=_centre(result),
        name=f"dose on {result.planning.name.split('.')[0]}",
    )


def _tables(result: DoseCourseResult, folder: Path) -> dict[str, Path]:
    """The tables of a result folder."""
    from RegSuite.workflows.dose_files import CURVES_FILE, EQD2_CURVES_FILE, METRICS_FILE

    out = {"dvh": folder / CURVES_FILE, "dvh_metrics": folder / METRICS_FILE}
    return {**out, "dvh_eqd2": folder / EQD2_CURVES_FILE} if result.eqd2 else out


def _columns(result: DoseCourseResult) -> dict[str, dict[str, list[Any]]]:
    """The same tables as columns, where none were written."""
    rows = ("structure", "metric", "unit", "value", "p05", "p50", "p95")
    out = {"dvh_metrics": {name: [getattr(row, name) for row in result.rows] for name in rows}}
    for role, kind in (("dvh", "physical"), ("dvh_eqd2", "eqd2")):
        curves = [curve for curve in result.curves if curve.kind == kind]
        if curves:
            out[role] = {
                "structure": [curve.structure for curve in curves for _ in curve.dose_gy],
                "dose_gy": _joined(curve.dose_gy for curve in curves),
                "volume_percent": _joined(curve.volume_percent for curve in curves),
                "volume_percent_p05": _joined(_band(curve, curve.p05_percent) for curve in curves),
                "volume_percent_p95": _joined(_band(curve, curve.p95_percent) for curve in curves),
            }
    return out


def _band(curve: Curve, band: Any) -> Any:
    import numpy as np

    return np.full(len(curve.dose_gy), np.nan) if band is None else band


def _joined(parts: Iterable[Any]) -> list[float]:
    return [float(value) for part in parts for value in part]


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

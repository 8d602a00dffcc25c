"""The files of an accumulated course: images, curves, metrics, marks."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.io.unknown_dose import UNKNOWN

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image
    from RegSuite.workflows.dose_parts import Curve, FractionResult
    from RegSuite.workflows.dose_result import DoseCourseResult

CURVES_FILE, EQD2_CURVES_FILE = "dvh.csv", "dvh_eqd2.csv"
METRICS_FILE, MARKS_FILE = "dvh_metrics.csv", "marks.csv"


def images_of(result: DoseCourseResult) -> dict[str, Image]:
    """All images by role: those of the course, then those of each fraction, numbered from 1."""
    out = {"accumulated_dose": result.dose}
    for number, (alpha_beta, image) in enumerate(result.eqd2.items()):
        out["accumulated_eqd2" if number == 0 else f"accumulated_eqd2_{alpha_beta:g}"] = image
    out |= sampled_images(result)
    out["marks"] = result.marks
    if result.comparison is not None:
        out["gamma_of_mappings"] = result.comparison.gamma
    for number, fraction in enumerate(result.fractions, start=1):
        out |= {f"{role}_{number}": image for role, image in fraction_images(fraction).items()}
    return out


def sampled_images(result: DoseCourseResult) -> dict[str, Image]:
    """dose_mean, dose_sd, dose_p05, dose_p95; empty without samples."""
    import torch

    from RegSuite.geometry import Image

    found = result.probabilistic
    if found is None:
        return {}
    maps = {"dose_mean": found.mean, "dose_sd": found.sd, "dose_p05": found.p05, "dose_p95": found.p95}
    return {
        role: Image(torch.from_numpy(values)[None], result.grid, name=role.replace("_", " "))
        for role, values in maps.items()
    }


def fraction_images(fraction: FractionResult) -> dict[str, Image]:
    """displacement, uncertainty_mm, warped of one fraction."""
    out = {"displacement": fraction.displacement}
    if fraction.sigma_mm is not None:
        sigma = fraction.sigma_mm
        length = sigma.data.square().sum(dim=0, keepdim=True).sqrt()
        out["uncertainty_mm"] = type(sigma)(length, sigma.grid, name="length of the standard deviation")
    if fraction.warped is not None:
        out["warped"] = fraction.warped
    return out


def write_files(result: DoseCourseResult, folder: Path) -> dict[str, str]:
    """Write images and tables into `folder`; their names by role.

    Images are compressed in threads; those of fractions are read from the shelf one by one.
    """
    from RegSuite.io.write_image import write_image

    images = images_of(result)
    files = {role: f"{role}.nii.gz" for role in images}

    def write(role: str) -> None:
        image = images[role]
        write_image(image.with_data(_stored(role, image.data)), folder / files[role])

    with ThreadPoolExecutor(max_workers=max(result.run.threads, 1)) as pool:
        for job in [pool.submit(write, role) for role in images]:
            job.result()
    files |= {"dvh": CURVES_FILE, "dvh_metrics": METRICS_FILE, "marks_table": MARKS_FILE}
    _write_curves(folder / CURVES_FILE, [c for c in result.curves if c.kind == "physical"])
    effective = [c for c in result.curves if c.kind == "eqd2"]
    if effective:
        files["dvh_eqd2"] = EQD2_CURVES_FILE
        _write_curves(folder / EQD2_CURVES_FILE, effective)
    _write_metrics(folder / METRICS_FILE, result)
    _write_marks(folder / MARKS_FILE, result.fractions)
    return files


def _stored(role: str, values: Tensor) -> Tensor:
    """As they are in files: UNKNOWN for NaN in doses, spreads and gamma; displacements keep their NaN."""
    if role.startswith(("displacement", "warped", "marks")):
        return values
    return values.nan_to_num(nan=UNKNOWN)


def _write_curves(path: Path, curves: Sequence[Curve]) -> None:
    banded = any(c.p05_percent is not None for c in curves)
    header = ["structure", "dose_gy", "volume_percent", "volume_cc"]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header + (["volume_percent_p05", "volume_percent_p95"] if banded else []))
        for curve in curves:
            columns = [curve.volume_percent, curve.volume_cc]
            nothing = np.full(len(curve.dose_gy), np.nan)
            if banded:
                columns += [nothing if c is None else c for c in (curve.p05_percent, curve.p95_percent)]
            for dose, percent, volume, *band in zip(curve.dose_gy, *columns, strict=True):
                row = [curve.structure, f"{dose:.6g}", f"{percent:.5f}", f"{volume:.6g}"]
                writer.writerow(row + [_cell(v, "{:.5f}") for v in band])


def _write_metrics(path: Path, result: DoseCourseResult) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["structure", "metric", "unit", "value", "p05", "p50", "p95"])
        for row in result.rows:
            numbers = (row.value, row.p05, row.p50, row.p95)
            writer.writerow([row.structure, row.metric, row.unit, *(_cell(v, "{:.6g}") for v in numbers)])


def _write_marks(path: Path, fractions: Iterable[FractionResult]) -> None:
    """Why doses are not known, by fraction: voxels of each kind, and each structure's share."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["fraction", "structure", "outside", "folded", "undefined", "marked_percent"])
        for fraction in fractions:
            marks = fraction.quality["marks"]
            data = fraction.marks.data
            percent = 100 * float((data > 0).double().mean())
            writer.writerow(
                [fraction.name, "", marks["outside"], marks["folded"], marks["undefined"], f"{percent:.4g}"]
            )
            for name, found in fraction.quality["structures"].items():
                writer.writerow([fraction.name, name, "", "", "", f"{found['marked_percent']:.4g}"])


def _cell(value: float | None, form: str) -> str:
    """A number as a CSV has it; nothing where it is not known."""
    return "" if value is None or not np.isfinite(value) else form.format(value)

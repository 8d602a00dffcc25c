"""Writing a thorax course as a folder that `regsuite dose` runs on, with the truth beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from RegSuite.geometry import SurfaceStructure
from RegSuite.io.displacement_file import write_displacement
from RegSuite.io.points import write_points
from RegSuite.io.write_image import write_image
from RegSuite.phantoms.stl import write_stl
from RegSuite.phantoms.thorax.course import ThoraxCourse
from RegSuite.phantoms.whole_folder import whole_folder
from RegSuite.phantoms.write import SCHEMA, write_names

COURSE_FILE = "COURSE.yaml"

LIMITS = """\
# Limits for the phantom's course, to show verdicts: a clinic writes its own.
schema: regsuite.limits/1
name: Phantom of a thorax
source: "QUANTEC (Marks et al. 2010, Int J Radiat Oncol Biol Phys 76:S10)"
dose:
"""

_LIMITED: Mapping[str, tuple[str, ...]] = {
    "SpinalCord": ("metric: D0.03cc, max_gy: 50",),
    "Esophagus": ("metric: mean, max_gy: 34",),
    "Heart": ("metric: mean, max_gy: 26",),
}


def course_to_folder(
    course: ThoraxCourse, folder: Path | str, *, overwrite: bool = False, dicom: bool = False
) -> dict[str, str]:
    """Write the course's files into `folder`, whole or not at all; gives {role: file name}.

    COURSE.yaml, limits.yaml; planning.nii.gz, structures.nii.gz with its table of names; surfaces/ with
    a closed .stl (LPS mm) of each structure that is a formula, and names.csv; dayN.nii.gz, doseN.nii.gz
    (Gy of all of its fractions together); truth_displacement_N.nii.gz (vector image on the planning
    grid, mm, LPS, planning to fraction), truth_inverse_displacement_N.nii.gz, truth_dose.nii.gz;
    planning_points.csv, dayN_points.csv; phantom.json with all that is needed to make it again.
    dicom: also dicom/, see `course_to_dicom`, and COURSE-dicom.yaml that goes with it.
    Raises OutputError for a folder that is there already (unless `overwrite`) or cannot be made,
    DiskFull for a full disk.
    """
    with whole_folder(Path(folder), overwrite) as made:
        files = _images(course, made) | _surfaces(course, made)
        (made / "limits.yaml").write_text(_limits(course), encoding="utf-8")
        (made / COURSE_FILE).write_text(_course_file(course), encoding="utf-8")
        files |= {"course": COURSE_FILE, "limits": "limits.yaml"}
        if dicom:
            from RegSuite.phantoms.write_course_dicom import course_to_dicom

            inputs = course_to_dicom(course, made / "dicom")
            text = _course_file(course, planning=inputs.planning, fractions=inputs.fractions)
            (made / "COURSE-dicom.yaml").write_text(text, encoding="utf-8")
            files |= {"course_dicom": "COURSE-dicom.yaml", "dicom": "dicom"}
        (made / "phantom.json").write_text(
            json.dumps(_record(course, files), indent=2) + "\n", encoding="utf-8"
        )
        return files


def _images(course: ThoraxCourse, folder: Path) -> dict[str, str]:
    images = {"planning": course.planning, "structures": course.labels, "truth_dose": course.truth_dose}
    fields, points = {}, {"planning_points": course.landmarks}
    for n, one in enumerate(course.fractions, start=1):
        images |= {f"day{n}": one.image, f"dose{n}": one.dose.image}
        fields[f"truth_displacement_{n}"] = one.displacement
        fields[f"truth_inverse_displacement_{n}"] = one.inverse_displacement
        points[f"day{n}_points"] = one.landmarks
    files = {role: f"{role}.nii.gz" for role in (*images, *fields)}
    for role, image in images.items():
        write_image(image, folder / files[role])
    for role, field in fields.items():
        write_displacement(field.data, field.grid, folder / files[role])
    for role, places in points.items():
        files[role] = f"{role}.csv"
        write_points(places, folder / files[role])
    write_names(course.label_names, folder / "structures.csv")
    return files


def _surfaces(course: ThoraxCourse, folder: Path) -> dict[str, str]:
    """surfaces/ with the structures that are closed surfaces."""
    surfaces = [s for s in course.structures if isinstance(s, SurfaceStructure)]
    (folder / "surfaces").mkdir()
    rows = ["file,name"]
    for one in surfaces:
        write_stl(one, folder / "surfaces" / f"{one.name}.stl")
        rows.append(f"{one.name}.stl,{one.name}")
    (folder / "surfaces" / "names.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return {"surfaces": "surfaces"}


def _course_file(
    course: ThoraxCourse,
    planning: str = "{image: planning.nii.gz, structures: structures.nii.gz}",
    fractions: tuple[str, ...] = (),
) -> str:
    """COURSE.yaml, paths relative to its folder. fractions: image and dose of each, as YAML in one line."""
    given = fractions or tuple(
        f"image: day{n}.nii.gz, dose: dose{n}.nii.gz, dose_unit: Gy"
        for n in range(1, len(course.fractions) + 1)
    )
    rows = [
        f"  - {{{files}, fractions: {one.count}}}" for files, one in zip(given, course.fractions, strict=True)
    ]
    target = "GTV" if any(s.name == "GTV" for s in course.structures) else ""
    tumour = f", {target}: 10" if target and target in course.label_names.values() else ""
    return "\n".join(
        [
            f"# Made by `regsuite phantom thorax`, seed {course.seed}. The truth stands beside it:",
            "# truth_dose.nii.gz, truth_displacement_N.nii.gz. As a fraction's `transform`, the latter maps",
            "# exactly.",
            f"planning: {planning}",
            "fractions:",
            *rows,
            "mapping: ddm",
            "registration: {method: auto, preset: ct-lung}",
            "uncertainty: {source: laplace}",
            "limits: limits.yaml",
            f"eqd2: {{alpha_beta_gy: {{default: 3{tumour}}}}}",
            "samples: 100",
            "correlation: same",
            "",
        ]
    )


def _limits(course: ThoraxCourse) -> str:
    """limits.yaml for the structures that the course has."""
    names = set(course.label_names.values())
    prescribed = float(course.parameters["prescribed_gy"]) * sum(f.count for f in course.fractions)
    target = (f"metric: D95%, min_gy: {0.95 * prescribed:g}, source: 95 % of the prescription",)
    rows = [
        f"  - {{structure: {name}, {limit}}}"
        for name, limits in {**_LIMITED, "GTV": target}.items()
        for limit in limits
        if name in names
    ]
    return LIMITS.rstrip("\n") + (" []\n" if not rows else "\n" + "\n".join(rows) + "\n")


def _record(course: ThoraxCourse, files: Mapping[str, str]) -> dict[str, Any]:
    from RegSuite import __version__

    return {
        "schema": SCHEMA,
        "name": course.name,
        "seed": course.seed,
        "parameters": dict(course.parameters),
        "size": list(course.planning.grid.size),
        "spacing": list(course.planning.grid.spacing),
        "structures": dict(course.kind_of),
        "counts": [f.count for f in course.fractions],
        "RegSuite": __version__,
        "files": dict(files),
    }

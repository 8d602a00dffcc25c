"""A thorax course as DICOM: CT series, an RT Structure Set, RT Doses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from RegSuite.io.image_series import ImageSeries, made_series
from RegSuite.io.write_ct import write_ct
from RegSuite.io.write_rtdose import write_rtdose
from RegSuite.io.write_rtstruct import write_rtstruct
from RegSuite.phantoms.thorax.course import ThoraxCourse

KINDS: Mapping[str, str] = {"GTV": "GTV", "CTV": "CTV", "PTV": "PTV"}


@dataclass(frozen=True)
class DicomInputs:
    """What COURSE.yaml says of the files: the planning mapping, and image and dose of each fraction."""

    planning: str
    fractions: tuple[str, ...]


def course_to_dicom(course: ThoraxCourse, folder: Path) -> DicomInputs:
    """Write planning/, RS.dcm, dayN/ and RDN.dcm into `folder`; paths given are from the folder above.

    Every day's scan has a frame of reference of its own, which its dose shares. UIDs are new each
    time. Structures are contours on the planning slices.
    """
    header = {"PatientName": "Phantom^Thorax", "PatientID": f"{course.name}-{course.seed}", "PatientSex": "O"}
    study = replace(made_series(), header=header)
    planning = write_ct(course.planning, folder / "planning", of=study, description="planning")
    kinds = {name: KINDS.get(name, "ORGAN") for name in course.kind_of}
    write_rtstruct(course.structures, folder / "RS.dcm", reference=planning, label="planning", kinds=kinds)
    rows = []
    for n, one in enumerate(course.fractions, start=1):
        own = _another_frame(study)
        day = write_ct(one.image, folder / f"day{n}", of=own, description=f"day {n}")
        write_rtdose(
            one.dose, folder / f"RD{n}.dcm", reference=day, comment=f"day {n}, {one.count} fractions"
        )
        rows.append(f"image: {folder.name}/day{n}, dose: {folder.name}/RD{n}.dcm")
    name = folder.name
    return DicomInputs(f"{{image: {name}/planning, structures: {name}/RS.dcm}}", tuple(rows))


def _another_frame(study: ImageSeries) -> ImageSeries:
    """The same patient and study in a new frame of reference."""
    return replace(study, frame_of_reference=made_series().frame_of_reference)

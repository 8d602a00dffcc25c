"""An accumulated course as DICOM objects that refer to each other: doses, registrations, structures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.dose.mapping.marks import WORDS
from RegSuite.errors import InputError
from RegSuite.geometry import DoseImage, Image, Structure, VoxelStructure
from RegSuite.io.atomic import new_folder
from RegSuite.io.dicom_file import DEFORMABLE_REGISTRATION, SPATIAL_REGISTRATION
from RegSuite.io.dose_origin import DoseOrigin
from RegSuite.io.image_series import ImageSeries
from RegSuite.io.write_registration import write_registration
from RegSuite.io.write_rtdose import WrittenDose, write_rtdose
from RegSuite.io.write_rtstruct import write_rtstruct
from RegSuite.io.write_segmentation import write_segmentation

if TYPE_CHECKING:
    from RegSuite.transforms.base import Transform

Way = tuple["Image | Transform", ImageSeries]


def export_course_dicom(
    folder: Path | str,
    *,
    reference: ImageSeries,
    dose: Image | DoseImage,
    effective: Mapping[str, Image] | None = None,
    registrations: Sequence[Way] = (),
    structures: Sequence[Structure] = (),
    marks: Image | None = None,
    plans: Sequence[str] = (),
    doses: Sequence[str] = (),
    fractions: int | None = None,
    warnings: list[str] | None = None,
) -> dict[str, str]:
    """Write a course into a new folder: {file name: SOP instance UID}; all of it or nothing.

    RD.dcm: `dose` in Gy, NaN where it is unknown (0 in the file, see write_rtdose). RD_NAME.dcm: each of
    `effective`, by name. REG_1.dcm, ...: each fraction's way from planning points to its own, a
    displacement image (NaN where it is undefined) or a transform, with the fraction's series; the doses
    refer to them. RS.dcm: `structures` on the planning image's planes (the dose's where it has none).
    SEG_marks.dcm: voxels that are not to be trusted, by reason (`marks`, uint8 bits), or else those
    whose dose is unknown; it refers to RD.dcm. plans, doses: SOP instance UIDs of the fractions' plans and
    doses. fractions: how many the course has, where no plan is known.
    Structures and marks that cannot be written become warnings. Raises OutputError for a folder that is
    not empty, and what write_rtdose and write_registration raise.
    """
    told = [] if warnings is None else warnings
    with new_folder(Path(folder)) as target:
        written, origin = _registrations(target, registrations, reference, told)
        made_of = DoseOrigin(tuple(plans), tuple(doses), *origin, fractions)
        main = write_rtdose(
            dose,
            target / "RD.dcm",
            reference=reference,
            origin=made_of,
            comment="accumulated dose",
            warnings=told,
        )
        written["RD.dcm"] = main.sop_instance
        for name, image in (effective or {}).items():
            file = f"RD_{re.sub(r'[^A-Za-z0-9.-]+', '_', name)}.dcm"
            written[file] = write_rtdose(
                image,
                target / file,
                reference=reference,
                origin=made_of,
                effective=True,
                comment=f"accumulated {name}",
                warnings=told,
            ).sop_instance
        image = dose.image if isinstance(dose, DoseImage) else dose
        written |= _structures(target, structures, reference, image, told)
        written |= _marks(target, image, marks, main, told)
    return dict(sorted(written.items()))


def _registrations(
    target: Path, ways: Sequence[Way], reference: ImageSeries, told: list[str]
) -> tuple[dict[str, str], tuple[tuple[tuple[str, str], ...], bool]]:
    """The files, and what a dose says of them: (class, instance) of each, and whether all are rigid."""
    from RegSuite.transforms import AffineTransform, RigidTransform

    written, used, rigid = dict[str, str](), list[tuple[str, str]](), bool(ways)
    for number, (way, source) in enumerate(ways, start=1):
        transform, defined = _taken(way)
        if defined is not None and not defined.any():
            told.append(f"REG_{number}.dcm is not written: the deformation is undefined everywhere")
            continue
        uid = write_registration(
            transform,
            target / f"REG_{number}.dcm",
            registered=reference,
            source=source,
            defined=defined,
            description=f"planning to fraction dose {number}",
        )
        linear = isinstance(transform, AffineTransform)
        rigid = rigid and isinstance(transform, RigidTransform)
        written[f"REG_{number}.dcm"] = uid
        used.append((SPATIAL_REGISTRATION if linear else DEFORMABLE_REGISTRATION, uid))
    return written, (tuple(used), rigid)


def _taken(
    way: Image | Transform,
) -> tuple[Transform, np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None]:
    """A transform, and boolean [*shape] where it is defined (None: everywhere, or it says so itself)."""
    import torch

    from RegSuite.transforms import DisplacementTransform

    if not isinstance(way, Image):
        return way, None
    unknown = torch.isnan(way.data).any(dim=0)
    if not bool(unknown.any()):
        return DisplacementTransform(way.data, way.grid), None
    filled = torch.where(unknown, torch.zeros_like(way.data), way.data)
    return DisplacementTransform(filled, way.grid), ~unknown.cpu().numpy()


def _structures(
    target: Path, structures: Sequence[Structure], reference: ImageSeries, dose: Image, told: list[str]
) -> dict[str, str]:
    if not structures:
        return {}
    planes = reference.grid if reference.grid is not None else dose.grid
    try:
        uid = write_rtstruct(structures, target / "RS.dcm", reference=reference, planes=planes, warnings=told)
    except InputError as error:
        told.append(f"RS.dcm is not written: {error.what}; {error.mend}")
        return {}
    return {"RS.dcm": uid}


def _marks(
    target: Path, dose: Image, marks: Image | None, main: WrittenDose, told: list[str]
) -> dict[str, str]:
    """The segmentation of what is not to be trusted, where there is such a voxel."""
    import torch

    found = []
    if marks is not None:
        for bit, name in WORDS.items():
            inside = (marks.data.to(torch.int32) & bit) != 0
            if bool(inside.any()):
                found.append(VoxelStructure(name, marks.with_data(inside.float())))
    unknown = torch.isnan(dose.data)
    if not found and bool(unknown.any()):
        found = [VoxelStructure("dose unknown", dose.with_data(unknown.float()))]
    if not found:
        return {}
    try:
        uid = write_segmentation(
            found,
            target / "SEG_marks.dcm",
            source=main.series,
            label="MARKS",
            description="where the accumulated dose is not to be trusted",
            anatomical=False,
        )
    except InputError as error:
        told.append(f"SEG_marks.dcm is not written: {error.what}; {error.mend}")
        return {}
    return {"SEG_marks.dcm": uid}

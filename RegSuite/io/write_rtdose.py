"""Writing a dose as a DICOM RT Dose: an accumulated one, or any other in Gy (PS3.3 A.18, C.8.8.3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import DoseError, GeometryError, InputError
from RegSuite.geometry import DoseImage, Grid, Image
from RegSuite.io.axial_order import axial_order
from RegSuite.io.dicom_file import RT_DOSE
from RegSuite.io.dose_origin import DoseOrigin, describe
from RegSuite.io.image_series import ImageSeries
from RegSuite.io.new_object import TEXT_OF_64, add_references, decimals, new_object, save_object
from RegSuite.io.unknown_dose import comment_on

if TYPE_CHECKING:
    from pydicom import Dataset

LARGEST_STORED = 2**31 - 1
"""Of 32 bits without a sign one is left unused, for readers that take them with a sign."""

MOST_BYTES = (1 << 32) - 2
"""Of a DICOM value."""


@dataclass(frozen=True)
class WrittenDose:
    """What was written. largest_error_gy: half of a stored step, and float32's rounding of the largest dose.

    unknown: voxels that were NaN, and are 0 in the file.
    """

    sop_instance: str
    series: ImageSeries
    largest_error_gy: float
    unknown: int


def write_rtdose(
    dose: DoseImage | Image,
    path: Path | str,
    *,
    reference: ImageSeries,
    origin: DoseOrigin | None = None,
    effective: bool | None = None,
    comment: str = "",
    warnings: list[str] | None = None,
) -> WrittenDose:
    """Write a dose in Gy on its grid, with new UIDs, in patient, study and frame of reference of `reference`.

    effective: whether it is biologically weighted (EQD2, BED); a DoseImage says it itself. comment: what
    the dose is, for people (64 characters with what RegSuite adds). The grid may be oblique, left-handed
    or in another order of axes: it is stored in axial order. Values are stored in 32 bits; their error is
    below 1e-6 of the largest dose. Unknown voxels (NaN) have no place in DICOM: they are stored as 0, the
    comment says how many, and a sentence is appended to `warnings`; give their places beside the dose
    (write_segmentation). Raises DoseError for doses below 0 or infinite or all unknown, GeometryError for
    what is no volume, InputError for a missing frame of reference, OutputError for what cannot be written.
    """
    image, kind, made_of = _taken(dose, effective, origin)
    if not reference.frame_of_reference:
        raise InputError(
            "the reference has no frame of reference", where=str(path), mend="name the planning scan or plan"
        )
    values, unknown = _checked(image, Path(path))
    values, grid = axial_order(values, image.grid)
    data = new_object(RT_DOSE, "RTDOSE", reference, comment or "Dose")
    data.OperatorsName = ""
    said = comment[: TEXT_OF_64 - 30] + comment_on(unknown)
    describe(data, kind, said.strip(), made_of)
    scaling = _pixels(data, values, grid)
    add_references(data, reference)
    instance = save_object(data, path)
    if unknown and warnings is not None:
        warnings.append(
            f"{Path(path).name}: the dose is unknown in {unknown} of {grid.voxels} voxels; DICOM cannot say "
            "so, and the file holds 0 there (its DoseComment gives the number)"
        )
    series = ImageSeries(
        reference.frame_of_reference,
        data.StudyInstanceUID,
        data.SeriesInstanceUID,
        ((RT_DOSE, instance),),
        reference.header,
        grid,
        (Path(path),),
    )
    rounding = float(np.nanmax(values)) * 2.0**-24
    return WrittenDose(instance, series, scaling / 2 + rounding, unknown)


def _taken(
    dose: DoseImage | Image, effective: bool | None, origin: DoseOrigin | None
) -> tuple[Image, str, DoseOrigin]:
    """The image, DICOM's word for its kind, what it was made of."""
    if isinstance(dose, Image):
        return dose, "EFFECTIVE" if effective else "PHYSICAL", origin or DoseOrigin()
    if effective is not None and effective != (dose.dose_type == "EFFECTIVE"):
        raise DoseError(
            f"the dose is {dose.dose_type}, and asked for as {'EFFECTIVE' if effective else 'PHYSICAL'}",
            mend="leave `effective` out: a DoseImage says it itself",
        )
    return dose.image, dose.dose_type, origin or DoseOrigin(plans=dose.plans)


def _checked(image: Image, path: Path) -> tuple[NDArray[np.float32], int]:
    """The values [z, y, x] and how many of them are unknown."""
    if image.grid.ndim != 3 or image.channels != 1:
        raise GeometryError(
            f"{image.channels} values a voxel in {image.grid.ndim}D where one dose in 3D is wanted",
            where=str(path),
        )
    values = image.data[0].detach().cpu().numpy().astype(np.float32, copy=False)
    unknown = int(np.isnan(values).sum())
    if unknown == values.size:
        raise DoseError("the dose is unknown everywhere", where=str(path), mend="look at the deformations")
    if np.isinf(values).any():
        raise DoseError(f"{int(np.isinf(values).sum())} voxels are infinite", where=str(path))
    lowest = float(np.nanmin(values))
    if lowest < 0:
        raise DoseError(
            f"the dose is negative in {int((values < 0).sum())} voxels, down to {lowest:.3g} Gy",
            where=str(path),
            mend="an RT Dose of type PHYSICAL or EFFECTIVE has no negative values; write an image instead",
        )
    if 4 * values.size > MOST_BYTES or max(image.grid.size) > 65535:
        raise GeometryError(
            f"{image.grid} is more than a DICOM image holds", where=str(path), mend="use a coarser grid"
        )
    return values, unknown


def _pixels(data: Dataset, values: NDArray[np.float32], grid: Grid) -> float:
    """The planes: as whole numbers of 32 bits times DoseGridScaling, which is returned (Gy)."""
    direction = np.asarray(grid.direction)
    data.Columns, data.Rows, data.NumberOfFrames = grid.size
    data.PixelSpacing = decimals([grid.spacing[1], grid.spacing[0]])
    data.SliceThickness = decimals([grid.spacing[2]])[0]
    data.ImagePositionPatient = decimals(grid.origin)
    data.ImageOrientationPatient = decimals(direction[:, :2].T.ravel().tolist())
    if grid.size[2] > 1:
        data.FrameIncrementPointer = 0x3004000C
        data.GridFrameOffsetVector = decimals([n * grid.spacing[2] for n in range(grid.size[2])])
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 32, 32, 31
    scaling = _step(float(np.nanmax(values)))
    data.DoseGridScaling = f"{scaling:.10g}"
    stored = np.empty(values.shape, dtype="<u4")
    for number, plane in enumerate(values):
        stored[number] = np.rint(np.nan_to_num(plane.astype(np.float64), nan=0.0) / scaling)
    data.add_new("PixelData", "OW", stored.tobytes())
    return scaling


def _step(largest_gy: float) -> float:
    """Gy of a stored step: a number of 10 digits that keeps the largest dose within what is stored."""
    least = largest_gy / LARGEST_STORED if largest_gy > 0 else 1e-9
    step = float(f"{least:.10g}")
    return step if step >= least else float(f"{least * (1 + 2e-10):.10g}")

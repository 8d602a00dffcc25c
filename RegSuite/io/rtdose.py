"""Reading a dose in Gy: DICOM RT Dose, or an image in a stated unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import DoseError, InputError
from RegSuite.geometry import DoseImage, Grid, Image
from RegSuite.io.dicom_fields import Fields
from RegSuite.io.dicom_file import RT_DOSE, broken, damaged, is_dicom, is_little, read_dicom
from RegSuite.io.dose_grid import dose_grid
from RegSuite.io.unknown_dose import unknown_in, without_unknown

GY_OF = {"Gy": 1.0, "cGy": 0.01, "mGy": 0.001}
"""Gray in one of each unit."""

MUCH_GY = 150.0
"""More than plans of external beams give; one fraction of 2 Gy in cGy reads as 200."""

_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2", "")
_MOST_COMPRESSED = 1000


def read_dose(path: Path | str, *, unit: str | None = None, warnings: list[str] | None = None) -> DoseImage:
    """The dose in a file, in Gy: float32 [1, Z, Y, X] on its grid in LPS mm.

    An RT Dose is scaled by its DoseGridScaling and must be in GY. Of an image, unit says what one
    stands for: Gy (if None), cGy or mGy. warnings: sentences are appended for what is doubtful.
    NaN where an image says -1 as RegSuite's own dose files do: the dose is not known there.
    Raises DoseError for another unit or a dose that is none (an error), InputError for what is
    missing, cut short or damaged, GeometryError for planes that do not make a grid.
    """
    path, found = Path(path), [] if warnings is None else warnings
    if unit is not None and unit not in GY_OF:
        raise DoseError(f"the unit '{unit}' is no unit of dose", where=str(path), mend="use Gy, cGy or mGy")
    if path.is_dir():
        raise InputError(
            "a folder where a dose file is wanted", where=str(path), mend="name the RT Dose file or image"
        )
    if path.is_file() and is_dicom(path):
        return _rt_dose(path, unit, found)
    return _dose_image(path, unit, found)


def _dose_image(path: Path, unit: str | None, warnings: list[str]) -> DoseImage:
    """An image's values times its unit; a file without a unit is taken as Gy."""
    from RegSuite.io.images import read_image

    image = read_image(path, expect_ndim=3, warnings=warnings)
    if image.channels != 1:
        raise DoseError(
            f"{image.channels} values a voxel where one dose is wanted", where=str(path), mend="give one"
        )
    factor = GY_OF[unit or "Gy"]
    low, high = float(image.data.min()) * factor, float(image.data.max()) * factor
    if factor == 1:
        image = without_unknown(image, path.name, warnings)
    elif low < 0:
        warnings.append(f"{path.name}: the dose is negative in places, down to {low:.3g} Gy")
    if unit is None and high > MUCH_GY:
        warnings.append(f"{path.name}: up to {high:.0f} Gy; if the file is in cGy, say so (unit cGy)")
    return DoseImage(image if factor == 1 else image.with_data(image.data * factor), path=path)


def _rt_dose(path: Path, unit: str | None, warnings: list[str]) -> DoseImage:
    """An RT Dose object: checked, scaled, placed."""
    fields = Fields(read_dicom(path, {RT_DOSE: "RT Dose"}), path)
    _check_unit(fields, unit)
    kind = _kind(fields, warnings)
    if not fields.has("PixelData"):
        raise DoseError(
            "the RT Dose has no dose grid (it may hold DVHs only)",
            where=str(path),
            mend="export the dose with its grid",
        )
    frames = fields.whole("NumberOfFrames", 1)
    grid, backwards = dose_grid(fields, frames, warnings)
    values = _scaled(fields, grid, backwards)
    summation = fields.text("DoseSummationType") or None
    if summation is None:
        warnings.append(f"{path.name}: DoseSummationType is missing (a plan's, a beam's, a fraction's?)")
    holes = unknown_in(fields.text("DoseComment"))
    if holes:
        warnings.append(
            f"{path.name}: its comment says that the dose of {holes} voxels is not known; they hold 0 Gy "
            "here and count as such (RegSuite's image files tell the two apart)"
        )
    import torch

    plans = [p.text("ReferencedSOPInstanceUID") for p in fields.items("ReferencedRTPlanSequence")]
    return DoseImage(
        Image(torch.from_numpy(values[None]), grid, name=path.name, modality="RTDOSE", path=path),
        dose_type=kind,
        summation=summation,
        frame_of_reference=fields.text("FrameOfReferenceUID") or None,
        sop_instance=fields.text("SOPInstanceUID") or None,
        plans=tuple(p for p in plans if p),
        path=path,
    )


def _check_unit(fields: Fields, asked: str | None) -> None:
    unit = fields.text("DoseUnits").upper()
    if unit != "GY":
        said = f"DoseUnits is {unit}" if unit else "DoseUnits is missing"
        raise DoseError(
            f"{said}: the dose is not known in Gy",
            where=str(fields.path),
            mend="export the dose in absolute values (GY)",
        )
    if asked not in (None, "Gy"):
        raise DoseError(
            f"an RT Dose in GY, read as {asked}",
            where=str(fields.path),
            mend="leave the unit out: a DICOM file states its own",
        )


def _kind(fields: Fields, warnings: list[str]) -> str:
    """PHYSICAL or EFFECTIVE; an ERROR is no dose."""
    kind = fields.text("DoseType").upper()
    if kind in ("PHYSICAL", "EFFECTIVE"):
        return kind
    if kind == "":
        warnings.append(f"{Path(fields.path).name}: DoseType is missing; a physical dose is assumed")
        return "PHYSICAL"
    raise DoseError(
        f"DoseType is {kind[:40]}: the difference of two doses, or unknown, but no dose",
        where=str(fields.path),
        mend="give a PHYSICAL or EFFECTIVE dose",
    )


def _scaled(fields: Fields, grid: Grid, backwards: bool) -> NDArray[np.float32]:
    """float32 [Z, Y, X] in Gy; scaled in double precision, plane by plane."""
    scaling = float(fields.numbers("DoseGridScaling", 1)[0])
    if scaling <= 0:
        raise DoseError(
            f"DoseGridScaling is {scaling:g}", where=str(fields.path), mend="export the dose again"
        )
    stored = _stored(fields, grid)
    out = np.empty(grid.shape, dtype=np.float32)
    for number, plane in enumerate(stored[::-1] if backwards else stored):
        np.multiply(plane, scaling, out=out[number], casting="unsafe", dtype=np.float64)
    if stored.min() < 0:
        raise DoseError(
            f"the dose is negative in {int((stored < 0).sum())} voxels, as a difference of two doses is",
            where=str(fields.path),
            mend="give a PHYSICAL or EFFECTIVE dose",
        )
    if not np.isfinite(out).all():
        raise DoseError(
            f"values up to {int(stored.max())} times {scaling:g} Gy are beyond any dose",
            where=str(fields.path),
            mend="export the dose again",
        )
    return out


def _stored(fields: Fields, grid: Grid) -> NDArray[Any]:
    """The stored whole numbers [Z, Y, X], of 16 or 32 bits, in the file's order of planes."""
    bits = fields.whole("BitsAllocated")
    if bits not in (16, 32) or fields.whole("SamplesPerPixel", 1) != 1:
        raise fields.wrong("BitsAllocated", f"is {bits}; a dose has 16 or 32 bits, one sample a voxel")
    sign = "u" if fields.whole("PixelRepresentation", 0) == 0 else "i"
    raw = fields.raw_bytes("PixelData")
    wanted = grid.voxels * bits // 8
    syntax = str(fields.data.file_meta.get("TransferSyntaxUID", ""))
    if syntax not in _NATIVE:
        return _decoded(fields, grid, wanted, len(raw))
    if len(raw) not in (wanted, wanted + wanted % 2):
        raise fields.wrong("PixelData", f"has {len(raw)} bytes where {grid} needs {wanted}")
    kind = f"{'<' if is_little(fields.data) else '>'}{sign}{bits // 8}"
    return np.frombuffer(raw, dtype=kind, count=grid.voxels).reshape(grid.shape)


def _decoded(fields: Fields, grid: Grid, wanted: int, stored: int) -> NDArray[Any]:
    """Compressed values through pydicom (RLE always, others where their decoder is installed)."""
    if wanted > _MOST_COMPRESSED * max(stored, 1):
        raise fields.wrong("PixelData", f"of {stored} bytes cannot hold {grid}")
    try:
        values = np.asarray(fields.data.pixel_array)
    except broken() as error:
        raise damaged(fields.path, error) from error
    return values.reshape(grid.shape)

"""Transforms in files: ITK's .tfm .txt .h5 .hdf5 .mat, displacement images, DICOM registrations (read)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import GeometryError, InputError
from RegSuite.io.atomic import replacing
from RegSuite.io.dicom_file import is_dicom
from RegSuite.io.displacement_file import FIELD_SUFFIXES, read_displacement, write_displacement
from RegSuite.io.registration_objects import read_registration

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.transforms.base import Transform

TRANSFORM_SUFFIXES = (".tfm", ".txt", ".h5", ".hdf5", ".mat")


def save_transform(transform: Transform, path: Path | str, grid: Grid | None = None) -> None:
    """Write a transform (fixed to moving points, LPS mm) so that ITK's programs apply it as it is.

    .tfm .txt .h5 .hdf5: linear, B-spline, displacement and composite as such (h5 is the compact
    one for fields). .mat: linear only. .nii .nii.gz .nrrd .mha: its displacement on `grid`,
    or on the grid the transform (a composite's first member) has itself.
    Velocity, time-varying and log-polyaffine maps are written as their displacement on their
    grid: ITK has no transform for them. The file appears whole or not at all.
    Raises InputError for an unknown suffix, a kind that the format cannot hold or a transform that is
    unknown in places, OutputError or DiskFull when it cannot be written.
    """
    from RegSuite.transforms import PartialTransform

    path = Path(path)
    suffix = suffix_of(path)
    if isinstance(transform, PartialTransform):
        raise InputError(
            "the transform is unknown in places, which ITK's files cannot say",
            where=str(path),
            mend="write a DICOM registration (write_registration), or save its `inner` transform",
        )
    if suffix in FIELD_SUFFIXES:
        own = grid_of(transform) if grid is None else grid
        if own is None:
            raise InputError(
                f"{type(transform).__name__} has no grid of its own to be sampled on",
                where=str(path),
                mend="give the fixed image's grid, or write a .tfm or .h5",
            )
        write_displacement(transform.displacement(own), own, path)
        return
    _write_itk(transform, path, suffix)


def load_transform(
    path: Path | str,
    ndim: int | None = None,
    *,
    source_frame: str | None = None,
    warnings: list[str] | None = None,
) -> Transform:
    """Read what `save_transform`, SimpleITK, ANTs, elastix (ITK files) or Slicer wrote, or DICOM.

    ndim: the dimension the caller needs (2 or 3); any if None. A DICOM Spatial or Deformable Spatial
    Registration is known by its content; where it holds several, source_frame (the moving image's
    frame of reference UID) says which, and what is undefined there is NaN (PartialTransform).
    warnings: sentences are appended for what is doubtful. Raises InputError for a missing,
    unreadable or unknown file, GeometryError for another dimension, a field that is not a vector
    image of its dimension, or values that are not finite.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(
            "a folder where a transform file is wanted", where=str(path), mend="name a file in it"
        )
    if not path.is_file():
        raise InputError(
            "the transform file does not exist", where=str(path), mend="check the name and the folder"
        )
    if is_dicom(path):
        transform = read_registration(path, source_frame=source_frame, warnings=warnings).marked()
    else:
        transform = read_displacement(path) if suffix_of(path) in FIELD_SUFFIXES else _read_itk(path)
    if ndim is not None and transform.ndim != ndim:
        raise GeometryError(
            f"a {transform.ndim}D transform where {ndim}D is wanted",
            where=str(path),
            mend=f"give a transform made for {ndim}D images",
        )
    return transform


def suffix_of(path: Path) -> str:
    """The known ending of `path`, lower case. Raises InputError for another (DICOM has none that counts)."""
    known = (*TRANSFORM_SUFFIXES, *FIELD_SUFFIXES)
    for suffix in sorted(known, key=len, reverse=True):
        if path.name.lower().endswith(suffix):
            return suffix
    raise InputError(
        f"the ending of '{path.name}' is not that of a transform file",
        where=str(path),
        mend="use " + " ".join(known),
    )


def grid_of(transform: Transform) -> Grid | None:
    """The grid in fixed space that a transform brings along, None where it has none."""
    from RegSuite.transforms import BSplineTransform, CompositeTransform, DenseTransform

    if isinstance(transform, CompositeTransform):
        return grid_of(transform.members[0])
    if isinstance(transform, BSplineTransform):
        return transform.sampling_grid
    return transform.grid if isinstance(transform, DenseTransform) else None


def _write_itk(transform: Transform, path: Path, suffix: str) -> None:
    """Write through SimpleITK; its own message becomes the reason."""
    import SimpleITK as sitk

    from RegSuite.io.itk_transforms import transform_to_sitk
    from RegSuite.transforms import AffineTransform

    if suffix == ".mat" and not isinstance(transform, AffineTransform):
        raise InputError(
            f"a .mat file cannot hold a {type(transform).__name__}", where=str(path), mend="write a .h5 file"
        )
    converted = transform_to_sitk(transform)
    with replacing(path, suffix) as temporary:
        sitk.WriteTransform(converted, str(temporary))


def _read_itk(path: Path) -> Transform:
    """Read through SimpleITK."""
    import SimpleITK as sitk

    from RegSuite.io.itk_transforms import transform_from_sitk

    try:
        found = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise InputError(
            f"ITK cannot read it as a transform: {last}",
            where=str(path),
            mend="write the transform file anew",
        ) from error
    try:
        return transform_from_sitk(found)
    except InputError as error:
        raise type(error)(error.what, where=f"{path}: {error.where}".rstrip(": "), mend=error.mend) from error

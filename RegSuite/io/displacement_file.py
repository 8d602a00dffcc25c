"""Displacement fields as vector images: NIfTI, NRRD, MetaImage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import GeometryError, InputError
from RegSuite.io.atomic import replacing
from RegSuite.io.image_header import read_nifti_header
from RegSuite.io.nifti_header import grid_of_nifti
from RegSuite.io.nifti_values import check_nifti_values
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_from_sitk

if TYPE_CHECKING:
    import SimpleITK as sitk
    from torch import Tensor

    from RegSuite.geometry import Grid
    from RegSuite.transforms.displacement import DisplacementTransform

FIELD_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")


def write_displacement(displacement_mm: Tensor, grid: Grid, path: Path) -> None:
    """Write u [d, *shape] in LPS mm as a float32 vector image that ITK's programs read as it is.

    NIfTI gets the vector intent (1007), which SimpleITK writes: under the displacement intent
    (1006) ITK 5.4 negates x and y. NRRD is marked as a displacement for Slicer.
    A 3D grid of one slice is better written as .nrrd or .mha: of a NIfTI vector file of one slice
    SimpleITK makes a 2D image (`read_displacement` does not).
    Raises OutputError or DiskFull when it cannot be written.
    """
    import SimpleITK as sitk

    image = array_to_sitk(displacement_mm.detach().cpu().float().numpy(), grid, vector=True)
    suffix = next(s for s in sorted(FIELD_SUFFIXES, key=len, reverse=True) if path.name.lower().endswith(s))
    if suffix == ".nrrd":
        image.SetMetaData("displacement field type", "resampling")
    with replacing(path, suffix) as temporary:
        sitk.WriteImage(image, str(temporary), useCompression=suffix != ".nii", compressionLevel=1)


def read_displacement(path: Path) -> DisplacementTransform:
    """Read a displacement image as it stands: fixed to moving, LPS mm.

    Raises InputError for a file that is no image, GeometryError when its voxels are not vectors
    of the image's dimension or not finite.
    """
    import SimpleITK as sitk

    from RegSuite.transforms.displacement import DisplacementTransform

    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        raise InputError(
            f"ITK cannot read it as an image: {last}", where=str(path), mend="write the field anew"
        ) from error
    _check_finite(path)
    ndim, components = image.GetDimension(), image.GetNumberOfComponentsPerPixel()
    if (ndim, components) == (2, 3) and ".nii" in path.suffixes:
        return _single_slice(image, path)
    if components != ndim:
        raise GeometryError(
            f"a {ndim}D image with {components} value(s) a voxel is not a displacement field",
            where=str(path),
            mend=f"give a vector image with {ndim} components in LPS mm, or a transform file",
        )
    try:
        field = image_from_sitk(image, path.name)
        return DisplacementTransform(field.data.float(), field.grid)
    except GeometryError as error:
        raise GeometryError(error.what, where=str(path), mend=error.mend) from error


def _check_finite(path: Path) -> None:
    """Refuse NaN in a NIfTI field, which ITK reads as 0: a place where nothing is said to move."""
    header = read_nifti_header(path) if path.name.lower().endswith((".nii", ".nii.gz")) else None
    if header is None:
        return
    try:
        check_nifti_values(header, path)
    except InputError as error:
        raise GeometryError(
            f"a displacement field with {error.what}",
            where=str(path),
            mend="a voxel without a known displacement makes the field unknown there: give one that covers "
            "what is asked about, or a DICOM Deformable Spatial Registration, which can say so",
        ) from error


def _single_slice(image: sitk.Image, path: Path) -> DisplacementTransform:
    """A 3D field of one slice, which ITK reads from NIfTI as a 2D image of 3 components."""
    import numpy as np
    import SimpleITK as sitk
    import torch

    from RegSuite.transforms.displacement import DisplacementTransform

    grid = grid_of_nifti(path)
    values = np.moveaxis(sitk.GetArrayFromImage(image), -1, 0).astype(np.float32, order="C")
    return DisplacementTransform(torch.from_numpy(values.reshape(3, *grid.shape)), grid)

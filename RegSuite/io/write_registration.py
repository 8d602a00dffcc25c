"""Writing DICOM Spatial Registration and Deformable Spatial Registration objects (PS3.3 C.20.2, C.20.3)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid
from RegSuite.io.dicom_file import DEFORMABLE_REGISTRATION, SPATIAL_REGISTRATION
from RegSuite.io.image_series import ImageSeries
from RegSuite.io.new_object import add_references, image_item, new_object, save_object
from RegSuite.io.registration_items import FloatArray, grid_item, matrix_item
from RegSuite.io.transforms import grid_of

if TYPE_CHECKING:
    from pydicom import Dataset

    from RegSuite.transforms.base import Transform
    from RegSuite.transforms.partial import PartialTransform


def write_registration(
    transform: Transform,
    path: Path | str,
    *,
    registered: ImageSeries,
    source: ImageSeries,
    grid: Grid | None = None,
    defined: NDArray[np.bool_] | None = None,
    description: str = "",
) -> str:
    """Write a transform (registered = fixed points to source = moving points); its SOP instance UID.

    A linear one becomes a Spatial Registration. Any other becomes a Deformable one: a displacement
    on its grid, with the linear map that follows it, is stored as such; others are sampled on
    `grid` and are known only there. defined: boolean [*grid.shape], False where the deformation is
    undefined; a PartialTransform says that itself. New UIDs are made; patient and study are those of
    `registered`.
    Raises GeometryError for a 2D transform or a mask of another shape, InputError for a frame of
    reference that is missing or a transform that needs a grid, OutputError when it cannot be written.
    """
    from RegSuite.transforms import AffineTransform, PartialTransform

    if isinstance(transform, PartialTransform):
        transform, defined = _opened(transform, grid, defined, path)
    if transform.ndim != 3:
        raise GeometryError("a DICOM registration is 3D", where=str(path), mend="write a .tfm")
    for role, series in (("registered", registered), ("source", source)):
        if not series.frame_of_reference:
            raise InputError(
                f"the {role} image has no frame of reference", where=str(path), mend="give its UID"
            )
    if isinstance(transform, AffineTransform):
        data = _head(SPATIAL_REGISTRATION, registered, description)
        data.RegistrationSequence = [
            _matrix_item(registered, np.eye(4)),
            _matrix_item(source, np.asarray(np.linalg.inv(transform.homogeneous), dtype=np.float64)),
        ]
    else:
        data = _head(DEFORMABLE_REGISTRATION, registered, description)
        data.DeformableRegistrationSequence = [_deformable_item(transform, source, grid, defined, path)]
    add_references(data, registered, source)
    return save_object(data, path)


def _opened(
    partial: PartialTransform, grid: Grid | None, defined: NDArray[np.bool_] | None, path: Path | str
) -> tuple[Transform, NDArray[np.bool_]]:
    """The map in a partial one, and where it is known on the grid that it will be stored on."""
    own = grid or grid_of(partial.inner)
    if own is None:
        raise InputError(
            f"a {type(partial.inner).__name__} must be sampled on a grid to become a DICOM deformation",
            where=str(path),
            mend="give the fixed image's grid",
        )
    known = partial.known_on(own)
    return partial.inner, known if defined is None else known & defined


def _head(sop_class: str, registered: ImageSeries, description: str) -> Dataset:
    """Patient, study, series, equipment, frame of reference, content."""
    data = new_object(sop_class, "REG", registered, description or "Registration")
    data.ContentLabel, data.ContentCreatorName = "REGISTRATION", ""
    data.ContentDescription = description[:64]
    return data


def _matrix_item(of: ImageSeries, to_registered: FloatArray) -> Dataset:
    """An item of RegistrationSequence: the matrix from a frame to the registered one."""
    from pydicom import Dataset

    item, step = Dataset(), Dataset()
    item.FrameOfReferenceUID = of.frame_of_reference
    if of.images:
        item.ReferencedImageSequence = [image_item(*i) for i in of.images]
    step.RegistrationTypeCodeSequence = []
    step.MatrixSequence = [matrix_item(to_registered)]
    item.MatrixRegistrationSequence = [step]
    return item


def _deformable_item(
    transform: Transform,
    source: ImageSeries,
    grid: Grid | None,
    defined: NDArray[np.bool_] | None,
    path: Path | str,
) -> Dataset:
    """An item of DeformableRegistrationSequence."""
    from pydicom import Dataset

    offsets, own, post = _field_and_rest(transform, grid, path)
    if defined is not None and defined.shape != own.shape:
        raise GeometryError(
            f"the mask of what is defined has shape {defined.shape}, the deformation's grid {own.shape}",
            where=str(path),
        )
    item = Dataset()
    item.SourceFrameOfReferenceUID = source.frame_of_reference
    if source.images:
        item.ReferencedImageSequence = [image_item(*i) for i in source.images]
    item.RegistrationTypeCodeSequence = []
    item.PreDeformationMatrixRegistrationSequence = [matrix_item(np.eye(4))]
    item.PostDeformationMatrixRegistrationSequence = [matrix_item(post)]
    if defined is not None:
        offsets = np.where(defined, offsets, np.float32(np.nan))
    item.DeformableRegistrationGridSequence = [grid_item(offsets, own, path)]
    return item


def _field_and_rest(
    transform: Transform, grid: Grid | None, path: Path | str
) -> tuple[NDArray[np.float32], Grid, FloatArray]:
    """Offsets [3, *shape] on a grid and the matrix that follows: as they are, or sampled on `grid`."""
    from RegSuite.transforms import AffineTransform, CompositeTransform, DenseTransform

    members = transform.members if isinstance(transform, CompositeTransform) else (transform,)
    first, last = members[0], members[-1]
    if isinstance(first, DenseTransform) and grid in (None, first.grid):
        values = first.field.detach().cpu().numpy()
        if len(members) == 1:
            return values, first.grid, np.eye(4)
        if len(members) == 2 and isinstance(last, AffineTransform):
            return values, first.grid, last.homogeneous
    if grid is None:
        raise InputError(
            f"a {type(transform).__name__} must be sampled on a grid to become a DICOM deformation",
            where=str(path),
            mend="give the fixed image's grid",
        )
    return transform.displacement(grid).cpu().numpy(), grid, np.eye(4)

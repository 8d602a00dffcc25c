"""Reading DICOM Spatial Registration and Deformable Spatial Registration objects (PS3.3 C.20.2, C.20.3).

In both, the engine's transform T maps a point of the Registered frame (the object's own; fixed) to
the Source frame (moving), LPS mm. The two objects store opposite senses: a Spatial Registration the
matrix from Source to Registered, a Deformable one the way from Registered to Source,
T(x) = post (pre x + offset(x)), where the offset is that of the grid AT x: the grid lies in the
Registered frame (Equation C.20.3-1).
"""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.io.dicom_fields import Fields, FloatArray
from RegSuite.io.dicom_file import DEFORMABLE_REGISTRATION, SPATIAL_REGISTRATION, is_little, read_dicom
from RegSuite.io.dicom_slices import orthonormal
from RegSuite.io.registration import Registration

KINDS = {
    SPATIAL_REGISTRATION: "Spatial Registration",
    DEFORMABLE_REGISTRATION: "Deformable Spatial Registration",
}
SAME = 1e-6
"""Entries of matrices that differ by less are the same; DICOM stores 16 characters of each."""


def read_registration(
    path: Path | str, *, source_frame: str | None = None, warnings: list[str] | None = None
) -> Registration:
    """The one registration in an object, or the one of `source_frame` (a frame of reference UID).

    Items that lay the Registered frame onto itself are passed over. Raises InputError where
    several are left or none is of that frame, and whatever `read_registrations` raises.
    """
    found = read_registrations(path, warnings=warnings)
    if source_frame is not None:
        chosen = [r for r in found if r.source_frame == source_frame]
    else:
        chosen = [r for r in found if not (r.is_identity and r.source_frame == r.registered_frame)]
        chosen = chosen or list(found[:1])
    if len(chosen) == 1:
        return chosen[0]
    frames = ", ".join(r.source_frame or "unnamed" for r in found)
    what = f"of the frame of reference {source_frame}" if source_frame else "to choose from"
    raise InputError(
        f"{len(chosen)} registrations {what}; the object has those of {frames}",
        where=str(path),
        mend="name the frame of reference of the moving image",
    )


def read_registrations(path: Path | str, *, warnings: list[str] | None = None) -> tuple[Registration, ...]:
    """Every registration in an object, in its order.

    Raises InputError for what is no registration, cut short or damaged: matrices that are not
    affine or not invertible, grids whose data do not fit their size, offsets that are infinite.
    """
    found = [] if warnings is None else warnings
    fields = Fields(read_dicom(path, KINDS), path)
    deformable = fields.text("SOPClassUID") == DEFORMABLE_REGISTRATION
    read = _deformable if deformable else _linear
    keyword = "DeformableRegistrationSequence" if deformable else "RegistrationSequence"
    items = fields.items(keyword)
    if not items:
        raise fields.wrong(keyword, "is missing or empty")
    return tuple(read(item, fields, found) for item in items)


def _linear(item: Fields, whole: Fields, warnings: list[str]) -> Registration:
    """An item of a Spatial Registration: the inverse of its matrices' product."""
    from RegSuite.transforms.affine import AffineTransform

    steps = [m for r in item.items("MatrixRegistrationSequence") for m in r.items("MatrixSequence")]
    if not steps:
        raise item.wrong("MatrixSequence", "is missing or empty")
    matrices = [_matrix(step, warnings) for step in steps]
    to_registered: FloatArray = reduce(lambda done, m: m @ done, matrices)
    if np.abs(to_registered - reduce(lambda done, m: done @ m, matrices)).max() > SAME:
        warnings.append(
            f"{Path(item.path).name}: {len(matrices)} matrices whose order matters; the first was applied "
            "first (PS3.3 C.20.2.1.1), which some programs do the other way round"
        )
    transform = AffineTransform.from_homogeneous(np.linalg.inv(to_registered))
    return Registration(transform, *_frames(item, whole, "FrameOfReferenceUID"))


def _deformable(item: Fields, whole: Fields, warnings: list[str]) -> Registration:
    """An item of a Deformable Spatial Registration."""
    from RegSuite.transforms.affine import AffineTransform

    pre = _one_matrix(item, "PreDeformationMatrixRegistrationSequence", warnings)
    post = _one_matrix(item, "PostDeformationMatrixRegistrationSequence", warnings)
    linear = AffineTransform.from_homogeneous(post @ pre)
    frames = _frames(item, whole, "SourceFrameOfReferenceUID")
    grids = item.items("DeformableRegistrationGridSequence")
    if not grids:
        return Registration(linear, *frames)
    if np.abs(pre - np.eye(4)).max() > SAME:
        warnings.append(
            f"{Path(item.path).name}: a matrix before the deformation; the offset was taken where the point "
            "lies before that matrix (PS3.3 C.20.3.1.1), which some programs do after it"
        )
    return _with_grid(grids[0], pre[:3, :3], linear, frames, is_little(whole.data), warnings)


def _with_grid(
    item: Fields,
    pre: FloatArray,
    linear: object,
    frames: tuple[str | None, str | None, tuple[str, ...], str | None],
    little: bool,
    warnings: list[str],
) -> Registration:
    """post (pre x + offset) as a displacement by pre^-1 offset, then the two matrices in one."""
    import torch

    from RegSuite.transforms import CompositeTransform, DisplacementTransform, Transform

    grid, offsets = _offsets(item, little)
    defined = ~np.isnan(offsets).any(axis=0)
    assert isinstance(defined, np.ndarray)
    partly = int((~defined).sum() - np.isnan(offsets).all(axis=0).sum())
    if partly:
        warnings.append(f"{Path(item.path).name}: {partly} offsets are undefined in part; taken as undefined")
    if not defined.any():
        raise item.wrong("VectorGridData", "is undefined (NaN) everywhere")
    offsets[:, ~defined] = 0
    if np.abs(pre - np.eye(3)).max() > 0:
        offsets = np.einsum("ij,j...->i...", np.linalg.inv(pre), offsets.astype(np.float64))
    values = torch.from_numpy(np.ascontiguousarray(offsets, dtype=np.float32))
    members: list[Transform] = [DisplacementTransform(values, grid)]
    assert isinstance(linear, Transform)
    if not Registration(linear).is_identity:
        members.append(linear)
    return Registration(
        CompositeTransform.of(*members),
        *frames,
        grid=grid,
        defined=None if defined.all() else defined,
    )


def _offsets(item: Fields, little: bool) -> tuple[Grid, NDArray[np.float32]]:
    """The deformation grid and its offsets [3, Z, Y, X] in mm; NaN where they are undefined."""
    size = [int(n) for n in item.numbers("GridDimensions", 3)]
    spacing = item.numbers("GridResolution", 3)
    orientation = item.numbers("ImageOrientationPatient", 6)
    position = item.numbers("ImagePositionPatient", 3)
    raw = item.raw_bytes("VectorGridData")
    wanted = 12 * size[0] * size[1] * size[2]
    if min(size) < 1 or len(raw) != wanted:
        shape = " x ".join(map(str, size))
        raise item.wrong("VectorGridData", f"has {len(raw)} bytes where a grid of {shape} needs {wanted}")
    direction = orthonormal(orientation[:3], orientation[3:], Path(item.path))
    grid = Grid.make(size, spacing.tolist(), position.tolist(), direction)
    triples = np.frombuffer(raw, dtype="<f4" if little else ">f4").reshape(*grid.shape, 3)
    if np.isinf(triples).any():
        raise item.wrong("VectorGridData", f"holds {int(np.isinf(triples).sum())} infinite values")
    return grid, np.moveaxis(triples, -1, 0).astype(np.float32)


def _one_matrix(item: Fields, keyword: str, warnings: list[str]) -> FloatArray:
    """[4, 4] the matrix before or after the deformation; the identity where there is none."""
    steps = item.items(keyword)
    if len(steps) > 1:
        raise item.wrong(keyword, f"has {len(steps)} items where one is allowed")
    return _matrix(steps[0], warnings) if steps else np.eye(4)


def _matrix(step: Fields, warnings: list[str]) -> FloatArray:
    """[4, 4] an affine matrix. Raises InputError for a last row or a determinant that cannot be."""
    keyword = "FrameOfReferenceTransformationMatrix"
    matrix = step.numbers(keyword, 16).reshape(4, 4)
    if np.abs(matrix[3] - (0, 0, 0, 1)).max() > SAME:
        raise step.wrong(keyword, f"ends with the row {matrix[3].tolist()}, not 0 0 0 1")
    if np.linalg.cond(matrix[:3, :3]) > 1e12:
        raise step.wrong(keyword, "cannot be inverted")
    off = float(np.abs(matrix[:3, :3].T @ matrix[:3, :3] - np.eye(3)).max())
    if step.text("FrameOfReferenceTransformationMatrixType") == "RIGID" and off > 1e-3:
        warnings.append(f"{Path(step.path).name}: a matrix called RIGID is none ({off:.2g} off)")
    return matrix


def _frames(
    item: Fields, whole: Fields, keyword: str
) -> tuple[str | None, str | None, tuple[str, ...], str | None]:
    """registered_frame, source_frame, source_images, sop_instance of a Registration."""
    images = tuple(i.text("ReferencedSOPInstanceUID") for i in item.items("ReferencedImageSequence"))
    own, object_ = whole.text("FrameOfReferenceUID") or None, whole.text("SOPInstanceUID") or None
    return own, item.text(keyword) or None, images, object_

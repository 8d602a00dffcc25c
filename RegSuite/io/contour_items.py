"""The contours of one structure as items of an RT Structure Set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.geometry.structure import ContourStructure, Structure
from RegSuite.io.contours import normal_of
from RegSuite.io.image_series import ImageSeries
from RegSuite.io.keyholes import keyholed
from RegSuite.io.new_object import decimals, image_item
from RegSuite.io.outlines import beyond_mm, outlines

if TYPE_CHECKING:
    from pydicom import Dataset

FloatArray = NDArray[np.float64]

SAME_PLANE_MM = 0.05
"""Contours whose distance along their normal is less lie in one plane."""

ON_SLICE = 0.05
"""Of the distance of slices: a contour so near to one refers to it."""


def contour_items(
    structure: Structure, planes: Grid | None, reference: ImageSeries, path: Path, warnings: list[str]
) -> list[Dataset]:
    """Items of ContourSequence: contours as drawn, surfaces and voxels outlined on `planes`.

    Holes are keyholes. Where the contours of a plane cross or touch, which no keyhole says, all of the
    structure's are CLOSEDPLANAR_XOR (DICOM forbids a mixture), with a warning.
    Raises InputError for a surface or voxels without planes.
    """
    drawn, normal = _by_plane(structure, planes, path)
    if not isinstance(structure, ContourStructure) and planes is not None and drawn:
        beyond = beyond_mm(structure, planes)
        if beyond > ON_SLICE * planes.spacing[2]:
            warnings.append(
                f"structure '{structure.name}' reaches {beyond:.3g} mm beyond the planes; what lies there is "
                "not outlined"
            )
    joined = [keyholed(contours, normal) for contours in drawn]
    crossing = sum(one is None for one in joined)
    if not crossing:
        return [_item(c, "CLOSED_PLANAR", reference) for one in joined if one is not None for c in one]
    warnings.append(
        f"structure '{structure.name}': contours cross or touch in {crossing} planes; it is written as "
        "CLOSEDPLANAR_XOR, which not every program reads"
    )
    return [_item(c, "CLOSEDPLANAR_XOR", reference) for contours in drawn for c in contours]


def _by_plane(
    structure: Structure, planes: Grid | None, path: Path
) -> tuple[list[list[FloatArray]], FloatArray]:
    """The contours of each plane, and the planes' normal."""
    if isinstance(structure, ContourStructure):
        normal = normal_of(structure.contours)
        return ([], np.zeros(3)) if normal is None else (_grouped(structure, normal), normal)
    if planes is None:
        raise InputError(
            f"structure {structure.name!r} is no stack of contours, and there are no planes to outline it on",
            where=str(path),
            mend="give the scan's folder, or a grid",
        )
    return list(outlines(structure, planes).values()), np.asarray(planes.direction)[:, 2]


def _grouped(structure: ContourStructure, normal: FloatArray) -> list[list[FloatArray]]:
    """A structure's contours plane by plane."""
    depth = np.array([float((c @ normal).mean()) for c in structure.contours])
    order = np.argsort(depth, kind="stable")
    ends = np.flatnonzero(np.diff(depth[order]) > SAME_PLANE_MM) + 1
    return [[structure.contours[i] for i in part] for part in np.split(order, ends)]


def _item(points: FloatArray, kind: str, reference: ImageSeries) -> Dataset:
    """An item of ContourSequence, with the slice it lies on."""
    from pydicom import Dataset

    item = Dataset()
    image = _slice_of(points, reference)
    if image is not None:
        item.ContourImageSequence = [image_item(*image)]
    item.ContourGeometricType, item.NumberOfContourPoints = kind, len(points)
    item.ContourData = decimals(points.ravel().tolist())
    return item


def _slice_of(points: FloatArray, reference: ImageSeries) -> tuple[str, str] | None:
    """The slice on which all of a contour's points lie."""
    if reference.grid is None or len(reference.images) != reference.grid.size[2]:
        return None
    along = reference.grid.index(points)[:, 2]
    plane = round(float(along.mean()))
    on_it = 0 <= plane < len(reference.images) and float(np.abs(along - plane).max()) < ON_SLICE
    return reference.images[plane] if on_it else None

"""Apply a transform: images are pulled back, points and surfaces go forward."""

from __future__ import annotations

import warnings as python_warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from RegSuite.errors import GeometryError, InputError, RegSuiteWarning
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.workflows.interpolation import INTERPOLATIONS, Interpolation, pull
from RegSuite.workflows.stored_transform import StoredTransform, stored_transform

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.report.result import InputRecord
    from RegSuite.transforms.base import Transform
    from RegSuite.workflows.inputs import Reader

OUT_OF_IMAGE_MM = 1e6
"""A displacement that leads out of any image."""

POINT_SUFFIXES = (".csv",)
SURFACE_SUFFIXES = (".vtp", ".stl", ".vtk", ".ply", ".obj")


def warp(
    source: Any,
    transform: Any,
    *,
    inverse: bool = False,
    like: Any = None,
    interpolation: Interpolation = "linear",
    records: dict[str, InputRecord] | None = None,
    warnings: list[str] | None = None,
) -> Image | PointSet:
    """An image resampled through a transform, or points mapped by it.

    source: an image (file, RegSuite.Image, SimpleITK image) or points (CSV, RegSuite.PointSet).
    transform: a result folder, a transform file, or a Transform (fixed to moving points).
    Images: a moving image comes to the fixed grid; with `inverse` a fixed image to the moving
    grid. The grid is that of `like`, else the field's own. Points: fixed points go to the moving
    space; with `inverse` moving points to the fixed space. records: is filled with the
    inputs, warnings with what their readers doubt and with how many points lie beyond the field,
    which leaves them where they are; without it these are Python's warnings (RegSuiteWarning).
    Raises InputError or GeometryError for inputs that do not fit.
    """
    from RegSuite.workflows.inputs import Reader

    told = [] if warnings is None else warnings
    reader = Reader({} if records is None else records, told)
    stored = _stored(transform, inverse)
    if isinstance(source, PointSet) or (_suffix(source) in POINT_SUFFIXES):
        points = reader.points(source, "source")
        assert points is not None  # only None gives None
        told += beyond_field(points, stored.grid)
        if warnings is None:
            _say(told)
        return _mapped(points, stored.transform)
    if interpolation not in INTERPOLATIONS:
        raise InputError(
            f"there is no interpolation {interpolation!r}",
            where="interpolation",
            mend="give one of " + ", ".join(INTERPOLATIONS),
        )
    image = _source(reader, source, interpolation)
    grid = _grid(stored, reader.image(like, "like").grid if like is not None else None, image)
    _check_dimensions(stored.transform, image, grid)
    displacement = _leading_out(stored.transform.displacement(grid), told)
    if warnings is None:
        _say(told)
    return pull(image, grid, displacement, interpolation)


def _leading_out(displacement_mm: Tensor, told: list[str]) -> Tensor:
    """The field, out of every image where it is unknown (NaN), so that the outside value stands there."""
    unknown = torch.isnan(displacement_mm).any(dim=0)
    count = int(unknown.sum())
    if count == 0:
        return displacement_mm
    told.append(
        f"the transform is unknown at {count} of {unknown.numel()} voxels: they lie outside the image"
    )
    return torch.where(unknown, torch.full_like(displacement_mm, OUT_OF_IMAGE_MM), displacement_mm)


def beyond_field(points: PointSet, grid: Grid | None) -> list[str]:
    """A sentence on points that lie beyond a field on `grid`, which leaves them; none where all are in."""
    if grid is None or grid.ndim != points.ndim:
        return []
    beyond = int((~grid.contains(points.points)).sum())
    if not beyond:
        return []
    return [f"{beyond} of {len(points)} points lie outside of the displacement field and were not moved"]


def _say(told: list[str]) -> None:
    """Python's warnings, as of the line that called RegSuite.warp."""
    for sentence in told:
        python_warnings.warn(sentence, RegSuiteWarning, stacklevel=4)


def _source(reader: Reader, source: Any, interpolation: Interpolation) -> Image:
    """The image to be warped; by label only what holds labels, which stay whole numbers."""
    if interpolation != "label":
        return reader.image(source, "source")
    labels, _ = reader.labels(source, "source", None)
    assert labels is not None  # only None gives None
    return labels


def _stored(transform: Any, inverse: bool) -> StoredTransform:
    from RegSuite.transforms.base import Transform

    if isinstance(transform, Transform):
        found = transform.inverse() if inverse else transform
        return StoredTransform(found, getattr(found, "grid", None))
    if not isinstance(transform, str | Path):
        raise InputError(
            f"{type(transform).__name__} is no transform",
            where="transform",
            mend="give a result folder, a transform file or a Transform",
        )
    return stored_transform(transform, inverse=inverse)


def _suffix(source: Any) -> str:
    return Path(source).suffix.lower() if isinstance(source, str | Path) else ""


def _grid(stored: StoredTransform, like: Grid | None, image: Image) -> Grid:
    if like is not None:
        return like
    if stored.grid is not None:
        return stored.grid
    raise InputError(
        "the transform has no grid of its own, so the size of the warped image is not known",
        where=image.name,
        mend="pass --like IMAGE, whose grid the warped image takes",
    )


def _check_dimensions(transform: Transform, image: Image, grid: Grid) -> None:
    if not transform.ndim == image.ndim == grid.ndim:
        raise GeometryError(
            f"{image.ndim}D image, {transform.ndim}D transform and {grid.ndim}D grid do not go together",
            where=image.name,
            mend="give all of one dimension",
        )


def _mapped(points: PointSet, transform: Transform) -> PointSet:
    """The points moved by the transform, with their labels and names."""
    if points.ndim != transform.ndim:
        raise GeometryError(
            f"points of {points.ndim} coordinates under a {transform.ndim}D transform", where=points.name
        )
    moved = transform.points(torch.tensor(points.points)).cpu().numpy()
    unknown = int(torch.isnan(torch.from_numpy(moved)).any(dim=1).sum())
    if unknown:
        raise GeometryError(
            f"the transform is unknown at {unknown} of {len(moved)} points",
            where=points.name,
            mend="leave these points out",
        )
    return PointSet(moved, points.labels, points.names, name=f"warped {points.name}")

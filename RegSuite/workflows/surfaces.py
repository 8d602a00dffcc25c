"""Surfaces through a transform (vtk, extra `surfaces`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from RegSuite.errors import GeometryError, InputError, OutputError
from RegSuite.io.atomic import replacing
from RegSuite.io.surface_file import need_vtk, read_surface

if TYPE_CHECKING:
    from RegSuite.transforms.base import Transform

SUFFIXES = (".vtp", ".stl", ".ply", ".obj")
_SPACES = {"LPS": np.eye(3), "RAS": np.diag([-1.0, -1.0, 1.0])}


def warp_surface(
    source: Path, transform: Transform, output: Path, space: Literal["LPS", "RAS"] = "LPS"
) -> None:
    """Map the points of a surface (.vtp .stl .ply .obj) and write it to `output`, whole or not at all.

    space: of the file's coordinates, which the output keeps. Raises InputError where vtk is
    missing, the file is no surface, or the ending of either file is not known.
    """
    need_vtk(source)
    for path in (source, output):
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(
                f"{path.suffix!r} is not the ending of a surface",
                where=str(path),
                mend="use " + " ".join(SUFFIXES),
            )
    if transform.ndim != 3:
        raise GeometryError("a surface needs a 3D transform", where=str(source))
    surface = read_surface(source)
    to_lps = _SPACES[space]
    places = _points(surface) @ to_lps
    moved = transform.points(torch.from_numpy(places)).cpu().numpy() @ to_lps
    _set_points(surface, moved)
    with replacing(output) as temporary:
        _write(surface, temporary)


def _write(surface: Any, path: Path) -> None:
    import vtk

    writers = {
        ".vtp": vtk.vtkXMLPolyDataWriter,
        ".stl": vtk.vtkSTLWriter,
        ".ply": vtk.vtkPLYWriter,
        ".obj": vtk.vtkOBJWriter,
    }
    writer = writers[path.suffix.lower()]()
    if path.suffix.lower() == ".stl":
        writer.SetFileTypeToBinary()
    writer.SetFileName(str(path))
    writer.SetInputData(surface)
    if writer.Write() == 0 or path.stat().st_size == 0:
        raise OutputError("the surface cannot be written", where=str(path), mend="check the disk")


def _points(surface: Any) -> np.ndarray:
    from vtk.util.numpy_support import vtk_to_numpy

    return np.array(vtk_to_numpy(surface.GetPoints().GetData()), dtype=np.float64)


def _set_points(surface: Any, places: np.ndarray) -> None:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    points = vtk.vtkPoints()
    points.SetDataTypeToDouble()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(places), deep=True))
    surface.SetPoints(points)
    surface.GetPointData().SetNormals(None)

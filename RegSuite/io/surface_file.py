"""Reading surface files (vtk, extra `surfaces`): as they are, or points, polygons and lines as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError

SUFFIXES = (".vtp", ".stl")


@dataclass(frozen=True, eq=False)
class Cells:
    """What a surface file holds, in its own coordinates: points [n, 3], each of another place.

    polygons, lines: point indices of each, [k] int64; triangle strips are polygons already, short
    segments are joined to polylines already. A closed line ends with the point it begins with.
    """

    points: NDArray[np.float64]
    polygons: tuple[NDArray[np.int64], ...]
    lines: tuple[NDArray[np.int64], ...]


def read_cells(path: Path) -> Cells:
    """The cells of a .vtp or .stl. Raises InputError where vtk is missing or the file holds none."""
    data = read_surface(path)
    if data.GetNumberOfCells() == 0:
        raise InputError(
            "the file holds neither a surface nor contours", where=str(path), mend="write it anew"
        )
    return _cells(data, path)


def read_surface(path: Path) -> Any:
    """The vtkPolyData in a .vtp, .stl, .ply or .obj, in the file's own coordinates.

    Raises InputError where vtk is missing, the file is damaged, or holds no points.
    """
    need_vtk(path)
    if not path.is_file():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    reader = _reader(path)
    said: list[str] = []
    for part in (reader, getattr(reader, "GetReaderErrorObserver", lambda: None)()):
        if part is not None:
            part.AddObserver("ErrorEvent", lambda *_: said.append("damaged"))
    reader.SetFileName(str(path))
    import vtk

    log = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.GlobalWarningDisplayOff()
    try:
        reader.Update()
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(log)
    if said or reader.GetErrorCode() != 0:
        raise InputError("the file is damaged or no such format", where=str(path), mend="write it anew")
    surface = reader.GetOutput()
    if surface is None or surface.GetNumberOfPoints() == 0:
        raise InputError("the file holds no surface", where=str(path), mend="write the surface anew")
    return surface


def need_vtk(path: Path) -> None:
    """Raises InputError where vtk is missing."""
    if find_spec("vtk") is None:
        raise InputError(
            "surfaces need the library vtk, which is not installed",
            where=str(path),
            mend="pip install 'regsuite[surfaces]'",
        )


def _reader(path: Path) -> Any:
    import vtk

    readers = {
        ".vtp": vtk.vtkXMLPolyDataReader,
        ".stl": vtk.vtkSTLReader,
        ".ply": vtk.vtkPLYReader,
        ".obj": vtk.vtkOBJReader,
    }
    return readers[path.suffix.lower()]()


def _cells(data: Any, path: Path) -> Cells:
    """Strips opened, segments joined, points of one place merged."""
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    if data.GetNumberOfStrips():
        opener = vtk.vtkTriangleFilter()
        opener.PassLinesOn()
        opener.PassVertsOff()
        opener.SetInputData(data)
        opener.Update()
        data = opener.GetOutput()
    places = np.array(vtk_to_numpy(data.GetPoints().GetData()), dtype=np.float64)
    if not np.isfinite(places).all():
        raise InputError("points that are not finite", where=str(path), mend="write the file anew")
    polygons, lines = _lists(data.GetPolys(), len(places), path), _lists(data.GetLines(), len(places), path)
    points, place_of = np.unique(places, axis=0, return_inverse=True)
    place_of = place_of.reshape(-1).astype(np.int64)
    merged = [place_of[line] for line in lines]
    if any(len(line) == 2 for line in merged):
        merged = _joined(merged)
    return Cells(points, tuple(place_of[p] for p in polygons), tuple(merged))


def _lists(cells: Any, points: int, path: Path) -> list[NDArray[np.int64]]:
    """The point indices of each cell of a vtkCellArray."""
    from vtk.util.numpy_support import vtk_to_numpy

    if cells is None or cells.GetNumberOfCells() == 0:
        return []
    offsets = np.array(vtk_to_numpy(cells.GetOffsetsArray()), dtype=np.int64)
    ids = np.array(vtk_to_numpy(cells.GetConnectivityArray()), dtype=np.int64)
    if len(ids) and (ids.min() < 0 or ids.max() >= points):
        raise InputError("cells of points that are not there", where=str(path), mend="write the file anew")
    if (np.diff(offsets) < 0).any() or offsets[0] != 0 or offsets[-1] > len(ids):
        raise InputError("cells that overlap", where=str(path), mend="write the file anew")
    return np.split(ids[: offsets[-1]], offsets[1:-1])


def _joined(lines: list[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Lines joined end to end where exactly two ends meet; longer ones too."""
    ends: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        if len(line) > 1 and line[0] != line[-1]:
            ends.setdefault(int(line[0]), []).append(number)
            ends.setdefault(int(line[-1]), []).append(number)
    left, out = set(range(len(lines))), []
    while left:
        first = min(left)
        left.discard(first)
        chain = list(map(int, lines[first]))
        for _ in range(2):  # onward from its end, then from its beginning
            while chain[0] != chain[-1]:
                meeting = [n for n in ends.get(chain[-1], []) if n in left]
                if len(meeting) != 1 or len(ends[chain[-1]]) != 2:
                    break
                left.discard(meeting[0])
                piece = list(map(int, lines[meeting[0]]))
                chain += piece[1:] if piece[0] == chain[-1] else piece[-2::-1]
            chain.reverse()
        out.append(np.array(chain, dtype=np.int64))
    return out

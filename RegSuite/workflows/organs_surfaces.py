"""Triangulated surfaces of organs: source, moved and target, coloured by residual and uncertainty (vtk)."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry.structure import SurfaceStructure

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.pointcloud.result import Drift
    from RegSuite.report.organs_content import OrganSurface
    from RegSuite.workflows.organs_clouds import Cloud
    from RegSuite.workflows.organs_prepare import Prepared

FloatArray = NDArray[np.float64]

FILES = {
    "source_surfaces": "source_organs.vtp",
    "moved_surfaces": "moved_organs.vtp",
    "target_surfaces": "target_organs.vtp",
}
MOST_SAMPLES = 72
"""Of an organ's label map along the longest edge of its box."""
_ITERATIONS = 15
_PASS_BAND = 0.08


@dataclass(frozen=True, eq=False)
class Meshes:
    """Surfaces by role (source_surfaces, moved_surfaces, target_surfaces) and label."""

    by_role: Mapping[str, Mapping[int, OrganSurface]]
    _folders: list[Any] = field(default_factory=list, repr=False)

    def of(self, role: str) -> Mapping[int, OrganSurface]:
        """{label: surface}; empty where there is none."""
        return self.by_role.get(role, {})

    def write(self, folder: Path) -> dict[str, str]:
        """Write a .vtp a role (LPS mm; arrays label, residual_mm, uncertainty_mm); file names by role."""
        written = {}
        for role, surfaces in self.by_role.items():
            if surfaces:
                _write(surfaces, folder / FILES[role])
                written[role] = FILES[role]
        return written

    def items(self, written: Sequence[Path]) -> dict[str, Callable[[], Path]]:
        """For a scene: the files where they were written, else in a folder that stays as long as these."""
        return {role: _Lazy(self, role, tuple(written)) for role, found in self.by_role.items() if found}

    def folder(self) -> Path:
        """A folder with all files, made once."""
        if not self._folders:
            self._folders.append(tempfile.TemporaryDirectory(prefix="regsuite-surfaces-"))
            self.write(Path(self._folders[0].name))
        return Path(self._folders[0].name)


@dataclass(frozen=True, eq=False)
class _Lazy:
    """Gives the file of a role when a scene wants it."""

    meshes: Meshes
    role: str
    written: tuple[Path, ...]

    def __call__(self) -> Path:
        name = FILES[self.role]
        return next((f / name for f in self.written if (f / name).is_file()), self.meshes.folder() / name)


def meshes_of(prepared: Prepared, drift: Drift) -> Meshes:
    """Of the organs that were registered; none in 2D, of points, or without vtk."""
    source, target = prepared.source, prepared.target
    if prepared.model is None or drift.source.ndim != 3 or importlib.util.find_spec("vtk") is None:
        return Meshes({})
    from RegSuite.report.organs_content import OrganSurface

    found: dict[str, dict[int, OrganSurface]] = {role: {} for role in FILES}
    for organ in prepared.model.organs:
        label = organ.label
        mesh = _mesh(source, label)
        if mesh is not None:
            residual, sd = _at_points(drift, mesh[0], label)
            found["source_surfaces"][label] = OrganSurface(*mesh, residual, sd)
            moved = drift.points(mesh[0], np.full(len(mesh[0]), label, dtype=np.int64))
            found["moved_surfaces"][label] = OrganSurface(moved, mesh[1], residual, sd)
        mesh = _mesh(target, label)
        if mesh is not None:
            found["target_surfaces"][label] = OrganSurface(*mesh)
    return Meshes(found)


def _at_points(drift: Drift, points: FloatArray, label: int) -> tuple[FloatArray, FloatArray]:
    """Residual of the organ's nearest cloud point, and the uncertainty, at points [n, d]."""
    from scipy.spatial import cKDTree

    labels = drift.source.labels
    own = np.ones(len(drift.source), dtype=bool) if labels is None else labels == label
    nearest = cKDTree(drift.source.points[own]).query(points)[1]
    sd = drift.sd_mm(points, np.full(len(points), label, dtype=np.int64))
    return drift.residual_mm[own][nearest], sd


def _mesh(cloud: Cloud, label: int) -> tuple[FloatArray, NDArray[np.int64]] | None:
    """Points [n, 3] in LPS mm and triangles [m, 3]."""
    for structure in cloud.side.structures:
        if isinstance(structure, SurfaceStructure) and _is(cloud, structure, label):
            return structure.points, structure.triangles
    return None if cloud.labels is None else _of_map(cloud.labels, label)


def _is(cloud: Cloud, structure: SurfaceStructure, label: int) -> bool:
    surface = cloud.surfaces.get(label)
    return surface is not None and surface.name == structure.name


def _of_map(labels: Image, label: int) -> tuple[FloatArray, NDArray[np.int64]] | None:
    """The smooth surface of a label; on the border of the map it is closed.

    Source of the smoothing: Taubin 1995, SIGGRAPH, windowed sinc.
    """
    held = np.argwhere(labels.data[0].cpu().numpy() == label)
    if not len(held):
        return None
    low, high = held.min(axis=0), held.max(axis=0) + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    solid = (labels.data[0].cpu().numpy()[box] == label).astype(np.float32)
    step = max(1, -(-max(solid.shape) // MOST_SAMPLES))
    solid = np.pad(solid, [(step, step + (-n) % step) for n in solid.shape])
    shape = [n // step for n in solid.shape]
    solid = solid[tuple(slice(0, n * step) for n in shape)]
    (z, y, x), k = shape, step
    blocks = solid.reshape(z, k, y, k, x, k).mean(axis=(1, 3, 5))
    points, triangles = _contoured(np.pad(blocks, 1))
    if not len(triangles):
        return None
    index = (points - 1) * step + (step - 1) / 2 - step + low[::-1]
    return labels.grid.points(index), triangles


def _contoured(blocks: NDArray[np.float32]) -> tuple[FloatArray, NDArray[np.int64]]:
    """The smoothed surface at 0.5 of blocks [z, y, x], in their indices x, y, z."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

    image = vtk.vtkImageData()
    image.SetDimensions(*blocks.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(blocks.astype(np.float32).ravel(), deep=True))
    edges = vtk.vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.ComputeScalarsOff()
    smooth = vtk.vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(_ITERATIONS)
    smooth.SetPassBand(_PASS_BAND)
    smooth.BoundarySmoothingOff()
    smooth.FeatureEdgeSmoothingOff()
    smooth.NonManifoldSmoothingOn()
    smooth.NormalizeCoordinatesOn()
    smooth.Update()
    found = smooth.GetOutput()
    if not found.GetNumberOfPolys():
        return np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int64)
    points = vtk_to_numpy(found.GetPoints().GetData()).astype(np.float64)
    return points, vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int64)


def _write(surfaces: Mapping[int, OrganSurface], path: Path) -> None:
    """All surfaces of a role in one file."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

    places, triangles, first = [], [], 0
    arrays: dict[str, list[NDArray[Any]]] = {"label": [], "residual_mm": [], "uncertainty_mm": []}
    for label, surface in surfaces.items():
        count = len(surface.points_mm)
        places.append(surface.points_mm)
        triangles.append(surface.triangles + first)
        first += count
        arrays["label"].append(np.full(count, label, dtype=np.int32))
        for name, values in (("residual_mm", surface.residual_mm), ("uncertainty_mm", surface.sd_mm)):
            arrays[name].append(np.full(count, np.nan) if values is None else np.asarray(values))
    points = vtk.vtkPoints()
    points.SetData(numpy_to_vtk(np.concatenate(places).astype(np.float32), deep=True))
    polys = np.concatenate(triangles)
    cells = vtk.vtkCellArray()
    rows = np.column_stack([np.full(len(polys), 3), polys]).astype(np.int64)
    cells.ImportLegacyFormat(numpy_to_vtkIdTypeArray(rows.ravel(), deep=True))
    mesh = vtk.vtkPolyData()
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    for name, parts in arrays.items():
        joined = np.concatenate(parts)
        if name == "label" or np.isfinite(joined).any():
            array = numpy_to_vtk(joined if name == "label" else joined.astype(np.float32), deep=True)
            array.SetName(name)
            mesh.GetPointData().AddArray(array)
    writer = vtk.vtkXMLPolyDataWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(mesh)
    writer.Write()

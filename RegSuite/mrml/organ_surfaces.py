"""Organs in 3D: source, target and moved as models, with the distance to the target and the uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy

from RegSuite.geometry import ArrayImage, Image
from RegSuite.mrml.inputs import object_in_steps
from RegSuite.mrml.label_surfaces import LABELS, label_surfaces
from RegSuite.mrml.models import model_from_surface
from RegSuite.mrml.nodes import is_node
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.space import to_lps
from RegSuite.mrml.taken import kind_of

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent

BEFORE, AFTER, GOAL = "source_surfaces", "moved_surfaces", "target_surfaces"
"""Roles of the three models, which no workflow lists: organs as they were, are now, and should be."""

TITLES = {BEFORE: "organs before", AFTER: "organs after", GOAL: "organs of the target"}
OF_LABELS = {BEFORE: "source_labels", AFTER: "warped_labels", GOAL: "target_labels"}
"""The label maps of which the models are the surfaces."""

UNCERTAINTY = "uncertainty"
"""The output with the standard deviation in mm."""

DISTANCE_ARRAY, UNCERTAINTY_ARRAY = "distance_mm", "uncertainty_mm"

POINTS_A_STEP = 6000
"""Whose distances are taken at once: some hundredths of a second."""

FloatArray = NDArray[np.float64]


def organ_surfaces_in_steps(content: SceneContent, outputs: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """A model of each side, by role, a label a step: the run's own surfaces, else those of its label maps.

    outputs: nodes by role. Point arrays: "label"; of BEFORE and AFTER "distance_mm" to the surface of the
    same organ of the target (NaN where the target has not got it); of AFTER also "uncertainty_mm", the run's
    own or that of the voxel in the output `uncertainty` (NaN where unknown).
    """
    models = {role: outputs[role] for role in OF_LABELS if role in outputs and _labelled(outputs[role])}
    for role, labels in OF_LABELS.items():
        image = None if role in models else (yield from _labels(content, labels))
        mesh = None if image is None else (yield from label_surfaces(image))
        if mesh is not None:
            models[role] = model_from_surface(mesh, name=f"{content.name}: {TITLES[role]}")
            yield
    goal = models.get(GOAL)
    for role in (BEFORE, AFTER):
        if role in models and goal is not None:
            found = yield from distances_mm(models[role].GetPolyData(), goal.GetPolyData())
            _add(models[role], DISTANCE_ARRAY, found)
    spread = content.item(UNCERTAINTY)
    if AFTER in models and isinstance(spread, Image | ArrayImage):
        if values_of_model(models[AFTER], UNCERTAINTY_ARRAY) is None:
            points = to_lps(vtk_to_numpy(models[AFTER].GetPolyData().GetPoints().GetData()))
            _add(models[AFTER], UNCERTAINTY_ARRAY, nearest_values(ArrayImage.of(spread), points))
        yield
    return models


def _labelled(model: Any) -> bool:
    """Whether a model is a surface whose points say their organ."""
    mesh = model.GetPolyData()
    return (
        mesh is not None and mesh.GetNumberOfPolys() > 0 and mesh.GetPointData().GetArray(LABELS) is not None
    )


def distances_mm(mesh: Any, goal: Any) -> Steps[FloatArray]:
    """From each point of `mesh` to the surface of its label in `goal`, mm [n]; some points a step.

    Both of triangles, with the point array "label". NaN where `goal` has not got the label.
    """
    points = vtk_to_numpy(mesh.GetPoints().GetData()).astype(np.float64)
    labels = vtk_to_numpy(mesh.GetPointData().GetArray(LABELS))
    out = np.full(len(points), np.nan)
    for label in np.unique(labels):
        part = _part(goal, int(label))
        if part is not None:
            surface = vtk.vtkImplicitPolyDataDistance()
            surface.SetInput(part)
            own = np.flatnonzero(labels == label)
            for some in np.array_split(own, max(1, len(own) // POINTS_A_STEP)):
                found = vtk.vtkDoubleArray()
                surface.FunctionValue(numpy_to_vtk(points[some], deep=True), found)
                out[some] = np.abs(vtk_to_numpy(found))
                yield
        yield
    return out


def nearest_values(image: ArrayImage, points_mm: FloatArray) -> FloatArray:
    """The value of the voxel in which each point lies [n], NaN outside of the image."""
    index = np.floor(image.grid.index(points_mm) + 0.5).astype(np.int64)
    inside = ((index >= 0) & (index < image.grid.size)).all(axis=1)
    out = np.full(len(points_mm), np.nan)
    out[inside] = image.values[0][tuple(index[inside, ::-1].T)]
    return out


def values_of_model(node: Any, name: str) -> FloatArray | None:
    """A point array of a model by name [n], None where it has none."""
    mesh = node.GetPolyData()
    array = None if mesh is None else mesh.GetPointData().GetArray(name)
    return None if array is None else np.asarray(vtk_to_numpy(array), dtype=np.float64)


def _labels(content: SceneContent, role: str) -> Steps[ArrayImage | None]:
    """The label map of a role; of a node under the numbers that the names have in the result."""
    item = content.item(role)
    given = content.workflow.input(role)
    if given is not None and kind_of(given, item) != "labels":
        return None
    if is_node(item):
        numbers = {name: label for label, name in content.label_names.items()}
        steps = object_in_steps(item, "labels", role, None, inside=None, ndim=3, warnings=[], numbers=numbers)
        item = yield from steps
    return ArrayImage.of(item) if isinstance(item, Image | ArrayImage) else None


def _add(model: Any, name: str, values: FloatArray) -> None:
    array = numpy_to_vtk(values.astype(np.float32), deep=True)
    array.SetName(name)
    model.GetPolyData().GetPointData().AddArray(array)


def _part(mesh: Any, label: int) -> Any:
    """The triangles of one label, None where there are none."""
    labels = vtk_to_numpy(mesh.GetPointData().GetArray(LABELS))
    corners = vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    own = corners[labels[corners[:, 0]] == label]
    if not len(own):
        return None
    cells = vtk.vtkCellArray()
    cells.SetData(3, numpy_to_vtkIdTypeArray(np.ascontiguousarray(own, np.int64).ravel(), deep=True))
    part = vtk.vtkPolyData()
    part.SetPoints(mesh.GetPoints())
    part.SetPolys(cells)
    return part

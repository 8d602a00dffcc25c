"""What a node is taken as where an input may be given in several forms, and models as structures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.mrml import is_node
from RegSuite.mrml.parts import node_of

if TYPE_CHECKING:
    from RegSuite.geometry.structure import SurfaceStructure
    from RegSuite.workflows.model import InputKind, InputRole

MARKUPS = "vtkMRMLMarkupsNode"
MODEL = "vtkMRMLModelNode"


def kind_of(role: InputRole, given: Any) -> InputKind:
    """The role's own kind, or the one of `also` that fits the class of what was given."""
    node = given[0] if is_models(given) else node_of(given)
    if node is None:
        return role.kind
    if "points" in role.also and node.IsA(MARKUPS):
        return "points"
    if "structures" in role.also and node.IsA(MODEL):
        return "structures"
    return role.kind


def is_models(given: Any) -> bool:
    """Whether something is a list of models."""
    some = isinstance(given, list | tuple) and len(given) > 0
    return some and all(is_node(item) and item.IsA(MODEL) for item in given)


def structures_of_models(given: Any, role: str) -> tuple[SurfaceStructure, ...]:
    """A model, or several, as closed surfaces where they are seen in the world, LPS mm, named as they are.

    Raises InputError for a model without triangles, and for two of one name.
    """
    from vtk.util.numpy_support import vtk_to_numpy

    from RegSuite.geometry.structure import SurfaceStructure
    from RegSuite.mrml.models import surface_from_model

    nodes: Sequence[Any] = given if isinstance(given, list | tuple) else [given]
    found = []
    for number, node in enumerate(nodes, start=1):
        mesh = _triangles(surface_from_model(node, role))
        if mesh.GetNumberOfPolys() == 0:
            raise InputError(
                f"'{node.GetName()}' has no triangles",
                where=f"{role} '{node.GetName()}'",
                mend="choose models that are closed surfaces",
            )
        points = vtk_to_numpy(mesh.GetPoints().GetData()).astype("f8")
        corners = vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype("i8")
        found.append(SurfaceStructure(str(node.GetName()), points, corners, number))
    names = [structure.name for structure in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"two models are called '{twice}'", where=role, mend="give each organ's model a name of its own"
        )
    return tuple(found)


def _triangles(mesh: Any) -> Any:
    import vtk

    cut = vtk.vtkTriangleFilter()
    cut.SetInputData(mesh)
    cut.PassLinesOff()
    cut.PassVertsOff()
    cut.Update()
    return cut.GetOutput()

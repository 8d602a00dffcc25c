"""The labels that a result is shown with, as a model in the 3D view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import slicer

from RegSuite.geometry import ArrayImage, Image
from RegSuite.mrml.inputs import object_in_steps
from RegSuite.mrml.label_surfaces import label_surfaces, show_surfaces
from RegSuite.mrml.models import MODEL, model_from_surface
from RegSuite.mrml.nodes import is_node
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.slabs import Steps

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent

SURFACES = "surfaces"
"""The role of the model, which no workflow lists."""


def surfaces_of(content: SceneContent, inputs: Mapping[str, Any]) -> Steps[Any]:
    """A model of the labels of the background image, in steps: the user's label nodes stay as they are.

    inputs: nodes by role. The model of an earlier run of the same result is filled anew. None
    where there are no such labels, or what cannot be drawn (see `label_surfaces`).
    """
    view = content.workflow.view
    roles = [r.name for r in content.workflow.inputs if r.kind == "labels" and r.name in view.labels]
    role = next((name for name in roles if name in inputs), None)
    if role is None or inputs.get(view.background) is None:
        return None
    item = content.item(role)
    if is_node(item):
        grid = placed_grid(inputs[view.background])
        item = yield from object_in_steps(item, "labels", role, grid, inside=None, ndim=3, warnings=[])
    if not isinstance(item, Image | ArrayImage):
        return None
    surface = yield from label_surfaces(ArrayImage.of(item))
    if surface is None:
        return None
    name = f"{content.name}: {_title(content, role)} in 3D"
    node = model_from_surface(surface, name=name, node=_earlier(name))
    show_surfaces(node)
    return node


def _title(content: SceneContent, role: str) -> str:
    found = content.workflow.input(role)
    return role if found is None else found.title.lower()


def _earlier(name: str) -> Any:
    """The model that an earlier run made under this name; None where there is none."""
    models = slicer.util.getNodesByClass(MODEL)
    alike = (node for node in models if node.GetName() == name)
    return next((node for node in alike if node.GetAttribute("RegSuite.role") == SURFACES), None)

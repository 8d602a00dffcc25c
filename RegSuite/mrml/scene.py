"""Writes and shows results as MRML scenes: the port through which workflows reach MRML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import RegSuiteError
from RegSuite.workflows.scene import SceneError

if TYPE_CHECKING:
    from RegSuite.workflows.scene import SceneContent


class MrmlScene:
    """Slicer's scene where there is one, else a headless one; made when first used."""

    def write(self, content: SceneContent, path: Path) -> bool:
        """Write the result as a scene of its own to `path` (.mrb), whole or not at all: True.

        Opened in Slicer it shows fixed and warped image over each other, labels, landmarks, the
        transform, the Jacobian's colours ready, the table of measures. The user's scene is not
        touched; items that are nodes of it are read. Nodes stand where they are in the world.
        Raises SceneError where a node cannot be made or the file not be written.
        """
        from RegSuite.mrml.bundle import write_bundle
        from RegSuite.mrml.layout import show_nodes
        from RegSuite.mrml.own_scene import own_scene
        from RegSuite.mrml.results import nodes_of

        try:
            engine = _without_nodes(content)
            with own_scene() as scene:
                show_nodes(nodes_of(engine), engine)
                write_bundle(scene, Path(path))
        except (RegSuiteError, OSError, RuntimeError, MemoryError) as error:
            raise _scene_error(error, path) from error
        return True

    def show(self, content: SceneContent) -> bool:
        """Add the result to Slicer's scene and show it in the views; False where there is no window.

        Inputs that are in the scene already, under their name and with their voxels, are not doubled.
        """
        import sys

        slicer = sys.modules.get("slicer")
        manager = getattr(getattr(slicer, "app", None), "layoutManager", None)
        if slicer is None or manager is None or manager() is None:
            return False
        from RegSuite.mrml.layout import show_nodes
        from RegSuite.mrml.results import nodes_of
        from RegSuite.mrml.same import with_nodes_at_hand

        content = with_nodes_at_hand(content)
        show_nodes(nodes_of(content), content)
        return True


def _without_nodes(content: SceneContent) -> SceneContent:
    """The content with arrays in place of nodes, which belong to another scene."""
    from RegSuite.mrml.dose_made import COURSE_ITEMS
    from RegSuite.mrml.inputs import object_in_steps
    from RegSuite.mrml.models import surface_from_model
    from RegSuite.mrml.nodes import is_node
    from RegSuite.mrml.slabs import finish
    from RegSuite.mrml.taken import kind_of

    if not any(is_node(item) for item in content.items.values()):
        return content
    items = dict(content.items)
    roles: tuple[Any, ...] = (*content.workflow.inputs, *content.workflow.outputs)
    kinds = {**{role.name: role.kind for role in roles}, **COURSE_ITEMS}
    sides = {role.name: role.image for role in content.workflow.inputs}
    numbers = {name: label for label, name in content.label_names.items()}
    for name in sorted(kinds, key=lambda name: kinds[name] in _ON_A_GRID):
        item = items.get(name)
        if is_node(item) and kinds[name] == "surface":
            items[name] = surface_from_model(item, name)
        elif is_node(item):
            side = sides.get(name) or name.rpartition("_")[0] or name
            grid = getattr(items.get(side), "grid", None)
            role = content.workflow.input(name)
            kind = _KINDS.get(kinds[name], kinds[name]) if role is None else kind_of(role, item)
            steps = object_in_steps(
                item, kind, name, grid, inside=None, ndim=None, warnings=[], numbers=numbers
            )
            items[name] = finish(steps)
    return replace(content, items=items)


def _scene_error(error: BaseException, path: Path) -> SceneError:
    """The error as one of the scene, which touches nothing else of the result."""
    if isinstance(error, RegSuiteError):
        return SceneError(error.what, where=error.where or str(path), mend=error.mend)
    return SceneError(
        f"{type(error).__name__}: {error}", where=str(path), mend="the result itself is complete"
    )


_ON_A_GRID = ("labels", "mask")
"""Kinds that take the grid of their image, which is read before them."""
_KINDS: dict[str, Any] = {"jacobian": "image", "displacement": "transform", "linear": "transform"}
"""Kinds of outputs as the kinds of inputs that they are read as."""

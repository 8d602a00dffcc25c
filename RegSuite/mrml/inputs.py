"""Nodes that were given as inputs, as the engine objects that workflows take."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.geometry import ArrayImage, DoseImage, VoxelStructure
from RegSuite.mrml.parts import mask_of_part, node_of
from RegSuite.mrml.slabs import Steps, finish
from RegSuite.mrml.taken import is_models
from RegSuite.transforms.arrays import ArrayTransform

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.workflows.model import InputKind, InputRole, Workflow


def is_node(given: Any) -> bool:
    """Whether something is an MRML node; without MRML loaded nothing is."""
    slicer = sys.modules.get("slicer")
    return hasattr(slicer, "vtkMRMLNode") and isinstance(given, slicer.vtkMRMLNode)  # type: ignore[union-attr]


def engine_object(
    given: Any,
    kind: InputKind,
    role: str,
    grid: Grid | None = None,
    *,
    inside: Any = None,
    ndim: int | None = None,
    warnings: list[str] | None = None,
) -> Any:
    """The engine object of an MRML node; what is no node passes through unchanged.

    grid: of the image that masks, labels and transforms belong to. inside: a parent transform that
    is left out (see `image_from_volume`). ndim: 2 or 3 where the images decide it. A node of a
    scene that is gone is refused. Raises InputError or GeometryError with the role, the node and
    the mend.
    """
    told: list[str] = [] if warnings is None else warnings
    steps = object_in_steps(given, kind, role, grid, inside=inside, ndim=ndim, warnings=told)
    return engine_of(finish(steps), told)


def engine_of(found: Any, warnings: list[str]) -> Any:
    """The engine's object of what stands in arrays; anything else is itself."""
    if isinstance(found, ArrayImage):
        return found.image()
    if isinstance(found, ArrayTransform):
        return found.transform(warnings.append)
    if isinstance(found, DoseImage):
        return replace(found, image=engine_of(found.image, warnings))
    if isinstance(found, VoxelStructure):
        return replace(found, inside=engine_of(found.inside, warnings))
    if isinstance(found, tuple):
        return tuple(engine_of(item, warnings) for item in found)
    if isinstance(found, dict):
        return {key: engine_of(item, warnings) for key, item in found.items()}
    return found


def object_in_steps(
    given: Any,
    kind: InputKind,
    role: str,
    grid: Grid | None,
    *,
    inside: Any,
    ndim: int | None,
    warnings: list[str],
    numbers: Mapping[str, int] | None = None,
    names: dict[int, str] | None = None,
    unit_is_told: bool = False,
) -> Steps[Any]:
    """`engine_object` before torch, in steps: an ArrayImage, an ArrayTransform, a dose, points or names.

    numbers: labels by name that are taken already. names: takes the names of labels. unit_is_told: a
    dose volume that does not say its unit comes as the image it is, the workflow knows the unit.
    """
    if kind == "course":
        from RegSuite.mrml.course_inputs import course_in_steps

        return (yield from course_in_steps(given, warnings))
    node = given[0] if is_models(given) else node_of(given)
    if node is None:
        return given
    if node.GetScene() is None:
        raise InputError(
            f"'{node.GetName()}' is no longer in a scene",
            where=f"{role} '{node.GetName()}'",
            mend="choose a node that is in the scene",
        )
    from RegSuite.mrml import from_node

    options = {"inside": inside, "ndim": ndim}
    if node is not given and not is_models(given):
        return (yield from _part(given, kind, role, grid, **options))
    if kind == "image":
        return (yield from from_node.image(given, role, warnings, **options))
    if kind == "mask":
        return (yield from from_node.mask(given, role, grid, **options))
    if kind == "labels":
        found, named = yield from from_node.labels(given, role, grid, warnings, numbers=numbers, **options)
        (names if names is not None else {}).update(named)
        return found
    if kind == "series":
        return (yield from from_node.series(given, role, ndim))
    if kind == "dose":
        return (yield from from_node.dose(given, role, warnings, inside=inside, unit_is_told=unit_is_told))
    if kind == "structures":
        return (yield from from_node.structures(given, role, warnings))
    if kind == "points":
        return from_node.points(given, role, **options)
    if kind == "transform":
        return (yield from from_node.transform(given, role, grid, ndim))
    return from_node.names(given, role)


def _part(given: Any, kind: InputKind, role: str, grid: Grid | None, **options: Any) -> Steps[Any]:
    """Some regions of a node, which make a mask and nothing else."""
    if kind != "mask":
        raise InputError(
            f"regions of '{given[0].GetName()}' were given where {kind} is wanted",
            where=role,
            mend="give the node alone",
        )
    return (yield from mask_of_part(given, role, grid, **options))


def engine_inputs(
    workflow: Workflow,
    given: Mapping[str, Any],
    warnings: list[str] | None = None,
    *,
    unit_is_told: bool = False,
) -> dict[str, Any]:
    """All inputs of a workflow by role, nodes turned into engine objects, what was not given left out.

    Labels and masks of a segmentation come on the grid of their image's role (fixed_labels on
    fixed's). A moving image under the very transform that is given as `initial` is taken as it lies
    in there, not moved twice. Labels of two nodes that bear the same name get the same number.
    Of a mask, regions of a node may be given: (node, "segment", ...), (label map, 1, 4).
    `label_names` is added where the label nodes have names and none were given. warnings: takes
    sentences on what the reader should know; without it they are logged. unit_is_told: the workflow
    is told the unit of doses that do not say theirs.
    Raises InputError for a required input that was not chosen, the same node in two places, and
    whatever `engine_object` refuses.
    """
    return finish(engine_inputs_in_steps(workflow, given, warnings, unit_is_told=unit_is_told))


def engine_inputs_in_steps(
    workflow: Workflow,
    given: Mapping[str, Any],
    warnings: list[str] | None = None,
    *,
    arrays: bool = False,
    unit_is_told: bool = False,
) -> Steps[dict[str, Any]]:
    """`engine_inputs` in steps, so that a window lives between them; the return value has them.

    arrays: without torch, ArrayImage and ArrayTransform in place of Image and Transform, for a
    worker. Images are the nodes' own voxels then: write them before the nodes change.
    """
    from RegSuite.mrml import holds_node
    from RegSuite.mrml.gather import Gathering

    chosen = {role: item for role, item in given.items() if item is not None}
    for role in workflow.inputs:
        if role.required and role.name not in chosen:
            raise InputError(
                f"no {role.title.lower()} was chosen",
                where=role.title,
                mend=f"choose the {role.title.lower()}",
            )
    if not holds_node(chosen):
        return dict(chosen)
    check_twice(workflow.inputs, chosen)
    gathering = Gathering(workflow, chosen, warnings, arrays, unit_is_told)
    return (yield from gathering.in_steps())


def check_twice(roles: tuple[InputRole, ...], chosen: Mapping[str, Any]) -> None:
    """Raise InputError where one node stands in two roles that must differ."""
    for kind in ("image", "labels", "points"):
        seen: list[tuple[InputRole, Any]] = []
        for role in (r for r in roles if r.kind == kind and is_node(chosen.get(r.name))):
            node = chosen[role.name]
            other = next((r for r, n in seen if n is node), None)
            if other is not None:
                raise InputError(
                    f"'{node.GetName()}' was chosen twice: as {other.title.lower()} "
                    f"and as {role.title.lower()}",
                    where=f"{other.title}, {role.title}",
                    mend="choose another one in one of the two places",
                )
            seen.append((role, node))

"""Nodes that were given as inputs, as the engine objects that workflows take."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError

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
    if not is_node(given):
        return given
    if given.GetScene() is None:
        raise InputError(
            f"'{given.GetName()}' is no longer in a scene",
            where=f"{role} '{given.GetName()}'",
            mend="choose a node that is in the scene",
        )
    from RegSuite.mrml import from_node

    options = {"inside": inside, "ndim": ndim}
    told = [] if warnings is None else warnings
    if kind == "image":
        return from_node.image(given, role, told, **options)
    if kind == "mask":
        return from_node.mask(given, role, grid, **options)
    if kind == "labels":
        return from_node.labels(given, role, grid, told, **options)[0]
    if kind == "points":
        return from_node.points(given, role, **options)
    if kind == "transform":
        return from_node.transform(given, role, grid, ndim, told)
    return from_node.names(given, role)


def engine_inputs(
    workflow: Workflow, given: Mapping[str, Any], warnings: list[str] | None = None
) -> dict[str, Any]:
    """All inputs of a workflow by role, nodes turned into engine objects, what was not given left out.

    Labels and masks of a segmentation come on the grid of their image's role (fixed_labels on
    fixed's). A moving image under the very transform that is given as `initial` is taken as it lies
    in there, not moved twice. Labels of two nodes that bear the same name get the same number.
    `label_names` is added where the label nodes have names and none were given. warnings: takes
    sentences on what the reader should know; without it they are logged.
    Raises InputError for a required input that was not chosen, the same node in two places, and
    whatever `engine_object` refuses.
    """
    steps = engine_inputs_in_steps(workflow, given, warnings)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: dict[str, Any] = end.value
            return found


def engine_inputs_in_steps(
    workflow: Workflow, given: Mapping[str, Any], warnings: list[str] | None = None
) -> Generator[None, None, dict[str, Any]]:
    """`engine_inputs`, an input a step, so that a window lives between them; the return value has them."""
    from RegSuite.mrml.gather import Gathering

    chosen = {role: item for role, item in given.items() if item is not None}
    for role in workflow.inputs:
        if role.required and role.name not in chosen:
            raise InputError(
                f"no {role.title.lower()} was chosen",
                where=role.title,
                mend=f"choose the {role.title.lower()}",
            )
    if not any(is_node(item) for item in chosen.values()):
        return dict(chosen)
    check_twice(workflow.inputs, chosen)
    return (yield from Gathering(workflow, chosen, warnings).in_steps())


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

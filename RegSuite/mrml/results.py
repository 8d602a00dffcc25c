"""A result and its inputs as nodes that a person can read: named, coloured, placed and referenced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.mrml import display
from RegSuite.mrml.application.file_types import without_ending
from RegSuite.mrml.dose_made import is_course
from RegSuite.mrml.dose_results import dose_nodes_in_steps
from RegSuite.mrml.hierarchy import result_folder
from RegSuite.mrml.labels_in_3d import SURFACES, surfaces_of
from RegSuite.mrml.make import make_node
from RegSuite.mrml.markups import MARKUPS
from RegSuite.mrml.measures import measures_table
from RegSuite.mrml.nodes import is_node
from RegSuite.mrml.organ_results import LEFT_OUT, is_organs, organ_nodes_in_steps
from RegSuite.mrml.segmentations import refer_to_volume
from RegSuite.mrml.slabs import Steps, finish
from RegSuite.mrml.space import grid_of_volume
from RegSuite.mrml.tumor_results import is_tumor, names_of, tumor_nodes_in_steps

if TYPE_CHECKING:
    from RegSuite.workflows.model import InputRole, OutputRole
    from RegSuite.workflows.scene import SceneContent

MEASURES = "measures"
"""The role of the table of measures, which no workflow lists: every result has one."""

REFERENCE = "RegSuite."
"""Node references from an output to an input are called by this and the input's role, attributes alike."""

COMPUTED_BY_SLICER = ("inverse_displacement",)
"""Outputs that make no node of their own unless a target asks for one: a transform node has its inverse."""


def nodes_of(content: SceneContent, *, targets: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Nodes by role in `slicer.mrmlScene`, all at once; see `nodes_in_steps`."""
    return finish(nodes_in_steps(content, targets))


def nodes_in_steps(content: SceneContent, targets: Mapping[str, Any] | None = None) -> Steps[dict[str, Any]]:
    """Make the nodes of a result in `slicer.mrmlScene`, in steps; the return value has them by role.

    Voxels are copied slab by slab; a node that the scene has got is complete. Items that are nodes
    already stand for themselves and are not changed. targets: output nodes, by role, that the user
    chose: they are filled in place and keep their names; others are called "CONTENT NAME: OUTPUT".
    All outputs carry the result's schema, version, workflow, method and role as attributes
    (`RegSuite.schema`, ...), refer to the inputs (`RegSuite.fixed`, ...) and lie in a subject
    hierarchy folder of the result's name. Measures and verdicts become a table, the
    labels under the result a model in 3D (`surfaces_of`).
    A course is shown by `dose_nodes_in_steps`, which says what it makes; `tumor_nodes_in_steps` adds
    the film and the tumour to a template brought to a brain with one, `organ_nodes_in_steps` organs in 3D.
    Raises InputError for a target of another class than its output.
    """
    if is_course(content.workflow):
        return (yield from dose_nodes_in_steps(content, targets))
    given = dict(targets or {})
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    own: set[str] = set()
    for role in content.workflow.inputs:
        item = content.item(role.name)
        if role.kind == "mask" and is_tumor(content.workflow) and not is_node(item):
            continue  # the output `mask` has them
        node = yield from make_node(role.kind, item, _input_name(role, item), content.label_names)
        if node is not None:
            inputs[role.name] = node
            own |= set() if is_node(item) else {role.name}
            yield node
    for output in content.workflow.outputs:
        target = given.get(output.name)
        left_out = LEFT_OUT if is_organs(content.workflow) else ()
        if target is None and output.name in (*COMPUTED_BY_SLICER, *left_out):
            continue
        node = yield from _output(output, content, target)
        if node is not None:
            outputs[output.name] = node
            yield node
    table = measures_table(
        content.record, content.label_names, f"{content.name}: measures", given.get(MEASURES)
    )
    if table is not None:
        outputs[MEASURES] = table
        yield table
    surfaces = None if is_organs(content.workflow) else (yield from surfaces_of(content, inputs))
    if surfaces is not None:
        outputs[SURFACES] = surfaces
        yield surfaces
    yield from _dress(content, inputs, outputs, own)
    for knows, more in ((is_tumor, tumor_nodes_in_steps), (is_organs, organ_nodes_in_steps)):
        if knows(content.workflow):
            outputs |= yield from more(content, inputs, outputs, own)
    _place_segmentations(content, inputs, outputs, own)
    _mark(content, inputs, outputs)
    placed = {**{role: node for role, node in inputs.items() if role in own}, **outputs}
    result_folder(content.name, placed)
    return {**inputs, **outputs}


def _input_name(role: InputRole, item: Any) -> str:
    """An input is called as its file is, without the ending."""
    return without_ending(getattr(item, "name", "") or role.title)


def _output(role: OutputRole, content: SceneContent, target: Any) -> Steps[Any]:
    """The node of one output; None for what makes none (a page, a scene, what is not there)."""
    item = content.item(role.name)
    name = f"{content.name}: {role.title.lower()}"
    names = names_of(role.name, content)
    if is_node(item) or target is None:
        return make_node(role.kind, item, name, names)
    return make_node(role.kind, item, None, names, target)


def _dress(
    content: SceneContent, inputs: Mapping[str, Any], outputs: Mapping[str, Any], own: set[str]
) -> Iterator[None]:
    """Give every node that was made here its looks, one a step; the user's own inputs keep theirs."""
    view = content.workflow.view
    nodes = {**inputs, **outputs}
    background, foreground = nodes.get(view.background), nodes.get(view.foreground or "")
    if view.background in own:
        display.show_grey(background, display.own_window(background))
    window = None
    if foreground is not None and (view.foreground in outputs or view.foreground in own):
        alike = background is not None and display.one_modality(content.record)
        window = display.matched_window(background, foreground) if alike else None
        moving = _moved(content, inputs, own) if view.foreground in outputs else None
        window = display.chosen_window(moving) or window or display.own_window(foreground)
        display.show_grey(foreground, window)
        display.take_colours(moving, foreground)
    yield
    for role in content.workflow.inputs:
        if role.name in own:
            yield
            _dress_input(role, inputs[role.name], view.background, window)
    for output in content.workflow.outputs:
        if output.name in outputs:
            yield
            _dress_output(output, outputs[output.name], background, inputs.get(output.of))


def _dress_input(role: InputRole, node: Any, background: str, window: display.Window | None) -> None:
    """An input that was made here; the image that was moved is as bright as the warped one."""
    if role.kind == "image" and role.name != background:
        display.show_grey(node, window or display.own_window(node))
    elif role.kind in ("labels", "mask") and node.IsA("vtkMRMLSegmentationNode"):
        display.show_labels(node, filled=False)
        node.GetDisplayNode().SetVisibility(role.image == background and role.kind == "labels")
    elif role.kind == "points" and node.IsA(MARKUPS):
        display.show_points(node, fixed=role.image == background)


def _dress_output(role: OutputRole, node: Any, background: Any, of: Any) -> None:
    """An output, by what it is."""
    if role.kind == "jacobian":
        display.show_jacobian(node)
    elif role.kind == "labels" and node.IsA("vtkMRMLSegmentationNode"):
        display.show_labels(node, filled=True)
    elif role.kind == "displacement":
        seen = background if background is not None else of
        if seen is not None and seen.IsA("vtkMRMLVolumeNode"):
            display.prepare_grid(node, grid_of_volume(seen), seen)


def _moved(content: SceneContent, inputs: Mapping[str, Any], own: set[str]) -> Any:
    """The user's own volume that was moved, as shown by the user; None where it was made here."""
    background = content.workflow.view.background
    roles = [r.name for r in content.workflow.inputs if r.kind == "image" and r.name != background]
    return next((inputs[name] for name in roles if name in inputs and name not in own), None)


def _place_segmentations(
    content: SceneContent, inputs: Mapping[str, Any], outputs: Mapping[str, Any], own: set[str]
) -> None:
    """Tell every segmentation that was made here the volume it belongs to; its segments stay in place.

    Slicer's tools (Segment Editor, arrayFromSegmentBinaryLabelmap, export) ask for that volume.
    """
    for role in content.workflow.inputs:
        if role.name in own and inputs[role.name].IsA("vtkMRMLSegmentationNode"):
            refer_to_volume(inputs[role.name], inputs.get(role.image))
    for output in content.workflow.outputs:
        node = outputs.get(output.name)
        if node is not None and node.IsA("vtkMRMLSegmentationNode"):
            refer_to_volume(node, inputs.get(output.of))


def _mark(content: SceneContent, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """Attributes and references of the outputs: what made them, from what."""
    record = content.record
    facts = {
        "schema": record.schema_,
        "version": record.versions.get("RegSuite"),
        "workflow": record.workflow,
        "method": record.method,
    }
    for role, node in outputs.items():
        for key, value in {**facts, "role": role}.items():
            if value is not None:
                node.SetAttribute(REFERENCE + key, value)
        for name, source in inputs.items():
            node.SetNodeReferenceID(REFERENCE + name, source.GetID())

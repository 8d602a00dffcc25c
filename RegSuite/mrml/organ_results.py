"""What registered organs have beside other results: surfaces in 3D, a table of organs, their looks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.mrml import display
from RegSuite.mrml.markups import MARKUPS
from RegSuite.mrml.organ_display import dress_organs, organ_scale
from RegSuite.mrml.organ_surfaces import AFTER, BEFORE, GOAL, UNCERTAINTY, organ_surfaces_in_steps
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.tables import table_from_columns

if TYPE_CHECKING:
    from RegSuite.workflows.model import Workflow
    from RegSuite.workflows.scene import SceneContent

ORGANS = "organs_summary"
"""Role of the table with a row an organ, which no workflow lists."""

SURFACES = (BEFORE, AFTER, GOAL)
LEFT_OUT = ("registered", "correspondences", "label_names", "organs")
"""Outputs that make no node: points and tables for other programs; the table of organs is made here."""

_COLUMNS = {
    "points": ("points_source", ""),
    "points of the target": ("points_target", ""),
    "distance before, mean (mm)": ("distance_before_mm", "mean"),
    "distance before, 95 % (mm)": ("distance_before_mm", "p95"),
    "distance after, mean (mm)": ("distance_after_mm", "mean"),
    "distance after, 95 % (mm)": ("distance_after_mm", "p95"),
    "distance after, largest (mm)": ("distance_after_mm", "max"),
    "residual, mean (mm)": ("residual_mm", "mean"),
    "uncertainty, 1 SD (mm)": ("sd_mm", "mean"),
    "outliers (share)": ("outlier_share", ""),
    "Lambda (mm)": ("magnitude_mm", ""),
    "B (mm)": ("bandwidth_mm", ""),
}
"""Columns of the table by their titles: where they stand in an organ's metrics."""


def is_organs(workflow: Workflow) -> bool:
    """Whether a workflow registers organs by their labels, so that its result is shown as such."""
    return workflow.input("source_labels") is not None and workflow.output(UNCERTAINTY) is not None


def organ_nodes_in_steps(
    content: SceneContent, inputs: Mapping[str, Any], outputs: Mapping[str, Any], own: Collection[str]
) -> Steps[dict[str, Any]]:
    """Make the models and the table of organs, and dress them; new nodes by role.

    own: roles of inputs that were made here, so that they may be dressed. Organs have the colours of the
    target's segments where the user gave a segmentation.
    """
    made: dict[str, Any] = yield from organ_surfaces_in_steps(content, outputs)
    colours = organ_colours(inputs, content.label_names)
    dress_organs({role: made[role] for role in SURFACES if role in made}, colours)
    yield
    _dress_labels(inputs, outputs, own, colours, content.label_names)
    if UNCERTAINTY in outputs:
        _dress_uncertainty(outputs[UNCERTAINTY])
    yield
    columns = organ_columns(content.record.metrics)
    if columns:
        made[ORGANS] = table_from_columns(columns, name=f"{content.name}: organs")
        yield
    return made


def organ_columns(metrics: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The table of organs: a row each, columns that some organ has a value for; empty without organs."""
    organs = metrics.get("organs") or {}
    if not organs:
        return {}
    columns: dict[str, list[Any]] = {"organ": [found.get("name") or name for name, found in organs.items()]}
    for title, (key, part) in _COLUMNS.items():
        values = [_number(found.get(key), part) for found in organs.values()]
        if any(value is not None for value in values):
            columns[title] = values
    return columns


def organ_colours(
    inputs: Mapping[str, Any], names: Mapping[int, str]
) -> dict[int, tuple[float, float, float]]:
    """Colours by label: of the segments of that name in the target's or else the source's segmentation."""
    found: dict[str, tuple[float, float, float]] = {}
    for role in ("source_labels", "target_labels"):  # the later one's colours stand
        node = inputs.get(role)
        if node is not None and node.IsA("vtkMRMLSegmentationNode"):
            segmentation = node.GetSegmentation()
            for at in range(segmentation.GetNumberOfSegments()):
                segment = segmentation.GetNthSegment(at)
                found[segment.GetName()] = segment.GetColor()
    return {label: found[name] for label, name in names.items() if name in found}


def _dress_labels(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    own: Collection[str],
    colours: Mapping[int, tuple[float, float, float]],
    names: Mapping[int, str],
) -> None:
    """Warped organs filled in the target's colours, the target's as outlines; the source's are hidden."""
    warped = outputs.get("warped_labels")
    if warped is not None and warped.IsA("vtkMRMLSegmentationNode"):
        segmentation = warped.GetSegmentation()
        for label, colour in colours.items():
            segment = segmentation.GetSegment(f"label_{label}")
            if segment is not None and names.get(label) == segment.GetName():
                segment.SetColor(*colour)
        display.show_labels(warped, filled=True)
    landmarks = outputs.get("moved_points")
    if landmarks is not None and landmarks.IsA(MARKUPS):
        display.show_points(landmarks, fixed=False)
        landmarks.GetDisplayNode().SetVisibility(True)
        landmarks.GetDisplayNode().SetPointLabelsVisibility(False)
    source = inputs.get("source_labels")
    if "source_labels" in own and source is not None and source.IsA("vtkMRMLSegmentationNode"):
        source.GetDisplayNode().SetVisibility(False)


def _dress_uncertainty(node: Any) -> None:
    """The standard deviation in the colours that it has in 3D, clear where it is unknown."""
    from RegSuite.mrml.organ_display import SPREAD, scale_top

    shown = node.GetDisplayNode()
    shown.SetAndObserveColorNodeID(organ_scale(node.GetScene(), SPREAD).GetID())
    display.show_grey(node, (0.0, scale_top(display.voxels(node), SPREAD)))


def _number(value: Any, part: str) -> Any:
    """A metric, or a part of one that has parts; None where it is missing."""
    return (value or {}).get(part) if part else value

"""A scene made from the images of a result folder, where no scene was written with it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.mrml.colours import colour_of
from RegSuite.view.nodes import ROLE

if TYPE_CHECKING:
    from RegSuite.report.result import Result

_IMAGES = ("fixed", "warped", "jacobian", "moving")
_LABELS = ("warped_labels", "fixed_labels")
_IS_LABEL_MAP = 1
_log = logging.getLogger(__name__)


def load_images(app: Any, folder: Path, result: Result) -> int:
    """Load what can be shown into the scene, placed in the views; gives the number of volumes."""
    from RegSuite.mrml.display import matched_window, show_grey, show_jacobian

    nodes = {}
    for role in (*_IMAGES, *_LABELS):
        file = _file(folder, result, role)
        if file is None:
            continue
        node = app.volumes_logic.AddArchetypeVolume(
            str(file), _title(result, role), _IS_LABEL_MAP if role in _LABELS else 0
        )
        if node is None:
            _log.warning("%s cannot be shown: Slicer does not read %s", role, file)
            continue
        node.SetAttribute(ROLE, role)
        nodes[role] = node
    for role in _LABELS:
        if role in nodes:
            _segment(app, nodes.pop(role))
    if "jacobian" in nodes:
        show_jacobian(nodes["jacobian"])
    if {"fixed", "warped"} <= nodes.keys():
        show_grey(nodes["warped"], matched_window(nodes["fixed"], nodes["warped"]))
    _place(app, nodes)
    return len(nodes)


def _file(folder: Path, result: Result, role: str) -> Path | None:
    """The file of an input or output; None where it was not written or is not there any more."""
    if role in result.files:
        file = folder / result.files[role]
    elif role in result.inputs:
        file = Path(result.inputs[role].file)
    else:
        return None
    return file if file.is_file() else None


def _title(result: Result, role: str) -> str:
    from RegSuite.workflows import get_workflow

    workflow = get_workflow(result.workflow)
    known = workflow.output(role) or workflow.input(role)
    return known.title if known else role


def _segment(app: Any, label_map: Any) -> None:
    """A segmentation in the label map's stead: areas (warped) or outlines (fixed), and surfaces in 3D."""
    from RegSuite.mrml.display import show_labels

    segmentation = app.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", label_map.GetName())
    segmentation.SetAttribute(ROLE, label_map.GetAttribute(ROLE))
    segmentation.CreateDefaultDisplayNodes()
    app.segmentations_logic.ImportLabelmapToSegmentationNode(label_map, segmentation)
    app.scene.RemoveNode(label_map)
    _colour(segmentation.GetSegmentation())
    warped = segmentation.GetAttribute(ROLE) == _LABELS[0]
    show_labels(segmentation, filled=warped)
    segmentation.CreateClosedSurfaceRepresentation()
    segmentation.GetDisplayNode().SetVisibility3D(warped)


def _colour(segments: Any) -> None:
    """Each label in the colour that it has in every picture."""
    for number in range(segments.GetNumberOfSegments()):
        segment = segments.GetNthSegment(number)
        segment.SetColor(*colour_of(segment.GetLabelValue()))


def _place(app: Any, nodes: dict[str, Any]) -> None:
    """Fixed at the bottom, warped above it, as a written scene has it."""
    ids = {role: node.GetID() for role, node in nodes.items()}
    for view in app.view_manager.get_slice_views():
        view.set_background_volume_id(ids.get("fixed") or ids.get("warped"))
        view.set_foreground_volume_id(ids.get("warped") if "fixed" in ids else None)
        view.set_foreground_opacity(0.5)
        view.fit_view_to_content()

"""What a template brought to a brain with a tumour has beside other results: appearance, tumour, film."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.mrml import display
from RegSuite.mrml.fraction_browser import browser_in_steps, choose_frame, nodes_of_browser
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.tables import table_from_columns

if TYPE_CHECKING:
    from RegSuite.workflows.model import Workflow
    from RegSuite.workflows.scene import SceneContent

CHANGE, FINAL, DEFORMED, TARGET, TEMPLATE = "intensity_change", "warped", "deformed", "target", "template"
"""Roles: added intensity, template deformed and changed, deformed alone; patient; healthy template."""

TUMOR = "mask"
"""The output with core and oedema."""

FILM, FRAME, ENERGIES = "film", "film_image", "energies_table"
"""Roles of nodes that no workflow lists: browser of the path, its volume, table."""

FRAMES_A_SECOND = 6.0
REGIONS = {1: ("tumour core", (0.95, 0.25, 0.22)), 2: ("oedema", (0.98, 0.86, 0.30))}
"""By label of the output `mask`: the segment's name and colour."""

TELLING = ("tumor_mask", "oedema_mask", "growth")
"""Inputs that say where the tumour is; without them it is estimated."""

_ESTIMATED = "estimated tumour"


def is_tumor(workflow: Workflow) -> bool:
    """Whether a workflow changes appearance beside shape, so that its result is shown as this module does."""
    return workflow.output(CHANGE) is not None


def tumor_nodes_in_steps(
    content: SceneContent, inputs: Mapping[str, Any], outputs: Mapping[str, Any], own: Collection[str]
) -> Steps[dict[str, Any]]:
    """Dress images and tumour of a result, and make its film and its energies; new nodes by role.

    own: roles of inputs that were made here, so that they may be dressed.

    Final image, deformation alone and film are as bright as the template, in whose units they are.
    """
    _dress(inputs, outputs)
    yield
    made: dict[str, Any] = {}
    _dress_tumor(outputs.get(TUMOR))
    _dress_labels(inputs, outputs, own)
    yield
    made |= yield from _film(content, outputs)
    columns = content.item("energies")
    if columns:
        made[ENERGIES] = table_from_columns(columns, name=f"{content.name}: energies")
        yield
    return made


def _dress(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    template = inputs.get(TEMPLATE)
    alike = [outputs[r] for r in (DEFORMED, FINAL, "matched_target") if r in outputs]
    if not alike:
        return
    window = display.chosen_window(template) or display.own_window(alike[0] if template is None else template)
    for node in alike:
        display.show_grey(node, window)
    if CHANGE in outputs:
        display.show_change(outputs[CHANGE])


def names_of(role: str, content: SceneContent) -> Mapping[int, str]:
    """Names by label of an output: those of the anatomy, or of the tumour's parts."""
    if role != TUMOR or not is_tumor(content.workflow):
        return content.label_names
    if any(content.items.get(given) is not None for given in TELLING):
        return {label: name for label, (name, _) in REGIONS.items()}
    return {1: _ESTIMATED}


def _dress_labels(inputs: Mapping[str, Any], outputs: Mapping[str, Any], own: Collection[str]) -> None:
    """Labels of the template as thin outlines on the patient; the patient's own are hidden at first."""
    warped = outputs.get("warped_labels")
    if warped is not None and warped.IsA("vtkMRMLSegmentationNode"):
        display.show_thin(warped)
    for role in ("target_labels", "template_labels"):
        node = inputs.get(role)
        if role in own and node is not None and node.IsA("vtkMRMLSegmentationNode"):
            node.GetDisplayNode().SetVisibility(False)


def _dress_tumor(node: Any) -> None:
    """Core and oedema as outlines in their colours."""
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        return
    segmentation = node.GetSegmentation()
    for label, (_, colour) in REGIONS.items():
        segment = segmentation.GetSegment(f"label_{label}")
        if segment is not None:
            segment.SetColor(*colour)
    display.show_labels(node, filled=False)


def _film(content: SceneContent, outputs: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """The path as a sequence with its browser, at its end at first."""
    frames: Sequence[Any] = content.item("path") or ()
    if len(frames) < 2:
        return {}
    times = _times(content, len(frames))
    browser, shown = yield from browser_in_steps(
        f"{content.name}: path",
        {"image": frames},
        index="time",
        values=times,
        frames_a_second=FRAMES_A_SECOND,
    )
    frame = shown["image"]
    if FINAL in outputs:
        display.show_grey(frame, display.shown_window(outputs[FINAL]))
    choose_frame(browser, len(frames))
    sequences = [node for node in nodes_of_browser(browser)[1:] if node is not frame]
    more = {f"film_sequence_{number}": node for number, node in enumerate(sequences, start=1)}
    return {FILM: browser, FRAME: frame, **more}


def times_of_film(browser: Any) -> list[float]:
    """The times of a film's frames."""
    sequence = browser.GetMasterSequenceNode()
    return [float(sequence.GetNthIndexValue(at)) for at in range(sequence.GetNumberOfDataNodes())]


def _times(content: SceneContent, count: int) -> list[float]:
    """The times of the path's frames, equally spaced from 0 to 1 where nothing says them."""
    found = content.item("path_times") or (content.record.metrics.get("tumor") or {}).get("path_times")
    times = [float(time) for time in found or ()]
    return times if len(times) == count else np.linspace(0, 1, count).tolist()

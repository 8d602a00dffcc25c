"""Frames as sequences with one browser: the fractions of a course, the film of a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import slicer

from RegSuite.geometry import ArrayImage, Image
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.volume_making import volume_in_steps

PART = "RegSuite.part"
"""Attribute of a sequence: what its volumes are."""

BROWSER, SEQUENCE = "vtkMRMLSequenceBrowserNode", "vtkMRMLSequenceNode"


def browser_in_steps(
    name: str,
    parts: Mapping[str, Sequence[Image | ArrayImage]],
    *,
    index: str = "fraction",
    values: Sequence[float] | None = None,
    frames_a_second: float = 2.0,
) -> Steps[tuple[Any, dict[str, Any]]]:
    """A browser node over sequences of equal length, and the volume nodes that show the chosen frame.

    parts: images by what they are ("image", "dose"), one a frame; the volumes are called
    "NAME: image". index: what the frames are counted by; values: ascending, numbers from 1 if None.
    The first one is chosen. The images are copied into the scene; give no more than it can hold.
    """
    browser: Any = None
    for title, images in parts.items():
        sequence = yield from _sequence(f"{name}: {title} by {index}", images, index, values)
        sequence.SetAttribute(PART, title)
        if browser is None:
            browser = slicer.mrmlScene.AddNewNodeByClass(BROWSER, name)
            browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
        else:
            browser.AddSynchronizedSequenceNodeID(sequence.GetID())
        browser.SetOverwriteProxyName(sequence, False)
        browser.SetSaveChanges(sequence, False)
        yield
    _logic().UpdateProxyNodesFromSequences(browser)
    browser.SetSelectedItemNumber(0)
    browser.SetPlaybackRateFps(frames_a_second)
    browser.SetIndexDisplayFormat("%.3g")
    shown = {}
    for title, sequence in zip(parts, _sequences(browser), strict=True):
        volume = browser.GetProxyNode(sequence)
        volume.SetName(f"{name}: {title}")
        shown[title] = volume
    return browser, shown


def nodes_of_browser(browser: Any) -> list[Any]:
    """The browser, its sequences and the volumes that it shows."""
    sequences = _sequences(browser)
    return [browser, *sequences, *(browser.GetProxyNode(sequence) for sequence in sequences)]


def volumes_of_browser(browser: Any) -> dict[str, Any]:
    """The volumes that a browser shows, by what they are ("image", "dose")."""
    found = {str(s.GetAttribute(PART)): browser.GetProxyNode(s) for s in _sequences(browser)}
    return {part: volume for part, volume in found.items() if volume is not None}


def choose_frame(browser: Any, number: int) -> None:
    """Let the browser's volumes hold frame `number` (from 1)."""
    browser.SetSelectedItemNumber(number - 1)
    _logic().UpdateProxyNodesFromSequences(
        browser
    )  # observed on the desktop; said here where nobody observes


def _sequence(
    name: str, images: Sequence[Image | ArrayImage], index: str, values: Sequence[float] | None
) -> Steps[Any]:
    sequence = slicer.mrmlScene.AddNewNodeByClass(SEQUENCE, name)
    sequence.SetIndexName(index)
    sequence.SetIndexUnit("")
    sequence.SetIndexTypeFromString("numeric")
    aside = slicer.vtkMRMLScene()  # frames never pass through the user's scene
    for value, image in zip(values or range(1, len(images) + 1), images, strict=True):
        volume = aside.AddNewNodeByClass("vtkMRMLScalarVolumeNode", image.name)
        yield from volume_in_steps(image, node=volume)
        sequence.SetDataNodeAtValue(volume, f"{value:.12g}")
        aside.Clear(1)
        yield
    return sequence


def _sequences(browser: Any) -> list[Any]:
    """The sequences of a browser, the master first."""
    from vtk import vtkCollection

    found = vtkCollection()
    browser.GetSynchronizedSequenceNodes(found, True)
    return [found.GetItemAsObject(i) for i in range(found.GetNumberOfItems())]


def _logic() -> Any:
    return slicer.modules.sequences.logic()

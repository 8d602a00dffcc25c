"""Where an accumulated dose is unknown, as segments: outside of a dose grid, folded, undefined."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from RegSuite.dose.mapping.marks import FOLDED, OUTSIDE, UNDEFINED
from RegSuite.geometry import ArrayImage, Image
from RegSuite.mrml.nodes import node_for
from RegSuite.mrml.oriented import LABELMAP, oriented_image
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.terminology import terminology_entry
from RegSuite.mrml.voxels import image_of

SEGMENTATION = "vtkMRMLSegmentationNode"
REASONS = {
    OUTSIDE: ("outside the dose grid", (0.62, 0.64, 0.69)),
    FOLDED: ("folded", (1.0, 0.2, 0.9)),
    UNDEFINED: ("deformation undefined", (0.1, 0.9, 0.95)),
}
"""By bit of the marks: the segment's name and colour."""


def marks_in_steps(image: Image | ArrayImage, *, name: str, node: Any = None) -> Steps[Any]:
    """A segmentation of the marks' bits (uint8), a segment for each reason that occurs, outlined, in steps.

    None where no voxel is marked and no `node` is to be filled.
    """
    marks = ArrayImage.of(image)
    bits = marks.values.astype(np.uint8, copy=False)
    there = [bit for bit in REASONS if bool((bits & bit).any())]
    yield
    if not there and node is None:
        return None
    out = node_for(SEGMENTATION, name, node, name)
    if out.GetDisplayNode() is None:
        out.CreateDefaultDisplayNodes()
    segmentation = out.GetSegmentation()
    segmentation.RemoveAllSegments()
    segmentation.SetSourceRepresentationName(LABELMAP)
    for bit in there:
        words, colour = REASONS[bit]
        segment = slicer.vtkSegment()
        segment.SetName(words)
        segment.SetColor(*colour)
        segment.SetTag(segment.GetTerminologyEntryTagName(), terminology_entry(words))
        voxels = image_of(((bits & bit) > 0).astype(np.uint8))
        segment.AddRepresentation(LABELMAP, oriented_image(marks.grid, voxels))
        segmentation.AddSegment(segment)
        yield
    display = out.GetDisplayNode()
    display.SetVisibility2DFill(False)
    display.SetVisibility2DOutline(True)
    display.SetVisibility3D(False)
    display.SetVisibility(False)
    return out

"""The regions of a segmentation or label map, and what of a tumour they are by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CORE, OEDEMA, UNUSED = "core", "oedema", ""
"""What a region is for the workflow."""

SEGMENTATION = "vtkMRMLSegmentationNode"
_OEDEMA_WORDS = ("oedema", "edema", "flair", "infiltrat")
_CORE_WORDS = ("tumor", "tumour", "core", "enhanc", "necro", "gtv", "lesion", "glio", "metasta", "mening")
_WHOLE_WORDS = ("whole", "complete")


@dataclass(frozen=True)
class Region:
    """key: as it is kept and handed on, a segment's ID or a label's number. name: for people."""

    key: str
    name: str


def regions_of(node: Any) -> list[Region]:
    """The segments of a segmentation or the labels of a label map, in their order; none of None."""
    if node is None:
        return []
    if node.IsA(SEGMENTATION):
        segmentation = node.GetSegmentation()
        ids = [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]
        return [Region(str(key), str(segmentation.GetSegment(key).GetName())) for key in ids]
    return _labels(node)


def guessed(region: Region) -> str:
    """What a region seems to be by its name: core, oedema or (of no telling name) neither."""
    words = region.name.lower()
    if any(word in words for word in _OEDEMA_WORDS):
        return OEDEMA
    if any(word in words for word in _WHOLE_WORDS):  # core and oedema together
        return OEDEMA
    return CORE if any(word in words for word in _CORE_WORDS) else UNUSED


def _labels(node: Any) -> list[Region]:
    from RegSuite.mrml.colours import name_of
    from RegSuite.mrml.slabs import finish
    from RegSuite.mrml.volume_reading import labels_of_volume

    voxels = node.GetImageData()
    if voxels is None or not voxels.GetNumberOfPoints():
        return []
    stamp = (voxels.GetMTime(), node.GetMTime())  # no two states of a session share theirs
    if stamp not in _SEEN:
        _, names, present = finish(labels_of_volume(node))
        _SEEN.clear()
        _SEEN[stamp] = [Region(str(label), name_of(label, names)) for label in present]
    return list(_SEEN[stamp])


_SEEN: dict[tuple[int, int], list[Region]] = {}
"""Of the label map that was looked at last: a large one takes a moment."""

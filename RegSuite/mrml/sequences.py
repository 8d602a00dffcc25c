"""Images over time (or phase, or b-value) as sequences, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.mrml.nodes import check_node
from RegSuite.mrml.volumes import SCALAR, VECTOR, image_from_volume, volume_from_image

SEQUENCE = "vtkMRMLSequenceNode"


def sequence_from_images(
    images: Sequence[Image], values: Sequence[float], *, name: str, unit: str = "", index: str = "time"
) -> Any:
    """A sequence node with an image a value (seconds, phase in percent, ...), ascending as given.

    Each image is copied twice for a moment (into its volume, then into the sequence). Raises
    InputError for lengths that differ or values that repeat.
    """
    if len(images) != len(values) or len(set(values)) != len(values) or not images:
        raise InputError(
            f"{len(images)} images at {len(values)} values of which {len(set(values))} differ",
            where=f"sequence '{name}'",
            mend="give each image a value of its own",
        )
    sequence = slicer.mrmlScene.AddNewNodeByClass(SEQUENCE, name)
    sequence.SetIndexName(index)
    sequence.SetIndexUnit(unit)
    sequence.SetIndexTypeFromString("numeric")
    aside = slicer.vtkMRMLScene()  # frames never pass through the user's scene
    for image, value in zip(images, values, strict=True):
        kind = SCALAR if image.channels == 1 else VECTOR
        volume = volume_from_image(image, node=aside.AddNewNodeByClass(kind, image.name))
        sequence.SetDataNodeAtValue(volume, _words(value))
        aside.Clear(1)
    return sequence


def images_from_sequence(node: Any, role: str = "sequence") -> tuple[list[Image], list[float]]:
    """The images of a sequence of volumes, and their index values (0, 1, ... where these are words).

    The frames stand as they lie in the sequence, without the parent transforms of a proxy.
    Raises InputError for None, an empty sequence or one of other nodes than volumes.
    """
    check_node(node, role, SEQUENCE)
    where = f"{role} '{node.GetName()}'"
    count = node.GetNumberOfDataNodes()
    if count == 0:
        raise InputError(f"'{node.GetName()}' is empty", where=where, mend="choose another sequence")
    images = []
    for frame in range(count):
        data = node.GetNthDataNode(frame)
        images.append(image_from_volume(data, f"{role} '{node.GetName()}', frame {frame + 1}"))
    words = [node.GetNthIndexValue(frame) for frame in range(count)]
    numeric = node.GetIndexType() == node.NumericIndex
    return images, [float(word) if numeric else float(i) for i, word in enumerate(words)]


def _words(value: float) -> str:
    """A value as the sequence keeps it: '10', '0.25'."""
    return f"{value:.12g}"

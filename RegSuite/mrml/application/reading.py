"""Reads a file into a node, by the logics of Slicer's modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import slicer

from RegSuite.mrml.application.writing import storage_for

Properties = Mapping[str, Any]
"""What slicer.util hands over: fileName, name, labelmap, singleFile, center, ..."""

VOLUME_OPTIONS = {"labelmap": 1, "center": 2, "singleFile": 4, "autoWindowLevel": 8, "discardOrientation": 16}
"""Bits of vtkSlicerVolumesLogic.AddArchetypeVolume."""


def read_node(kind: str, modules: Any, file: str, name: str, given: Properties, messages: Any) -> Any:
    """The node read from `file`, None where Slicer's reader gives none (it has told why).

    kind: Slicer's file type; messages: a vtkMRMLMessageCollection that takes what a reader says.
    """
    return READERS[kind](modules, file, name, given, messages)


def _volume(modules: Any, file: str, name: str, given: Properties, _messages: Any) -> Any:
    wanted = {"autoWindowLevel": True, **given}
    options = sum(bit for option, bit in VOLUME_OPTIONS.items() if wanted.get(option))
    return modules.volumes.logic().AddArchetypeVolume(file, name, options, None)


def _segmentation(modules: Any, file: str, name: str, given: Properties, _messages: Any) -> Any:
    open_ = bool(given.get("autoOpacities", False))
    return modules.segmentations.logic().LoadSegmentationFromFile(file, open_, name)


def _transform(modules: Any, file: str, _name: str, _given: Properties, messages: Any) -> Any:
    return modules.transforms.logic().AddTransform(file, slicer.mrmlScene, messages)


def _markups(modules: Any, file: str, name: str, _given: Properties, messages: Any) -> Any:
    ids = modules.markups.logic().LoadMarkups(file, name, messages)
    return slicer.mrmlScene.GetNodeByID(ids.split(",")[0]) if ids else None


def _model(modules: Any, file: str, _name: str, given: Properties, messages: Any) -> Any:
    space = given.get("coordinateSystem", slicer.vtkMRMLStorageNode.CoordinateSystemLPS)
    return modules.models.logic().AddModel(file, space, messages)


def _table(modules: Any, file: str, name: str, _given: Properties, _messages: Any) -> Any:
    return modules.tables.logic().AddTable(file, name)


def _text(_modules: Any, file: str, name: str, _given: Properties, _messages: Any) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", name)
    storage = storage_for(node, file)
    storage.SetFileName(file)
    if slicer.mrmlScene.AddNode(storage) and storage.ReadData(node):
        node.SetAndObserveStorageNodeID(storage.GetID())
        return node
    slicer.mrmlScene.RemoveNode(node)
    return None


def _colours(modules: Any, file: str, name: str, _given: Properties, _messages: Any) -> Any:
    return modules.colors.logic().LoadColorFile(file, name)


def _sequence(modules: Any, file: str, _name: str, _given: Properties, messages: Any) -> Any:
    return modules.sequences.logic().AddSequence(file, messages)


READERS: dict[str, Callable[[Any, str, str, Properties, Any], Any]] = {
    "VolumeFile": _volume,
    "SegmentationFile": _segmentation,
    "TransformFile": _transform,
    "MarkupsFile": _markups,
    "ModelFile": _model,
    "TableFile": _table,
    "TextFile": _text,
    "ColorTableFile": _colours,
    "SequenceFile": _sequence,
}

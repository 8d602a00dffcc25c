"""A scene beside the user's, in which everything of RegSuite.mrml works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from RegSuite.mrml.application import start


@contextmanager
def own_scene() -> Iterator[Any]:
    """A new scene that stands as `slicer.mrmlScene` within the block; the user's is not touched by it.

    It knows the node classes, colours, views and layouts that Slicer's own scene knows, and gives
    nodes their subject hierarchy items. It is emptied at the end: its nodes cannot be used afterwards.
    Only for the main thread, and for a block in which no event is handled: what asks for
    `slicer.mrmlScene` meanwhile gets this one.
    """
    start()
    import slicer

    user_scene = slicer.mrmlScene
    scene = slicer.vtkMRMLScene()
    logics, observers = _furnish(scene, user_scene)
    slicer.mrmlScene = scene
    try:
        yield scene
    finally:
        slicer.mrmlScene = user_scene
        for observed, tag in observers:
            observed.RemoveObserver(tag)
        for logic in logics:
            logic.SetMRMLScene(None)
        _forget_voxels(scene)
        scene.Clear(1)


def _furnish(scene: Any, user_scene: Any) -> tuple[list[Any], list[tuple[Any, int]]]:
    """Colours, units, orientations, layouts (with their views) and subject hierarchy of a new scene."""
    import slicer

    from RegSuite.mrml.application.generic_colours import add_generic_colours
    from RegSuite.mrml.application.hierarchy_items import make_items

    units = slicer.vtkSlicerUnitsLogic()
    units.SetMRMLScene(scene)  # first: it registers its classes, which are among the user's too
    user_scene.CopyRegisteredNodesToScene(scene)
    colours = slicer.vtkMRMLColorLogic()
    colours.SetMRMLScene(scene)
    add_generic_colours(scene)
    selection = slicer.vtkMRMLSelectionNode()
    selection.SaveWithSceneOff()  # whoever opens the scene keeps the own selection and units
    scene.AddNode(selection)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    layout = slicer.vtkMRMLLayoutLogic()
    layout.SetMRMLScene(scene)
    slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    return [layout, units, colours], make_items(scene)


def _forget_voxels(scene: Any) -> None:
    """Take the voxels from all segments, which else are erased from their common label map one by one."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
        segmentation = scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode").GetSegmentation()
        for number in range(segmentation.GetNumberOfSegments()):
            segmentation.GetNthSegment(number).RemoveAllRepresentations()

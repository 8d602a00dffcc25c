"""The logics of Slicer's modules, as `slicer.modules.NAME.logic()` gives them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import slicer

LOGICS = {
    "Annotations": "vtkSlicerAnnotationModuleLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Colors": "vtkSlicerColorLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "Data": "vtkSlicerDataModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Reformat": "vtkSlicerReformatLogic",
    "SceneViews": "vtkSlicerSceneViewsModuleLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Units": "vtkSlicerUnitsLogic",
    "ViewControllers": "vtkSlicerViewControllersLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "Volumes": "vtkSlicerVolumesLogic",
}
"""By the name of the module. Terminologies is left out: slicer-core has not the term files it reads."""


class HeadlessModule:
    """What stands as `slicer.modules.volumes`: a module that has a logic and no panel."""

    def __init__(self, name: str, logic: Any) -> None:
        self.name = name
        self._logic = logic

    def logic(self) -> Any:
        """The module's logic."""
        return self._logic


def make_modules(scene: Any, application: Any) -> SimpleNamespace:
    """Make the logic of each module that is here, bound to `scene` and `application` (its logic).

    The application logic is told first: colour and markups logics ask it when they get the scene.
    """
    modules = SimpleNamespace()
    for name, class_name in LOGICS.items():
        make = _logic_class(name, class_name)
        if make is None:
            continue
        logic = make()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        setattr(modules, name.lower(), HeadlessModule(name, logic))
    return modules


def _logic_class(name: str, class_name: str) -> Any:
    """The class of a module's logic; None where this Slicer has not the module.

    slicer-core has all classes in `slicer`. In PythonSlicer those of modules are in libraries of
    their own, which Slicer's window would load.
    """
    if not hasattr(slicer, class_name):
        for part in ("MRML", "Logic"):
            _take_classes(f"vtkSlicer{name}Module{part}Python")
    return getattr(slicer, class_name, None)


def _take_classes(library: str) -> None:
    if find_spec(library) is None:
        return
    for name, found in vars(import_module(library)).items():
        if name.startswith("vtk"):
            setattr(slicer, name, found)

"""Slicer's slice and 3D views, drawn offscreen by Slicer's own displayable managers; without Qt."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleUser
from vtkmodules.vtkRenderingCore import vtkInteractorStyle3D

from Testing.harness.view import SIZE, View

SLICE_MANAGERS = (
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLScalarBarDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
    "vtkMRMLLinearTransformsDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)
THREE_D_MANAGERS = (
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager3D",
    "vtkMRMLLinearTransformsDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)


class SliceView(View):
    """A slice view of a name ("Red", "Yellow", "Green") as Slicer's layouts have it."""

    def __init__(self, name: str = "Red", orientation: str = "Axial", size: tuple[int, int] = SIZE) -> None:
        super().__init__(size)
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self._draw_above()
        self._manage(slicer.vtkMRMLSliceViewDisplayableManagerFactory, SLICE_MANAGERS)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._views().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = _in_scene("vtkMRMLSliceNode", name)
        if self.node is None:
            self.node = self.logic.AddSliceNode(name)
        self.logic.SetSliceNode(self.node)
        self.node.SetMappedInLayout(1)
        self.node.SetOrientation(orientation)
        self.managers.SetMRMLDisplayableNode(self.node)
        self.composite = self.logic.GetSliceCompositeNode()
        self._interact()
        self.logic.ResizeSliceNode(*size)

    def show(self, background=None, foreground=None, label=None, opacity: float = 0.5) -> None:
        """Put volumes into the layers and fit the slice to them."""
        for layer, node in (("Background", background), ("Foreground", foreground), ("Label", label)):
            getattr(self.composite, f"Set{layer}VolumeID")(node.GetID() if node is not None else None)
        self.composite.SetForegroundOpacity(opacity if foreground is not None else 0.0)
        self.fit()

    def fit(self) -> None:
        """As Slicer's button: the whole slice in the view, through the middle of the background."""
        self.logic.ResizeSliceNode(*self.window.GetSize())
        self.logic.FitSliceToBackground()
        self.logic.SnapSliceOffsetToIJK()

    def pixel(self, ras) -> tuple[int, int]:
        """Row and column in `image()` of a point (RAS mm), wherever it is across the slice."""
        to_ras = vtk.vtkMatrix4x4()
        to_ras.DeepCopy(self.node.GetXYToRAS())
        to_ras.Invert()
        x, y, _, _ = to_ras.MultiplyPoint((*ras, 1.0))
        return round(self.window.GetSize()[1] - 1 - y), round(x)

    def image(self) -> np.ndarray:
        layers = self.logic.GetImageDataConnection()
        self._layers.GetMapper().SetInputConnection(layers)
        self._layers.SetVisibility(layers is not None)
        return super().image()

    def _draw_above(self) -> None:
        """The composed volumes as a picture under everything else, and a renderer above it for the legend."""
        above = vtk.vtkRenderer()
        above.GetActiveCamera().ParallelProjectionOn()
        above.SetLayer(1)
        self.window.SetNumberOfLayers(2)
        self.window.AddRenderer(above)
        self.window.SetAlphaBitPlanes(1)
        mapper = vtk.vtkImageMapper()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        self._layers = vtk.vtkActor2D()
        self._layers.SetMapper(mapper)
        self._layers.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(self._layers)

    def _interact(self) -> None:
        self._style = slicer.vtkMRMLSliceViewInteractorStyle()
        self._style.SetSliceLogic(self.logic)
        self._style.SetDisplayableManagers(self.managers)
        self.interactor.SetInteractorStyle(vtkInteractorStyleUser())
        self._style.SetInteractor(self.interactor)

    def _views(self):
        return slicer.app.applicationLogic().GetSliceLogics()


class ThreeDView(View):
    """A 3D view of a name ("1") as Slicer's layouts have it."""

    def __init__(self, name: str = "1", size: tuple[int, int] = SIZE) -> None:
        super().__init__(size)
        self.renderer.SetUseDepthPeeling(True)
        self._manage(slicer.vtkMRMLThreeDViewDisplayableManagerFactory, THREE_D_MANAGERS)
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._views().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = _in_scene("vtkMRMLViewNode", name)
        if self.node is None:
            self.node = self.logic.AddViewNode(name)
        self.node.SetMappedInLayout(1)
        self.managers.SetMRMLDisplayableNode(self.node)
        self._style = slicer.vtkMRMLThreeDViewInteractorStyle()
        self._style.SetDisplayableManagers(self.managers)
        self._style.SetInteractor(self.interactor)
        self.interactor.SetInteractorStyle(vtkInteractorStyle3D())

    @property
    def camera(self):
        """The view's camera node."""
        name = "vtkMRMLCameraDisplayableManager"
        return self.managers.GetDisplayableManagerByClassName(name).GetCameraNode()

    def look_from(self, axis: str) -> None:
        """Look from "Anterior", "Posterior", "Left", "Right", "Superior" or "Inferior" at all there is."""
        self.node.SetBoxVisible(0)
        self.node.SetAxisLabelsVisible(0)
        self.window.Render()
        camera = self.camera
        camera.RotateTo(getattr(camera, axis))
        self.renderer.ResetCamera()
        self.renderer.ResetCameraClippingRange()

    def _views(self):
        return slicer.app.applicationLogic().GetViewLogics()


def _in_scene(kind: str, name: str):
    """The view's node where the scene has it: read from a file, of a layout, of a view that was closed."""
    return slicer.mrmlScene.GetSingletonNode(name, kind)

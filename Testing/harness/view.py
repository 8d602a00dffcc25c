"""An offscreen window with Slicer's displayable managers in it: what slice and 3D views share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer
import vtk
from PIL import Image
from vtkmodules.util.numpy_support import vtk_to_numpy

SIZE = (400, 360)
"""Width and height in pixels, where nothing else is asked for."""


class View:
    """What both kinds of view share: an offscreen window and a group of displayable managers.

    Needs a started headless Slicer, and EGL (Testing.needs.views). Close it before the scene is
    emptied: its managers observe the view's node.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(0)
        self.window.SetSize(*size)
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.EnableRenderOff()  # drawn when a picture is asked for
        self.interactor.Initialize()
        self.managers = slicer.vtkMRMLDisplayableManagerGroup()

    def _manage(self, factory, names) -> None:
        factory = factory.GetInstance()
        factory.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        for name in names:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.managers.SetRenderer(self.renderer)
        self.managers.Initialize(factory, self.renderer)

    def image(self) -> np.ndarray:
        """The view as it is now: [height, width, 3] uint8 RGB, the top row first."""
        self.window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self.window)
        grab.ReadFrontBufferOff()
        grab.SetInputBufferTypeToRGB()
        grab.Update()
        picture = grab.GetOutput()
        width, height, _ = picture.GetDimensions()
        return vtk_to_numpy(picture.GetPointData().GetScalars()).reshape(height, width, 3)[::-1].copy()

    def png(self, path: Path) -> Path:
        """Write the view as it is now."""
        return write_png(self.image(), path)

    def close(self) -> None:
        """Let go of the scene and of the window."""
        self.managers.SetMRMLDisplayableNode(None)
        self._views().RemoveItem(self.logic)
        self.logic.SetMRMLScene(None)
        self.window.Finalize()


def write_png(picture: np.ndarray, path: Path) -> Path:
    """Write a picture [h, w, 3] uint8 (top row first)."""
    Image.fromarray(picture).save(path, optimize=True)
    return path

"""The headless Slicer itself: scene, application logic, module logics, data exchange, temporary folder."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any

import slicer
import vtk

from RegSuite.mrml.application import vtk_messages
from RegSuite.mrml.application.app import HeadlessApp
from RegSuite.mrml.application.generic_colours import add_generic_colours
from RegSuite.mrml.application.hierarchy_items import make_items
from RegSuite.mrml.application.logics import make_modules


class HeadlessSlicer:
    """Everything that stands behind `slicer.app`, `slicer.modules` and `slicer.mrmlScene`.

    temporary: a folder of its own (mode 0700), removed at the end of this Python.
    `slicer.app.headless` is this object: who wants another app (one that knows Qt) makes it from it.
    """

    def __init__(self) -> None:
        self.temporary = Path(tempfile.mkdtemp(prefix="regsuite-slicer-"))
        self.scene = slicer.vtkMRMLScene()
        self.application = self._application()
        self._remote = self._remote_io()
        self._data_io = self._data_io_logic()
        add_generic_colours(self.scene)
        self.modules = make_modules(self.scene, self.application)
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self.scene)
        self._observers = make_items(self.scene)

    @classmethod
    def put_into(cls, module: Any) -> HeadlessSlicer:
        """Start one and set the attributes of the module `slicer`; closed when this Python ends."""
        vtk_messages.send_to_logging()
        headless = cls()
        module.mrmlScene, module.modules = headless.scene, headless.modules
        module.app = HeadlessApp(headless)
        atexit.register(headless.close)
        return headless

    def close(self) -> None:
        """Empty the scene, let go of the logics and remove the temporary folder."""
        for observed, tag in self._observers:
            observed.RemoveObserver(tag)
        self._observers = []
        slicer.app = slicer.mrmlScene = slicer.modules = None
        self.scene.Clear(1)
        self.modules.__dict__.clear()
        shutil.rmtree(self.temporary, ignore_errors=True)
        vtk_messages.send_to_terminal()

    def _application(self) -> Any:
        """Slicer's application logic with colours, slice and view logics, and the slice orientations."""
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetCrosshairName("default")
        self.scene.AddNode(crosshair)
        application = slicer.vtkSlicerApplicationLogic()
        (self.temporary / "share" / "ColorFiles").mkdir(parents=True)
        application.SetHomeDirectory(str(self.temporary))
        application.SetShareDirectory("share")  # relative to the home directory
        application.SetTemporaryPath(str(self.temporary))
        application.SetMRMLScene(self.scene)
        application.GetColorLogic().SetMRMLScene(self.scene)
        application.GetColorLogic().AddDefaultColorNodes()
        application.SetSliceLogics(vtk.vtkCollection())
        application.SetViewLogics(vtk.vtkCollection())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        return application

    def _remote_io(self) -> Any:
        """What keeps the cache of files; without it storage nodes refuse to read."""
        logic = slicer.vtkMRMLRemoteIOLogic()
        logic.SetMRMLScene(self.scene)
        logic.SetMRMLApplicationLogic(self.application)
        cache = self.temporary / "cache"
        cache.mkdir()
        (cache / ".slicer-cache").touch()  # by this file Slicer knows a folder that it may empty
        logic.GetCacheManager().SetRemoteCacheDirectory(str(cache))
        return logic

    def _data_io_logic(self) -> Any:
        logic = slicer.vtkDataIOManagerLogic()
        logic.SetMRMLScene(self.scene)
        logic.SetMRMLApplicationLogic(self.application)
        logic.SetAndObserveDataIOManager(self._remote.GetDataIOManager())
        self._remote.AddDataIOToScene()
        return logic

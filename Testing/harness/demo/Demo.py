"""A module of the smallest kind, written as Slicer wants it, on which the harness itself is tested."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import slicer
import vtk
from DemoWork import Work
from slicer import vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import Choice, Default, Maximum, Minimum, WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class Demo(ScriptedLoadableModule):
    """Adds a number to every voxel, slab by slab."""

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Demo")
        parent.categories = ["Registration"]
        parent.contributors = ["RegSuite"]
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    """Make the module's sample known."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="RegSuite", sampleName="DemoCube", nodeNames="DemoCube", customDownloader=lambda source: makeCube()
    )


def makeCube():
    """A volume of ones."""
    import numpy as np

    return slicer.util.addVolumeFromArray(np.ones((4, 5, 6), np.float32), name="DemoCube")


class Speed(Enum):
    """How long a slab takes."""

    FAST = 1
    SLOW = 20

    @staticmethod
    def label(speed):
        """What the combo box shows."""
        return {Speed.FAST: "at once", Speed.SLOW: "slowly"}[speed]


@parameterNodeWrapper
class DemoParameterNode:
    """What the panel shows."""

    inputVolume: vtkMRMLScalarVolumeNode
    outputVolume: vtkMRMLScalarVolumeNode
    amount: Annotated[float, WithinRange(-20, 20)] = 1.0
    slabs: Annotated[int, Minimum(1), Maximum(500)] = 4
    speed: Speed
    unit: Annotated[str, Choice(["HU", "none"])] = "HU"
    keep: bool = True
    note: Annotated[str, Default("nothing noted")]
    folder: Path
    tags: list[str]
    seed: Optional[int]  # noqa: UP045  # Slicer does not know int | None


class DemoWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.parameters = None
        self.work = None

    def setup(self):
        """Build it."""
        super().setup()
        form = slicer.util.loadUI(self.resourcePath("UI/Demo.ui"))
        self.layout.addWidget(form)
        self.ui = slicer.util.childWidgetVariables(form)
        form.setMRMLScene(slicer.mrmlScene)
        self.logic = DemoLogic()
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.ui.cancelButton.clicked.connect(self.onCancel)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneCloses)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneClosed)
        self.setParameters(self.logic.getParameterNode())

    def cleanup(self):
        """Leave nothing behind."""
        self.onCancel()
        self.setParameters(None)
        self.removeObservers()

    def onSceneCloses(self, caller, event):
        """Stop before the nodes go."""
        self.onCancel()
        self.setParameters(None)

    def onSceneClosed(self, caller, event):
        """Begin anew."""
        self.setParameters(self.logic.getParameterNode())

    def setParameters(self, parameters):
        """Show another parameter node."""
        if self.parameters is not None:
            self.parameters.disconnectGui(self.guiTag)
            self.removeObserver(self.parameters, vtk.vtkCommand.ModifiedEvent, self.checkCanApply)
        self.parameters = parameters
        if parameters is not None:
            named = {w.property("SlicerParameterName"): w for w in vars(self.ui).values()}
            self.guiTag = parameters.connectParametersToGui({n: w for n, w in named.items() if n})
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self.checkCanApply)
        self.checkCanApply()

    def checkCanApply(self, caller=None, event=None):
        """Apply needs both volumes and no work."""
        ready = self.parameters is not None and self.parameters.inputVolume and self.parameters.outputVolume
        self.ui.applyButton.enabled = bool(ready) and self.work is None
        self.ui.cancelButton.enabled = self.work is not None

    def onApply(self):
        """Begin."""
        with slicer.util.tryWithErrorDisplay(_("The sum failed."), waitCursor=True):
            self.work = self.logic.start(self.parameters, self.onProgress, self.onEnd)
            self.checkCanApply()

    def onProgress(self, fraction):
        """Show how far it is."""
        self.ui.progressBar.value = int(100 * fraction)

    def onEnd(self, words):
        """Show how it ended."""
        self.work = None
        self.ui.statusLabel.text = words
        self.checkCanApply()

    def onCancel(self):
        """Stop, wherever it is."""
        if self.work is not None:
            self.work.cancel()


class DemoLogic(ScriptedLoadableModuleLogic):
    """The sum, without a window."""

    def getParameterNode(self):
        """The parameters in the scene."""
        return DemoParameterNode(super().getParameterNode())

    def start(self, parameters, progress, end):
        """Begin; raises ValueError for an input without voxels."""
        if parameters.inputVolume.GetImageData() is None:
            raise ValueError(f"'{parameters.inputVolume.GetName()}' has no voxels")
        return Work(parameters, progress, end)


class DemoTest(ScriptedLoadableModuleTest):
    """Slicer's own test of it."""

    def runTest(self):
        """The sum of a cube."""
        self.setUp()
        parameters = DemoLogic().getParameterNode()
        parameters.inputVolume = makeCube()
        parameters.outputVolume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
        words = []
        work = DemoLogic().start(parameters, lambda fraction: None, words.append)
        while not words:
            slicer.app.processEvents()
        self.assertEqual(words, ["done"])
        self.assertEqual(work.done, 4)
        self.assertEqual(slicer.util.arrayFromVolume(parameters.outputVolume).max(), 2)

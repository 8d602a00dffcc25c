"""The panel of a workflow's module: the .ui filled with forms and boxes, and what happens when."""

from __future__ import annotations

from typing import Any, ClassVar

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from RegSuite.panel import dependencies
from RegSuite.panel.error_box import ErrorBox
from RegSuite.panel.install_box import InstallBox
from RegSuite.panel.logic import WorkflowLogic
from RegSuite.panel.progress_box import ProgressBox
from RegSuite.panel.run_control import Finished, RunControl
from RegSuite.panel.steps import Work


class WorkflowWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Slicer's widget class of a module. logic_class: the module's logic.

    The .ui is Resources/UI/<Module>.ui; its widgets are named by the roles of the workflow
    (`fixedSelector`); beside these it has what PanelForms binds, `applyButton`, `runArea` and
    `resultSection`.
    """

    logic_class: ClassVar[type[WorkflowLogic]]

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic: WorkflowLogic | None = None
        self.control: RunControl | None = None
        self._entered = bool(self.parent.visible)  # reloaded in sight: nobody may say enter()

    def setup(self) -> None:
        """Build the panel, or ask for the packages that it is made with."""
        ScriptedLoadableModuleWidget.setup(self)
        if dependencies.panel_ready():
            self._build()
            return
        self.install_box = InstallBox(self._build)
        self.layout.addWidget(self.install_box.widget)

    def cleanup(self) -> None:
        """The module is closed or reloaded: the job ends, nothing observes any more."""
        self.removeObservers()
        if self.control is not None:
            self.control.abandon()
            self.results.clear()
            self.forms.set_parameter_node(None)

    def enter(self) -> None:
        """The module is shown: its parameter node is there."""
        self._entered = True
        if self.control is not None and not self.forms.connected:
            self._connect()

    def exit(self) -> None:
        """Another module is shown: flickering stops."""
        self._entered = False
        if self.control is not None:
            self.results.stop()

    def make_forms(self) -> Any:
        """What binds the .ui to the parameter node; a subclass whose inputs are no pair has its own."""
        from RegSuite.panel.panel_forms import PanelForms  # needs what may be missing before

        assert self.logic is not None
        return PanelForms(self.logic.workflow, self.ui)

    def make_results(self) -> Any:
        """What shows a finished run; a subclass whose result is no registration has its own."""
        from RegSuite.panel.results_area import ResultsArea

        return ResultsArea()

    def watch(self, control: RunControl) -> None:
        """Follow what a run shows while it works; of most workflows there is nothing."""

    def _build(self) -> None:
        window = slicer.util.loadUI(self.resourcePath(f"UI/{self.moduleName}.ui"))
        self.layout.addWidget(window)
        self.ui = slicer.util.childWidgetVariables(window)
        window.setMRMLScene(slicer.mrmlScene)
        self.logic = self.logic_class()
        self.errors, self.progress, self.results = ErrorBox(), ProgressBox(), self.make_results()
        put_into(self.ui.runArea, self.errors.widget, self.progress.widget)
        put_into(self.ui.resultSection, self.results.widget)
        self.ui.resultSection.visible = False
        self.control = RunControl(self.ui.applyButton, self.progress, self.errors)
        self.control.on_apply = self._apply
        self.control.on_finished = self._finished
        self.watch(self.control)
        self.forms = self.make_forms()
        scene = slicer.mrmlScene
        self.addObserver(scene, slicer.vtkMRMLScene.StartCloseEvent, self._scene_closes)
        self.addObserver(scene, slicer.vtkMRMLScene.EndCloseEvent, self._scene_changed)
        self.addObserver(scene, slicer.vtkMRMLScene.EndImportEvent, self._scene_changed)
        self.addObserver(scene, slicer.vtkMRMLScene.NodeRemovedEvent, self._node_removed)
        self._connect()

    def _connect(self) -> None:
        """Use the scene's parameter node, made where there is none."""
        assert self.logic is not None
        self.forms.set_parameter_node(self.logic.getParameterNode())

    def _apply(self) -> None:
        """The button says Apply: check, then run. What is wrong is said in the panel."""
        assert self.logic is not None
        assert self.control is not None
        self.errors.clear()
        try:
            said = dependencies.ensure()
            if self._refused():
                return
            orders = self.forms.orders(self.logic)
        except Exception as error:  # noqa: BLE001  the border of a button
            self.errors.show_error(error, *self.forms.fields_of(error))
            return
        self.ui.resultSection.visible = False
        self.results.clear()
        self.control.start(orders)
        self.progress.add_lines(said)

    def _refused(self) -> bool:
        """Whether the checks find an error; it is said, and its fields are outlined."""
        if self.forms.several:  # each subject has its own row for what is wrong with it
            return False
        errors = [finding for finding in self.forms.findings() if finding.severity == "error"]
        fields = [field for finding in errors for field in self.forms.fields_of_finding(finding)]
        if errors:
            self.forms.checks.stop()
            self.errors.show_findings(errors, *fields)
        return bool(errors)

    def _finished(self, finished: Finished) -> Work:
        self.ui.resultSection.visible = True
        self.ui.resultSection.collapsed = False
        yield from self.results.show_in_steps(finished)
        self.progress.add_lines([str(end.folder) for end in finished.ends])

    def _scene_closes(self, _scene: Any, _event: Any) -> None:
        if self.control is None:
            return
        self.control.abandon(_("The scene was closed: the run was ended, nothing was made."))
        self.results.forget()
        self.ui.resultSection.visible = False
        self.forms.set_parameter_node(None)

    def _scene_changed(self, _scene: Any, _event: Any) -> None:
        """Closed or imported: the parameter node is another one; none is made before it is needed."""
        if self._entered:
            self._connect()
        else:
            self.forms.set_parameter_node(None)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _node_removed(self, scene: Any, _event: Any, node: Any) -> None:
        if node is not None and not scene.IsClosing():
            self.results.node_removed(str(node.GetID()))


def put_into(place: Any, *widgets: Any) -> None:
    """Put widgets below each other into an empty widget of the .ui."""
    column = qt.QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        column.addWidget(widget)

"""The forms of a course's panel together: nodes or a file, fractions, parameters; orders out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
import vtk
from slicer.i18n import tr as _

from RegSuite.errors import OutputError, RegSuiteError
from RegSuite.panel.alpha_beta_table import AlphaBetaTable
from RegSuite.panel.check_course import check_course
from RegSuite.panel.course_parameters import CourseParameterForm
from RegSuite.panel.course_state import FILE, PLANNING, STRUCTURES, UNIT, CourseState
from RegSuite.panel.fields import fields_of
from RegSuite.panel.folder_form import FolderForm
from RegSuite.panel.fraction_table import FractionTable
from RegSuite.panel.live_checks import LiveChecks
from RegSuite.panel.parameter_node import parameters_of
from RegSuite.panel.stored import from_node, to_node
from RegSuite.panel.widget import put_into

if TYPE_CHECKING:
    from RegSuite.panel.course_logic import CourseLogic
    from RegSuite.panel.finding import Finding
    from RegSuite.panel.order import Order
    from RegSuite.workflows.model import Workflow

UNITS = ("", "Gy", "cGy", "mGy")


class CourseForms:
    """Binds the .ui to a parameter node.

    Used of `ui`: `courseFileEdit`, `sceneSection`, `planningSelector`, `structuresSelector`, `unitBox`,
    what FractionTable, AlphaBetaTable and FolderForm bind, `calculationArea`, `registrationArea`,
    `advancedArea`, `checkArea`.
    """

    several = False

    def __init__(self, workflow: Workflow, ui: Any) -> None:
        self._workflow, self._ui = workflow, ui
        self._parameters: Any = None
        self._tag: int | None = None
        self._showing = False
        self.fractions = FractionTable(ui, self._fractions_changed)
        self.alpha_beta = AlphaBetaTable(ui, self._alpha_beta_changed)
        self.parameter_form = CourseParameterForm(workflow)
        for section, area in self.parameter_form.areas.items():
            put_into(getattr(ui, f"{section}Area"), area)
        self.folder = FolderForm(ui)
        self.checks = LiveChecks(self.early_findings, self.fields_of_finding)
        put_into(ui.checkArea, self.checks.widget)
        self._selectors = {PLANNING: ui.planningSelector, STRUCTURES: ui.structuresSelector}
        for role, selector in self._selectors.items():
            selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda _n=None, r=role: self._chosen(r))
        for unit in UNITS:
            ui.unitBox.addItem(unit or _("refused"))
        ui.unitBox.connect("currentIndexChanged(int)", self._unit_changed)
        ui.courseFileEdit.connect("currentPathChanged(QString)", self._file_changed)

    @property
    def connected(self) -> bool:
        """Whether there is a parameter node."""
        return self._parameters is not None

    @property
    def state(self) -> CourseState:
        """What the parameter node remembers of the course."""
        return CourseState(self._parameters.parameterNode)

    def set_parameter_node(self, parameters: Any | None) -> None:
        """Show another parameter node; None: the scene is being closed."""
        if self._parameters is not None:
            self._parameters.RemoveObserver(self._tag)
        self._parameters = parameters
        self.parameter_form.set_parameter_node(parameters)
        self.folder.set_parameter_node(None if parameters is None else parameters.parameterNode)
        if parameters is None:
            self.checks.stop()
            return
        self._tag = parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, self._changed)
        for selector in self._selectors.values():
            selector.setMRMLScene(slicer.mrmlScene)
        self._changed()

    def orders(self, logic: CourseLogic) -> list[Order]:
        """What is to be run. Raises RegSuiteError for what cannot be, with the mend."""
        self.folder.check(self.folder.folder)
        return [logic.order(self._parameters, folder=self.folder.folder, overwrite=self.folder.overwrite)]

    def findings(self) -> list[Finding]:
        """What is wrong or doubtful about what is chosen, errors first."""
        return check_course(self.state, parameters_of(self._parameters, self._workflow))

    def early_findings(self) -> list[Finding] | None:
        """The same; None while the course is still being put together."""
        if self._parameters is None:
            return None
        state = self.state
        begun = state.planning is not None and state.rows and all(row.dose is not None for row in state.rows)
        return self.findings() if state.file is not None or begun else None

    def fields_of_finding(self, finding: Finding) -> list[Any]:
        """The selectors that a finding is about; of what is only doubtful none."""
        found = [self.selector(role) for role in finding.roles if finding.severity == "error"]
        return [field for field in found if field is not None]

    def fields_of(self, error: BaseException) -> list[Any]:
        """The selectors of the place that an error names, or the field of the folder."""
        if isinstance(error, OutputError):
            self._ui.folderSection.collapsed = False
            return [self.folder.edit]
        where = error.where.lower() if isinstance(error, RegSuiteError) else ""
        fractions = [
            f"fraction {n} {p}"
            for n in range(1, 1 + len(self.state.rows))
            for p in ("image", "dose", "transform")
        ]
        roles = [role for role in ("planning", "structures", *fractions) if where.startswith(role)]
        best = max(roles, key=len, default=None)
        found = None if best is None else self.selector(best)
        return [] if found is None else [found]

    def selector(self, role: str) -> Any | None:
        """The widget of a role as findings call it, None where the panel has none."""
        if role.startswith("fraction "):
            _word, number, part = role.split(" ", 2)
            return self.fractions.selector(int(number), part)
        boxes = self.parameter_form.boxes
        plain = {
            "planning": self._ui.planningSelector,
            "structures": self._ui.structuresSelector,
            "fractions": self._ui.fractionsTable,
            "file": self._ui.courseFileEdit,
            "alpha_beta": self._ui.alphaBetaTable,
        }
        return plain.get(role) or (boxes[role].widget if role in boxes else None)

    def _changed(self, *_arguments: Any) -> None:
        """Show what the parameter node holds now."""
        if self._showing or self._parameters is None:
            return
        self._showing = True
        try:
            state = self.state
            self._ui.planningSelector.setCurrentNode(state.planning)
            self._ui.structuresSelector.setCurrentNode(state.structures)
            self._ui.unitBox.currentIndex = UNITS.index(state.unit)
            text = "" if state.file is None else str(state.file)
            if text != str(self._ui.courseFileEdit.currentPath):
                self._ui.courseFileEdit.currentPath = text
            self.fractions.show(state.rows)
            self._ui.sceneSection.enabled = state.file is None
            field = fields_of(self._workflow.Parameters)["alpha_beta"]
            self.alpha_beta.set_structures(_structure_names(state.structures))
            self.alpha_beta.show(from_node(field, self._parameters.alphaBeta))
        finally:
            self._showing = False
        self.checks.soon()

    def _chosen(self, role: str) -> None:
        if not self._showing and self._parameters is not None:
            self.state.set_node(role, self._selectors[role].currentNode())

    def _unit_changed(self, index: int) -> None:
        if not self._showing and self._parameters is not None:
            self.state.set_text(UNIT, UNITS[index])

    def _file_changed(self, path: str) -> None:
        if not self._showing and self._parameters is not None:
            self.state.set_text(FILE, str(path))

    def _fractions_changed(self) -> None:
        if not self._showing and self._parameters is not None:
            self._showing = True  # what is shown is what is kept
            try:
                self.state.set_rows(self.fractions.values())
            finally:
                self._showing = False
            self.checks.soon()

    def _alpha_beta_changed(self) -> None:
        if not self._showing and self._parameters is not None:
            field = fields_of(self._workflow.Parameters)["alpha_beta"]
            self._parameters.alphaBeta = to_node(field, self.alpha_beta.texts())


def _structure_names(node: Any) -> list[str]:
    """The segments of a segmentation; a label map's names are known when it is read."""
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        return []
    segmentation = node.GetSegmentation()
    return [str(segmentation.GetNthSegment(i).GetName()) for i in range(segmentation.GetNumberOfSegments())]

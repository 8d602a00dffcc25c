"""The forms of a panel whose inputs are images: selectors, parameters, folder and checks together."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import slicer
import vtk

from RegSuite.errors import OutputError, RegSuiteError
from RegSuite.panel.direction import direction
from RegSuite.panel.folder_form import FolderForm
from RegSuite.panel.inputs_form import InputsForm
from RegSuite.panel.live_checks import LiveChecks
from RegSuite.panel.node_names import field_name
from RegSuite.panel.parameter_form import ParameterForm
from RegSuite.panel.parameter_node import inputs_of, outputs_of
from RegSuite.panel.section_form import AFTER_WRAPPERS
from RegSuite.panel.widget import put_into

if TYPE_CHECKING:
    from RegSuite.panel.choices import Offer
    from RegSuite.panel.finding import Finding
    from RegSuite.panel.logic import WorkflowLogic
    from RegSuite.panel.order import Order
    from RegSuite.workflows.model import Workflow


class ImageForms:
    """Binds the .ui to a parameter node.

    Used of `ui`: the selectors named by roles (those that it lacks go into `inputsArea`),
    `directionLabel`, `parametersArea`, `advancedArea`, `checkArea`, and what FolderForm binds.
    without, offer: see InputsForm and ParameterForm.
    """

    several = False
    """Whether several runs are wanted, each with inputs of its own."""

    def __init__(
        self, workflow: Workflow, ui: Any, *, without: Collection[str] = (), offer: Offer | None = None
    ) -> None:
        self._workflow = workflow
        self._ui = ui
        self._parameters: Any = None
        self._tag: int | None = None
        self.inputs = InputsForm(workflow, ui, without)
        self.inputs.set_scene(slicer.mrmlScene)
        put_into(ui.inputsArea, self.inputs.widget)
        self.parameter_form = self.make_parameter_form(offer)
        self.folder = FolderForm(ui)
        self.checks = LiveChecks(self.early_findings, self.fields_of_finding)
        put_into(ui.checkArea, self.checks.widget)

    def make_parameter_form(self, offer: Offer | None) -> Any:
        """The form of the parameters, put into the panel; a subclass without methods has its own."""
        form = ParameterForm(self._workflow, offer)
        put_into(self._ui.parametersArea, form.widget)
        put_into(self._ui.advancedArea, form.advanced)
        return form

    @property
    def connected(self) -> bool:
        """Whether there is a parameter node."""
        return self._parameters is not None

    def set_parameter_node(self, parameters: Any | None) -> None:
        """Show another parameter node; None: the scene is being closed."""
        if self._parameters is not None:
            self._parameters.RemoveObserver(self._tag)
        self._parameters = parameters
        self.inputs.set_parameter_node(parameters)
        self.parameter_form.set_parameter_node(parameters)
        self.folder.set_parameter_node(self._node)
        if parameters is not None:
            event = vtk.vtkCommand.ModifiedEvent
            self._tag = parameters.AddObserver(event, self._told, AFTER_WRAPPERS)
        self._told()

    def orders(self, logic: WorkflowLogic) -> list[Order]:
        """What is to be run. Raises RegSuiteError for what cannot be, with the mend."""
        folder = self.folder.folder
        self.folder.check(folder)
        return [logic.order(self._parameters, folder=folder, overwrite=self.folder.overwrite)]

    def findings(self) -> list[Finding]:
        """What is wrong or doubtful about what is chosen, errors first."""
        from RegSuite.panel.check_outputs import check_outputs
        from RegSuite.panel.checks import check_inputs

        given = self._given()
        wrong = check_outputs(self._workflow, given, outputs_of(self._parameters, self._workflow))
        return [*wrong, *check_inputs(self._workflow, given, self._values())]

    def early_findings(self) -> list[Finding] | None:
        """The same; None while an image that is needed is still to be chosen."""
        return self.findings() if self._parameters is not None and self._begun() else None

    def fields_of_finding(self, finding: Finding) -> list[Any]:
        """The selectors that a finding is about; of what is only doubtful none."""
        found = [self.selector(role) for role in finding.roles if finding.severity == "error"]
        return [field for field in found if field is not None]

    def fields_of(self, error: BaseException) -> list[Any]:
        """The selectors of the roles that an error names as its place, or the field of the folder."""
        if isinstance(error, OutputError):
            self._ui.folderSection.collapsed = False
            return [self.folder.edit]
        where = error.where if isinstance(error, RegSuiteError) else ""
        roles = [role for role in self._workflow.inputs if where.startswith((role.title, role.name))]
        best = max(roles, key=lambda role: len(role.name), default=None)
        found = None if best is None else self.selector(best.name)
        return [] if found is None else [found]

    def selector(self, role: str) -> Any | None:
        """The selector of an input or output role, None where the panel has none."""
        return self.inputs.selectors.get(role)

    @property
    def _node(self) -> Any:
        """The MRML parameter node, None without one."""
        return None if self._parameters is None else self._parameters.parameterNode

    def _given(self) -> dict[str, Any]:
        """The chosen inputs by role."""
        return inputs_of(self._parameters, self._workflow)

    def _values(self) -> dict[str, Any]:
        """The parameters that the checks look at."""
        return {"preset": self._parameters.preset or None}

    def _begun(self) -> bool:
        """Whether every image that is needed was chosen."""
        given = self._given()
        return all(given.get(role.name) is not None for role in self._workflow.inputs if role.required)

    def _moving(self) -> list[Any]:
        """The images that are brought to the one that stays."""
        return [node for node in [self._chosen(self._workflow.moved)] if node is not None]

    def _chosen(self, role: str) -> Any:
        return None if self._parameters is None else getattr(self._parameters, field_name(role))

    def _told(self, *_arguments: Any) -> None:
        """Say what will be warped onto what."""
        fixed = self._chosen(self._workflow.view.background)
        names = [str(image.GetName()) for image in self._moving() if image is not fixed]
        self._ui.directionLabel.text = direction(None if fixed is None else str(fixed.GetName()), names)
        self.checks.soon() if self._parameters is not None else self.checks.stop()

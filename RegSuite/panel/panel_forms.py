"""All forms of a module's panel together: one parameter node in, orders out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from RegSuite.errors import InputError, OutputError, RegSuiteError
from RegSuite.panel.direction import direction
from RegSuite.panel.folder_form import FolderForm
from RegSuite.panel.inputs_form import InputsForm
from RegSuite.panel.live_checks import LiveChecks
from RegSuite.panel.logic import OF_ONE_MOVING, WorkflowLogic, distinct, population_folders
from RegSuite.panel.node_names import field_name
from RegSuite.panel.order import Order
from RegSuite.panel.parameter_form import ParameterForm
from RegSuite.panel.parameter_node import inputs_of, outputs_of
from RegSuite.panel.population_form import PopulationForm

if TYPE_CHECKING:
    from RegSuite.panel.finding import Finding
    from RegSuite.workflows.model import Workflow

_LABELS = {"fixed": _("Fixed image (stays):"), "moving": _("Moving image (is warped):")}
"""Nobody may mistake which image is changed."""


class PanelForms:
    """Binds the .ui to a parameter node.

    Used of `ui`: the selectors named by roles (those that it lacks go into `inputsArea`),
    `directionLabel`, `swapButton`, `parametersArea`, `advancedArea`, `checkArea`, and what
    PopulationForm and FolderForm bind.
    """

    def __init__(self, workflow: Workflow, ui: Any) -> None:
        self._workflow = workflow
        self._ui = ui
        self._parameters: Any = None
        self._tag: int | None = None
        self.inputs = InputsForm(workflow, ui)
        self.inputs.set_scene(slicer.mrmlScene)
        for role, words in _LABELS.items():
            getattr(ui, f"{role}Label").text = words
        _put(ui.inputsArea, self.inputs.widget)
        self.parameter_form = ParameterForm(workflow)
        _put(ui.parametersArea, self.parameter_form.widget)
        _put(ui.advancedArea, self.parameter_form.advanced)
        self.population = PopulationForm(ui, self._alone(), self._told)
        self.folder = FolderForm(ui)
        self.checks = LiveChecks(self.early_findings, self.fields_of_finding)
        _put(ui.checkArea, self.checks.widget)
        ui.swapButton.connect("clicked(bool)", self._swap)

    @property
    def connected(self) -> bool:
        """Whether there is a parameter node."""
        return self._parameters is not None

    @property
    def several(self) -> bool:
        """Whether several runs are wanted, each with inputs of its own."""
        return self.population.wanted

    def set_parameter_node(self, parameters: Any | None) -> None:
        """Show another parameter node; None: the scene is being closed."""
        if self._parameters is not None:
            self._parameters.RemoveObserver(self._tag)
        self._parameters = parameters
        self.inputs.set_parameter_node(parameters)
        self.parameter_form.set_parameter_node(parameters)
        node = None if parameters is None else parameters.parameterNode
        self.population.set_parameter_node(node)
        self.folder.set_parameter_node(node)
        if parameters is not None:
            self._tag = parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, self._told)
        self._told()

    def orders(self, logic: WorkflowLogic) -> list[Order]:
        """What is to be run. Raises RegSuiteError for what cannot be, with the mend."""
        folder, overwrite = self.folder.folder, self.folder.overwrite
        if not self.population.wanted:
            self.folder.check(folder)
            return [logic.order(self._parameters, folder=folder, overwrite=overwrite)]
        images = self._several()
        if not images:
            raise InputError(
                _("no moving image is ticked"),
                where=_("Moving images"),
                mend=_("tick one or more images that are not the fixed one"),
            )
        names = distinct([str(image.GetName()) for image in images])
        folders = population_folders(folder, names)
        for place in folders:  # before hours of work, not after them
            self.folder.check(place)
        return [
            logic.order(self._parameters, folder=place, overwrite=overwrite, moving=image, subject=name)
            for image, place, name in zip(images, folders, names, strict=True)
        ]

    def findings(self) -> list[Finding]:
        """What is wrong or doubtful about what is chosen, errors first."""
        from RegSuite.panel.check_outputs import check_outputs
        from RegSuite.panel.checks import check_inputs

        given = inputs_of(self._parameters, self._workflow)
        values = {"preset": self._parameters.preset or None}
        if not self.population.wanted:
            targets = outputs_of(self._parameters, self._workflow)
            wrong = check_outputs(self._workflow, given, targets)
            return [*wrong, *check_inputs(self._workflow, given, values)]
        alone = {role: item for role, item in given.items() if role not in OF_ONE_MOVING}
        each = [check_inputs(self._workflow, {**alone, "moving": image}, values) for image in self._several()]
        return list(dict.fromkeys(finding for found in each for finding in found))

    def early_findings(self) -> list[Finding] | None:
        """The same; None while fixed or moving image are still to be chosen."""
        if self._parameters is None or self._parameters.fixed is None:
            return None
        if not (self.population.images() if self.population.wanted else self._parameters.moving):
            return None
        return self.findings()

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

    def _alone(self) -> list[Any]:
        """What stands for one moving image and is of no use for several."""
        roles = [role for role in OF_ONE_MOVING if role in self.inputs.selectors]
        labels = [getattr(self._ui, f"{field_name(role)}Label", None) for role in roles]
        return [*(self.inputs.selectors[role] for role in roles), *filter(None, labels)]

    def _several(self) -> list[Any]:
        """The ticked images but the fixed one, which others are warped onto."""
        fixed = self._parameters.fixed
        return [image for image in self.population.images() if image is not fixed]

    def _told(self, *_arguments: Any) -> None:
        """Say what will be warped onto what."""
        parameters = self._parameters
        fixed = moving = None
        if parameters is not None:
            fixed, moving = parameters.fixed, parameters.moving
        images = self.population.images() if self.population.wanted else [moving] if moving else []
        names = [str(image.GetName()) for image in images if image is not fixed]
        self._ui.directionLabel.text = direction(None if fixed is None else str(fixed.GetName()), names)
        self._ui.swapButton.enabled = fixed is not None and moving is not None
        self.checks.soon() if parameters is not None else self.checks.stop()

    def _swap(self, _checked: bool = False) -> None:
        """Fixed becomes moving, with all that belongs to it."""
        parameters = self._parameters
        pairs = [(f"fixed{what}", f"moving{what}") for what in ("", "Labels", "Points", "Mask")]
        before = {name: getattr(parameters, name) for pair in pairs for name in pair}
        for one, other in pairs:
            setattr(parameters, one, before[other])
            setattr(parameters, other, before[one])


def _put(place: Any, widget: Any) -> None:
    column = qt.QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(widget)

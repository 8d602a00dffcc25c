"""All forms of a registration's panel together: one parameter node in, orders out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.image_forms import ImageForms
from RegSuite.panel.logic import OF_ONE_MOVING, WorkflowLogic, distinct, population_folders
from RegSuite.panel.node_names import field_name
from RegSuite.panel.order import Order
from RegSuite.panel.population_form import PopulationForm

if TYPE_CHECKING:
    from RegSuite.panel.finding import Finding
    from RegSuite.workflows.model import Workflow

_LABELS = {"fixed": _("Fixed image (stays):"), "moving": _("Moving image (is warped):")}
"""Nobody may mistake which image is changed."""


class PanelForms(ImageForms):
    """ImageForms of a fixed and one or several moving images.

    Used of `ui` beside theirs: `swapButton`, and what PopulationForm binds.
    """

    def __init__(self, workflow: Workflow, ui: Any) -> None:
        super().__init__(workflow, ui)
        for role, words in _LABELS.items():
            getattr(ui, f"{role}Label").text = words
        self.population = PopulationForm(ui, self._alone(), self._told)
        ui.swapButton.connect("clicked(bool)", self._swap)

    @property
    def several(self) -> bool:  # type: ignore[override]  # decided by the user here
        """Whether several runs are wanted, each with inputs of its own."""
        return self.population.wanted

    def set_parameter_node(self, parameters: Any | None) -> None:
        """Show another parameter node; None: the scene is being closed."""
        self.population.set_parameter_node(None if parameters is None else parameters.parameterNode)
        super().set_parameter_node(parameters)

    def orders(self, logic: WorkflowLogic) -> list[Order]:
        """What is to be run. Raises RegSuiteError for what cannot be, with the mend."""
        if not self.population.wanted:
            return super().orders(logic)
        folder, overwrite = self.folder.folder, self.folder.overwrite
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
        if not self.population.wanted:
            return super().findings()
        from RegSuite.panel.checks import check_inputs

        alone = {role: item for role, item in self._given().items() if role not in OF_ONE_MOVING}
        each = [
            check_inputs(self._workflow, {**alone, "moving": image}, self._values())
            for image in self._several()
        ]
        return list(dict.fromkeys(finding for found in each for finding in found))

    def _begun(self) -> bool:
        return self._parameters.fixed is not None and bool(self._moving())

    def _moving(self) -> list[Any]:
        """The ticked images, or the one that was chosen."""
        if self._parameters is None:
            return []
        return self.population.images() if self.population.wanted else super()._moving()

    def _alone(self) -> list[Any]:
        """What stands for one moving image and is of no use for several."""
        roles = [role for role in OF_ONE_MOVING if role in self.inputs.selectors]
        labels = [getattr(self._ui, f"{field_name(role)}Label", None) for role in roles]
        return [*(self.inputs.selectors[role] for role in roles), *filter(None, labels)]

    def _several(self) -> list[Any]:
        """The ticked images but the fixed one, which others are warped onto."""
        fixed = self._parameters.fixed
        return [image for image in self.population.images() if image is not fixed]

    def _told(self, *arguments: Any) -> None:
        super()._told(*arguments)
        both = self._chosen("fixed") is not None and self._chosen("moving") is not None
        self._ui.swapButton.enabled = both

    def _swap(self, _checked: bool = False) -> None:
        """Fixed becomes moving, with all that belongs to it."""
        parameters = self._parameters
        pairs = [(f"fixed{what}", f"moving{what}") for what in ("", "Labels", "Points", "Mask")]
        before = {name: getattr(parameters, name) for pair in pairs for name in pair}
        for one, other in pairs:
            setattr(parameters, one, before[other])
            setattr(parameters, other, before[one])

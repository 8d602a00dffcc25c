"""The forms of a tumour's panel together: template, patient, tumour and parameters in, orders out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from RegSuite.panel.choices import Offer
from RegSuite.panel.image_forms import ImageForms
from RegSuite.panel.node_names import word_field
from RegSuite.panel.region_table import RegionTable
from RegSuite.panel.regions import CORE, OEDEMA, regions_of
from RegSuite.panel.tumor_state import ROLES, TumorState, tumor_inputs
from RegSuite.workflows.tumor import METHODS

if TYPE_CHECKING:
    from RegSuite.panel.finding import Finding
    from RegSuite.workflows.model import Workflow

OFFER = Offer(
    methods={str(name): registered for name, registered in METHODS.items()},
    words={
        "weighted": _("weighted metamorphosis"),
        "metamorphosis": _("metamorphosis"),
        "lddmm": _("LDDMM: shape alone"),
        "masked": _("LDDMM that leaves the tumour out"),
        "variational": _("variational"),
    },
    about={
        "weighted": _(
            "The template is deformed everywhere; intensity may be added in the tumour alone, which grows "
            "along the path."
        ),
        "metamorphosis": _(
            "The template is deformed, and intensity may be added everywhere: beware of painted anatomy."
        ),
        "lddmm": _("The template is deformed alone: it may be dragged to where the tumour is."),
        "masked": _("The template is deformed alone; the tumour is left out of the comparison."),
        "variational": _("A deformation by its Jacobian determinant and curl; no intensity is added."),
    },
    folded=("start", "intensities", "weight", "core_weight", "oedema_weight"),
)
"""How the panel calls the methods."""


LOOKS_FOR_TUMOR = ("weighted", "masked")
"""Methods that need to know where the tumour is: they estimate what is not marked."""


class TumorForms(ImageForms):
    """ImageForms of a template and a patient; used of `ui` beside theirs: `tumorSelector`, `regionsTable`
    and `tumorHint`.
    """

    def __init__(self, workflow: Workflow, ui: Any) -> None:
        self._showing = False
        super().__init__(workflow, ui, without=(*ROLES.values(), word_field()), offer=OFFER)
        ui.templateLabel.text = _("Healthy template (is warped):")
        ui.targetLabel.text = _("Patient (stays):")
        self.regions = RegionTable(ui.regionsTable, self._parts_changed)
        ui.tumorSelector.setMRMLScene(slicer.mrmlScene)
        ui.tumorSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._tumor_chosen)

    def findings(self) -> list[Finding]:
        """What is wrong or doubtful about what is chosen, errors first."""
        from RegSuite.panel.check_tumor import check_tumor

        state, given = TumorState(self._node), self._given()
        more = check_tumor(state, given, str(self._parameters.start))
        return sorted(more(super().findings()), key=lambda finding: finding.severity)

    def selector(self, role: str) -> Any | None:
        """The selector of an input or output role; core and oedema are chosen under the tumour."""
        return self._ui.tumorSelector if role in ROLES.values() else super().selector(role)

    def _given(self) -> dict[str, Any]:
        return tumor_inputs(self._parameters, self._workflow)

    def _told(self, *arguments: Any) -> None:
        super()._told(*arguments)
        if self._showing or self._parameters is None:
            return
        self._showing = True
        try:
            state = TumorState(self._node)
            self._ui.tumorSelector.setCurrentNode(state.regions)
            self.regions.show(regions_of(state.regions), state.parts)
            self._ui.tumorHint.text = _hint(state, str(self._parameters.method))
        finally:
            self._showing = False

    def _tumor_chosen(self, _node: Any = None) -> None:
        if not self._showing and self._parameters is not None:
            TumorState(self._node).choose(self._ui.tumorSelector.currentNode())

    def _parts_changed(self) -> None:
        if not self._showing and self._parameters is not None:
            TumorState(self._node).set_parts(self.regions.parts())


def _hint(state: TumorState, method: str) -> str:
    """What will be done with what is chosen."""
    if state.regions is None and method not in LOOKS_FOR_TUMOR:
        return str(_("No tumour is marked; this method does not look for one."))
    if state.regions is None:
        return str(
            _("No tumour is marked: it is estimated together with the deformation. Look at what was found.")
        )
    parts = set(state.parts.values())
    if not parts:
        return str(_("Say which segments are core and which are oedema."))
    if parts == {OEDEMA}:
        return str(_("Only oedema is marked: intensity may change there, less freely than in a core."))
    if parts == {CORE}:
        return str(_("Intensity may change in the core; around it the template is only deformed."))
    return str(_("Intensity may change in core and oedema; around them the template is only deformed."))

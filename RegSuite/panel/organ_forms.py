"""The forms of the organs' panel together: both sides, the table of organs and parameters in, orders out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import slicer
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.panel.choices import Item, ItemBox, device_items
from RegSuite.panel.coherence_table import CoherenceTable
from RegSuite.panel.field_widgets import widget_for
from RegSuite.panel.fields import Field
from RegSuite.panel.image_forms import ImageForms
from RegSuite.panel.model_choice import ModelChoice
from RegSuite.panel.organ_rows import organ_rows
from RegSuite.panel.organ_state import ORGANS, SIDES, given_organs, keep, stored
from RegSuite.panel.organ_table import OrganTable
from RegSuite.panel.section_form import PathBox, SectionForm
from RegSuite.panel.widget import put_into
from RegSuite.pointcloud.presets import ElasticityPreset, elasticity_names, load_elasticity

if TYPE_CHECKING:
    from RegSuite.panel.finding import Finding
    from RegSuite.workflows.model import Workflow

SECTIONS = {
    "elasticity": ("elasticity",),
    "calculation": ("points", "refine"),
    "advanced": ("transform", "outliers", "spacing_mm", "grid_mm", "limits", "device", "threads", "seed"),
}
TRANSFORMS = {
    "deformable": _("deformable: each organ by itself"),
    "affine": _("affine: all as one"),
    "similarity": _("rigid with a scale: all as one"),
    "rigid": _("rigid: all as one"),
}


class OrganForms(ImageForms):
    """ImageForms of two sides with organs; used of `ui` beside theirs: `sourceModelsSelector`,
    `targetModelsSelector`, `organsTable`, `organsHint`, `coherenceArea`, `coherenceTable`, `elasticityArea`
    and `calculationArea`.
    """

    def __init__(self, workflow: Workflow, ui: Any) -> None:
        self._showing = False
        self._presets, self._problems = _presets()
        super().__init__(workflow, ui, without=("label_names", "organs_table"))
        for side, words in (("source", _("Organs that move:")), ("target", _("Organs that stay:"))):
            getattr(ui, f"{side}LabelsLabel").text = words
        ui.sourceImageLabel.text, ui.targetImageLabel.text = _("Their scan (is warped):"), _("Their scan:")
        self.table = OrganTable(ui.organsTable, self._presets, self._table_changed)
        self.coherence = CoherenceTable(ui.coherenceTable, self._table_changed)
        put_into(ui.coherenceArea, self.coherence.box.widget)
        selectors = {role: getattr(ui, f"{role.split('_')[0]}ModelsSelector") for role in SIDES}
        for selector in selectors.values():
            selector.setMRMLScene(slicer.mrmlScene)
        self.models = ModelChoice(selectors, self._told)

    def make_parameter_form(self, _offer: Any) -> SectionForm:
        """Rows by section: there is no method to choose."""
        form = SectionForm(self._workflow, SECTIONS, partial(_box, self._presets))
        for section, area in form.areas.items():
            put_into(getattr(self._ui, f"{section}Area"), area)
        return form

    def set_parameter_node(self, parameters: Any | None) -> None:
        """Show another parameter node; None: the scene is being closed."""
        self.models.set_parameter_node(None if parameters is None else parameters.parameterNode)
        super().set_parameter_node(parameters)

    def findings(self) -> list[Finding]:
        """What is wrong or doubtful about what is chosen, errors first."""
        from RegSuite.panel.check_organs import check_organs

        found = check_organs(super().findings(), self._given())
        return sorted(found, key=lambda finding: finding.severity)

    def _given(self) -> dict[str, Any]:
        return given_organs(self._parameters, self._workflow)

    def _values(self) -> dict[str, Any]:
        return {}

    def _told(self, *_arguments: Any) -> None:
        """Show the organs of what is chosen now, and say what will go where."""
        if self._showing or self._parameters is None:
            self._ui.organsHint.text = ""
            self.checks.stop() if self._parameters is None else None
            return
        self._showing = True
        try:
            self._show_organs()
        finally:
            self._showing = False
        self.checks.soon()

    def _show_organs(self) -> None:
        given = self._given()
        rows = organ_rows(*(given.get(role) for role in SIDES))
        kept = {name: stored(self._parameters, self._workflow, name) for name in ORGANS}
        self.table.show(rows, self._preset(), kept["organs"] or {}, kept["trust"] or {}, kept["only"])
        self.coherence.show(kept["coherence"], self.table.names)
        self._ui.organsHint.text = "\n".join([_hint(given, len(rows)), *self._problems])
        self._ui.directionLabel.text = _direction(given)

    def _preset(self) -> str:
        name = str(self._parameters.elasticity)
        return name if name in self._presets else next(iter(self._presets))

    def _table_changed(self) -> None:
        """Keep what the tables say; what is no number goes back to what was there, with a word."""
        if self._showing or self._parameters is None:
            return
        kept = {name: stored(self._parameters, self._workflow, name) for name in ORGANS}
        words = ""
        try:
            values = {
                "organs": self.table.organs(kept["organs"] or {}),
                "trust": self.table.trust(kept["trust"] or {}),
                "only": self.table.only(),
                "coherence": self.coherence.value(),
            }
        except InputError as error:
            values, words = {}, f"{error.where}: {error.what}. {error.mend.capitalize()}."
        was = self._node.StartModify()
        self._showing = True
        try:
            for name, value in values.items():
                keep(self._parameters, self._workflow, name, value)
        finally:
            self._showing = False
            self._node.EndModify(was)
        self._told()
        if words:
            self._ui.organsHint.text = words


def _presets() -> tuple[dict[str, ElasticityPreset], list[str]]:
    """The presets of elasticity by name, and what is wrong with those that cannot be read."""
    found: dict[str, ElasticityPreset] = {}
    problems = []
    for name in elasticity_names():
        try:
            found[name] = load_elasticity(name)
        except InputError as error:
            problems.append(str(error))
    return found, problems


def _hint(given: Mapping[str, Any], count: int) -> str:
    if any(given.get(role) is None for role in SIDES):
        return str(_("Choose the organs of both sides: segmentations, label maps, models or point lists."))
    if given.get("source_image") is None:
        return str(_("{n} organs. Without a scan the organs alone are registered.").format(n=count))
    return str(_("{n} organs. The scan is warped with them.").format(n=count))


def _direction(given: Mapping[str, Any]) -> str:
    names = [_name(given.get(role)) for role in SIDES]
    if not all(names):
        return ""
    return str(_("{source} is brought onto {target}.").format(source=names[0], target=names[1]))


def _name(given: Any) -> str:
    if isinstance(given, list):
        return str(_("{n} models").format(n=len(given)))
    return "" if given is None else f"'{given.GetName()}'"


def _box(presets: Mapping[str, ElasticityPreset], field: Field, changed: Callable[[], None]) -> Any:
    """The widget of a parameter."""
    items = {
        "elasticity": [Item(name, found.title, found.why) for name, found in presets.items()],
        "transform": [Item(name, words) for name, words in TRANSFORMS.items()],
        "device": device_items(),
    }
    if field.name in items or field.name == "limits":
        made = PathBox("YAML (*.yaml *.yml)") if field.name == "limits" else ItemBox(items[field.name], "box")
        made.widget.connect(made.signal, lambda *_arguments: changed())
        return made
    found = widget_for(field, changed)
    if found is None:
        raise TypeError(f"parameter {field.name!r} has no widget")
    return found

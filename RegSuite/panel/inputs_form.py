"""The node selectors of a workflow's inputs and outputs, in sections; kept in the parameter node."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import ctk
import qt
import vtk
from slicer.i18n import tr as _

from RegSuite.panel.choices import ItemBox, start_items
from RegSuite.panel.node_names import START, field_name, has_start, node_inputs, node_outputs, word_field
from RegSuite.panel.node_selector import dress_selector, make_selector, role_tip, selector_name
from RegSuite.workflows.model import InputRole, OutputRole, Workflow

REQUIRED, MASKS, EVALUATION, BEGIN, OUTPUTS = "inputs", "masks", "evaluation", "start", "outputs"
_TITLES = {
    REQUIRED: _("Inputs"),
    MASKS: _("Masks"),
    EVALUATION: _("Labels and landmarks for evaluation"),
    BEGIN: _("Start"),
    OUTPUTS: _("Output nodes"),
}
_SECTION_OF_KIND = {
    "mask": MASKS,
    "labels": EVALUATION,
    "points": EVALUATION,
    "table": EVALUATION,
    "series": MASKS,
}


class InputsForm:
    """`widget` holds what the .ui lacks and goes into the panel; it may be empty.

    ui: what slicer.util.childWidgetVariables gives; selectors in it are found by name
    (`fixedMaskSelector`, labels `fixedMaskLabel`), those that it lacks are made and added to it.
    selectors: by role of input or output. sections: the folding buttons that were made, by name
    (inputs, masks, evaluation, start, outputs). start_box: the words for a start, None without.
    without: roles that the panel asks for elsewhere, `initialWord` among them.
    """

    def __init__(self, workflow: Workflow, ui: Any = None, without: Collection[str] = ()) -> None:
        self._ui = SimpleNamespace() if ui is None else ui
        self._node: Any = None
        self._tags: tuple[int | None, int | None] = (None, None)
        self._showing = False
        self.selectors: dict[str, Any] = {}
        self.sections: dict[str, Any] = {}
        self.start_box: ItemBox | None = None
        self._rows: dict[str, Any] = {}
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "inputsForm"
        self._layout: Any = qt.QVBoxLayout(self.widget)
        self._layout.setContentsMargins(0, 0, 0, 0)
        wanted: list[InputRole | OutputRole] = [*node_inputs(workflow), *node_outputs(workflow)]
        roles = [role for role in wanted if role.name not in without]
        for section in _TITLES:
            for role in roles:
                if section_of(role) == section:
                    self._add(role, section)
        if has_start(workflow) and word_field() not in without:
            self._add_start()
        for name, section in self.sections.items():
            section.collapsed = name != REQUIRED

    def set_scene(self, scene: Any) -> None:
        """Let every selector offer the nodes of a scene."""
        for selector in self.selectors.values():
            selector.setMRMLScene(scene)

    def set_parameter_node(self, node: Any | None) -> None:
        """Show another parameter node's inputs and keep changes in it; None keeps nothing.

        It connects the selectors itself: do not call connectGui for them.
        """
        if self._node is not None:
            gui, observer = self._tags
            self._node.disconnectGui(gui)
            self._node.RemoveObserver(observer)
        self._node = node
        if node is None:
            return
        gui = node.connectParametersToGui({field_name(role): s for role, s in self.selectors.items()})
        self._tags = gui, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._from_node)
        self._from_node()
        for role, selector in self.selectors.items():
            if selector.currentNode() is not None:
                self.unfold(role)

    def unfold(self, role: str) -> None:
        """Open the section in which a role's selector stands."""
        section = next((s for s in self.sections.values() if s.isAncestorOf(self.selectors[role])), None)
        if section is not None:
            section.collapsed = False

    def _add(self, role: InputRole | OutputRole, section: str) -> None:
        selector = getattr(self._ui, selector_name(role.name), None)
        label = getattr(self._ui, f"{field_name(role.name)}Label", None)
        if selector is None:
            selector = make_selector(role)
            label = qt.QLabel()
            label.objectName = f"{field_name(role.name)}Label"
            self._section(section).addRow(label, selector)
            setattr(self._ui, selector_name(role.name), selector)
            setattr(self._ui, f"{field_name(role.name)}Label", label)
        else:
            dress_selector(selector, role)
        if label is not None:
            label.text = f"{role.title}:"
            label.toolTip = role_tip(role)
        self.selectors[role.name] = selector

    def _section(self, name: str) -> Any:
        """The rows of a section, made when the first one is wanted."""
        if name not in self._rows:
            button = ctk.ctkCollapsibleButton()
            button.objectName = f"{name}Section"
            button.text = _TITLES[name]
            self._layout.addWidget(button)
            self.sections[name] = button
            self._rows[name] = qt.QFormLayout(button)
            self._rows[name].fieldGrowthPolicy = qt.QFormLayout.AllNonFixedFieldsGrow
        return self._rows[name]

    def _add_start(self) -> None:
        from RegSuite.workflows.initial import WORDS

        self.start_box = ItemBox(start_items(WORDS), "startBox")
        self.start_box.widget.toolTip = _(
            "Where the registration starts; an initial transform takes its place."
        )
        self.start_box.widget.connect(self.start_box.signal, self._start_changed)
        self._section(BEGIN).addRow(qt.QLabel(_("Start from:")), self.start_box.widget)

    def _start_changed(self, *_arguments: Any) -> None:
        if self._node is not None and self.start_box is not None and not self._showing:
            setattr(self._node, word_field(), self.start_box.value())

    def _from_node(self, *_arguments: Any) -> None:
        """Show the word of the start; a transform that is chosen takes its place."""
        if self.start_box is None or self._node is None or self._showing:
            return
        self._showing = True
        try:
            self.start_box.set_value(getattr(self._node, word_field()))
            self.start_box.widget.enabled = getattr(self._node, field_name(START)) is None
        finally:
            self._showing = False


def section_of(role: InputRole | OutputRole) -> str:
    """The section in which a role stands."""
    if isinstance(role, OutputRole):
        return OUTPUTS
    if role.required:
        return REQUIRED
    if role.name == START:
        return BEGIN
    return _SECTION_OF_KIND.get(role.kind, REQUIRED)

"""Preset first, then the method, everything else folded; kept in the parameter node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import vtk
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.methods import get_method, method_names
from RegSuite.panel.choices import AUTO, ItemBox, Offer
from RegSuite.panel.fields import fields_of
from RegSuite.panel.method_form import MethodForm
from RegSuite.panel.node_names import field_name
from RegSuite.panel.parameter_rows import Box, ParameterRows
from RegSuite.panel.section_form import AFTER_WRAPPERS
from RegSuite.panel.stored import from_node, to_node
from RegSuite.presets import Preset, load_preset
from RegSuite.workflows.model import Workflow

NO_OVERRIDES = json.dumps({})


class ParameterForm:
    """`widget` goes into the panel; `advanced` is its folded part. The parameter node holds the values.

    method_form: the form of the method that will run, None where auto has yet to choose. What does
    not fit is said in the form and left in the node. Opening it imports no torch. offer: see there.
    """

    def __init__(self, workflow: Workflow, offer: Offer | None = None) -> None:
        self._offer = offer or Offer()
        self._fields = fields_of(workflow.Parameters)
        self._node: Any = None
        self._tag: int | None = None
        self._showing = False
        self._shown: tuple[str, Mapping[str, Any], str] | None = None
        self.method_form: MethodForm | None = None
        self._rows = ParameterRows(self._fields, self._to_node, self.reset, self._offer)
        self.widget = self._rows.widget
        self.advanced = self._rows.advanced

    def box(self, parameter: str) -> Box:
        """The widget of a parameter of the workflow: value(), set_value(value), widget."""
        return self._rows.boxes[parameter]

    def set_parameter_node(self, node: Any | None) -> None:
        """Show another parameter node's values and keep changes in it; None keeps nothing."""
        if self._node is not None:
            self._node.RemoveObserver(self._tag)
        self._node, self._shown = node, None
        if node is not None:
            self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._from_node, AFTER_WRAPPERS)
            self._from_node()

    def method(self) -> str:
        """The method that will run; 'auto' where it is known only when the images have been read."""
        return self._method(self._preset())

    def reset(self) -> None:
        """Every parameter but preset and method as it is by itself."""
        if self._node is None:
            return
        before = self._node.StartModify()
        for name, field in self._fields.items():
            if name not in ("preset", "method"):
                setattr(self._node, field_name(name), to_node(field, field.default))
        self._node.EndModify(before)

    def _preset(self) -> Preset | None:
        """The chosen preset; None for none. Raises InputError for one that cannot be read."""
        name = self.box("preset").value()
        return load_preset(name) if name else None

    def _method(self, preset: Preset | None) -> str:
        chosen = str(self.box("method").value()) if "method" in self._rows.boxes else AUTO
        chosen = self._offer.registered(chosen)
        return preset.method if chosen == AUTO and preset is not None else chosen

    def _to_node(self, name: str) -> None:
        """Keep what the user changed; the parameters of one method are none of another's."""
        if self._showing or self._node is None:
            return
        before = self._node.StartModify()
        setattr(self._node, field_name(name), to_node(self._fields[name], self.box(name).value()))
        if name in ("preset", "method"):
            self._node.parameters = NO_OVERRIDES
        self._node.EndModify(before)

    def _from_node(self, *_arguments: Any) -> None:
        """Show what the node holds."""
        if self._showing or self._node is None:
            return
        self._showing = True
        try:
            self._rows.say(self._rows.problems)
            for name, made in self._rows.boxes.items():
                self._show(name, made)
            self._show_method()
        except InputError as error:
            self._rows.say(f"{error.what}\n{error.mend}")
        finally:
            self._showing = False

    def _show(self, name: str, made: Box) -> None:
        value = from_node(self._fields[name], getattr(self._node, field_name(name)))
        made.set_value((value or "") if isinstance(made, ItemBox) else value)

    def _show_method(self) -> None:
        """The form of the method that will run, made anew where it or its preset is another one."""
        preset = self._preset()
        method = self._method(preset)
        values = preset.parameters if preset is not None and preset.method == method else {}
        raw = self._node.parameters
        self._rows.about.text = self._about(method, preset)
        self._rows.about.visible = bool(self._rows.about.text)
        if self._shown == (method, values, raw):
            return
        if self._shown is None or self._shown[:2] != (method, values):
            self._replace_form(method, values)
        self._shown = (method, values, raw)
        if self.method_form is not None:
            self.method_form.set_overrides(from_node(self._fields["parameters"], raw))

    def _replace_form(self, method: str, values: Mapping[str, Any]) -> None:
        if self.method_form is not None:
            self.method_form.delete()
            self.method_form = None
        if method == AUTO or method not in method_names():
            return
        self.method_form = MethodForm(get_method(method).Parameters, values, self._keep_overrides)
        self._rows.place.addWidget(self.method_form.widget)

    def _keep_overrides(self) -> None:
        """Keep the method's parameters that differ from what they would be by themselves."""
        if self._node is None or self.method_form is None or self._shown is None:
            return
        raw = json.dumps(self.method_form.overrides())
        self._shown = (*self._shown[:2], raw)
        self._node.parameters = raw

    def _about(self, method: str, preset: Preset | None) -> str:
        """What will run and why, in a few lines."""
        if method == AUTO:
            return str(_("Method and parameters are chosen from the images; the result says which and why."))
        if method not in method_names():
            return ""
        chosen = str(self.box("method").value()) if "method" in self._rows.boxes else method
        lines = [self._offer.about.get(chosen) or f"{method}: {get_method(method).summary}."]
        return "\n".join([preset.why, *lines] if preset is not None and preset.method == method else lines)

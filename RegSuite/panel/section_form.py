"""Parameters of a workflow as forms, one a section of the panel; the parameter node holds the values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ctk
import qt
import vtk

from RegSuite.panel.choices import ItemBox
from RegSuite.panel.fields import Field, fields_of
from RegSuite.panel.node_names import field_name
from RegSuite.panel.stored import from_node, to_node
from RegSuite.workflows.model import Workflow

Box = Any
"""widget, signal, value() and set_value(value), as FieldWidget and ItemBox have them."""

MakeBox = Callable[[Field, Callable[[], None]], Box]
"""The widget of a parameter; the function is called when the user changes it."""

AFTER_WRAPPERS = -1.0
"""Priority of an observer that reads a parameter node: wrappers of it, which keep its values, come before."""


class SectionForm:
    """`areas` go into the panel: by section a widget with rows.

    sections: parameters by section. make_box: see MakeBox. only_with: parameters that are of use with one
    value of another: {parameter: (other, value)}.
    """

    def __init__(
        self,
        workflow: Workflow,
        sections: Mapping[str, tuple[str, ...]],
        make_box: MakeBox,
        only_with: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self._fields = fields_of(workflow.Parameters)
        self._make_box, self._only_with = make_box, dict(only_with or {})
        self._node: Any = None
        self._tag: int | None = None
        self._showing = False
        self.boxes: dict[str, Box] = {}
        self._rows: dict[str, tuple[Any, Any]] = {}
        self.areas = {section: self._section(names) for section, names in sections.items()}

    def set_parameter_node(self, node: Any | None) -> None:
        """Show another parameter node's values and keep changes in it; None keeps nothing."""
        if self._node is not None:
            self._node.RemoveObserver(self._tag)
        self._node = node
        if node is not None:
            self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._from_node, AFTER_WRAPPERS)
            self._from_node()

    def _section(self, names: tuple[str, ...]) -> Any:
        widget = qt.QWidget()
        rows = qt.QFormLayout(widget)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.fieldGrowthPolicy = qt.QFormLayout.AllNonFixedFieldsGrow
        for name in names:
            made = self._make_box(self._fields[name], partial(self._to_node, name))
            label = qt.QLabel(f"{self._fields[name].title}:")
            label.toolTip = made.widget.toolTip = self._fields[name].tip
            made.widget.objectName = f"{name}Field"
            rows.addRow(label, made.widget)
            self.boxes[name] = made
            self._rows[name] = label, made.widget
        return widget

    def _to_node(self, name: str) -> None:
        """Keep what the user changed."""
        if not self._showing and self._node is not None:
            value = self.boxes[name].value()
            setattr(self._node, field_name(name), to_node(self._fields[name], None if value == "" else value))

    def _from_node(self, *_arguments: Any) -> None:
        """Show what the node holds."""
        if self._showing or self._node is None:
            return
        self._showing = True
        try:
            for name, made in self.boxes.items():
                value = from_node(self._fields[name], getattr(self._node, field_name(name)))
                made.set_value((value or "") if isinstance(made, ItemBox) else value)
            for name, (other, wanted) in self._only_with.items():
                for widget in self._rows[name]:
                    widget.visible = self.boxes[other].value() == wanted
        finally:
            self._showing = False


class PathBox:
    """A file; none for None."""

    signal = "currentPathChanged(QString)"

    def __init__(self, filters: str) -> None:
        self.widget: Any = ctk.ctkPathLineEdit()
        self.widget.filters = ctk.ctkPathLineEdit.Files
        self.widget.nameFilters = [filters]

    def value(self) -> str | None:
        """The path."""
        return str(self.widget.currentPath).strip() or None

    def set_value(self, value: str | None) -> None:
        """Show a path."""
        if (value or "") != str(self.widget.currentPath):
            self.widget.currentPath = value or ""

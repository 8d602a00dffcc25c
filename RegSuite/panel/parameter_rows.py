"""The widgets of a workflow's parameters: preset and method on top, everything else folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from RegSuite.panel.choices import ItemBox, Offer, device_items, preset_items
from RegSuite.panel.field_widgets import FieldWidget, widget_for
from RegSuite.panel.fields import Field
from RegSuite.workflows.model import WorkflowParameters

FOLDED = tuple(WorkflowParameters.model_fields)
"""Parameters that every workflow has: they stand under Advanced, a workflow's own above it."""

Box = FieldWidget | ItemBox


class ParameterRows:
    """`widget` goes into the panel. changed(name) is called when the user changes a parameter.

    boxes: by parameter name. about: what will run. note: what is wrong. place: the layout in which
    the method's own form goes. advanced: the folded part. problems: presets that cannot be read.
    offer: methods that are offered under names of the workflow's own, what is folded away.
    """

    def __init__(
        self,
        fields: Mapping[str, Field],
        changed: Callable[[str], None],
        reset: Callable[[], None],
        offer: Offer | None = None,
    ) -> None:
        self._fields = fields
        self._offer = offer or Offer()
        self._changed = changed
        self.boxes: dict[str, Box] = {}
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "parameterForm"
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self._top(_rows(layout))
        self.about = _words("parameterAbout", "color: gray")
        self.note = _words("parameterNote", "color: #b91c1c")
        layout.addWidget(self.about)
        layout.addWidget(self.note)
        self.advanced: Any = ctk.ctkCollapsibleButton()
        self.advanced.objectName = "advancedButton"
        self.advanced.text = _("Advanced")
        layout.addWidget(self.advanced)
        inside = qt.QVBoxLayout(self.advanced)
        self.place: Any = qt.QVBoxLayout()
        inside.addLayout(self.place)
        self._folded(_rows(inside))
        self.reset_button: Any = qt.QPushButton(_("Reset to the preset's values"))
        self.reset_button.objectName = "resetButton"
        self.reset_button.connect("clicked()", reset)
        inside.addWidget(self.reset_button)
        self.advanced.collapsed = True

    def say(self, text: str) -> None:
        """What is wrong; nothing for ''."""
        self.note.text = text
        self.note.visible = bool(text)

    def _top(self, rows: Any) -> None:
        presets, problems = preset_items(self._offer)
        self.problems = "\n".join(problems)
        self._list(rows, "preset", ItemBox(presets, "presetBox"))
        if "method" in self._fields:
            self._list(rows, "method", ItemBox(self._offer.items(), "methodBox"))
        for name in self._fields:
            if name not in (*FOLDED, *self._offer.folded, "method"):
                self._row(rows, name)

    def _folded(self, rows: Any) -> None:
        self._list(rows, "device", ItemBox(device_items(), "deviceField"))
        for name in (*self._offer.folded, *FOLDED):
            if name not in self.boxes:
                self._row(rows, name)

    def _list(self, rows: Any, name: str, made: ItemBox) -> None:
        made.widget.toolTip = self._fields[name].tip
        made.widget.connect(made.signal, lambda *_arguments: self._changed(name))
        self._add(rows, name, made)

    def _row(self, rows: Any, name: str) -> None:
        made = widget_for(self._fields[name], lambda: self._changed(name))
        if made is not None:
            made.set_value(self._fields[name].default)
            self._add(rows, name, made)

    def _add(self, rows: Any, name: str, made: Box) -> None:
        label = qt.QLabel(f"{self._fields[name].title}:")
        label.toolTip = self._fields[name].tip
        rows.addRow(label, made.widget)
        self.boxes[name] = made


def _rows(layout: Any) -> Any:
    """An empty form of labelled rows in `layout`."""
    rows = qt.QFormLayout()
    rows.fieldGrowthPolicy = qt.QFormLayout.AllNonFixedFieldsGrow
    layout.addLayout(rows)
    return rows


def _words(name: str, style: str) -> Any:
    label = qt.QLabel()
    label.objectName = name
    label.wordWrap = True
    label.styleSheet = style
    label.visible = False
    return label

"""The parameters of a method as a form, and which of them differ from what they would be by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.methods.base import MethodParameters
from RegSuite.panel.field_widgets import FieldWidget, widget_for
from RegSuite.panel.fields import fields_of
from RegSuite.validation import validated

OF_THE_WORKFLOW = ("seed",)
"""Parameters of a method that the workflow sets itself."""


class MethodForm:
    """`widget` goes into the panel; delete() takes it out again.

    model: the method's parameters. preset: values by name that take the place of the model's defaults.
    on_changed() is called when the user changed a value; a label of a value that differs is bold.
    """

    def __init__(
        self, model: type[MethodParameters], preset: Mapping[str, Any], on_changed: Callable[[], None]
    ) -> None:
        self._model = model
        self._on_changed = on_changed
        self._setting = True
        self._base = dict(validated(model, preset, "the preset"))
        self._rows: dict[str, tuple[FieldWidget, Any]] = {}
        self._unseen: dict[str, Any] = {}
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "methodParameters"
        layout = qt.QFormLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        for name, field in fields_of(model).items():
            made = None if name in OF_THE_WORKFLOW else widget_for(field, self._changed)
            if made is None:
                continue
            label = qt.QLabel(f"{field.title}:")
            label.toolTip = field.tip
            layout.addRow(label, made.widget)
            self._rows[name] = (made, label)
        self.note: Any = qt.QLabel()
        self.note.objectName = "methodNote"
        self.note.wordWrap = True
        self.note.visible = False
        layout.addRow(self.note)
        self.set_overrides({})

    def overrides(self) -> dict[str, Any]:
        """The values that differ from the preset's and the model's defaults."""
        seen = {name: made.value() for name, (made, _label) in self._rows.items()}
        return {**self._unseen, **{n: value for n, value in seen.items() if value != self._base[n]}}

    def set_overrides(self, overrides: Mapping[str, Any]) -> None:
        """Show values. Raises InputError for a parameter or a value that the method does not take."""
        model = validated(self._model, {**self._base, **overrides}, "the method")
        self._unseen = {name: value for name, value in overrides.items() if name not in self._rows}
        self._setting = True
        try:
            for name, (made, _label) in self._rows.items():
                made.set_value(getattr(model, name))
        finally:
            self._setting = False
        self._last = {name: getattr(model, name) for name in overrides}
        self._mark("")

    def reset(self) -> None:
        """Every value as the preset and the method have it."""
        self.set_overrides({})
        self._on_changed()

    def delete(self) -> None:
        """Take the widgets out of the panel; nothing is called any more."""
        self._setting = True
        self.widget.hide()
        self.widget.setParent(None)
        self.widget.deleteLater()
        self._rows.clear()

    def _changed(self) -> None:
        if self._setting:
            return
        found = self.overrides()
        try:
            validated(self._model, {**self._base, **found}, "the method")
        except InputError as error:
            self.set_overrides(self._last)
            self._mark(error.what)
            return
        changed, self._last = found != self._last, found
        self._mark("")
        if changed:
            self._on_changed()

    def _mark(self, note: str) -> None:
        """Bold where a value differs; why a value was not taken."""
        found = self.overrides()
        for name, (_made, label) in self._rows.items():
            label.styleSheet = "font-weight: bold" if name in found else ""
        self.note.text = _("Not taken: {reason}").format(reason=note) if note else ""
        self.note.visible = bool(note)

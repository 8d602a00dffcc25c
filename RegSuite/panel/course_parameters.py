"""The parameters of an accumulation as forms: what decides the dose on top, the rest folded away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.panel.choices import AUTO, Item, ItemBox, Offer, device_items, method_items, preset_items
from RegSuite.panel.field_widgets import FieldWidget, widget_for
from RegSuite.panel.fields import Field
from RegSuite.panel.section_form import Box, PathBox, SectionForm
from RegSuite.workflows.course import Course
from RegSuite.workflows.model import Workflow

SECTIONS = {
    "calculation": ("mapping", "density_table", "uncertainty", "model", "samples", "correlation"),
    "registration": ("preset", "method"),
    "advanced": (
        "grid_mm",
        "metric",
        "folding",
        "limits",
        "compare",
        "device",
        "threads",
        "seed",
    ),
}
"""Parameters by the section in which they stand; alpha_beta has a table of its own."""

ONLY_WITH = {"density_table": ("mapping", "emt"), "model": ("uncertainty", "network")}
"""Parameters that are of use with one value of another."""

_WORDS = {
    "ddm": _("direct dose mapping (DDM)"),
    "emt": _("energy and mass transfer (EMT)"),
    "laplace": _("from the images (Laplace)"),
    "network": _("from a network"),
    "ensemble": _("from several registrations"),
    "none": _("none: no bands"),
    "independent": _("independent errors"),
    "same": _("the same error in all fractions"),
    "refuse": _("refuse"),
    "mark": _("mark where it folds"),
}
_FILES = {"density_table": "CSV (*.csv)", "model": "Model (*.safetensors)", "limits": "YAML (*.yaml *.yml)"}


class CourseParameterForm(SectionForm):
    """The sections of an accumulation."""

    def __init__(self, workflow: Workflow) -> None:
        super().__init__(workflow, SECTIONS, _box, ONLY_WITH)


class ListLine:
    """Words with spaces or commas between them; none for None."""

    signal = "editingFinished()"

    def __init__(self, example: str) -> None:
        self.widget: Any = qt.QLineEdit()
        self.widget.placeholderText = example

    def value(self) -> list[str] | None:
        """The words."""
        return str(self.widget.text).replace(",", " ").split() or None

    def set_value(self, value: Any) -> None:
        """Show words."""
        self.widget.text = ", ".join(value or ())


def _box(field: Field, changed: Callable[[], None]) -> Box:
    """The widget of a parameter."""
    makers: Mapping[str, Callable[[], Box]] = {
        "preset": lambda: ItemBox(preset_items(Offer())[0], "presetBox"),
        "method": lambda: ItemBox(_methods(), "methodBox"),
        "device": lambda: ItemBox(device_items(), "deviceField"),
        "metric": lambda: ListLine(_("such as D95%, V20Gy, D2cc")),
        **{name: partial(PathBox, filters) for name, filters in _FILES.items()},
    }
    if field.name not in makers and field.kind != "choice":
        made: FieldWidget | None = widget_for(field, changed)
        if made is None:
            raise TypeError(f"parameter {field.name!r} has no widget")
        return made
    box = makers[field.name]() if field.name in makers else ItemBox(_choices(field), f"{field.name}Box")
    box.widget.connect(box.signal, lambda *_arguments: changed())
    return box


def _methods() -> list[Item]:
    """Registration methods; the empty one is the course's own."""
    return [Item("", _("automatic")), *(item for item in method_items() if item.value != AUTO)]


def _choices(field: Field) -> list[Item]:
    """The values of a choice; the empty one is what a course file says, or the course's own default."""
    usual = Course.model_fields[field.name].default if field.name in Course.model_fields else None
    usual = getattr(usual, "source", usual)
    words = _("automatic ({value})").format(value=_WORDS.get(usual, usual)) if usual else _("automatic")
    none = [Item("", words, _("What the course file says; without one, the value in brackets"))]
    return [*(none if field.optional else []), *(Item(c, _WORDS.get(c, c)) for c in field.choices)]

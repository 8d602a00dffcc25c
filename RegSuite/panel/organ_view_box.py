"""What the views show of registered organs: before or after, coloured by what, over which scan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

WHEN = {"after": _("After"), "before": _("Before")}
COLOURS = {
    "organ": _("their own colours"),
    "distance": _("distance to the target's surface (mm)"),
    "uncertainty": _("uncertainty, one standard deviation (mm)"),
}
SLICES = {
    "target": _("target scan"),
    "warped": _("warped scan over the target's"),
    "source": _("source scan"),
    "uncertainty": _("uncertainty over the target scan"),
}
TICKS = {
    "target": _("Target's organs"),
    "labels": _("Organs in the slices"),
    "landmarks": _("Landmarks"),
    "grid": _("Grid"),
}
_TITLES = {"when": _("Organs in 3D:"), "colour": _("Coloured by:"), "slices": _("Slices:")}
_LEGENDS = {
    "organ": _("The target's organs are glass; the others should fill them after."),
    "distance": _("Pale: on the target's surface. Dark red: end of the scale or beyond. Grey: no partner."),
    "uncertainty": _("Pale: sure. Dark blue: guessed from the organ's elasticity rather than measured."),
}


class OrganViewBox:
    """`widget` goes into the panel. It changes nothing itself: the functions in `on` are called.

    on: when("before" or "after"), colour(COLOURS), slices(SLICES); TICKS (True or False).
    """

    def __init__(self) -> None:
        self.on: dict[str, Callable[[Any], None]] = dict.fromkeys(
            ("when", "colour", "slices", *TICKS), lambda _value: None
        )
        self._busy = False
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "organViewBox"
        self._rows = qt.QFormLayout(self.widget)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self.lists: dict[str, Any] = {}
        self._values: dict[str, list[str]] = {}
        for name, title in _TITLES.items():
            self._add(name, title)
        self.boxes = {name: _check(f"{name}Box", words) for name, words in TICKS.items()}
        self._rows.addRow(_row(*self.boxes.values()))
        self.legend: Any = qt.QLabel()
        self.legend.objectName = "organLegend"
        self.legend.wordWrap = True
        self._rows.addRow(self.legend)
        for name, box in self.boxes.items():
            box.connect("toggled(bool)", lambda on, name=name: self._tell(name, bool(on)))
        self.clear()

    def show(self, roles: Collection[str], *, colours: Sequence[str], slices: Sequence[str]) -> None:
        """Offer what is there. roles: of the nodes; colours, slices: what of COLOURS and SLICES."""
        self._busy = True
        try:
            when = {"after": "moved_surfaces", "before": "source_surfaces"}
            self._fill("slices", {name: SLICES[name] for name in slices})
            self._fill("colour", {name: COLOURS[name] for name in colours})
            self._fill("when", {name: WHEN[name] for name, role in when.items() if role in roles})
            there = {
                "target": "target_surfaces" in roles,
                "labels": bool({"warped_labels", "target_labels"} & set(roles)),
                "landmarks": "moved_points" in roles,
                "grid": "displacement" in roles,
            }
            for name, possible in there.items():
                self.boxes[name].enabled = possible
                self.boxes[name].checked = possible and name != "grid"
        finally:
            self._busy = False
        self._say()
        self.widget.visible = True

    def clear(self) -> None:
        """Offer nothing."""
        self.widget.visible = False

    def choose(self, name: str, value: str) -> None:
        """Choose a value of the list when, colour or slices, as a person does."""
        self.lists[name].currentIndex = self._values[name].index(value)

    def _add(self, name: str, title: str) -> None:
        box = qt.QComboBox()
        box.objectName = f"{name}Box"
        box.connect("currentIndexChanged(int)", lambda index, name=name: self._chosen(name, index))
        self._rows.addRow(title, box)
        self.lists[name], self._values[name] = box, []

    def _fill(self, name: str, words: Mapping[str, str]) -> None:
        """The lines of a list, the first one chosen; a list without a choice is hidden."""
        box = self.lists[name]
        box.clear()
        for text in words.values():
            box.addItem(text)
        self._values[name] = list(words)
        for widget in (box, self._rows.labelForField(box)):
            widget.visible = len(words) > 1

    def _chosen(self, name: str, index: int) -> None:
        if 0 <= index < len(self._values[name]):
            self._say()
            self._tell(name, self._values[name][index])
            if name == "colour" and not self._busy:  # glass would pale the colours of values
                self.boxes["target"].checked = self._values[name][index] == "organ"

    def _say(self) -> None:
        known = self._values["colour"]
        at = int(self.lists["colour"].currentIndex)
        self.legend.text = _LEGENDS[known[at] if 0 <= at < len(known) else "organ"]

    def _tell(self, name: str, value: Any) -> None:
        if not self._busy:
            self.on[name](value)


def _row(*widgets: Any) -> Any:
    """Widgets beside each other."""
    whole = qt.QWidget()
    row = qt.QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return whole


def _check(name: str, words: str) -> Any:
    box = qt.QCheckBox(words)
    box.objectName = name
    return box

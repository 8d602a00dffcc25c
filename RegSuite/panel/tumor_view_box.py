"""What the four views of a tumour show: plane, fourth view, labels, outlines, grid, the film."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

FOURTH = {"intensity_change": _("Appearance change"), "jacobian": _("Jacobian map")}
PLANES = {"axial": _("Axial"), "coronal": _("Coronal"), "sagittal": _("Sagittal")}
TICKS = {"labels": _("Labels"), "tumor": _("Tumour outline"), "grid": _("Deformation grid")}
STEP_MS = 170
"""Between two frames of the film."""

REST_STEPS = 6
"""So many steps long the film rests at its end."""


class TumorViewBox:
    """`widget` goes into the panel. It changes nothing itself: the functions in `on` are called.

    on: plane(name), fourth(role), labels(on), tumor(on), grid(on), frame(number from 1, None for the
    final image).
    """

    def __init__(self) -> None:
        self.on: dict[str, Callable[[Any], None]] = dict.fromkeys(
            ("plane", "fourth", "frame", *TICKS), lambda _value: None
        )
        self._busy = False
        self._roles: list[str] = []
        self._times: list[float] = []
        self._rest = 0
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "tumorViewBox"
        rows = qt.QFormLayout(self.widget)
        rows.setContentsMargins(0, 0, 0, 0)
        self.plane_box, self.fourth_box = _list("planeBox"), _list("fourthBox")
        for words in PLANES.values():
            self.plane_box.addItem(words)
        self.boxes = {name: _check(f"{name}Box", words) for name, words in TICKS.items()}
        rows.addRow(_("Plane:"), self.plane_box)
        rows.addRow(_("Fourth view:"), self.fourth_box)
        rows.addRow(_row(*self.boxes.values()))
        self.film_row = self._film()
        rows.addRow(_("Film:"), self.film_row)
        self.film_label = rows.labelForField(self.film_row)
        self.legend: Any = qt.QLabel()
        self.legend.objectName = "tumorLegend"
        self.legend.wordWrap = True
        rows.addRow(self.legend)
        self.plane_box.connect("currentIndexChanged(int)", self._plane)
        self.fourth_box.connect("currentIndexChanged(int)", self._fourth)
        for name, box in self.boxes.items():
            box.connect("toggled(bool)", lambda on, name=name: self._tell(name, bool(on)))
        self.clear()

    def show(self, nodes: Mapping[str, Any], *, fourth: str, times: Sequence[float], flat: bool) -> None:
        """Offer what is there: nodes by role, what the fourth view shows, times of the film's frames."""
        self._timer.stop()
        self._busy = True
        try:
            self._roles = [role for role in FOURTH if role in nodes]
            self.fourth_box.clear()
            for role in self._roles:
                self.fourth_box.addItem(FOURTH[role])
            self.fourth_box.currentIndex = self._roles.index(fourth) if fourth in self._roles else -1
            self.plane_box.currentIndex = 0
            self.plane_box.enabled = not flat
            there = {"labels": "warped_labels", "tumor": "mask", "grid": "displacement"}
            for name, role in there.items():
                self.boxes[name].enabled = role in nodes
                self.boxes[name].checked = role in nodes and name != "grid"
            self._times = list(times)
            self.slider.setRange(1, max(len(self._times), 1))
            self.slider.value = len(self._times)
            for widget in (self.film_row, self.film_label):
                widget.visible = len(self._times) > 1
            self._say()
        finally:
            self._busy = False
        self.widget.visible = True

    def clear(self) -> None:
        """Offer nothing; the film stands still."""
        self.stop()
        self.widget.visible = False

    def stop(self) -> None:
        """The film stands still."""
        self._timer.stop()
        self.play_button.text = _("Play")

    def play(self, _checked: bool = False) -> None:
        """Let the film run, or stand still."""
        if self._timer.active:
            self.stop()
            return
        self.play_button.text = _("Stop")
        if self.slider.value >= self.slider.maximum:
            self.slider.value = 1
        self._rest = 0
        self._timer.start()

    def _film(self) -> Any:
        self.play_button: Any = qt.QPushButton(_("Play"))
        self.play_button.objectName = "playButton"
        self.play_button.toolTip = _("How template becomes patient; also in module Sequences")
        self.play_button.connect("clicked(bool)", self.play)
        self.slider: Any = qt.QSlider(qt.Qt.Horizontal)
        self.slider.objectName = "filmSlider"
        self.slider.connect("valueChanged(int)", self._frame)
        self.time_label: Any = qt.QLabel()
        self.time_label.setMinimumWidth(90)
        self._timer: Any = qt.QTimer()
        self._timer.setInterval(STEP_MS)
        self._timer.connect("timeout()", self._step)
        return _row(self.play_button, self.slider, self.time_label, stretch=1)

    def _step(self) -> None:
        """The next frame; at the end the film rests and begins anew."""
        if self.slider.value < self.slider.maximum:
            self.slider.value = self.slider.value + 1
            return
        self._rest += 1
        if self._rest >= REST_STEPS:
            self._rest = 0
            self.slider.value = 1

    def _frame(self, number: int) -> None:
        self._say()
        self._tell("frame", number if number < len(self._times) else None)

    def _say(self) -> None:
        at = int(self.slider.value) - 1
        if 0 <= at < len(self._times):
            last = at == len(self._times) - 1
            self.time_label.text = _("final image") if last else f"t = {self._times[at]:.2f}"
        shown = self._roles[self.fourth_box.currentIndex] if self._roles else ""
        self.legend.text = _LEGENDS.get(shown, "")
        self.legend.visible = bool(self.legend.text)

    def _plane(self, index: int) -> None:
        self._tell("plane", list(PLANES)[index])

    def _fourth(self, index: int) -> None:
        if 0 <= index < len(self._roles):
            self._say()
            self._tell("fourth", self._roles[index])

    def _tell(self, name: str, value: Any) -> None:
        if not self._busy:
            self.on[name](value)


_LEGENDS = {
    "intensity_change": _(
        "Orange: intensity was added to the deformed template, blue: taken away, in the template's units. "
        "Outside of the tumour it should be clear: what is coloured there was painted, not moved."
    ),
    "jacobian": _(
        "Blue: the place is smaller in the template (it was expanded). Red: it is larger there (it was "
        "compressed). White keeps its volume; 0 or less is a fold, which no tissue does."
    ),
}


def _row(*widgets: Any, stretch: int | None = None) -> Any:
    """Widgets beside each other; stretch: which of them takes the room, none of them if None."""
    whole = qt.QWidget()
    row = qt.QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    for at, widget in enumerate(widgets):
        row.addWidget(widget, 1 if at == stretch else 0)
    if stretch is None:
        row.addStretch(1)
    return whole


def _list(name: str) -> Any:
    box = qt.QComboBox()
    box.objectName = name
    return box


def _check(name: str, words: str) -> Any:
    box = qt.QCheckBox(words)
    box.objectName = name
    return box

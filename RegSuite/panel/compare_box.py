"""Ways to see whether two images lie on each other: fade, flicker, checkerboard, difference, maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

FLICKER_MS = 500
TILES = 8


class CompareBox:
    """Buttons over a RegSuite.mrml.compare.Comparison. `widget` goes into the panel, hidden until `show`.

    on_labels(on): called by the check box "Labels".
    """

    def __init__(self) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "compareBox"
        self._comparison: Any = None
        self.on_labels: Callable[[bool], None] = lambda _on: None
        self._timer = qt.QTimer()
        self._timer.setInterval(FLICKER_MS)
        self._timer.connect("timeout()", self._flicker)
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._modes())
        column.addLayout(self._fading())
        column.addLayout(self._maps())
        self.legend: Any = qt.QLabel()
        self.legend.objectName = "legendLabel"
        self.legend.setWordWrap(True)
        column.addWidget(self.legend)
        self.clear()

    def show(
        self, comparison: Any, *, has_jacobian: bool, has_displacement: bool, has_labels: bool = False
    ) -> None:
        """Compare with these buttons from now on; the views stay as they are until one is pressed."""
        self.clear()
        self._comparison = comparison
        self.jacobian_box.enabled = has_jacobian
        self.grid_box.enabled = has_displacement
        self.labels_box.enabled = has_labels
        self._check(self.labels_box, has_labels)
        self.widget.visible = True

    def clear(self) -> None:
        """Forget the comparison; its helper nodes are removed from the scene."""
        self._timer.stop()
        comparison, self._comparison = self._comparison, None
        self._show_mode("fade", 50)
        for box in (self.jacobian_box, self.grid_box):
            self._check(box, False)
        self._explain()
        self.widget.visible = False
        if comparison is not None:
            comparison.clear()

    def reset(self) -> None:
        """The views have been arranged anew: the buttons stand for fading, half and half."""
        self._timer.stop()
        self._show_mode("fade", 50)
        self._explain()

    def stop(self) -> None:
        """Nobody looks: flickering ends."""
        if self._timer.active:
            self.choose("fade")

    def forget(self) -> None:
        """Forget the comparison without touching the scene, which is being closed."""
        self._comparison = None
        self.clear()

    def choose(self, mode: str) -> None:
        """fade, flicker, checkerboard or difference."""
        self._timer.stop()
        self._show_mode(mode)
        if self._comparison is None:
            return
        if mode == "fade":
            self._comparison.fade(self.slider.value / 100.0)
        elif mode == "flicker":
            self._comparison.flicker()
            self._timer.start()
        elif mode == "checkerboard":
            self._comparison.checkerboard(TILES)
        else:
            self._comparison.difference()
        self._explain()

    def _modes(self) -> Any:
        row = qt.QHBoxLayout()
        row.setSpacing(2)
        self.buttons: dict[str, Any] = {}
        for mode, text, tip in (
            ("fade", _("Fade"), _("Fixed and warped image over each other; the slider fades")),
            ("flicker", _("Flicker"), _("Fixed and warped image in turn: what jumps is not aligned")),
            ("checkerboard", _("Checkerboard"), _("Tiles of both: edges must run on over the borders")),
            ("difference", _("Difference"), _("Warped minus fixed image: grey where they agree")),
        ):
            button = qt.QPushButton(text)
            button.objectName = f"{mode}Button"
            button.toolTip = tip
            button.checkable = True
            button.connect("clicked(bool)", lambda _c=False, mode=mode: self.choose(mode))
            row.addWidget(button)
            self.buttons[mode] = button
        return row

    def _fading(self) -> Any:
        row = qt.QHBoxLayout()
        self.slider: Any = qt.QSlider(qt.Qt.Horizontal)
        self.slider.objectName = "fadeSlider"
        self.slider.setRange(0, 100)
        self.slider.connect("valueChanged(int)", self._faded)
        self._ends = qt.QLabel(_("Fixed")), qt.QLabel(_("Warped"))  # held until the row is in a window
        row.addWidget(self._ends[0])
        row.addWidget(self.slider)
        row.addWidget(self._ends[1])
        return row

    def _maps(self) -> Any:
        row = qt.QHBoxLayout()
        self.jacobian_box: Any = qt.QCheckBox(_("Jacobian map"))
        self.jacobian_box.objectName = "jacobianCheckBox"
        self.jacobian_box.toolTip = _(
            "How much volume grows or shrinks, in colours, with a legend in the views"
        )
        self.jacobian_box.connect("toggled(bool)", self._jacobian)
        self.grid_box: Any = qt.QCheckBox(_("Deformation grid"))
        self.grid_box.objectName = "gridCheckBox"
        self.grid_box.toolTip = _("A regular grid, bent as the transform bends space")
        self.grid_box.connect("toggled(bool)", self._grid)
        self.labels_box: Any = qt.QCheckBox(_("Labels"))
        self.labels_box.objectName = "labelsCheckBox"
        self.labels_box.toolTip = _(
            "Warped labels as areas, fixed ones as outlines; landmarks of the fixed image"
        )
        self.labels_box.connect("toggled(bool)", lambda on: self.on_labels(bool(on)))
        row.addWidget(self.labels_box)
        row.addWidget(self.jacobian_box)
        row.addWidget(self.grid_box)
        row.addStretch(1)
        return row

    @staticmethod
    def _check(box: Any, on: bool) -> None:
        """Set a check box without telling anybody."""
        box.blockSignals(True)
        box.checked = on
        box.blockSignals(False)

    def _show_mode(self, mode: str, value: int | None = None) -> None:
        for name, button in self.buttons.items():
            button.checked = name == mode
        self.slider.enabled = mode == "fade"
        if value is not None:
            self.slider.blockSignals(True)
            self.slider.value = value
            self.slider.blockSignals(False)

    def _faded(self, value: int) -> None:
        if self._comparison is not None:
            self._comparison.fade(value / 100.0)

    def _flicker(self) -> None:
        if self._comparison is not None:
            self._comparison.flicker()

    def _jacobian(self, on: bool) -> None:
        if self._comparison is None:
            return
        self._comparison.jacobian(bool(on))
        self._explain()

    def _explain(self) -> None:
        """Say what the colours in the views mean, and what they do not."""
        words = ""
        if self.jacobian_box.checked:  # lies over whatever else is chosen
            words = _(
                "Blue: the place is smaller in the moving image. Red: it is larger. White (1): it keeps its "
                "volume. 0 or less is a fold, which no tissue does."
            )
        elif self.buttons["difference"].checked:
            from RegSuite.mrml.compare import DIFFERENCE_HINT

            words = DIFFERENCE_HINT
        self.legend.text = words
        self.legend.visible = bool(words)

    def _grid(self, on: bool) -> None:
        if self._comparison is not None:
            self._comparison.deformation_grid(bool(on))

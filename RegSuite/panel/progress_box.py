"""What a running job is doing: stage, bar, time gone and left, the measure's curve, the log."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from RegSuite.panel.convergence_plot import ConvergencePlot

LOG_LINES = 500


class ProgressBox:
    """Shown while a job runs; the log stays afterwards, folded. `widget` goes into the panel."""

    def __init__(self) -> None:
        self.widget: Any = qt.QWidget()
        self.widget.objectName = "progressBox"
        column = qt.QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        self.stage: Any = qt.QLabel()
        self.stage.objectName = "stageLabel"
        self.stage.setWordWrap(True)
        self.bar: Any = qt.QProgressBar()
        self.bar.objectName = "progressBar"
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.times: Any = qt.QLabel()
        self.times.objectName = "timesLabel"
        self.plot = ConvergencePlot()
        self.numbers: Any = qt.QLabel()
        self.numbers.objectName = "numbersLabel"
        self.numbers.setWordWrap(True)
        self.running: Any = qt.QWidget()
        inner = qt.QVBoxLayout(self.running)
        inner.setContentsMargins(0, 0, 0, 0)
        for part in (self.stage, self.bar, self.times, self.plot.widget, self.numbers):
            inner.addWidget(part)
        column.addWidget(self.running)
        self.log_section = self._make_log()
        column.addWidget(self.log_section)
        self._started = time.monotonic()
        self.running.visible = False
        self.log_section.visible = False

    def begin(self, words: str) -> None:
        """A job begins: the clock, the curve and the log start anew."""
        self._started = time.monotonic()
        self.follow([])
        self.plot.clear()
        self.log.clear()
        self.log_section.visible = True
        self.running.visible = True
        self.show(words, 0.0, None)

    def show(self, stage: str, fraction: float, seconds_left: float | None) -> None:
        """Where the job is. seconds_left: None while nobody can tell."""
        self.stage.text = stage
        self.bar.value = round(1000 * min(max(fraction, 0.0), 1.0))
        gone = _("{time} gone").format(time=duration(time.monotonic() - self._started))
        left = "" if seconds_left is None else _("about {time} left").format(time=duration(seconds_left))
        self.times.text = " \u00b7 ".join(part for part in (gone, left) if part)

    def follow(self, history: Sequence[tuple[float, str, Mapping[str, float]]]) -> None:
        """What the method has told so far: the first measure as a curve, all of them as they are now."""
        self.plot.draw(history)
        self.numbers.text = numbers_text(history)
        self.numbers.visible = bool(self.numbers.text)

    def add_lines(self, lines: list[str]) -> None:
        """Add to the log."""
        for line in lines:
            self.log.appendPlainText(line)

    def end(self) -> None:
        """The job has ended: only the log stays."""
        self.running.visible = False
        self.plot.clear()

    def _make_log(self) -> Any:
        section = ctk.ctkCollapsibleButton()
        section.objectName = "logSection"
        section.text = _("Log, for the curious")
        column = qt.QVBoxLayout(section)
        self.log: Any = qt.QPlainTextEdit()
        self.log.objectName = "logText"
        self.log.setReadOnly(True)
        self.log.setMaximumBlockCount(LOG_LINES)
        self.log.setMinimumHeight(120)
        copy = qt.QPushButton(_("Copy the log"))
        copy.objectName = "copyLogButton"
        copy.connect("clicked(bool)", self._copy)
        column.addWidget(self.log)
        column.addWidget(copy)
        section.collapsed = True
        return section

    def _copy(self, _checked: bool = False) -> None:
        qt.QApplication.clipboard().setText(self.log.plainText)


def numbers_text(history: Sequence[tuple[float, str, Mapping[str, float]]]) -> str:
    """The measures of the last message, where it had several: 'energy 12.3: data 9.1, velocity 3.2'."""
    latest = next((metrics for _seconds, _stage, metrics in reversed(history) if metrics), {})
    if len(latest) < 2:
        return ""
    (first, value), *parts = latest.items()
    told = ", ".join(f"{name} {part:.4g}" for name, part in parts)
    return f"{first} {value:.4g}: {told}"


def duration(seconds: float) -> str:
    """Seconds as a person says them: '12 s', '3 min 05 s', '1 h 20 min'."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return str(_("{s} s").format(s=whole))
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return str(_("{m} min {s:02d} s").format(m=minutes, s=rest))
    return str(_("{h} h {m:02d} min").format(h=minutes // 60, m=minutes % 60))

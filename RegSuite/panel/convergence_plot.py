"""The measure while a job runs, as a curve a stage: flat means settled, rising means trouble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import qt

HEIGHT = 96
_LEFT, _TOP, _BOTTOM = 8, 16, 6
_COLOURS = ("#1f6fb4", "#d97706", "#2e7d32", "#8e44ad", "#b91c1c", "#0f766e")

Curve = list[float]


def curves(history: Sequence[tuple[float, str, Mapping[str, float]]]) -> tuple[str, list[tuple[str, Curve]]]:
    """Name of the measure, and its values stage by stage, as a job's history holds them.

    A job's metrics may hold several numbers: the first one told is the measure that is followed.
    """
    name = next((key for _s, _stage, metrics in history for key in metrics), "")
    out: list[tuple[str, Curve]] = []
    for _seconds, stage, metrics in history:
        value = metrics.get(name)
        if value is None or value != value:
            continue
        if not out or out[-1][0] != stage:
            out.append((stage, []))
        out[-1][1].append(float(value))
    return name, out


class ConvergencePlot:
    """A label with a picture of the curves; `widget` goes into the panel.

    Each stage has its own height scale: measures of different stages are not comparable.
    """

    def __init__(self) -> None:
        self.widget: Any = qt.QLabel()
        self.widget.objectName = "convergencePlot"
        self.widget.setMinimumSize(120, HEIGHT)
        self.widget.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.clear()

    def clear(self) -> None:
        """Draw nothing and take no room."""
        self.widget.visible = False
        self.points = 0

    def draw(self, history: Sequence[tuple[float, str, Mapping[str, float]]]) -> None:
        """Draw what a job has told so far; nothing before two values are known."""
        name, stages = curves(history)
        count = sum(len(values) for _stage, values in stages)
        if count < 2 or count == self.points:
            return
        self.points = count
        self.widget.visible = True
        picture = qt.QPixmap(max(int(self.widget.width), 200), HEIGHT)
        picture.fill(qt.QColor("#ffffff"))
        painter = qt.QPainter(picture)
        try:
            _paint(painter, picture.width(), name, stages)
        finally:
            painter.end()
        self.widget.setPixmap(picture)


def _paint(painter: Any, width: int, name: str, stages: list[tuple[str, Curve]]) -> None:
    painter.setRenderHint(qt.QPainter.Antialiasing)
    painter.setPen(qt.QColor("#d0d5dd"))
    painter.drawRect(0, 0, width - 1, HEIGHT - 1)
    total = sum(max(len(values), 2) for _stage, values in stages)
    at = float(_LEFT)
    for i, (stage, values) in enumerate(stages):
        wide = (width - 2 * _LEFT) * max(len(values), 2) / total
        colour = qt.QColor(_COLOURS[i % len(_COLOURS)])
        pen = qt.QPen(colour)
        pen.setWidth(2)
        painter.setPen(pen)
        _line(painter, values, at, wide)
        fits = painter.fontMetrics().elidedText(stage, qt.Qt.ElideRight, int(wide) - 2)
        if wide > 40:
            painter.drawText(int(at), 12, fits)
        at += wide
    painter.setPen(qt.QColor("#475467"))
    last = f"{name} {stages[-1][1][-1]:.4g}"
    painter.drawText(width - _LEFT - painter.fontMetrics().horizontalAdvance(last), HEIGHT - 6, last)


def _line(painter: Any, values: Curve, left: float, wide: float) -> None:
    """One stage: values from its lowest to its highest over the height of the picture."""
    low, high = min(values), max(values)
    tall = HEIGHT - _TOP - _BOTTOM - 14
    step = wide / max(len(values) - 1, 1)
    places = [
        (left + i * step, _TOP + tall * (1.0 - ((v - low) / (high - low) if high > low else 0.5)))
        for i, v in enumerate(values)
    ]
    for (x0, y0), (x1, y1) in pairwise(places):
        painter.drawLine(qt.QPointF(x0, y0), qt.QPointF(x1, y1))
    if len(places) == 1:
        painter.drawEllipse(qt.QPointF(*places[0]), 2.0, 2.0)

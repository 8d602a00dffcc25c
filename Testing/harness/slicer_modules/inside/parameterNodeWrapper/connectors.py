"""Which widget shows a parameter of which type: the pairs that Slicer knows, and no other.

Classes are compared exactly, as Slicer does: a ctkComboBox or ctkDoubleSpinBox is not connected there.
"""

from __future__ import annotations

import enum
import logging
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

import slicer
from slicer.parameterNodeWrapper.annotations import (
    Choice,
    Decimals,
    Maximum,
    Minimum,
    SingleStep,
    WithinRange,
    first,
    split,
)

SMALLEST_INT, LARGEST_INT = -(2**31), 2**31 - 1


@dataclass
class Connector:
    """One widget bound to one parameter."""

    widget: Any
    signal: str
    read: Callable[[], Any]
    write: Callable[[Any], None]
    slot: Any = None

    def connect(self, changed: Callable[[], None]) -> None:
        self.slot = lambda *_: changed()
        getattr(self.widget, self.signal).connect(self.slot)

    def disconnect(self) -> None:
        getattr(self.widget, self.signal).disconnect(self.slot)


def connector_of(widget: Any, hint: Any) -> Connector:
    """How a widget shows a type. Raises RuntimeError for a pair that Slicer does not know."""
    kind, annotations = split(hint)
    shown_as = widget.metaObject().className()
    if shown_as == "qMRMLNodeComboBox" and _node_types(kind):
        widget.nodeTypes = _node_types(kind)
        return Connector(widget, "currentNodeChanged", widget.currentNode, widget.setCurrentNode)
    if kind is bool and shown_as in ("QCheckBox", "QPushButton"):
        return _on_off(widget, shown_as)
    if (kind is int and shown_as in ("QSpinBox", "QSlider")) or (
        kind is float and shown_as in ("QDoubleSpinBox", "ctkSliderWidget")
    ):
        _set_bounds(widget, kind, annotations, must=shown_as in ("QSlider", "ctkSliderWidget"))
        return _attribute(widget, "valueChanged", "value")
    if shown_as == "QComboBox":
        return _choice(widget, kind, annotations)
    if kind is str and shown_as == "QLineEdit":
        return _attribute(widget, "textChanged", "text")
    if kind is str and shown_as == "QTextEdit":
        return Connector(widget, "textChanged", widget.toPlainText, widget.setPlainText)
    if isinstance(kind, type) and issubclass(kind, pathlib.PurePath):
        if shown_as == "ctkPathLineEdit":
            return _path(widget, kind, "currentPathChanged", "currentPath")
        if shown_as == "ctkDirectoryButton":
            return _path(widget, kind, "directoryChanged", "directory")
    raise RuntimeError(f"Slicer cannot connect a {shown_as} ('{widget.name}') to a parameter of type {hint}")


def _attribute(widget: Any, signal: str, name: str) -> Connector:
    return Connector(
        widget, signal, lambda: getattr(widget, name), lambda value: setattr(widget, name, value)
    )


def _path(widget: Any, kind: type, signal: str, name: str) -> Connector:
    return Connector(
        widget, signal, lambda: kind(getattr(widget, name)), lambda path: setattr(widget, name, str(path))
    )


def _on_off(widget: Any, shown_as: str) -> Connector:
    if shown_as == "QPushButton" and not widget.checkable:
        logging.warning("push button '%s' is made checkable to show a bool", widget.name)
        widget.checkable = True
    return _attribute(widget, "toggled" if shown_as == "QPushButton" else "stateChanged", "checked")


def _node_types(kind: Any) -> list[str]:
    kinds = [k for k in get_args(kind) if k is not type(None)] if get_origin(kind) is Union else [kind]
    nodes = [k.__name__ for k in kinds if isinstance(k, type) and issubclass(k, slicer.vtkMRMLNode)]
    return nodes if len(nodes) == len(kinds) else []


def _set_bounds(widget: Any, kind: type, annotations: list[Any], *, must: bool) -> None:
    decimals, step = first(annotations, Decimals), first(annotations, SingleStep)
    within, low, high = (first(annotations, check) for check in (WithinRange, Minimum, Maximum))
    if must and within is None and (low is None or high is None):
        raise RuntimeError(
            f"'{widget.name}' is a slider: its parameter needs WithinRange, or Minimum and Maximum"
        )
    if decimals is not None:
        widget.decimals = decimals.value
    if step is not None:
        widget.singleStep = step.value
    lowest, highest = (SMALLEST_INT, LARGEST_INT) if kind is int else (float("-inf"), float("inf"))
    widget.setMinimum(within.minimum if within else low.minimum if low else lowest)
    widget.setMaximum(within.maximum if within else high.maximum if high else highest)


def _choice(widget: Any, kind: Any, annotations: list[Any]) -> Connector:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        choices = list(kind)
        label = getattr(kind, "label", lambda member: member.name)
    elif kind in (int, float, str, bool) and first(annotations, Choice):
        choices, label = list(first(annotations, Choice).choices), str
    else:
        raise RuntimeError(
            f"'{widget.name}' is a QComboBox: its parameter needs Choice or an Enum type, not {kind}"
        )
    widget.clear()
    for choice in choices:
        widget.addItem(label(choice))

    def write(value: Any) -> None:
        widget.currentIndex = choices.index(value)

    return Connector(widget, "currentIndexChanged", lambda: choices[widget.currentIndex], write)

"""Presets and methods as lists to choose from, with the words that explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import qt
from slicer.i18n import tr as _

from RegSuite.errors import InputError
from RegSuite.methods import get_method, method_names
from RegSuite.presets import Preset, load_preset, preset_names

AUTO = "auto"


@dataclass(frozen=True)
class Item:
    """One line of a list: value as the workflow takes it, words, and what the tooltip says."""

    value: str
    words: str
    tip: str = ""


@dataclass(frozen=True)
class Offer:
    """The methods of a workflow that calls them by names of its own; all by their own names if empty.

    methods: by such a name the registry's. words: by name what the list says. folded: parameters of
    the workflow that stand under Advanced. about: by name a sentence or two on what it does.
    """

    methods: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    folded: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    def registered(self, method: str) -> str:
        """How the registry calls a method."""
        return self.methods.get(method, method)

    def runs(self, method: str) -> bool:
        """Whether a method of the registry is offered."""
        return not self.methods or method in self.methods.values()

    def items(self) -> list[Item]:
        """The methods to choose from."""
        if not self.methods:
            return method_items()
        there = {name: get_method(own) for name, own in self.methods.items() if own in method_names()}
        tips = {name: self.about.get(name, found.summary) for name, found in there.items()}
        return [Item(name, self.words.get(name, name), tip) for name, tip in tips.items()]

    def no_preset(self) -> Item:
        """The line of the list of presets that chooses none."""
        if not self.methods:
            return Item("", _("automatic"), _("Method and parameters are chosen from the images"))
        return Item("", _("none"), _("The method below, with its own values"))


def preset_items(offer: Offer) -> tuple[list[Item], list[str]]:
    """(presets of methods that are offered, none of them first; what is wrong with unreadable ones)."""
    items = [offer.no_preset()]
    problems = []
    for name in preset_names():
        try:
            preset = load_preset(name)
            items += [_preset_item(preset)] if offer.runs(preset.method) else []
        except InputError as error:
            problems.append(str(error))
    return items, problems


def method_items() -> list[Item]:
    """Methods to choose from, in their own order."""
    return [
        Item(name, _("automatic") if name == AUTO else name, get_method(name).summary)
        for name in method_names()
    ]


def device_items() -> list[Item]:
    """Where to compute."""
    return [
        Item("", _("automatic"), _("REGSUITE_DEVICE, else an NVIDIA GPU where there is one")),
        Item("cpu", _("processor (cpu)")),
        Item("cuda", _("NVIDIA GPU (cuda)")),
    ]


def start_items(words: tuple[str, ...]) -> list[Item]:
    """Where a registration may start without a transform node."""
    known = {
        "identity": _("as the images lie"),
        "center": _("centers of the volumes"),
        "center-of-mass": _("centers of mass"),
        "rigid": _("rigid registration first"),
        "affine": _("affine registration first"),
    }
    return [Item("", _("automatic"), _("as the method does by itself"))] + [
        Item(word, known.get(word, word)) for word in words
    ]


def _preset_item(preset: Preset) -> Item:
    lines = [
        preset.why,
        _("Method: {method}, start: {start}").format(method=preset.method, start=preset.start),
    ]
    lines += [f"{name}: {value}" for name, value in preset.parameters.items()]
    lines += [preset.publication] if preset.publication else []
    return Item(preset.name, preset.title, "\n".join([*lines, _("In scripts: {n}").format(n=preset.name)]))


class ItemBox:
    """A combo box of items. `widget` goes into the form; a value that is not known here is shown as such."""

    signal = "currentIndexChanged(int)"

    def __init__(self, items: list[Item], name: str) -> None:
        self.items = list(items)
        self.widget: Any = qt.QComboBox()
        self.widget.objectName = name
        self.widget.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.widget.minimumContentsLength = 12
        for item in items:
            self._add(item)

    def value(self) -> str:
        """What is chosen."""
        return self.item().value

    def item(self) -> Item:
        """The chosen line."""
        index: int = self.widget.currentIndex
        return self.items[index]

    def set_value(self, value: str) -> None:
        """Choose; a value that is not in the list is added to it."""
        values = [item.value for item in self.items]
        if value not in values:
            self.items.append(Item(value, _("{value} (not known here)").format(value=value)))
            self._add(self.items[-1])
            values.append(value)
        self.widget.currentIndex = values.index(value)

    def _add(self, item: Item) -> None:
        self.widget.addItem(item.words)
        if item.tip:
            self.widget.setItemData(self.widget.count - 1, item.tip, qt.Qt.ToolTipRole)

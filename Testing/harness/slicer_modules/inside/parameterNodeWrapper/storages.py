"""How a value of each type is kept in a vtkMRMLScriptedModuleNode: names and texts are Slicer's."""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

import slicer
from slicer.parameterNodeWrapper.annotations import IsInstance, NotNone, Validator, split
from slicer.parameterNodeWrapper.observed_list import ObservedList


@dataclass
class AsText:
    """One parameter string."""

    checks: list[Validator]
    first_value: Any
    to_text: Callable[[Any], str]
    from_text: Callable[[str], Any]

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(name))

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, self.to_text(value))

    def read(self, node: Any, name: str) -> Any:
        return self.from_text(node.GetParameter(name))

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)


class AsReference(AsText):
    """A node reference, and an empty parameter string that says it was written (None is a value)."""

    def write(self, node: Any, name: str, value: Any) -> None:
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, node: Any, name: str) -> Any:
        return node.GetNodeReference(name)

    def remove(self, node: Any, name: str) -> None:
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class AsList:
    """NAME_len and NAME_0, NAME_1, ..."""

    first_value: tuple[Any, ...] = ()

    def __init__(self, of: Any) -> None:
        self.of = of
        self.checks: list[Validator] = []

    def is_in(self, node: Any, name: str) -> bool:
        return bool(node.HasParameter(f"{name}_len"))

    def write(self, node: Any, name: str, values: Any) -> None:
        values = list(values)
        for value in values:
            validate(self.of.checks, value, name)
        before = len(self.read(node, name)) if self.is_in(node, name) else 0
        with slicer.util.NodeModify(node):
            for index, value in enumerate(values):
                self.of.write(node, f"{name}_{index}", value)
            node.SetParameter(f"{name}_len", str(len(values)))
            for index in range(len(values), before):
                self.of.remove(node, f"{name}_{index}")

    def read(self, node: Any, name: str) -> ObservedList:
        count = int(node.GetParameter(f"{name}_len"))
        values = [self.of.read(node, f"{name}_{index}") for index in range(count)]
        return ObservedList(values, lambda changed: self.write(node, name, changed))

    def remove(self, node: Any, name: str) -> None:
        self.write(node, name, [])
        node.UnsetParameter(f"{name}_len")


class AsOneOf:
    """NAME_0 where the value is of the first type of the union, NAME_1 of the second, ..."""

    def __init__(self, options: list[Any]) -> None:
        self.options = options
        self.checks: list[Validator] = []
        is_optional = len(options) == 2 and isinstance(options[1], AsNone)
        self.first_value = None if is_optional else options[0].first_value

    def is_in(self, node: Any, name: str) -> bool:
        return any(option.is_in(node, f"{name}_{index}") for index, option in enumerate(self.options))

    def write(self, node: Any, name: str, value: Any) -> None:
        refusals = []
        for index, option in enumerate(self.options):
            try:
                validate(option.checks, value, name)
            except (TypeError, ValueError) as refusal:
                refusals.append(refusal)
                continue
            with slicer.util.NodeModify(node):
                self.remove(node, name)
                option.write(node, f"{name}_{index}", value)
            return
        raise refusals[0]

    def read(self, node: Any, name: str) -> Any:
        for index, option in enumerate(self.options):
            if option.is_in(node, f"{name}_{index}"):
                return option.read(node, f"{name}_{index}")
        raise KeyError(name)

    def remove(self, node: Any, name: str) -> None:
        for index, option in enumerate(self.options):
            option.remove(node, f"{name}_{index}")


class AsNone(AsText):
    """None, kept as the text True."""


class _IsNone(Validator):
    def validate(self, value: Any) -> None:
        if value is not None:
            raise TypeError(f"{value!r} is not None")


def storage_of(hint: Any) -> Any:
    """How a type is kept. Raises TypeError for one that Slicer cannot keep or that is left out here."""
    kind, annotations = split(hint)
    found = _storage_of(kind)
    found.checks = [*found.checks, *(check for check in annotations if isinstance(check, Validator))]
    return found


def _storage_of(kind: Any) -> Any:
    if get_origin(kind) is list:
        return AsList(storage_of(get_args(kind)[0]))
    if get_origin(kind) is Union:
        return AsOneOf([storage_of(option) for option in get_args(kind)])
    if not isinstance(kind, type):
        raise TypeError(f"no storage for {kind} (write Optional[X]: Slicer does not know X | None)")
    if kind is type(None):
        return AsNone([_IsNone()], None, lambda _: "True", lambda _: None)
    if issubclass(kind, slicer.vtkMRMLNode):
        return AsReference([IsInstance(kind)], None, str, str)
    if issubclass(kind, enum.Enum):
        return AsText(
            [NotNone(), IsInstance(kind)], next(iter(kind)), lambda value: value.name, lambda text: kind[text]
        )
    if kind is bool:
        return AsText(
            [NotNone(), IsInstance(bool)], False, lambda v: "True" if v else "False", lambda t: t == "True"
        )
    if kind in (int, float):
        accepted = (int, float) if kind is float else int
        return AsText([NotNone(), IsInstance(accepted)], 0, str, kind)
    if kind is str or issubclass(kind, pathlib.PurePath):
        return AsText([NotNone(), IsInstance(kind)], kind(), str, kind)
    raise TypeError(f"no storage for {kind}")


def validate(checks: list[Validator], value: Any, name: str) -> None:
    """Raise what a check raises, with the parameter's name."""
    for check in checks:
        try:
            check.validate(value)
        except (TypeError, ValueError) as refusal:
            raise type(refusal)(f"{name}: {refusal}") from None

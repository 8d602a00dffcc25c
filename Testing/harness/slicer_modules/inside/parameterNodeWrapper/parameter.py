"""One field of a parameter node wrapper: how it is kept, and its value before one was written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from slicer.parameterNodeWrapper.annotations import Decimals, Default, SingleStep, Validator, first, split
from slicer.parameterNodeWrapper.storages import AsList, storage_of, validate


@dataclass
class ParameterInfo:
    """One field: its name, how it is kept, its value before one was written, its type hint."""

    basename: str
    storage: Any
    default: Default
    unalteredType: Any

    @property
    def is_list(self) -> bool:
        """Whether a value is changed in place."""
        return isinstance(self.storage, AsList)

    def read(self, node: Any) -> Any:
        if not self.storage.is_in(node, self.basename):
            self.write(node, self.default.value)
        return self.storage.read(node, self.basename)

    def write(self, node: Any, value: Any) -> None:
        validate(self.storage.checks, value, self.basename)
        self.storage.write(node, self.basename, value)


def parameter_of(classtype: type, name: str, hint: Any) -> ParameterInfo:
    """What a class says of one field."""
    storage = storage_of(hint)
    annotations = split(hint)[1]
    unknown = [a for a in annotations if not isinstance(a, (Validator, Default, Decimals, SingleStep))]
    if unknown:
        logging.warning("unused annotations of %s: %s", name, unknown)
    if hasattr(classtype, name):
        default = Default(getattr(classtype, name))
    else:
        default = first(annotations, Default) or Default(storage.first_value)
    return ParameterInfo(name, storage, default, hint)

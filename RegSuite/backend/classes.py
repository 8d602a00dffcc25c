"""Which classes of the engine two processes hand each other, and where these are at home."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from RegSuite.errors import InputError

_HOMES = {
    "ContourStructure": "RegSuite.geometry",
    "DoseImage": "RegSuite.geometry",
    "Grid": "RegSuite.geometry",
    "Image": "RegSuite.geometry",
    "PointSet": "RegSuite.geometry",
    "SurfaceStructure": "RegSuite.geometry",
    "VoxelStructure": "RegSuite.geometry",
    "ArrayField": "RegSuite.transforms.arrays",
    "ArraySpline": "RegSuite.transforms.arrays",
    "ArrayTransform": "RegSuite.transforms.arrays",
}


def is_exchanged(kind: type[Any]) -> bool:
    """Whether objects of this very class (not of one derived from it) can be exchanged."""
    return home_of(kind.__name__) is not None and kind is class_of(kind.__name__)


def home_of(name: str) -> str | None:
    """The module of a class that can be exchanged, None for any other."""
    if name in _HOMES:
        return _HOMES[name]
    import RegSuite.transforms

    return "RegSuite.transforms" if name in RegSuite.transforms.__all__ and name[0].isupper() else None


def class_of(name: str) -> Any:
    """The class of that name. Raises InputError for one that is not exchanged."""
    home = home_of(name)
    if home is None:
        raise InputError(f"{name!r} is no class that processes exchange", where="exchange")
    return getattr(import_module(home), name)

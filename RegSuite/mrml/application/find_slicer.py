"""Imports Slicer's Python package and tells it from another package of that name."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from RegSuite.errors import InputError

MEND = "pip install 'regsuite[slicer]' (the package slicer-core), or run the script in 3D Slicer"


def import_slicer() -> Any:
    """The module `slicer` with its `util`; InputError where it is missing or not Slicer's.

    PyPI's package `slicer` (a dependency of shap) has the same name and no MRML in it.
    """
    if find_spec("slicer") is None:
        raise InputError("there is no 3D Slicer in this Python", where="import slicer", mend=MEND)
    slicer = import_module("slicer")
    if not hasattr(slicer, "vtkMRMLScene"):
        raise InputError(
            f"the package slicer at {getattr(slicer, '__file__', None)} is not 3D Slicer's: it has no MRML",
            where="import slicer",
            mend=f"pip uninstall slicer, then {MEND}",
        )
    import_module("slicer.util")
    return slicer

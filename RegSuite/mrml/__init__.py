"""Engine objects and MRML nodes: the only place where RAS meets LPS.

Every function here runs in Slicer, in PythonSlicer's scripts and, after `headless()`, in plain
Python with slicer-core. Importing this package imports neither slicer nor vtk.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.mrml.scene import MrmlScene


def at_hand() -> bool:
    """Whether MRML can be had in this Python: Slicer's own, or slicer-core.

    A package that is merely called slicer does not count.
    """
    loaded = sys.modules.get("slicer")
    if loaded is not None:
        return hasattr(loaded, "vtkMRMLScene")
    return find_spec("slicer") is not None and (_is_installed("slicer-core") or _has_slicers_classes())


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def _has_slicers_classes() -> bool:
    """Whether this is the Python of a Slicer that has not been started (PythonSlicer)."""
    return find_spec("MRMLCorePython") is not None


def is_node(given: Any) -> bool:
    """Whether something is an MRML node; can be asked where there is no MRML."""
    return hasattr(given, "IsA") and bool(given.IsA("vtkMRMLNode"))


def holds_node(given: Any) -> bool:
    """Whether a node stands anywhere in a mapping or list (a course); can be asked where there is no MRML."""
    if isinstance(given, Mapping):
        return any(holds_node(part) for part in given.values())
    if isinstance(given, list | tuple):
        return any(holds_node(part) for part in given)
    return is_node(given)


def scene_at_hand() -> MrmlScene | None:
    """What writes and shows scenes, None where MRML is not at hand. Costs nothing until it is used."""
    if not at_hand():
        return None
    from RegSuite.mrml.scene import MrmlScene

    return MrmlScene()


def headless() -> None:
    """Make `slicer.mrmlScene`, `slicer.app` and `slicer.modules` stand where there is no Slicer.

    Does nothing in Slicer, and nothing the second time. Raises InputError where slicer-core is
    not installed.
    """
    from RegSuite.mrml.application import start

    start()

"""RegSuite: medical image registration in LPS millimetres, in 3D Slicer and outside.

    import RegSuite

    result = RegSuite.register("fixed.nii.gz", "moving.nii.gz")
    result.save("result")

Names are loaded when first used, so that `import RegSuite` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.console import dvh, gamma, keypoints, organs, points, register, submit, tumor, warp
    from RegSuite.errors import (
        Cancelled,
        DiskFull,
        DoseError,
        GeometryError,
        InputError,
        MethodFailed,
        OutOfMemory,
        OutputError,
        RegSuiteError,
    )
    from RegSuite.geometry import Grid, Image, PointSet
    from RegSuite.methods import describe_methods, get_method, method_names
    from RegSuite.presets import load_preset, preset_names
    from RegSuite.workflows.evaluate import evaluate
    from RegSuite.workflows.phantom import phantom
    from RegSuite.workflows.result import Result

__version__ = "0.1.0"

_LAZY = {
    "Grid": "RegSuite.geometry",
    "Image": "RegSuite.geometry",
    "PointSet": "RegSuite.geometry",
    "RegSuiteError": "RegSuite.errors",
    "InputError": "RegSuite.errors",
    "GeometryError": "RegSuite.errors",
    "DoseError": "RegSuite.errors",
    "OutputError": "RegSuite.errors",
    "MethodFailed": "RegSuite.errors",
    "DiskFull": "RegSuite.errors",
    "OutOfMemory": "RegSuite.errors",
    "Cancelled": "RegSuite.errors",
    "describe_methods": "RegSuite.methods",
    "get_method": "RegSuite.methods",
    "method_names": "RegSuite.methods",
    "load_preset": "RegSuite.presets",
    "preset_names": "RegSuite.presets",
    "Result": "RegSuite.workflows.result",
    "register": "RegSuite.console",
    "dvh": "RegSuite.console",
    "dose": "RegSuite.dose",
    "gamma": "RegSuite.console",
    "submit": "RegSuite.console",
    "tumor": "RegSuite.console",
    "keypoints": "RegSuite.console",
    "organs": "RegSuite.console",
    "points": "RegSuite.console",
    "warp": "RegSuite.console",
    "evaluate": "RegSuite.workflows.evaluate",
    "phantom": "RegSuite.workflows.phantom",
}

__all__ = [
    "Cancelled",
    "DiskFull",
    "DoseError",
    "GeometryError",
    "Grid",
    "Image",
    "InputError",
    "MethodFailed",
    "OutOfMemory",
    "OutputError",
    "PointSet",
    "RegSuiteError",
    "Result",
    "__version__",
    "describe_methods",
    "dose",
    "dvh",
    "evaluate",
    "gamma",
    "get_method",
    "keypoints",
    "load_preset",
    "method_names",
    "organs",
    "phantom",
    "points",
    "preset_names",
    "register",
    "submit",
    "tumor",
    "warp",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module at first use (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module 'RegSuite' has no attribute {name!r}")
    module = import_module(_LAZY[name])
    value = module if name == "dose" else getattr(module, name)  # the package itself can be called
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

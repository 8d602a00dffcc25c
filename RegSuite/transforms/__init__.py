"""Maps from fixed points to moving points, in LPS mm: one file a kind of transform.

Nothing is imported before it is asked for, so that torch is not loaded by the command's help.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.transforms.affine import AffineTransform
    from RegSuite.transforms.base import Transform
    from RegSuite.transforms.bspline import BSplineTransform
    from RegSuite.transforms.composite import CompositeTransform
    from RegSuite.transforms.dense import DenseTransform
    from RegSuite.transforms.displacement import DisplacementTransform, to_displacement
    from RegSuite.transforms.log_polyaffine import LogPolyaffineTransform
    from RegSuite.transforms.partial import PartialTransform
    from RegSuite.transforms.rigid import RigidTransform
    from RegSuite.transforms.similarity import SimilarityTransform
    from RegSuite.transforms.time_varying import TimeVaryingVelocityTransform
    from RegSuite.transforms.velocity import VelocityTransform

_HOMES = {
    "AffineTransform": "affine",
    "BSplineTransform": "bspline",
    "CompositeTransform": "composite",
    "DenseTransform": "dense",
    "DisplacementTransform": "displacement",
    "LogPolyaffineTransform": "log_polyaffine",
    "PartialTransform": "partial",
    "RigidTransform": "rigid",
    "SimilarityTransform": "similarity",
    "TimeVaryingVelocityTransform": "time_varying",
    "Transform": "base",
    "VelocityTransform": "velocity",
    "to_displacement": "displacement",
}

__all__ = [
    "AffineTransform",
    "BSplineTransform",
    "CompositeTransform",
    "DenseTransform",
    "DisplacementTransform",
    "LogPolyaffineTransform",
    "PartialTransform",
    "RigidTransform",
    "SimilarityTransform",
    "TimeVaryingVelocityTransform",
    "Transform",
    "VelocityTransform",
    "to_displacement",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

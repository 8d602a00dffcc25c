"""Objects of the parts that another process has written, with torch or without."""

from __future__ import annotations

import sys
from typing import Any

from RegSuite.geometry import ArrayImage

AS_ARRAYS = ("Image", "DisplacementTransform", "BSplineTransform", "CompositeTransform")
"""Classes that have a form in numpy; a composite with a member of another class needs torch after all."""


def made(kind: Any, parts: dict[str, Any]) -> Any:
    """An object of its fields.

    A field of displacements is not checked a second time: the pass over all its voxels, two
    seconds for 1 GB, would keep the reader waiting, and the object that was written had been checked.
    """
    dense = sys.modules.get("RegSuite.transforms.dense")  # what is one has imported it, and torch
    if dense is None or not issubclass(kind, dense.DenseTransform):
        return kind(**parts)
    out = object.__new__(kind)
    for name, value in {**parts, "ndim": parts["grid"].ndim}.items():
        object.__setattr__(out, name, value)
    return out


def made_of_arrays(name: str, parts: dict[str, Any], type_name: str | None) -> Any:
    """What stands without torch for an object of one of AS_ARRAYS; type_name: of an Image's data."""
    from RegSuite.transforms.arrays import ArrayField, ArraySpline, ArrayTransform, members_of

    if name == "Image":
        return ArrayImage(values=parts.pop("data"), **parts, type_name=type_name)
    if name == "DisplacementTransform":
        return ArrayField(**parts)
    if name == "BSplineTransform":
        return ArraySpline(parts["coefficients_mm"], parts["control"])
    return ArrayTransform(tuple(part for member in parts["members"] for part in members_of(member)))

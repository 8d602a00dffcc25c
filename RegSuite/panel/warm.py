"""The imports of a first run, done at once and announced, so that none of them interrupts a running job."""

from __future__ import annotations

import sys
from importlib import import_module

_FIRST = (
    "torch",
    "RegSuite.backend.content",
    "RegSuite.backend.job",
    "RegSuite.mrml.compare",
    "RegSuite.mrml.gather",
    "RegSuite.mrml.inputs",
    "RegSuite.mrml.layout",
    "RegSuite.mrml.results",
    "RegSuite.mrml.segmentations",
    "RegSuite.report.table",
    "RegSuite.report.tiles",
    "RegSuite.transforms.affine",
    "RegSuite.transforms.bspline",
    "RegSuite.transforms.composite",
    "RegSuite.transforms.displacement",
    "RegSuite.transforms.rigid",
    "RegSuite.workflows.quality",
    "scipy.linalg",
)
"""torch takes seconds: images are handed on as its tensors. The computing itself is the worker's."""


def is_cold() -> bool:
    """Whether `warm_up` would take noticeable time."""
    return any(name not in sys.modules for name in _FIRST)


def warm_up() -> None:
    """Import them."""
    for name in _FIRST:
        import_module(name)

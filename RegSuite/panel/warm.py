"""The imports of a first run, one a step, so that none of them interrupts a running job."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module

_FIRST = (
    "RegSuite.backend.job",
    "RegSuite.backend.content",
    "RegSuite.mrml.inputs",
    "RegSuite.mrml.gather",
    "RegSuite.mrml.from_node",
    "RegSuite.mrml.course_inputs",
    "RegSuite.mrml.dose_results",
    "RegSuite.mrml.tumor_results",
    "RegSuite.mrml.results",
    "RegSuite.mrml.compare",
    "RegSuite.mrml.layout",
    "RegSuite.mrml.dose_layout",
    "RegSuite.mrml.tumor_layout",
    "RegSuite.report.table",
    "RegSuite.report.tiles",
    "RegSuite.report.dose_headline",
    "RegSuite.report.tumor_headline",
)
"""None of them imports torch, numba or scipy: the computing is the worker's. 40 ms at most."""


def warm_up_in_steps() -> Iterator[None]:
    """Import what has not been imported yet, a step each."""
    for name in _FIRST:
        if name not in sys.modules:
            import_module(name)
            yield

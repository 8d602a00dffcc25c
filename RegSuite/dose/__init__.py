"""Dose: volume histograms, gamma, mapping through a deformation, and its uncertainty.

The package can be called as well: `RegSuite.dose(course)` accumulates a course, as `RegSuite.register(...)`
registers. Importing any module of the package makes `RegSuite.dose` the package, so that a function of that
name could not stay.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A package that hands a call on to RegSuite.console, which is imported by then and not before."""

    def __call__(self, *given: Any, **options: Any) -> Any:
        """Accumulate the dose of a course; see RegSuite.console.dose."""
        return import_module("RegSuite.console").dose(*given, **options)


sys.modules[__name__].__class__ = _Callable

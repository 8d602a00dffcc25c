"""Whatever stopped a method, in words."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import Cancelled, MethodFailed, OutOfMemory, RegSuiteError

if TYPE_CHECKING:
    from RegSuite.workflows.run import Run

_ALLOCATOR_WORDS = ("can't allocate memory", "out of memory", "bad_alloc", "Unable to allocate")


def as_failure(error: Exception, run: Run) -> RegSuiteError:
    """The error that a result names: RegSuite's own as it is, else OutOfMemory or MethodFailed.

    Raises Cancelled again: a run that was stopped leaves no result.
    """
    if isinstance(error, Cancelled):
        raise error
    if isinstance(error, RegSuiteError):
        return error
    if is_out_of_memory(error):
        failure: RegSuiteError = OutOfMemory(
            f"memory ran out: {error}".splitlines()[0],
            where=f"method {run.method} on {run.device}",
            mend="close other programs, use a coarser image or a mask's box, or another --device",
        )
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        failure = MethodFailed(
            f"{type(error).__name__}: {error}",
            where=f"method {run.method}, {last.name} in {Path(last.filename).name}, line {last.lineno}",
            mend="this is a defect: please report it with the inputs' geometry and `regsuite doctor`",
        )
    failure.__cause__ = error
    return failure


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of Python, torch or ITK says that memory ran out."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _ALLOCATOR_WORDS)

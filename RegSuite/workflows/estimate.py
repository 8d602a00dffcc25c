"""What a run will take, said before it starts, and refused where the machine has not got it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from RegSuite.errors import OutOfMemory
from RegSuite.machine import available_memory_mb, device_memory_mb

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.methods.choice import Choice
    from RegSuite.workflows.run import Run

_MB = 1e6
_REPORT_MB = 250.0
_SECONDS_A_MILLION_VOXELS = 0.5
"""Fields, metrics, files and report, on two cores."""


def check_resources(choice: Choice, fixed: Image, moving: Image, run: Run) -> None:
    """Say what the run needs and about how long it takes; keep both in the notes.

    Raises OutOfMemory where the method needs more than the device has free, or the result more
    than the machine has.
    """
    method_mb = choice.memory_mb(fixed, moving)
    outputs_mb = outputs_memory_mb(fixed, moving)
    seconds = choice.expected_seconds(fixed, moving) + 2 + _SECONDS_A_MILLION_VOXELS * fixed.grid.voxels / 1e6
    run.say(
        f"{choice.name} on {run.device}, {run.threads} thread(s): needs about "
        f"{max(method_mb, outputs_mb):.0f} MB and {seconds:.0f} s"
    )
    _refuse_above(method_mb, device_memory_mb(run.device), f"method {choice.name}", run)
    _refuse_above(outputs_mb, available_memory_mb(), "the result's fields and report", run)


def outputs_memory_mb(fixed: Image, moving: Image) -> float:
    """MB that fields, warped image, metrics and report need beyond the two images: an upper estimate.

    A float32 vector on each grid, held once more while it is inverted or written; Jacobian,
    warped images before and after, their masks.
    """
    d = fixed.ndim
    a_fixed, a_moving = fixed.grid.voxels * 4 / _MB, moving.grid.voxels * 4 / _MB
    return (3 * d + 4 + 2 * fixed.channels) * a_fixed + 3 * d * a_moving + _REPORT_MB


def _refuse_above(needed_mb: float, there_mb: float | None, what: str, run: Run) -> None:
    """Raise OutOfMemory where what is needed is more than what is there (and that is known)."""
    if there_mb is None or needed_mb <= there_mb:
        return
    raise OutOfMemory(
        f"the run needs about {needed_mb:.0f} MB and {there_mb:.0f} MB are available",
        where=f"{what} on {run.device}",
        mend="close other programs, resample the images to larger voxels, crop them, or take another machine",
    )

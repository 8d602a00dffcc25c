"""Tiny methods that show how the frame treats a method: one that works, and ones that end otherwise."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field

from RegSuite.errors import InputError, MethodFailed
from RegSuite.geometry import Image
from RegSuite.methods.base import ConvergencePoint, MethodParameters, Registration
from RegSuite.transforms import AffineTransform
from RegSuite.transforms.base import Transform

NAMES = {
    "shift": "Testing.workflows.local_methods:Shift",
    "slow": "Testing.workflows.local_methods:Slow",
    "fails": "Testing.workflows.local_methods:Fails",
    "breaks": "Testing.workflows.local_methods:Breaks",
    "refuses": "Testing.workflows.local_methods:Refuses",
    "greedy-for-memory": "Testing.workflows.local_methods:GreedyForMemory",
    "out-of-memory": "Testing.workflows.local_methods:RunsOutOfMemory",
}


class ShiftParameters(MethodParameters):
    """A translation."""

    shift_mm: tuple[float, ...] = Field(
        (0.0, 0.0, 0.0), description="Translation in mm, x, y, z", json_schema_extra={"unit": "mm"}
    )
    random_mm: float = Field(
        0.0, ge=0, le=10, description="Random part in mm", json_schema_extra={"unit": "mm"}
    )
    seed: int = Field(0, ge=0, description="Seed of the random part")


class Shift:
    """Answers with the translation it was told, after the initial transform."""

    name: ClassVar[str] = "shift"
    summary: ClassVar[str] = "the translation it is told"
    Parameters: ClassVar[type[MethodParameters]] = ShiftParameters

    def register(
        self, fixed: Image, moving: Image, parameters: Any, progress: Any, *, initial: Transform | None = None
    ) -> Registration:
        progress(0.5, "shifting", {"ssd": 1.0})
        generator = torch.Generator().manual_seed(parameters.seed)
        noise = parameters.random_mm * torch.rand(fixed.ndim, generator=generator).double().numpy()
        shift = AffineTransform(np.eye(fixed.ndim), np.asarray(parameters.shift_mm)[: fixed.ndim] + noise)
        whole = shift if initial is None else initial.compose(shift)
        return Registration(
            transform=whole,
            convergence=(ConvergencePoint("shifting", 0, 1.0), ConvergencePoint("shifting", 1, 0.5)),
            notes=("it was told where to go",),
            warnings=("this method finds nothing itself",),
        )

    def memory_mb(self, fixed: Image, moving: Image, parameters: Any) -> float:
        return 1.0

    def expected_seconds(self, fixed: Image, moving: Image, parameters: Any) -> float:
        return 0.1


class Slow(Shift):
    """Reports ten times a second and never ends."""

    def register(
        self, fixed: Image, moving: Image, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        step = 0
        while True:
            time.sleep(0.1)
            step += 1
            progress(min(step / 1000, 1.0), "waiting", {"step": float(step)})


class Fails(Shift):
    """Reaches no usable result."""

    def register(
        self, fixed: Image, moving: Image, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        raise MethodFailed("the overlap fell to 3 %", where="level 2", mend="pass --initial center-of-mass")


class Breaks(Shift):
    """Has a defect."""

    def register(
        self, fixed: Image, moving: Image, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        return [][1]


class Refuses(Shift):
    """Finds that the input cannot be right."""

    def register(
        self, fixed: Image, moving: Image, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        raise InputError("the fixed image has one tissue", where="fixed", mend="give another")


class GreedyForMemory(Shift):
    """Wants a million GB."""

    def memory_mb(self, fixed: Image, moving: Image, parameters: Any) -> float:
        return 1e9


class RunsOutOfMemory(Shift):
    """Says it needs little and asks for an exabyte."""

    def register(
        self, fixed: Image, moving: Image, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        return torch.empty(2**58, dtype=torch.float32)

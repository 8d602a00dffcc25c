"""Methods that end a worker in every way there is, beside those of Testing/workflows/local_methods.py."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from typing import Any

from Testing.workflows import local_methods
from Testing.workflows.local_methods import Shift

_HERE = "Testing.backend.crashing_methods"
NAMES = {
    **local_methods.NAMES,
    "leaves": f"{_HERE}:Leaves",
    "is-killed": f"{_HERE}:IsKilled",
    "segfaults": f"{_HERE}:Segfaults",
    "memory-error": f"{_HERE}:RaisesMemoryError",
    "prints": f"{_HERE}:Prints",
    "silent": f"{_HERE}:Silent",
    "deaf": f"{_HERE}:Deaf",
    "floods": f"{_HERE}:Floods",
}


class Leaves(Shift):
    """Ends the process without a word."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        progress(0.5, "leaving", {})
        os.write(2, b"these are the last words\n")
        os._exit(3)


class IsKilled(Shift):
    """Is killed, as Linux does where memory runs out."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        progress(0.5, "eating", {})
        os.kill(os.getpid(), signal.SIGKILL)


class Segfaults(Shift):
    """Reads memory that is not there."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        progress(0.5, "reading", {})
        return ctypes.string_at(0)


class RaisesMemoryError(Shift):
    """Asks Python for more than there is."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        return bytes(1 << 60)


class Prints(Shift):
    """Prints on stdout, from Python and from below it."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        print('{"kind": "finished", "folder": "nowhere", "line": "{}"}', flush=True)  # noqa: T201
        os.write(1, b"from a library\n")
        return super().register(fixed, moving, parameters, progress, initial=initial)


class Silent(Shift):
    """Computes for a minute without a progress, and lets other threads run."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        progress(0.5, "computing", {})
        time.sleep(60)


class Deaf(Shift):
    """Holds Python's lock for a minute: no thread of the worker hears anything."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        progress(0.5, "computing", {})
        ctypes.PyDLL(None).sleep(60)


class Floods(Shift):
    """Reports a hundred thousand times."""

    def register(
        self, fixed: Any, moving: Any, parameters: Any, progress: Any, *, initial: Any = None
    ) -> Any:
        for step in range(100_000):
            progress(step / 100_000, "flooding", {"step": float(step), "bad": float("nan")})
        return super().register(fixed, moving, parameters, progress, initial=initial)

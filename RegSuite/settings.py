"""Settings from the environment: every REGSUITE_* variable is listed here and nowhere else.

| variable | meaning |
|---|---|
| REGSUITE_DEVICE | default of --device: auto, cpu, cuda, cuda:N |
| REGSUITE_THREADS | default of --threads: CPU threads of a run |
| REGSUITE_MEMORY_MB | memory a run may use in MB, instead of what the system says is available |
| REGSUITE_LIMITS | limits file of the clinic, instead of Resources/limits/tg132.yaml |
| REGSUITE_PRESETS | a folder of further presets (*.yaml); its names win over the built-in ones |
| REGSUITE_RESOURCES | the Resources folder, where it is not beside the package |
| REGSUITE_VIEW_PYTHON | the Python that has trame-slicer, for `regsuite view`, instead of .venv-view's |
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from RegSuite.errors import InputError


@dataclass(frozen=True)
class Settings:
    """The environment's answers; None where a variable is unset or empty."""

    device: str = "auto"
    threads: int | None = None
    memory_mb: float | None = None
    limits: Path | None = None
    presets: Path | None = None
    resources: Path | None = None
    view_python: Path | None = None


def settings() -> Settings:
    """The settings of this moment. Raises InputError for a value that is not a number where one is wanted."""
    return Settings(
        device=_text("REGSUITE_DEVICE") or "auto",
        threads=_threads(),
        memory_mb=_number("REGSUITE_MEMORY_MB"),
        limits=_path("REGSUITE_LIMITS"),
        presets=_path("REGSUITE_PRESETS"),
        resources=_path("REGSUITE_RESOURCES"),
        view_python=_path("REGSUITE_VIEW_PYTHON"),
    )


def _text(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _path(name: str) -> Path | None:
    text = _text(name)
    return Path(text) if text else None


def _number(name: str) -> float | None:
    text = _text(name)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(
            f"{text!r} is not a number", where=name, mend=f"unset {name} or give a number"
        ) from error
    if not value > 0:
        raise InputError(f"{text} is not above 0", where=name, mend=f"unset {name} or give a positive number")
    return value


def _threads() -> int | None:
    value = _number("REGSUITE_THREADS")
    if value is not None and value != int(value):
        raise InputError(f"{value} is not a whole number", where="REGSUITE_THREADS", mend="give 1, 2, ...")
    return None if value is None else int(value)

"""What this installation and this machine have: for bug reports, and to find out what is missing."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from RegSuite import __version__
from RegSuite.machine import available_memory_mb, cpu_cores

CORE = (
    "torch",
    "numpy",
    "scipy",
    "SimpleITK",
    "pydicom",
    "pydantic",
    "typer",
    "rich",
    "jinja2",
    "matplotlib",
    "numba",
)
"""Distributions that RegSuite does not run without."""

EXTRAS = {
    "vtk": ("surfaces", "surfaces (.vtp, .stl) in `regsuite warp`"),
    "slicer-core": ("slicer", "MRML scenes (scene.mrb) outside 3D Slicer"),
}
"""Distribution -> (pip extra, what it is for)."""

_IN_SLICER = {"slicer-core": "MRMLCorePython"}
"""What Slicer's own Python has in a distribution's stead."""


def library_versions() -> dict[str, str]:
    """Versions of RegSuite, Python and the libraries that decide a result."""
    names = ("torch", "numpy", "scipy", "SimpleITK", "numba")
    found = {name: _version(name) for name in names}
    return {"RegSuite": __version__, "python": platform.python_version()} | {
        k: v for k, v in found.items() if v
    }


def doctor() -> dict[str, Any]:
    """{versions, system, cores, memory_available_mb, devices, numba_cache, extras, methods, problems}."""
    from RegSuite.methods import method_names
    from RegSuite.presets import preset_names

    versions = {name: _version(name) for name in CORE}
    problems = [
        f"{name} is not installed: `pip install regsuite` again, or `pip install {name}`"
        for name, found in versions.items()
        if found is None
    ]
    cache, cache_problem = _numba_cache()
    return {
        "versions": {"RegSuite": __version__, "python": platform.python_version()} | versions,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "executable": sys.executable,
        "cores": cpu_cores(),
        "memory_available_mb": available_memory_mb(),
        "devices": _devices(),
        "numba_cache": cache,
        "extras": {name: _extra(name, *about) for name, about in EXTRAS.items()} | {"viewer": _viewer()},
        "methods": list(method_names()),
        "presets": list(preset_names()),
        "problems": problems + ([cache_problem] if cache_problem else []),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _extra(name: str, extra: str, purpose: str) -> dict[str, str | bool]:
    """Whether an optional library is there, what it is for and how to get it."""
    there = _version(name) is not None or find_spec(_IN_SLICER.get(name, name)) is not None
    words = purpose if there else f"{purpose}: pip install 'regsuite[{extra}]'"
    return {"present": there, "for": words}


def _viewer() -> dict[str, str | bool]:
    """Whether the viewer of `regsuite view` is there, in its own environment, and how to get it."""
    from RegSuite.viewer import MEND, viewer_place

    purpose = "results in the browser with Slicer's views (`regsuite view`)"
    there = viewer_place().is_file()
    return {"present": there, "for": f"{purpose}, at {viewer_place()}" if there else f"{purpose}: {MEND}"}


def _devices() -> list[dict[str, Any]]:
    """The devices that --device may name."""
    found: list[dict[str, Any]] = [{"device": "cpu", "name": platform.processor() or platform.machine()}]
    if find_spec("torch") is None:
        return found
    import torch

    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(number)
            memory = round(properties.total_memory / 2**20)
            found.append({"device": f"cuda:{number}", "name": properties.name, "memory_mb": memory})
    return found


def _numba_cache() -> tuple[str, str]:
    """The folder in which compiled kernels are kept, and the problem when it cannot be written."""
    import os
    import tempfile

    chosen = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "numerics" / "__pycache__"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder), ""
    except OSError as error:
        problem = (
            f"compiled kernels cannot be kept in {folder} ({error.strerror}): numba uses the user's cache "
            "folder or compiles anew in every run; let NUMBA_CACHE_DIR name a folder that can be written"
        )
        return str(folder), problem

"""What a result must say of its origin: inputs with their hash, versions."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import InputError
from RegSuite.report.result import InputRecord

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid

LIBRARIES = ("torch", "numpy", "scipy", "SimpleITK", "pydicom", "numba", "pydantic")
"""Libraries whose version can change a result."""


def versions(also: Iterable[str] = ()) -> dict[str, str]:
    """Versions of RegSuite, Python, the platform and the libraries that decide a result.

    Read from the installed packages, none of them is imported; one that is not installed is absent.
    """
    from RegSuite import __version__

    out = {
        "RegSuite": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    for name in (*LIBRARIES, *also):
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def sha256(path: Path | str) -> str:
    """SHA-256 of a file's bytes; of a folder: over its files' relative names and bytes, by name.

    A header whose voxels lie in other files (.mhd, .nhdr, .hdr) counts as a folder of itself and
    these. Raises InputError when something cannot be read.
    """
    from RegSuite.io.detached import data_files

    root = Path(path)
    try:
        if root.is_dir():
            return _together(sorted(p for p in root.rglob("*") if p.is_file()), root)
        others = data_files(root)
        return _together([root, *others], root.parent) if others else _digest(root)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(error.filename or path)) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _together(files: list[Path], root: Path) -> str:
    """SHA-256 over lines of SHA-256 and name, as `sha256sum` prints them."""
    total = hashlib.sha256()
    for file in files:
        name = file.relative_to(root) if file.is_relative_to(root) else file
        total.update(f"{_digest(file)}  {name.as_posix()}\n".encode())
    return total.hexdigest()


def sha256_of_values(values: Tensor) -> str:
    """SHA-256 of voxel values in memory: their bytes in their own type, channel by channel, x fastest.

    Under a second for 500 MB; equal for equal values, whatever process holds them.
    """
    import torch

    flat = values.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(flat.numpy().data).hexdigest()


def input_record(path: Path | str, grid: Grid | None = None) -> InputRecord:
    """The record of an input file or folder; size and spacing where it has a grid."""
    return InputRecord(
        file=str(path),
        sha256=sha256(path),
        size=None if grid is None else grid.size,
        spacing=None if grid is None else grid.spacing,
    )

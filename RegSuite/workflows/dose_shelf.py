"""Shelf: arrays of fractions kept in a temporary folder, so that many fractions do not fill the memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.report.disk import disk_full, is_full

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid, Image


class Shelf:
    """A temporary folder of arrays. It goes when the shelf is let go of, and at the end of the process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="regsuite-course-", ignore_cleanup_errors=True)
        self._count = 0

    def keep(self, values: Tensor, grid: Grid, name: str) -> Image:
        """The values [C, *shape] as an Image whose array lies in a file of the shelf and is read as needed.

        Raises DiskFull where the temporary folder's disk is full.
        """
        import torch

        from RegSuite.geometry import Image

        path = Path(self._folder.name) / f"{self._count}.npy"
        self._count += 1
        try:
            np.save(path, values.detach().cpu().numpy())
        except OSError as error:
            if is_full(error, path.parent):
                raise disk_full(path.parent) from error
            raise
        # copy on write: what somebody changes is a copy in memory, never the file
        return Image(torch.from_numpy(np.load(path, mmap_mode="c")), grid, name=name)

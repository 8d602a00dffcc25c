"""A file that cannot be made to take more memory than it holds."""

from __future__ import annotations

import io
import os
from pathlib import Path


class BoundedFile(io.BufferedReader):
    """A file opened for reading; a read of more bytes than are left asks for those that are left.

    A damaged DICOM length says gigabytes, and Python takes the memory before it finds the end of the file.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__(io.FileIO(path))
        self._size = os.fstat(self.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes; all that are left if None or negative."""
        left = max(self._size - self.tell(), 0)
        return super().read(left if size is None or size < 0 else min(size, left))

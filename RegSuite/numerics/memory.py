"""Freed memory kept by the process instead of handed back and asked for again."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT = (1 << 30, (1 << 31) - 1)
_AS_BEFORE = (32 << 20, 64 << 20)
"""(largest block from the heap, free heap kept), bytes: the second pair is where glibc ends by itself."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Within the block, blocks of up to 1 GB come from memory that this process freed before.

    By default glibc maps each block over 32 MB anew, and the system clears every page of it: a pass over
    a field of 90 MB then takes six times as long. At the end the free memory goes back to the system.
    Where there is no glibc nothing changes. Process-wide; blocks within blocks end with the first.
    """
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    if libc is None or not hasattr(libc, "mallopt"):
        yield
        return
    _set(libc, _KEPT)
    try:
        yield
    finally:
        _set(libc, _AS_BEFORE)
        libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, sizes: tuple[int, int]) -> None:
    libc.mallopt(_M_MMAP_THRESHOLD, sizes[0])
    libc.mallopt(_M_TRIM_THRESHOLD, sizes[1])

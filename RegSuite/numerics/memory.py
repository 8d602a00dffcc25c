"""Freed memory kept by the process instead of handed back and asked for again."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_KEPT = (1 << 30, (1 << 31) - 1)
_RETURNED = (1 << 20, 1 << 20)
_AS_BEFORE = (32 << 20, 64 << 20)
"""(largest block from the heap, free heap kept), bytes: the second pair is where glibc ends by itself."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Within the block, blocks of up to 1 GB come from memory that this process freed before.

    By default glibc maps each block over 32 MB anew, and the system clears every page of it: a pass over
    a field of 90 MB then takes six times as long. At the end the free memory goes back to the system.
    Where there is no glibc nothing changes. Process-wide; blocks within blocks end with the first.
    """
    with _sizes(_KEPT):
        yield


@contextmanager
def freed_memory_returned() -> Iterator[None]:
    """Within the block, each block over 1 MB is mapped by itself and goes back when it is freed.

    The process then holds what it uses, without the heap's gaps (kept, they took as much again), and
    takes longer by the clearing of pages. Otherwise as `freed_memory_kept`.
    """
    with _sizes(_RETURNED):
        yield


@contextmanager
def _sizes(wanted: tuple[int, int]) -> Iterator[None]:
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    if libc is None or not hasattr(libc, "mallopt"):
        yield
        return
    _set(libc, wanted)
    try:
        yield
    finally:
        _set(libc, _AS_BEFORE)
        libc.malloc_trim(0)


def _set(libc: ctypes.CDLL, sizes: tuple[int, int]) -> None:
    libc.mallopt(_M_MMAP_THRESHOLD, sizes[0])
    libc.mallopt(_M_TRIM_THRESHOLD, sizes[1])

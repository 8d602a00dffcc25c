"""Freed memory that a process keeps for itself."""

from __future__ import annotations

import ctypes
import sys

import pytest
import torch

from RegSuite.machine import _proc_fields
from RegSuite.numerics.memory import freed_memory_kept, freed_memory_returned

_LIBC = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


def resident_mb() -> float:
    from pathlib import Path

    return _proc_fields(Path("/proc/self/status"))["VmRSS"] / 1024


@pytest.mark.skipif(not hasattr(_LIBC, "mallopt"), reason="there is no glibc here")
def test_freed_memory_stays_within_the_block_and_goes_back_at_its_end() -> None:
    _LIBC.malloc_trim(0)
    before = resident_mb()
    with freed_memory_kept():
        block = torch.ones(64 << 20, dtype=torch.uint8)
        held = resident_mb()
        del block
        kept = resident_mb()
    after = resident_mb()
    assert held - before > 50
    assert kept - before > 50
    assert after - before < 20


def test_an_error_within_the_block_passes_through() -> None:
    with pytest.raises(ValueError, match="of the work"), freed_memory_kept():
        raise ValueError("of the work")


@pytest.mark.skipif(not hasattr(_LIBC, "mallopt"), reason="there is no glibc here")
def test_freed_memory_is_returned_at_once_though_its_neighbours_stay() -> None:
    with freed_memory_returned():
        before = resident_mb()
        blocks = [torch.ones(8 << 20, dtype=torch.uint8) for _ in range(16)]
        held = resident_mb()
        del blocks[::2]
        left = resident_mb()
    assert held - before > 120
    assert left - before < 72

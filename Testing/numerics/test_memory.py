"""Freed memory that a process keeps for itself or hands back: measured in processes of their own."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from RegSuite.numerics.memory import freed_memory_kept

_LIBC = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
needs_glibc = pytest.mark.skipif(not hasattr(_LIBC, "mallopt"), reason="there is no glibc here")

START = """
import ctypes, json
from pathlib import Path
import torch
from RegSuite.machine import _proc_fields
from RegSuite.numerics.memory import freed_memory_kept, freed_memory_returned

def resident():
    return _proc_fields(Path("/proc/self/status"))["VmRSS"] / 1024

torch.ones(1 << 20, dtype=torch.uint8)
ctypes.CDLL(None).malloc_trim(0)
found = {"before": resident()}
"""

KEPT = """
with freed_memory_kept():
    block = torch.ones(64 << 20, dtype=torch.uint8)
    found["held"] = resident()
    del block
    found["left"] = resident()
found["after"] = resident()
"""

RETURNED = """
with freed_memory_returned():
    blocks = [torch.ones(8 << 20, dtype=torch.uint8) for _ in range(16)]
    found["held"] = resident()
    del blocks[::2]
    found["left"] = resident()
"""


def grown_mb(body: str) -> Mapping[str, float]:
    """Resident memory over that before, in MB, at the places that `body` names; a fresh process's heap."""
    script = START + body + "print(json.dumps(found))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return {name: value - found["before"] for name, value in found.items()}


@needs_glibc
def test_freed_memory_stays_within_the_block_and_goes_back_at_its_end() -> None:
    grown = grown_mb(KEPT)
    assert grown["held"] > 50
    assert grown["left"] > 50
    assert grown["after"] < 20


@needs_glibc
def test_freed_memory_is_returned_at_once_though_its_neighbours_stay() -> None:
    grown = grown_mb(RETURNED)
    assert grown["held"] > 120
    assert grown["left"] < 72


def test_an_error_within_the_block_passes_through() -> None:
    with pytest.raises(ValueError, match="of the work"), freed_memory_kept():
        raise ValueError("of the work")

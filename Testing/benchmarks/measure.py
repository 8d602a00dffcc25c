"""Seconds and memory of one call."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from RegSuite.machine import peak_memory_mb

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """wall_s, cpu_s (all threads) of the call; peak_mb of the whole process at its end, base_mb before."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    base_mb: float


def measured(call: Callable[[], Result], *, in_child: bool = False) -> tuple[Result, Cost]:
    """The call's result and its cost; of the programs that it starts and waits for where `in_child`."""
    base = 0.0 if in_child else peak_memory_mb() or float("nan")
    cpu, wall = _cpu_seconds(in_child), time.perf_counter()
    result = call()
    wall, cpu = time.perf_counter() - wall, _cpu_seconds(in_child) - cpu
    return result, Cost(wall, cpu, _peak_mb(in_child), base)


def _cpu_seconds(in_child: bool) -> float:
    if not in_child:
        return time.process_time()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _peak_mb(in_child: bool) -> float:
    if not in_child:
        return peak_memory_mb() or float("nan")
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6

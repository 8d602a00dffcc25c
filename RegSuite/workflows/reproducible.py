"""Threads, seeds and deterministic kernels for the time of a run; the caller's settings come back after."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def reproducible(threads: int, seed: int, device: str) -> Iterator[None]:
    """Within the block: `threads` CPU threads in torch, numba and ITK; torch seeded; deterministic operators.

    On CPU the same inputs, seed, threads and versions then give the same bits. On CUDA an operator
    without a deterministic form warns instead of failing.
    """
    import torch

    before, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    memory: Any = torch.utils.deterministic
    filled = memory.fill_uninitialized_memory
    if device != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with (
        torch.random.fork_rng(devices=[] if device == "cpu" else [device]),
        _itk_threads(threads),
        _numba_threads(threads),
    ):
        torch.set_num_threads(threads)
        # unlike use_deterministic_algorithms it does not import torch's compiler, two seconds of a run
        torch.set_deterministic_debug_mode("error" if device == "cpu" else "warn")
        memory.fill_uninitialized_memory = False  # a pass over each new tensor for nothing
        torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_num_threads(before)
            torch.set_deterministic_debug_mode(mode)
            memory.fill_uninitialized_memory = filled


@contextmanager
def _itk_threads(threads: int) -> Iterator[None]:
    """SimpleITK's filters with `threads` threads."""
    import SimpleITK as sitk

    settings: Any = sitk.ProcessObject
    before = settings.GetGlobalDefaultNumberOfThreads()
    settings.SetGlobalDefaultNumberOfThreads(threads)
    try:
        yield
    finally:
        settings.SetGlobalDefaultNumberOfThreads(before)


@contextmanager
def _numba_threads(threads: int) -> Iterator[None]:
    """Compiled kernels with `threads` threads, as far as numba was started with so many."""
    if "numba" not in sys.modules:
        os.environ.setdefault("NUMBA_NUM_THREADS", str(max(threads, os.cpu_count() or 1)))
    import numba

    before, config = numba.get_num_threads(), vars(numba.config)
    numba.set_num_threads(min(threads, int(config["NUMBA_NUM_THREADS"])))
    try:
        yield
    finally:
        numba.set_num_threads(before)

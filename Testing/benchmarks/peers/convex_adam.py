"""convexAdam on MIND features, its package's defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared
from Testing.benchmarks.peers.base import affine_after


class ConvexAdam:
    """`convex_adam_pt(fixed, moving, dtype=float32)`."""

    package: ClassVar[str] = "convexAdam"
    parameters: ClassVar[str] = "defaults (MIND r1 d2, grid 6, +-4, inverse consistent, Adam 80)"

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        import torch
        from convexAdam.convex_adam_MIND import convex_adam_pt

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        fixed, start = pair.read("fixed"), pair.start()
        moving = sitk.Resample(pair.read("moving"), fixed, start)  # it wants both on one lattice
        return {"call": convex_adam_pt, "fixed": fixed, "moving": moving, "start": start}

    def run(self, loaded: dict[str, Any]) -> np.ndarray:
        import torch

        images = (torch.from_numpy(sitk.GetArrayFromImage(loaded[role])) for role in ("fixed", "moving"))
        return loaded["call"](*images, dtype=torch.float32)

    def field(self, loaded: dict[str, Any], result: np.ndarray) -> sitk.Image:
        fixed = loaded["fixed"]
        voxels = result[..., ::-1] * np.asarray(fixed.GetSpacing())  # z, y, x voxels -> x, y, z mm
        field = voxels @ np.asarray(fixed.GetDirection()).reshape(3, 3).T
        return affine_after(field, fixed, loaded["start"])

    def inverse(self, loaded: dict[str, Any], result: np.ndarray) -> None:
        """It gives none."""

"""greedy (picsl-greedy): diffeomorphic, NCC."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared
from Testing.benchmarks.peers.base import affine_after, homogeneous

_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


class Greedy:
    """`-m NCC 2x2x2 -n 100x50x10`, images in memory, the start by `-it`."""

    package: ClassVar[str] = "picsl_greedy"
    parameters: ClassVar[str] = "-d 3 -m NCC 2x2x2 -n 100x50x10 -it start"

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        from picsl_greedy import Greedy3D

        start = work / "start.mat"  # greedy reads 4x4 numbers, RAS
        np.savetxt(start, _RAS @ homogeneous(pair.start()) @ _RAS, fmt="%.12g")
        return {
            "greedy": Greedy3D(), "fixed": pair.read("fixed"), "moving": pair.read("moving"),
            "file": start, "start": pair.start(), "threads": threads,
        }  # fmt: skip

    def run(self, loaded: dict[str, Any]) -> sitk.Image:
        greedy = loaded["greedy"]
        with Path(os.devnull).open("w") as nowhere:
            greedy.execute(
                f"-d 3 -threads {loaded['threads']} -i fixed moving -it {loaded['file']} -o warp "
                "-m NCC 2x2x2 -n 100x50x10",
                out=nowhere, fixed=loaded["fixed"], moving=loaded["moving"], warp=None,
            )  # fmt: skip
        return greedy["warp"]

    def field(self, loaded: dict[str, Any], result: sitk.Image) -> sitk.Image:
        warp = sitk.GetArrayFromImage(result).astype(np.float64)
        return affine_after(warp, loaded["fixed"], loaded["start"])

    def inverse(self, loaded: dict[str, Any], result: sitk.Image) -> None:
        """`-oinv` is asked for in none of the timed runs: it would cost greedy time."""

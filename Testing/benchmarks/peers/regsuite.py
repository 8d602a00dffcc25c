"""RegSuite's own rows: a method's registration call, and the whole command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared
from Testing.benchmarks.peers.base import homogeneous, vector_image


class OurMethod:
    """`get_method(name).register(...)` with default parameters, kernels loaded by a call on a small pair."""

    package: ClassVar[str] = "regsuite"

    def __init__(self, name: str, device: str = "cpu") -> None:
        from RegSuite.methods import get_method

        self.method = get_method(name)
        self.where = device
        self.parameters = "defaults"

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        import torch

        from RegSuite.io.simpleitk_bridge import image_from_sitk
        from RegSuite.transforms import AffineTransform

        torch.set_num_threads(threads)
        images = {r: image_from_sitk(pair.read(r), name=r).to(self.where) for r in ("fixed", "moving")}
        self._warm_up(pair)
        initial = AffineTransform.from_homogeneous(homogeneous(pair.start()))
        return {**images, "initial": initial, "grids": {role: pair.read(role) for role in images}}

    def _warm_up(self, pair: Prepared) -> None:
        """The same call on images of an eighth of the size, so that kernels are loaded."""
        from RegSuite.io.simpleitk_bridge import image_from_sitk

        small = [
            image_from_sitk(
                sitk.BinShrink(pair.read(r), [max(1, min(8, n // 8)) for n in pair.read(r).GetSize()])
            )
            for r in ("fixed", "moving")
        ]
        fixed, moving = (image.to(self.where) for image in small)
        self.method.register(fixed, moving, self.method.Parameters())

    def run(self, loaded: dict[str, Any]) -> Any:
        return self.method.register(
            loaded["fixed"], loaded["moving"], self.method.Parameters(), initial=loaded["initial"]
        )

    def field(self, loaded: dict[str, Any], result: Any) -> sitk.Image:
        return _dense(result.transform, loaded["fixed"].grid, loaded["grids"]["fixed"])

    def inverse(self, loaded: dict[str, Any], result: Any) -> sitk.Image:
        return _dense(result.transform.inverse(), loaded["moving"].grid, loaded["grids"]["moving"])


class OurCommand:
    """`regsuite register FIXED MOVING -o DIR`: with its own affine start, quality, report and files."""

    package: ClassVar[str] = "regsuite"
    parameters: ClassVar[str] = "regsuite register FIXED MOVING -o DIR --no-scene"
    in_child: ClassVar[bool] = True

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        command = [
            sys.executable, "-m", "RegSuite", "register", *(str(pair.folder / f"{r}.nii.gz") for r in
            ("fixed", "moving")), "-o", str(work / "result"), "--threads", str(threads), "--no-scene",
        ]  # fmt: skip
        return {"command": command, "folder": work / "result"}

    def run(self, loaded: dict[str, Any]) -> None:
        subprocess.run(loaded["command"], check=True, stdout=sys.stderr)

    def field(self, loaded: dict[str, Any], result: None) -> sitk.Image:
        return sitk.ReadImage(str(loaded["folder"] / "displacement.nii.gz"))

    def inverse(self, loaded: dict[str, Any], result: None) -> sitk.Image:
        return sitk.ReadImage(str(loaded["folder"] / "inverse_displacement.nii.gz"))


def _dense(transform: Any, grid: Any, like: sitk.Image) -> sitk.Image:
    values = transform.displacement(grid).cpu().numpy()
    return vector_image(np.moveaxis(values, 0, -1), like)

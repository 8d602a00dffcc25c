"""ANTs SyN through antspyx: its defaults (Mattes), and cross-correlation 100x50x10."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared, physical_points
from Testing.benchmarks.peers.base import vector_image


class SynDefault:
    """SyNOnly with Mattes 32 bins, 40x20x0, from the common start."""

    package: ClassVar[str] = "antspyx"
    parameters: ClassVar[str] = "SyNOnly, Mattes 32, 40x20x0"
    options: ClassVar[dict[str, Any]] = {}

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        import ants

        images = {role: ants.image_read(str(pair.folder / f"{role}.nii.gz")) for role in ("fixed", "moving")}
        sitk.WriteTransform(pair.start(), str(work / "start.mat"))
        grids = {f"{role}_grid": pair.read(role) for role in ("fixed", "moving")}
        return {
            "ants": ants,
            "start": str(work / "start.mat"),
            "prefix": str(work / "ants"),
            **images,
            **grids,
        }

    def run(self, loaded: dict[str, Any]) -> dict[str, Any]:
        return loaded["ants"].registration(
            loaded["fixed"], loaded["moving"], type_of_transform="SyNOnly",
            initial_transform=loaded["start"], outprefix=loaded["prefix"], random_seed=1, **self.options,
        )  # fmt: skip

    def field(self, loaded: dict[str, Any], result: dict[str, Any]) -> sitk.Image:
        return _dense(loaded, result["fwdtransforms"], "fixed")

    def inverse(self, loaded: dict[str, Any], result: dict[str, Any]) -> sitk.Image:
        return _dense(loaded, result["invtransforms"], "moving")


class SynCC(SynDefault):
    """SyNOnly with cross-correlation, radius 2, 100x50x10, from the common start."""

    parameters: ClassVar[str] = "SyNOnly, CC radius 2, 100x50x10"
    options: ClassVar[dict[str, Any]] = {
        "syn_metric": "CC", "syn_sampling": 2, "reg_iterations": (100, 50, 10),
    }  # fmt: skip


def _dense(loaded: dict[str, Any], transforms: list[str], role: str) -> sitk.Image:
    """The composed transforms as a field, by ANTs' own point mapping (which goes as images are pulled)."""
    import pandas

    grid = loaded[f"{role}_grid"]
    points = physical_points(grid)
    table = pandas.DataFrame(points.reshape(-1, 3), columns=["x", "y", "z"])
    inverted = [role == "moving" and name.endswith(".mat") for name in transforms]
    moved = loaded["ants"].apply_transforms_to_points(3, table, transforms, whichtoinvert=inverted)
    values = np.asarray(moved[["x", "y", "z"]], dtype=np.float64).reshape(points.shape)
    return vector_image(values - points, grid)

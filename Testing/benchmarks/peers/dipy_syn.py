"""dipy's SyN with cross-correlation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared, physical_points
from Testing.benchmarks.peers.base import homogeneous, index_to_lps, vector_image


class DipySyn:
    """`SymmetricDiffeomorphicRegistration(CCMetric(3, radius=2), [100, 50, 10])`, prealigned."""

    package: ClassVar[str] = "dipy"
    parameters: ClassVar[str] = "CCMetric radius 2, 100/50/10, prealign"

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        from dipy.align.imwarp import SymmetricDiffeomorphicRegistration
        from dipy.align.metrics import CCMetric

        fixed, moving = pair.read("fixed"), pair.read("moving")
        arrays = [np.ascontiguousarray(sitk.GetArrayFromImage(i).transpose(2, 1, 0)) for i in (fixed, moving)]
        syn = SymmetricDiffeomorphicRegistration(CCMetric(3, radius=2), level_iters=[100, 50, 10])
        return {
            "registration": syn,
            "arrays": arrays, "fixed": fixed, "moving": moving, "start": homogeneous(pair.start()),
        }  # fmt: skip

    def run(self, loaded: dict[str, Any]) -> Any:
        return loaded["registration"].optimize(
            *loaded["arrays"],
            static_grid2world=index_to_lps(loaded["fixed"]),
            moving_grid2world=index_to_lps(loaded["moving"]),
            prealign=loaded["start"],
        )

    def field(self, loaded: dict[str, Any], result: Any) -> sitk.Image:
        points = physical_points(loaded["fixed"])
        moved = result.transform_points(points.reshape(-1, 3)).reshape(points.shape)
        return vector_image(moved - points, loaded["fixed"])

    def inverse(self, loaded: dict[str, Any], result: Any) -> sitk.Image:
        points = physical_points(loaded["moving"])
        moved = result.transform_points_inverse(points.reshape(-1, 3)).reshape(points.shape)
        return vector_image(moved - points, loaded["moving"])

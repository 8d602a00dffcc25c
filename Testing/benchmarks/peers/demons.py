"""SimpleITK's diffeomorphic demons, three levels."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared, vectors
from Testing.benchmarks.peers.base import affine_after


class Demons:
    """Histogram matching, levels 4/2/1, 100/50/25 iterations, field smoothing 1.5 voxels."""

    package: ClassVar[str] = "SimpleITK"
    parameters: ClassVar[str] = "DiffeomorphicDemons, 256/15 histogram matching, 4/2/1, 100/50/25, sigma 1.5"

    def load(self, pair: Prepared, work: Path, threads: int) -> dict[str, Any]:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
        fixed, moving, start = pair.read("fixed"), pair.read("moving"), pair.start()
        # the filter has no start of its own but a field: as usual, the moving image is resampled first
        return {"fixed": fixed, "moving": sitk.Resample(moving, fixed, start), "start": start}

    def run(self, loaded: dict[str, Any]) -> sitk.Image:
        fixed = loaded["fixed"]
        moving = sitk.HistogramMatching(loaded["moving"], fixed, 256, 15, True)
        demons = sitk.DiffeomorphicDemonsRegistrationFilter()
        demons.SetStandardDeviations(1.5)
        field = None
        for factor, iterations in ((4, 100), (2, 50), (1, 25)):
            level_fixed, level_moving = (_shrunk(image, factor) for image in (fixed, moving))
            demons.SetNumberOfIterations(iterations)
            if field is None:
                field = demons.Execute(level_fixed, level_moving)
            else:
                field = demons.Execute(level_fixed, level_moving, sitk.Resample(field, level_fixed))
        return field

    def field(self, loaded: dict[str, Any], result: sitk.Image) -> sitk.Image:
        return affine_after(vectors(result), loaded["fixed"], loaded["start"])

    def inverse(self, loaded: dict[str, Any], result: sitk.Image) -> None:
        """The filter has none."""


def _shrunk(image: sitk.Image, factor: int) -> sitk.Image:
    if factor == 1:
        return image
    smooth = sitk.SmoothingRecursiveGaussian(image, [0.5 * factor * s for s in image.GetSpacing()])
    return sitk.Shrink(smooth, [min(factor, max(1, n // 8)) for n in image.GetSize()])

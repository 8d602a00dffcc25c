"""Cost against voxels: the default on one brain at 1x, 2x, 4x, 8x voxels, and the fitted exponent.

python -m Testing.benchmarks.scaling --data FOLDER       -> one JSON line on stdout
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from statistics import median

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.measure import measured

FACTORS = (1, 2, 4, 8)
REPEATS = 3


def at_voxels(image: sitk.Image, factor: float) -> sitk.Image:
    """The same brain in the same space with `factor` times the voxels of a 2 mm grid."""
    spacing = 2.0 / factor ** (1 / 3)
    extent = np.asarray(image.GetSize()) * np.asarray(image.GetSpacing())
    smooth = sitk.SmoothingRecursiveGaussian(image, 0.4 * spacing)
    direction = np.asarray(image.GetDirection()).reshape(3, 3)
    origin = np.asarray(image.GetOrigin()) + direction @ ((spacing - np.asarray(image.GetSpacing())) / 2)
    size = [int(n) for n in np.round(extent / spacing)]
    return sitk.Resample(
        smooth,
        size,
        sitk.Transform(),
        sitk.sitkLinear,
        origin.tolist(),
        [spacing] * 3,
        image.GetDirection(),
        0.0,
    )


def measure(data: Path, threads: int, quick: bool) -> dict[str, object]:
    """Voxels and seconds at each size, and the slope of log seconds over log voxels."""
    import torch

    from RegSuite.io.simpleitk_bridge import image_from_sitk
    from RegSuite.methods import get_method
    from RegSuite.phantoms.known_field import known_field_phantom

    torch.set_num_threads(threads)
    scan = sitk.ReadImage(str(data / "brain_t1" / "vxm_scan.nii.gz"), sitk.sitkFloat32)
    method = get_method("deformable")
    voxels, seconds = [], []
    for factor in FACTORS[: 2 if quick else None]:
        phantom = known_field_phantom(
            image_from_sitk(at_voxels(scan, factor)), max_displacement_mm=9.8, seed=20
        )

        def call(phantom: object = phantom) -> object:
            return method.register(phantom.fixed, phantom.moving, method.Parameters())

        call()
        voxels.append(phantom.fixed.grid.voxels)
        seconds.append(median(measured(call)[1].wall_s for _ in range(REPEATS)))
    exponent = float(np.polyfit(np.log(voxels), np.log(seconds), 1)[0])
    lines = [f"| {f}x | {v} | {s:.2f} |" for f, v, s in zip(FACTORS, voxels, seconds, strict=False)]
    text = "\n".join(["| size | voxels | seconds |", "|---|---:|---:|", *lines])
    return {
        "voxels": voxels, "seconds": seconds, "exponent": exponent, "wall_s": sum(seconds),
        "text": f"{text}\n\nFitted exponent of seconds over voxels: {exponent:.2f}.",
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    json.dump(measure(given.data, given.threads, given.quick), answer)
    answer.close()


if __name__ == "__main__":
    main()

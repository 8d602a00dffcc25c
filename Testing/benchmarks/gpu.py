"""The default method on the known field on a GPU: seconds, error, and agreement with the CPU.

python -m Testing.benchmarks.gpu --data FOLDER       -> one JSON line on stdout
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from statistics import median

import numpy as np
import SimpleITK as sitk

REPEATS = 5


def measure(data: Path, threads: int, quick: bool) -> dict[str, object]:
    """Median seconds after a warm-up call, error in mm over the brain, distance to the CPU's field in mm."""
    import torch

    if not torch.cuda.is_available():
        return {"skipped": "this machine has no CUDA device that torch can use"}
    from RegSuite.io.simpleitk_bridge import image_from_sitk
    from RegSuite.methods import get_method
    from RegSuite.phantoms.known_field import known_field_phantom

    torch.set_num_threads(threads)
    scan = sitk.ReadImage(str(data / "brain_t1" / "vxm_scan.nii.gz"), sitk.sitkFloat32)
    scan = sitk.BinShrink(scan, [2, 2, 2]) if quick else scan
    phantom = known_field_phantom(image_from_sitk(scan), max_displacement_mm=9.8, seed=20)
    method, brain = get_method("deformable"), phantom.fixed.data[0] > 0

    def field(device: str) -> tuple[np.ndarray, float]:
        fixed, moving = (image.to(device) for image in (phantom.fixed, phantom.moving))
        begin = time.perf_counter()
        result = method.register(fixed, moving, method.Parameters())
        found = result.transform.displacement(fixed.grid)
        if device != "cpu":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - begin
        return found.cpu()[:, brain].numpy(), seconds

    field("cuda")
    torch.cuda.reset_peak_memory_stats()
    runs = [field("cuda") for _ in range(REPEATS)]
    on_gpu, on_cpu = runs[-1][0], field("cpu")[0]
    truth = phantom.displacement.data[:, brain].numpy()
    seconds = median(run[1] for run in runs)
    error, apart = (np.linalg.norm(on_gpu - other, axis=0) for other in (truth, on_cpu))
    text = (
        f"{torch.cuda.get_device_name()}: {seconds:.2f} s (median of {REPEATS}, dense field included), "
        f"peak {torch.cuda.max_memory_allocated() / 1e6:.0f} MB there, error {error.mean():.3f} mm mean; "
        f"GPU against CPU {apart.mean():.4f} mm mean, {apart.max():.3f} mm at most."
    )
    return {
        "wall_s": seconds,
        "error_mm": float(error.mean()),
        "cpu_gpu_mm": float(apart.mean()),
        "text": text,
    }


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

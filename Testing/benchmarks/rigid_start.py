"""How often a rigid registration finds back a large random pose.

A real brain against itself under 100 random rotations (uniform over all directions, up to 180
degrees) and shifts up to 60 mm an axis, each image with its own noise. Recovered: mean distance
of the brain's voxels under 2 mm.

    python -m Testing.benchmarks.rigid_start --data FOLDER       -> one JSON line on stdout
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from Testing.benchmarks.evaluate import physical_points

POSES = 100
SHIFT_MM = 60.0
NOISE = 0.03
LIMIT_MM = 2.0
SEED = 7


def random_pose(random: np.random.Generator, centre: np.ndarray) -> sitk.AffineTransform:
    """A rotation about `centre`, uniform over the group, then a shift."""
    pose = sitk.AffineTransform(3)
    pose.SetCenter(centre.tolist())
    pose.SetMatrix(Rotation.random(rng=random).as_matrix().ravel().tolist())
    pose.SetTranslation(random.uniform(-SHIFT_MM, SHIFT_MM, 3).tolist())
    return pose


def posed(image: sitk.Image, pose: sitk.AffineTransform, random: np.random.Generator) -> sitk.Image:
    """The image under the pose, on a grid that holds all of it, with its own noise."""
    margin = [int(n) for n in np.ceil((np.linalg.norm(image.GetSize()) - np.asarray(image.GetSize())) / 2)]
    room = sitk.ConstantPad(image, margin, margin, 0.0)
    shift = np.asarray(pose.GetTranslation())
    room.SetOrigin((np.asarray(room.GetOrigin()) + shift).tolist())
    return noisy(sitk.Resample(image, room, pose.GetInverse(), sitk.sitkLinear, 0.0), random)


def noisy(image: sitk.Image, random: np.random.Generator) -> sitk.Image:
    """Gaussian noise of a fraction of the 99.5th percentile."""
    values = sitk.GetArrayFromImage(image)
    scale = NOISE * float(np.percentile(values[values > 0], 99.5))
    out = sitk.GetImageFromArray((values + random.normal(0.0, scale, values.shape)).astype(np.float32))
    out.CopyInformation(image)
    return out


def measure(data: Path, threads: int, quick: bool) -> dict[str, object]:
    """The error of each pose in mm, and the seconds."""
    import torch

    from RegSuite.io.simpleitk_bridge import image_from_sitk
    from RegSuite.methods import get_method

    torch.set_num_threads(threads)
    scan = sitk.ReadImage(str(data / "brain_t1" / "vxm_scan.nii.gz"), sitk.sitkFloat32)
    scan = sitk.BinShrink(scan, [2, 2, 2]) if quick else scan
    brain = physical_points(scan)[sitk.GetArrayViewFromImage(scan) > 0][::97]
    method = get_method("rigid")
    errors, seconds = [], []
    for number in range(10 if quick else POSES):
        random = np.random.default_rng((SEED, number))
        pose = random_pose(random, brain.mean(0))
        fixed, moving = noisy(scan, random), posed(scan, pose, random)
        images = [image_from_sitk(image) for image in (fixed, moving)]
        begin = time.perf_counter()
        found = method.register(*images, method.Parameters())
        seconds.append(time.perf_counter() - begin)
        truth = np.array([pose.TransformPoint(point) for point in brain.tolist()])
        there = found.transform.points(torch.from_numpy(brain)).numpy()
        errors.append(float(np.linalg.norm(there - truth, axis=1).mean()))
    return _summary(errors, seconds)


def _summary(errors: list[float], seconds: list[float]) -> dict[str, object]:
    good = sum(error < LIMIT_MM for error in errors)
    recovered = [error for error in errors if error < LIMIT_MM]
    middle = float(np.median(recovered)) if recovered else float("nan")
    text = (
        f"{good} of {len(errors)} random poses recovered to under {LIMIT_MM:g} mm "
        f"(median of those {middle:.3f} mm, worst of all {max(errors):.2f} mm); "
        f"{np.median(seconds):.1f} s each (median), {max(seconds):.1f} s at most."
    )
    return {"recovered": good, "errors_mm": errors, "seconds": seconds, "wall_s": sum(seconds), "text": text}


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

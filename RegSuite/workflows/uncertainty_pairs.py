"""Training pairs for the network of deformation uncertainty: phantoms and scans, registered by RegSuite.

python -m RegSuite.workflows.uncertainty_pairs -o PAIRS [--image CT.nii.gz ...]

PAIRS/training and PAIRS/validation get .npz files (learning/uncertainty/pairs.py). Of a thorax phantom both
images and the landmarks are kept; of a scan a random smooth motion is put on top, with fresh noise. The
true motion is used for landmarks alone, never by the loss.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.errors import RegSuiteError
from RegSuite.geometry import Image
from RegSuite.learning.uncertainty.frame import frame_of, resampled, upright_grid
from RegSuite.learning.uncertainty.pairs import pair_of, save_pair

LOG = logging.getLogger(__name__)
FloatArray = NDArray[np.float64]

REGISTRATIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "deformable": ("deformable", {}),
    "deformable, stiff": ("deformable", {"smoothness_mm": 10.0}),
    "deformable, ssd": ("deformable", {"measure": "ssd"}),
    "bspline 16 mm": ("bspline", {"spacing_mm": 16.0}),
    "bspline 32 mm": ("bspline", {"spacing_mm": 32.0}),
    "bspline, ssd": ("bspline", {"spacing_mm": 16.0, "measure": "ssd"}),
}
"""What the network learns from: name in the files, method, parameters (for voxels of 3 to 4 mm)."""

NEVER_SEEN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "demons": ("demons", {"fluid_mm": 12.0, "diffusion_mm": 8.0}),
}
"""Kept out of training, so that the answer to another system's field can be judged."""

A_DRAW = 2
"""Registrations made of each pair of images, taken in turn."""

NOISE_HU = 15.0
LARGEST_MOTION_MM = (4.0, 16.0)


@dataclass(frozen=True, eq=False)
class Case:
    """Two images and, where known, landmarks of both, [n, 3] LPS mm."""

    name: str
    fixed: Image
    moving: Image
    fixed_mm: FloatArray | None = None
    moving_mm: FloatArray | None = None


def found_displacement(case: Case, method: str, parameters: Mapping[str, Any]) -> Image:
    """The displacement that a method of RegSuite finds, on the fixed image's grid."""
    from RegSuite.methods import get_method

    tool = get_method(method)
    found = tool.register(case.fixed, case.moving, tool.Parameters(**parameters))
    return Image(
        found.transform.displacement(case.fixed.grid), case.fixed.grid, name=f"{method} displacement"
    )


def write_pairs(cases: Iterator[Case], folder: Path, voxel_mm: float, first: int = 0) -> int:
    """Register each case in `A_DRAW` ways and save its pairs; how many. first: where the turns begin."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(REGISTRATIONS)
    turn = first
    for case in cases:
        for _ in range(A_DRAW):
            name = names[turn % len(names)]
            turn += 1
            field = found_displacement(case, *REGISTRATIONS[name])
            frame = frame_of(case.fixed, case.moving, field, voxel_mm)
            pair = pair_of(frame, case.name, name, case.fixed_mm, case.moving_mm)
            save_pair(pair, folder / f"{case.name}-{name.replace(', ', '-').replace(' ', '-')}.npz")
            error = float(np.sqrt((pair.errors_mm**2).mean())) if len(pair.errors_mm) else float("nan")
            LOG.info("%s, %s: %d landmarks, error %.2f mm", case.name, name, len(pair.landmarks), error)
    return turn - first


def phantom_cases(seeds: range) -> Iterator[Case]:
    """One case a fraction of each thorax phantom drawn."""
    from RegSuite.phantoms.thorax import thorax_draw

    for seed in seeds:
        course = thorax_draw(seed)
        for number, fraction in enumerate(course.fractions, start=1):
            yield Case(
                f"phantom-{seed}-{number}",
                course.planning,
                fraction.image,
                course.landmarks.points,
                fraction.landmarks.points,
            )


def scan_cases(path: Path, seeds: range, voxel_mm: float) -> Iterator[Case]:
    """The scan in coarse voxels against itself under a random smooth motion, both with fresh noise."""
    from scipy import ndimage

    from RegSuite.io.images import read_image
    from RegSuite.numerics.smoothing import gaussian
    from RegSuite.phantoms.known_field import index_at, random_diffeomorphism

    image = read_image(path, expect_ndim=3)
    wide = [0.4 * np.sqrt(max(0.0, (voxel_mm / s) ** 2 - 1)) for s in image.grid.spacing]
    grid = upright_grid(image.grid, voxel_mm)
    values = resampled(gaussian(image.data.float(), wide), image.grid, grid)
    everywhere = torch.ones(grid.shape, dtype=torch.bool)
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        low, high = LARGEST_MOTION_MM
        largest = low + (high - low) * float(torch.rand((), generator=generator))
        _, back = random_diffeomorphism(grid, everywhere, largest, generator)
        moved = ndimage.map_coordinates(values[0].numpy(), index_at(back, grid), order=3, mode="nearest")
        noise = NOISE_HU * torch.randn((2, *grid.shape), generator=generator)
        yield Case(
            f"{path.name.partition('.')[0]}-{seed}",
            Image(values + noise[:1], grid, name="fixed"),
            Image(torch.from_numpy(moved)[None] + noise[1:], grid, name="moving"),
        )


def main(arguments: list[str] | None = None) -> int:
    """Make the pairs; 0, or the error's exit status with its words on stderr."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except RegSuiteError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return 0


def _run(options: argparse.Namespace) -> None:
    draws = range(options.seed, options.seed + options.training)
    held = range(draws.stop, draws.stop + options.validation)
    made = write_pairs(phantom_cases(draws), options.output / "training", options.voxel_mm)
    for path in options.image:
        cases = scan_cases(path, range(options.seed, options.seed + options.motions), options.voxel_mm)
        made += write_pairs(cases, options.output / "training", options.voxel_mm, made)
    write_pairs(phantom_cases(held), options.output / "validation", options.voxel_mm)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m RegSuite.workflows.uncertainty_pairs",
        description="Make training pairs for the network of deformation uncertainty.",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of training and validation")
    parser.add_argument("--training", type=int, default=40, help="thorax phantoms to train on")
    parser.add_argument(
        "--validation", type=int, default=6, help="thorax phantoms whose landmarks are looked at"
    )
    parser.add_argument("--image", type=Path, action="append", default=[], help="a CT (HU) to put motion on")
    parser.add_argument("--motions", type=int, default=8, help="random motions a CT")
    parser.add_argument("--voxel-mm", type=float, default=4.0, help="the recipe's voxel_mm")
    parser.add_argument("--seed", type=int, default=10_000, help="of the first phantom")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Probabilistic dose: seconds and peak memory of 100 samples at 256x256x96 with DVH bands of ten structures.

python -m Testing.benchmarks.dose_sampling     prints a table in Markdown; each row is a process of its own
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping

import numpy as np
import torch

from RegSuite.dose.metrics import ALWAYS, parse_metric
from RegSuite.dose.sampling import SampledFraction, sample_course
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.geometry import Grid, Image
from RegSuite.geometry.structure import SurfaceStructure
from Testing.benchmarks.measure import measured
from Testing.dose.bodies import surface

SIZE, SPACING = (256, 256, 96), (1.95, 1.95, 2.0)
SIGMA_MM = (1.5, 1.5, 2.5)
BODIES = {
    "body": ((0, 0, 0), (420, 300, 180)), "lung left": ((90, 0, 0), (110, 160, 170)),
    "lung right": ((-90, 0, 0), (110, 160, 170)), "heart": ((20, -30, -30), (110, 90, 100)),
    "cord": ((0, 90, 0), (12, 12, 170)), "oesophagus": ((5, 60, 0), (16, 12, 160)),
    "GTV": ((-70, -10, 10), (30, 30, 34)), "CTV": ((-70, -10, 10), (42, 42, 46)),
    "PTV": ((-70, -10, 10), (54, 54, 62)), "nodule": ((-60, 40, 20), (6, 6, 6)),
}  # fmt: skip
ROWS = {
    "100 of one fraction, ddm": {"mapping": "ddm"},
    "100 of one fraction, ddm, with EQD2 of two alpha/beta": {"mapping": "ddm", "effective": True},
    "100 of three fractions, ddm": {"mapping": "ddm", "fractions": 3},
    "20 of one fraction, emt": {"mapping": "emt", "n": 20},
}


def bodies() -> list[SurfaceStructure]:
    """Ellipsoids of 0.1 to 12 000 cc, about where a thorax has them."""
    out = []
    for name, (at, size) in BODIES.items():
        unit = surface("sphere", 1.0)
        out.append(SurfaceStructure(name, unit.points * size + np.asarray(at, float), unit.triangles))
    return out


def course(fractions: int) -> tuple[Grid, list[SampledFraction]]:
    """A steep dose about the PTV, on a grid of 2.5 mm; a breathing-like deformation and its SD."""
    half = (np.array(SIZE) - 1) / 2 * SPACING
    grid = Grid.make(SIZE, SPACING, -half)
    dose_grid = Grid.make((210, 210, 92), 2.5, (-261, -261, -113))
    dose_points = dose_grid.all_points() - np.array(BODIES["PTV"][0])
    far = np.linalg.norm(dose_points, axis=-1)
    dose = (20 * np.exp(-((far / 90) ** 2)) + 42 / (1 + np.exp((far - 32) / 2.5))).astype(np.float32)
    x, y, z = (np.moveaxis(grid.all_points(), -1, 0)).astype(np.float32)
    u = np.stack([2 * np.sin(z / 50), 2 * np.cos(x / 60), 6 * np.exp(-((y / 90) ** 2)) * np.cos(x / 80)])
    sigma = np.broadcast_to(np.array(SIGMA_MM, np.float32)[:, None, None, None], (3, *grid.shape)).copy()
    found = DeformationUncertainty(
        Image(torch.from_numpy(u.astype(np.float32)), grid), Image(torch.from_numpy(sigma), grid)
    )
    density = (np.where(far < 60, 0.4, 1.0).astype(np.float32), dose_grid)
    return grid, [SampledFraction(dose, dose_grid, found, 1.0, density) for _ in range(fractions)]


def row(settings: Mapping[str, object], workers: int) -> dict[str, float]:
    """Cost of one row: the samples, and the bands and metrics read from them."""
    grid, fractions = course(int(str(settings.get("fractions", 1))))
    alpha_beta = {"default": 3.0, "PTV": 10.0} if settings.get("effective") else None
    structures = bodies()
    options = {"mapping": settings["mapping"], "alpha_beta": alpha_beta, "workers": workers}
    small = Grid.make((8, 8, 8), 2.0)
    still = DeformationUncertainty(
        Image(torch.zeros(3, 8, 8, 8), small), Image(torch.zeros(3, 8, 8, 8), small)
    )
    ones = np.ones(small.shape, np.float32)
    sample_course(
        [SampledFraction(ones, small, still, 1.0, (ones, small))], small,
        [surface("sphere", 6.0, at=(8, 8, 8))], n=2, **options,
    )  # fmt: skip
    calls: list[float] = []

    def call() -> None:
        found = sample_course(
            fractions, grid, structures, n=int(str(settings.get("n", 100))),
            progress=lambda *_: calls.append(time.monotonic()), **options,
        )  # fmt: skip
        for dvh in found.dvhs:
            dvh.band_percent(np.arange(0, 80, 0.1))
            for name in ALWAYS:
                dvh.percentiles(parse_metric(name))

    _, cost = measured(call)
    return {
        "wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "peak_mb": cost.peak_mb, "base_mb": cost.base_mb,
        "silence_s": float(np.diff(calls).max()),
    }  # fmt: skip


def main() -> None:
    """Measure each row in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--row", choices=ROWS)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.row:
        print(json.dumps(row(ROWS[given.row], given.workers)))
        return
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, {given.workers} threads\n")
    print("| samples at 256x256x96 | seconds | CPU s | peak MB (before) | longest silence, s |")
    print("|---|---:|---:|---:|---:|")
    for name in ROWS:
        command = [sys.executable, "-m", __spec__.name, "--row", name, "--workers", str(given.workers)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        cost = json.loads(done.stdout)
        print(
            f"| {name} | {cost['wall_s']:.1f} | {cost['cpu_s']:.1f} | {cost['peak_mb']:.0f} "
            f"({cost['base_mb']:.0f}) | {cost['silence_s']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()

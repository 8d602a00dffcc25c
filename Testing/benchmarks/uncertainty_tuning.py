"""Which lambda and sigma_I^2: the landmark likelihood of the best answer to Eq. 2 to 4, without a network.

python -m Testing.benchmarks.uncertainty_tuning PAIRS/validation --try 40,1e-4 --try 160,1e-4

For each pair log G itself is optimised, voxel by voxel, as a network with nothing left to learn would
answer. A setting takes minutes where training takes hours; what a network reaches of it is in its log.csv.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from RegSuite.dose.uncertainty.correlation import Correlation
from RegSuite.dose.uncertainty.likelihood import constant_fit, log_densities, trimmed_mean
from RegSuite.geometry import Grid
from RegSuite.learning.uncertainty.loss import paired_noise, posterior_loss
from RegSuite.learning.uncertainty.pairs import TrainingPair, load_pair
from RegSuite.numerics.resample import sample

STEPS = 120
FACTORS = np.geomspace(0.1, 10, 61)
FLOORS_MM = np.arange(0, 1.01, 0.1)


def best_sd(pair: TrainingPair, smoothness: float, variance: float, correlation_mm: float) -> torch.Tensor:
    """exp(log G) [3, Z, Y, X] in mm after STEPS of Adam."""
    grid = Grid.make(tuple(pair.fixed.shape)[::-1], pair.voxel_mm)
    correlation = Correlation.of(grid, correlation_mm)
    generator = torch.Generator().manual_seed(0)
    log_sd = torch.full((3, *grid.shape), 0.2, requires_grad=True)
    optimiser = torch.optim.Adam([log_sd])
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = 0.1 if 3 * step < 2 * STEPS else 0.03
        optimiser.zero_grad()
        loss = posterior_loss(
            pair.fixed,
            pair.moving,
            pair.displacement_mm,
            log_sd,
            correlation,
            paired_noise(correlation, 2, generator),
            spacing_mm=grid.spacing,
            smoothness=smoothness,
            image_variance=variance,
        )
        loss["total"].backward()
        optimiser.step()
    return log_sd.detach().exp()


def main() -> None:
    """Print a line a setting: likelihood as it is, with a factor, with factor and floor."""
    given = _arguments()
    pairs = [load_pair(path) for path in sorted(given.pairs.glob("*.npz"))[:: given.every]]
    errors = np.concatenate([pair.errors_mm for pair in pairs])
    print(f"{len(pairs)} pairs, {len(errors)} landmarks; one SD for all: {constant_fit(errors)[1]:.3f}")
    for smoothness, variance in (map(float, text.split(",")) for text in given.settings):
        start = time.monotonic()
        sds = np.concatenate([_at_landmarks(pair, smoothness, variance) for pair in pairs])
        scaled = max((trimmed_mean(log_densities(errors, f * sds)), f) for f in FACTORS)
        with_floor = max(
            (trimmed_mean(log_densities(errors, np.hypot(f * sds, floor))), f, floor)
            for f in FACTORS
            for floor in FLOORS_MM
        )
        print(
            f"lambda {smoothness:g}, sigma_I^2 {variance:g}: {trimmed_mean(log_densities(errors, sds)):.3f}, "
            f"scaled {scaled[0]:.3f} (x {scaled[1]:.2f}), scale and floor {with_floor[0]:.3f} "
            f"(x {with_floor[1]:.2f}, {with_floor[2]:.1f} mm); {time.monotonic() - start:.0f} s",
            flush=True,
        )


def _at_landmarks(pair: TrainingPair, smoothness: float, variance: float) -> np.ndarray:
    sd = best_sd(pair, smoothness, variance, 30.0)
    return sample(sd.double(), torch.from_numpy(pair.landmarks)).numpy().T


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks.uncertainty_tuning")
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--try", dest="settings", action="append", default=[], metavar="LAMBDA,SIGMA_I^2")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th pair")
    return parser.parse_args()


if __name__ == "__main__":
    main()

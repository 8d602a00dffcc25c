"""Phantom draws and what registrations make of them; displacements are kept, as they take the longest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from RegSuite.geometry import Image
from RegSuite.methods import get_method
from RegSuite.phantoms.thorax import thorax_draw
from RegSuite.phantoms.thorax.draw import dose_grid
from Testing.benchmarks.dose_coverage.bands import StructurePoints

METHODS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "deformable": ("deformable", {"smoothness_mm": 10.0}),
    "deformable-default": ("deformable", {}),
    "bspline": ("bspline", {"spacing_mm": 16.0}),
    "demons": ("demons", {"fluid_mm": 12.0, "diffusion_mm": 8.0}),
}
"""RegSuite's own, on which sources are calibrated, and two that no calibration saw."""

DOSE_MM = 2.0
FITTING = range(20_000, 20_040)
UNSEEN = range(30_000, 30_120)
"""Seeds of the draws to fit on and to measure on; neither is in any network's training."""


@dataclass(frozen=True, eq=False)
class Case:
    """One draw: a planning scan, fractions with their doses, and the truth."""

    seed: int
    course: Any
    folder: Path

    @classmethod
    def drawn(cls, seed: int, folder: Path) -> Case:
        return cls(seed, thorax_draw(seed), folder)

    @cached_property
    def points(self) -> StructurePoints:
        return StructurePoints.of(self.course.structures, self.course.planning.grid, self.seed)

    @cached_property
    def truth(self) -> dict[str, np.ndarray]:
        """D(v) of each structure in the exact accumulated dose."""
        return self.points.of_volume(self.course.dose_at(self.points.places))

    @cached_property
    def doses(self) -> list[Image]:
        """The fractions' doses in voxels of DOSE_MM, from the formula, as treatment planning has them.

        In the draws' own 4 mm, linear interpolation shifts the DVH of a PTV by more than registration does.
        """
        grid = dose_grid(self.course.planning.grid, DOSE_MM)
        one = torch.from_numpy(self.course.beams.dose_gy(grid.all_points()).astype(np.float32))[None]
        return [Image(f.count * one, grid) for f in self.course.fractions]

    def displacements(self, method: str) -> list[Image]:
        """What `method` finds for each fraction, on the planning grid."""
        grid = self.course.planning.grid
        path = self.folder / method / f"{self.seed}.npz"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            found = [self._registered(method, fraction.image) for fraction in self.course.fractions]
            np.savez_compressed(path, u=np.stack(found).astype(np.float32))
        with np.load(path) as kept:
            return [Image(torch.from_numpy(u), grid, name=method) for u in kept["u"]]

    def _registered(self, method: str, moving: Image) -> np.ndarray:
        name, parameters = METHODS[method]
        tool = get_method(name)
        found = tool.register(self.course.planning, moving, tool.Parameters(**parameters))
        return found.transform.displacement(self.course.planning.grid).numpy()

"""Patient: one thorax as formulas, whose HU can be asked for at any point, of any day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.thorax.build import as_vectors
from RegSuite.phantoms.thorax.change import NOTHING, Change
from RegSuite.phantoms.thorax.form_kernels import lung
from RegSuite.phantoms.thorax.motion import Motion
from RegSuite.phantoms.thorax.shape import Shape, draw_shape, placed
from RegSuite.phantoms.thorax.tissue_kernels import paint
from RegSuite.phantoms.thorax.vessels import Segments, draw_vessels

FloatArray = NDArray[np.float64]

LABEL_NAMES = {
    1: "Body",
    2: "Lung_L",
    3: "Lung_R",
    4: "Heart",
    5: "SpinalCord",
    6: "Esophagus",
    7: "Trachea",
    8: "A_Aorta",
    9: "Liver",
    10: "Bones",
    11: "GTV",
}
"""TG-263's names where it has them; Body is what no other label covers."""

LEAST_HU = -1024.0


@dataclass(frozen=True, eq=False)
class Patient:
    """The anatomy of the planning scan. forks [m, 3]: where vessels of the lungs fork, LPS mm."""

    shape: Shape
    segments: Segments
    forks: FloatArray

    @property
    def tumour_mm(self) -> FloatArray:
        """[3] the centre of the tumour."""
        return np.array([self.shape.tumour_x, self.shape.tumour_y, self.shape.tumour_z])

    def scan(
        self,
        grid: Grid,
        name: str,
        noise_hu: float,
        rng: np.random.Generator,
        *,
        motion: Motion | None = None,
        change: Change = NOTHING,
    ) -> tuple[Image, Image, torch.Tensor | None]:
        """The CT on `grid` (float32 HU), its labels (uint8), and with a motion its inverse on `grid` (mm).

        A voxel y of a fraction shows the planning anatomy at x with x + u(x) = y; the lung's density
        there is the planning one divided by det(I + du/dx), so that its mass is kept.
        """
        points = grid.all_points().reshape(-1, 3)
        back, jacobian = None, np.ones(len(points))
        if motion is not None:
            step, jacobian = motion.inverse(points)
            points = points + step
            back = as_vectors(step.reshape(*grid.shape, 3))
        hu, labels = np.empty(len(points), np.float32), np.empty(len(points), np.uint8)
        edge = max(0.6, 0.5 * float(np.mean(grid.spacing)))
        paint(points, jacobian, edge, change, self.shape, self.segments, hu, labels)
        hu += noise_hu * rng.standard_normal(len(hu), dtype=np.float32)
        np.maximum(hu, LEAST_HU, out=hu)
        image = Image(torch.from_numpy(hu.reshape(1, *grid.shape)), grid, name=name, modality="CT")
        return (
            image,
            Image(torch.from_numpy(labels.reshape(1, *grid.shape)), grid, name=f"{name} labels"),
            back,
        )


def draw_patient(rng: np.random.Generator) -> Patient:
    """A patient with a tumour somewhere in a lung, mostly surrounded by it."""
    shape = draw_shape(rng)
    low = np.array([-shape.cage_x, -shape.cage_y, shape.right_dome])
    high = np.array([shape.cage_x, shape.cage_y, shape.cage_top + 0.5 * shape.cage_rise])
    while True:
        centre = rng.uniform(low, high)
        if lung(centre[0], centre[1], centre[2], shape) > 0.85 * shape.tumour_radius:
            break
    shape = placed(shape, centre)
    return Patient(shape, *draw_vessels(shape, rng))

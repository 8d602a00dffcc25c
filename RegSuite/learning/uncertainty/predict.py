"""network_uncertainty: how sure any found deformation is, by a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.geometry import Grid, Image
from RegSuite.learning.uncertainty.frame import Frame, frame_of, resampled
from RegSuite.learning.uncertainty.model_file import UncertaintyModel, load_model
from RegSuite.learning.uncertainty.network import network_input
from RegSuite.learning.uncertainty.tiles import CORE, nobody, over_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Progress = Callable[[float, str, Mapping[str, float]], None]


def network_uncertainty(
    fixed: Image,
    moving: Image,
    displacement: Image,
    *,
    model: Path | str | UncertaintyModel | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    core: int = CORE,
) -> DeformationUncertainty:
    """The SD of each component of a found deformation, by paper 11's network, with its calibration.

    fixed, moving: CT volumes in HU, on any grids. displacement: u [3, Z, Y, X] in LPS mm, fixed
    point x to moving point x + u(x), of any method; the answer is on its grid, NaN where it is NaN.
    model: a file, a loaded model, or None for the shipped one. device: where the network runs; the
    answer is on the CPU. core: voxels a tile (see tiles.py).
    The images are brought to the model's voxels, the moving one through the rigid part of the
    displacement. Memory: some 1.3 GB for a tile and 60 bytes a voxel beside. Raises GeometryError
    for sections, colours or a displacement without a value, InputError for the model file.
    """
    found = model if isinstance(model, UncertaintyModel) else load_model(model, device)
    tell = _nobody if progress is None else progress
    tell(0.0, "uncertainty", {})
    # resampling is quick where the images are small; only the network itself runs on the device
    frame = frame_of(fixed.to("cpu"), moving.to("cpu"), displacement.to("cpu"), found.recipe.voxel_mm)
    raw = raw_sd(found, frame, core, lambda done: tell(0.1 + 0.8 * done, "uncertainty", {}))
    sigma = on_grid(raw, frame, displacement.grid)
    if found.calibration is not None:
        sigma = found.calibration.applied(sigma)
    unknown = ~torch.isfinite(displacement.data.cpu()).all(dim=0)
    sigma[:, unknown] = torch.nan
    tell(1.0, "uncertainty", {})
    length = found.recipe.correlation_mm
    return DeformationUncertainty(
        displacement=displacement,
        sigma_mm=Image(sigma, displacement.grid, name="standard deviation of the deformation"),
        correlation_mm=length if found.calibration is None else found.calibration.correlation_mm,
        source="network",
        calibration=found.calibration,
    )


def raw_sd(
    model: UncertaintyModel,
    frame: Frame,
    core: int = CORE,
    tell: Callable[[float], None] = nobody,
) -> Tensor:
    """What the network answers, before calibration: SD in mm along the frame's axes, [3, Z, Y, X]."""
    read = network_input(frame.fixed, frame.moving, frame.displacement_mm, model.recipe)
    return over_tiles(model.network, read, core, tell).exp()


def on_grid(sd_mm: Tensor, frame: Frame, grid: Grid) -> Tensor:
    """SD along the frame's axes as SD of the LPS components of the whole map, on `grid`: [3, Z, Y, X].

    Along axes that lie obliquely the variances mix with the squared cosines (correlation between
    components, which an SD cannot hold, is left out).
    """
    weights = torch.from_numpy(frame.variance_weights()).to(sd_mm)
    variance = torch.einsum("ca,a...->c...", weights, sd_mm.square())
    return resampled(variance.sqrt(), frame.grid, grid)


def _nobody(done: float, stage: str, measures: Mapping[str, float]) -> None:
    """A progress that tells nobody."""

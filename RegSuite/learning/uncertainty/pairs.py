"""TrainingPair: a pair in the network's frame with a found displacement, and its landmarks to judge by."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.learning.uncertainty.frame import Frame

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainingPair:
    """What one step of training, or one look at landmarks, needs.

    fixed, moving: [Z, Y, X] normalised; displacement_mm: [3, Z, Y, X] found by `registration`, all on
    isotropic voxels of `voxel_mm` (see Frame). landmarks: [n, 3] fixed voxel index (x, y, z); errors_mm:
    [n, 3] true less found displacement there, along the axes; both empty where no truth is known.
    Training reads them only where its recipe has a landmark_weight.
    """

    case: str
    registration: str
    voxel_mm: float
    fixed: Tensor
    moving: Tensor
    displacement_mm: Tensor
    landmarks: FloatArray
    errors_mm: FloatArray


def pair_of(
    frame: Frame,
    case: str,
    registration: str,
    fixed_mm: FloatArray | None = None,
    moving_mm: FloatArray | None = None,
) -> TrainingPair:
    """The pair of a frame; landmarks as [n, 3] LPS mm of fixed and moving space, where there are any."""
    from RegSuite.numerics.resample import sample

    if fixed_mm is None or moving_mm is None:
        index, errors = np.zeros((0, 3)), np.zeros((0, 3))
    else:
        index = frame.grid.index(fixed_mm)
        back = np.linalg.inv(frame.rigid)
        true = (moving_mm @ back[:3, :3].T + back[:3, 3] - fixed_mm) @ np.asarray(frame.grid.direction)
        found = sample(frame.displacement_mm.double(), torch.from_numpy(index), outside=float("nan"))
        errors = true - found.numpy().T
        known = np.isfinite(errors).all(axis=1)
        index, errors = index[known], errors[known]
    return TrainingPair(
        case,
        registration,
        frame.grid.spacing[0],
        frame.fixed,
        frame.moving,
        frame.displacement_mm,
        index,
        errors,
    )


def save_pair(pair: TrainingPair, path: Path) -> None:
    """Write a pair as a compressed .npz (images and field in half precision: 1 HU, 0.01 mm)."""
    np.savez_compressed(
        path,
        case=pair.case,
        registration=pair.registration,
        voxel_mm=pair.voxel_mm,
        fixed=pair.fixed.numpy().astype(np.float16),
        moving=pair.moving.numpy().astype(np.float16),
        displacement_mm=pair.displacement_mm.numpy().astype(np.float16),
        landmarks=pair.landmarks.astype(np.float32),
        errors_mm=pair.errors_mm.astype(np.float32),
    )


def load_pair(path: Path) -> TrainingPair:
    """The pair in a file that `save_pair` wrote. Raises InputError for another file."""
    try:
        with np.load(path, allow_pickle=False) as held:
            values = {name: held[name] for name in held.files}
        tensors = {
            name: torch.from_numpy(values[name].astype(np.float32))
            for name in ("fixed", "moving", "displacement_mm")
        }
        return TrainingPair(
            case=str(values["case"]),
            registration=str(values["registration"]),
            voxel_mm=float(values["voxel_mm"]),
            landmarks=values["landmarks"].astype(np.float64),
            errors_mm=values["errors_mm"].astype(np.float64),
            **tensors,
        )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"not a training pair: {error}", where=str(path), mend="make the pairs anew"
        ) from error


def pairs_in(folder: Path, voxel_mm: float) -> list[TrainingPair]:
    """All pairs of a folder (*.npz), by name. Raises InputError for none, or another voxel size."""
    pairs = [load_pair(path) for path in sorted(folder.glob("*.npz"))]
    if not pairs:
        raise InputError("there are no training pairs (*.npz)", where=str(folder), mend="make them first")
    for pair in pairs:
        if abs(pair.voxel_mm - voxel_mm) > 1e-3 * voxel_mm:
            raise InputError(
                f"the pair {pair.case} has voxels of {pair.voxel_mm:g} mm, the recipe {voxel_mm:g} mm",
                where=str(folder),
                mend="make the pairs with the recipe's voxel_mm",
            )
    return pairs


def patch_of(
    pair: TrainingPair, shape: tuple[int, int, int], stride: int, generator: torch.Generator
) -> list[Tensor]:
    """[fixed, moving, displacement, landmarks, errors] of a random patch, flipped at random along each axis.

    Its edges are `shape`, or the most multiples of `stride` voxels that the image has. A flip along
    an axis also turns the sign of the displacement's component along it.
    """
    edges = [min(want, n // stride * stride) for n, want in zip(pair.fixed.shape, shape, strict=True)]
    room = [n - edge + 1 for n, edge in zip(pair.fixed.shape, edges, strict=True)]
    corner = [int(torch.randint(free, (), generator=generator)) for free in room]
    window = tuple(slice(c, c + edge) for c, edge in zip(corner, edges, strict=True))
    flips = (torch.rand(3, generator=generator) < 0.5).tolist()
    images = flipped(
        pair.fixed[window], pair.moving[window], pair.displacement_mm[(slice(None), *window)], flips
    )
    last = np.array(edges[::-1]) - 1
    places = pair.landmarks - np.array(corner[::-1])
    within = ((places >= 0) & (places <= last)).all(axis=1)
    places = np.where(flips, last - places, places)[within]
    errors = np.where(flips, -pair.errors_mm, pair.errors_mm)[within]
    return [*images, torch.from_numpy(places).float(), torch.from_numpy(errors).float()]


def flipped(fixed: Tensor, moving: Tensor, displacement_mm: Tensor, flips: list[bool]) -> list[Tensor]:
    """Images and field [3, Z, Y, X] mirrored along the axes (x, y, z) that are named by `flips`."""
    axes = [2 - a for a, flip in enumerate(flips) if flip]
    signs = torch.tensor([-1.0 if flip else 1.0 for flip in flips]).view(3, 1, 1, 1)
    field = torch.flip(displacement_mm, [a + 1 for a in axes]) * signs
    return [torch.flip(fixed, axes), torch.flip(moving, axes), field]

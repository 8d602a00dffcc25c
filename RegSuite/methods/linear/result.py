"""A linear registration as a Registration, and the costs that a method states beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.methods.base import Progress, Registration
from RegSuite.methods.linear.align import align
from RegSuite.methods.linear.parameters import LinearParameters
from RegSuite.methods.linear.poses import Model
from RegSuite.methods.linear.rotations import nearest_rotation
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.base import Transform
from RegSuite.transforms.rigid import RigidTransform
from RegSuite.transforms.similarity import SimilarityTransform

KINDS: dict[Model, type[AffineTransform]] = {
    "rigid": RigidTransform,
    "similarity": SimilarityTransform,
    "affine": AffineTransform,
}


def register_linear(
    fixed: Image,
    moving: Image,
    model: Model,
    parameters: LinearParameters,
    progress: Progress,
    initial: Transform | None,
) -> Registration:
    """The registration of `model`; the transform is its own linear part.

    Raises as `align`; InputError for an initial transform of another dimension.
    """
    matrix, notes = _linear_part(initial, fixed, model)
    found = align(fixed, moving, model, parameters, progress, matrix)
    transform = KINDS[model].from_homogeneous(found.matrix, fixed.grid.centre)
    return Registration(
        transform=transform,
        linear=transform,
        convergence=tuple(found.convergence),
        notes=(*notes, *found.notes),
        warnings=tuple(found.warnings),
        seconds=found.seconds,
        extra={"measure": found.measure, "value": found.value, "overlap_fraction": found.overlap},
    )


def _linear_part(
    initial: Transform | None, fixed: Image, model: Model
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """[d+1, d+1] matrix of the initial transform; the best fit where it is curved or freer."""
    no_notes: tuple[str, ...] = ()
    if initial is None:
        return None, no_notes
    if initial.ndim != fixed.ndim:
        raise InputError(f"the initial transform is {initial.ndim}D, the images are {fixed.ndim}D")
    if isinstance(initial, AffineTransform):
        matrix, notes = np.array(initial.homogeneous), no_notes
    else:
        matrix, notes = _fitted(initial, fixed), ("of the initial transform the linear part was taken",)
    return (matrix if model == "affine" else _closest(matrix, fixed, model)), notes


def _fitted(initial: Transform, fixed: Image) -> NDArray[np.float64]:
    """The affine map closest to `initial` over a lattice of the fixed volume."""
    import torch

    axes = [np.linspace(0, n - 1, 6 if n > 1 else 1) for n in fixed.grid.size]
    x = fixed.grid.points(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, fixed.ndim))
    y = initial.points(torch.as_tensor(x)).cpu().numpy()
    solution = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0]
    out = np.eye(fixed.ndim + 1)
    out[:-1] = solution.T
    return out


def _closest(matrix: NDArray[np.float64], fixed: Image, model: Model) -> NDArray[np.float64]:
    """The rigid map or similarity closest to an affine one, with the same image of the volume's middle."""
    d, centre = fixed.ndim, fixed.grid.centre
    space = np.eye(3)
    space[:d, :d] = matrix[:d, :d]
    linear = nearest_rotation(space)[:d, :d]
    if model == "similarity":
        linear = linear * abs(np.linalg.det(matrix[:d, :d])) ** (1 / d)
    out = np.eye(d + 1)
    out[:d, :d] = linear
    out[:d, d] = matrix[:d, :d] @ centre + matrix[:d, d] - linear @ centre
    return out


def memory_mb(fixed: Image, moving: Image, parameters: Any) -> float:
    """Float copies of both images with their half-size levels, and the samples of the search."""
    return 12e-6 * (fixed.grid.voxels + moving.grid.voxels) + 300 + 60e-6 * float(parameters.samples)


def expected_seconds(fixed: Image, moving: Image, parameters: Any) -> float:
    """Pyramids by voxels, search and descent by sample points (a rough estimate for two cores)."""
    return 0.4 + 1e-8 * (fixed.grid.voxels + moving.grid.voxels) + 8e-6 * float(parameters.samples)

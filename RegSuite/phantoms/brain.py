"""A brain phantom from nothing: an analytic T1-like head, and its copy under a known map."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.brain_anatomy import label_names, tissue
from RegSuite.phantoms.known_field import known_field_phantom
from RegSuite.phantoms.phantom import Phantom

SLICE_HEIGHT_MM = 9.0
"""The height of the 2D phantom's plane above the middle: ventricles, thalamus and caudate are in it."""

PARTIAL_VOLUME_VOXELS = 0.5
WHITE_VALUE = 200.0


def brain_phantom(
    grid: Grid | None = None,
    max_displacement_mm: float = 8.0,
    seed: int = 0,
    *,
    scalp: bool = False,
    anatomy_seed: int = 0,
) -> Phantom:
    """A T1-like brain and its copy under a random diffeomorphism, with FreeSurfer-numbered labels.

    grid: 2D or 3D, any direction; 1.5 mm over the brain (over the head with `scalp`) if None.
    scalp: whether skull, skin and neck are there. anatomy_seed: the course of the sulci.
    seed: the map, the bias field and the noise (see `known_field_phantom`).
    """
    image, labels = brain_image(default_grid(scalp) if grid is None else grid, scalp, anatomy_seed)
    return known_field_phantom(
        image, labels, max_displacement_mm, seed, label_names=label_names(), name="brain"
    )


def default_grid(scalp: bool = False, ndim: int = 3) -> Grid:
    """A grid of 1.5 mm (2D: 1 mm) in LPS that holds the brain or the whole head."""
    reach = np.array([172.0, 212.0, 180.0] if scalp else [144.0, 180.0, 144.0])[:ndim]
    spacing = 1.5 if ndim == 3 else 1.0
    size = [int(8 * round(r / spacing / 8)) for r in reach]
    origin = [-(n - 1) / 2 * spacing for n in size]
    return Grid.make(size, spacing, origin)


def brain_image(grid: Grid, scalp: bool = False, anatomy_seed: int = 0) -> tuple[Image, Image]:
    """The fixed image (float32, white matter 200) and its labels (int32, see `label_names`).

    The head stands at the LPS origin of `grid`'s axes moved to the grid's centre; it is not
    symmetric (left ventricle larger, poles shifted, with `scalp` a capsule on the right temple),
    so that a flipped axis shows. Tissue edges are softened over half a voxel.
    """
    generator = torch.Generator().manual_seed(anatomy_seed)
    points = torch.from_numpy(np.moveaxis(grid.all_points() - grid.centre, -1, 0)).float().contiguous()
    height = points[2] if grid.ndim == 3 else torch.full_like(points[0], SLICE_HEIGHT_MM)
    value, label = tissue((points[0], points[1], height), scalp, generator)
    image = _softened(value * WHITE_VALUE, grid)
    return Image(image[None], grid, name="brain", modality="MR"), Image(label[None], grid, name="labels")


def _softened(values: Tensor, grid: Grid) -> Tensor:
    """Gaussian partial volume: no tissue edge is sharper than a voxel."""
    sigma = [PARTIAL_VOLUME_VOXELS if n > 1 else 0.0 for n in grid.shape]
    return torch.from_numpy(ndimage.gaussian_filter(values.numpy(), sigma, mode="nearest"))

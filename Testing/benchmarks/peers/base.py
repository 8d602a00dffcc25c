"""What a compared program looks like to the runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import SimpleITK as sitk

from Testing.benchmarks.evaluate import Prepared, physical_points


class Peer(Protocol):
    """A method on a prepared pair, in three steps of which only `run` is timed.

    `field` and `inverse` give vector images in mm, LPS: the whole map, start included, fixed
    points to moving points on the fixed grid, and back on the moving grid (None without one).
    """

    package: ClassVar[str]
    parameters: ClassVar[str]

    def load(self, pair: Prepared, work: Path, threads: int) -> Any:
        """Read the images and import the program."""

    def run(self, loaded: Any) -> Any:
        """Register: the timed call."""

    def field(self, loaded: Any, result: Any) -> sitk.Image:
        """The whole map as a dense field."""

    def inverse(self, loaded: Any, result: Any) -> sitk.Image | None:
        """The method's own inverse."""


def vector_image(values: np.ndarray, like: sitk.Image) -> sitk.Image:
    """A float32 vector image of [z, y, x, 3] on the grid of `like`."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(values, dtype=np.float32), isVector=True)
    image.CopyInformation(like)
    return image


def affine_parts(affine: sitk.AffineTransform) -> tuple[np.ndarray, np.ndarray]:
    """A and b of x -> A x + b (the centre resolved)."""
    matrix = np.asarray(affine.GetMatrix()).reshape(3, 3)
    centre, shift = np.asarray(affine.GetCenter()), np.asarray(affine.GetTranslation())
    return matrix, shift + centre - matrix @ centre


def homogeneous(affine: sitk.AffineTransform) -> np.ndarray:
    """The same as a 4x4 matrix."""
    out = np.eye(4)
    out[:3, :3], out[:3, 3] = affine_parts(affine)
    return out


def index_to_lps(image: sitk.Image) -> np.ndarray:
    """4x4 from voxel index (x, y, z) to LPS mm."""
    out = np.eye(4)
    out[:3, :3] = np.asarray(image.GetDirection()).reshape(3, 3) * np.asarray(image.GetSpacing())[None, :]
    out[:3, 3] = image.GetOrigin()
    return out


def affine_after(field: np.ndarray, grid: sitk.Image, affine: sitk.AffineTransform) -> sitk.Image:
    """The whole map x -> A(x + w(x)) as a displacement, from w [z, y, x, 3] in mm."""
    matrix, offset = affine_parts(affine)
    points = physical_points(grid)
    return vector_image((points + field) @ matrix.T + offset - points, grid)

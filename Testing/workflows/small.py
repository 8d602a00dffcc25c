"""A small pair with structure everywhere, on anisotropic oblique grids, known to be a translation apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.io.simpleitk_bridge import image_to_sitk

SHIFT_MM = (4.0, -3.0, 2.0)
"""The fixed point x is at x + SHIFT_MM in the moving image."""


def oblique(ndim: int) -> np.ndarray:
    """A direction of 20 degrees about z (3D: and 10 about x)."""
    a, b = np.deg2rad([20.0, 10.0])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return (about_z @ about_x)[:ndim, :ndim] if ndim == 3 else about_z[:2, :2]


def grids(ndim: int = 3) -> tuple[Grid, Grid]:
    """Fixed and moving grid: other sizes, spacings and directions, about the same place."""
    if ndim == 2:
        fixed = Grid.make((32, 28), (2.0, 2.5), (-30.0, -34.0), oblique(2))
        return fixed, Grid.make((30, 34), (2.5, 2.0), (-36.0, -33.0))
    fixed = Grid.make((26, 24, 18), (2.0, 2.5, 3.5), (-25.0, -33.0, -30.0), oblique(3))
    return fixed, Grid.make((24, 28, 22), (2.5, 2.2, 3.0), (-30.0, -31.0, -33.0))


def blobs(points_mm: np.ndarray) -> np.ndarray:
    """Four unlike Gaussian blobs in LPS mm: [..., d] -> [...], 0 to about 100."""
    d = points_mm.shape[-1]
    centres = np.array([[0.0, 0.0, 0.0], [12.0, 6.0, -8.0], [-10.0, 10.0, 9.0], [4.0, -14.0, 6.0]])[:, :d]
    heights, widths = (100.0, 70.0, 50.0, 80.0), (9.0, 5.0, 6.0, 4.5)
    parts = zip(centres, heights, widths, strict=True)
    return sum(h * np.exp(-((points_mm - c) ** 2).sum(-1) / (2 * w * w)) for c, h, w in parts)


def a_pair(ndim: int = 3) -> tuple[Image, Image]:
    """fixed(x) = moving(x + SHIFT_MM), sampled from the formula."""
    fixed, moving = grids(ndim)
    shift = np.asarray(SHIFT_MM)[:ndim]
    values = blobs(fixed.all_points()), blobs(moving.all_points() - shift)
    images = [torch.from_numpy(v)[None].float() for v in values]
    return Image(images[0], fixed, name="fixed"), Image(images[1], moving, name="moving")


def labels_of(image: Image) -> Image:
    """1 where the image is above 20, 2 where it is above 60."""
    values = (image.data > 20).int() + (image.data > 60).int()
    return Image(values, image.grid, name=f"{image.name} labels")


def landmarks(ndim: int = 3) -> tuple[PointSet, PointSet]:
    """The blobs' centres in both spaces."""
    fixed = np.array([[0.0, 0.0, 0.0], [12.0, 6.0, -8.0], [-10.0, 10.0, 9.0], [4.0, -14.0, 6.0]])[:, :ndim]
    return PointSet(fixed), PointSet(fixed + np.asarray(SHIFT_MM)[:ndim])


def write_points(points: PointSet, path: Path) -> Path:
    """x,y,z as the contract has them."""
    header = ",".join("xyz"[: points.ndim])
    path.write_text("\n".join([header, *(",".join(f"{v:.6f}" for v in p) for p in points.points)]) + "\n")
    return path


def write(image: Image, path: Path) -> Path:
    """Through SimpleITK, as another program would."""
    sitk.WriteImage(image_to_sitk(image), str(path))
    return path


def write_pair(folder: Path, ndim: int = 3) -> dict[str, Path]:
    """Images, labels and landmarks of the pair as files, by role."""
    fixed, moving = a_pair(ndim)
    points = landmarks(ndim)
    return {
        "fixed": write(fixed, folder / "fixed.nii.gz"),
        "moving": write(moving, folder / "moving.nii.gz"),
        "fixed_labels": write(labels_of(fixed), folder / "fixed_labels.nii.gz"),
        "moving_labels": write(labels_of(moving), folder / "moving_labels.nii.gz"),
        "fixed_points": write_points(points[0], folder / "fixed.csv"),
        "moving_points": write_points(points[1], folder / "moving.csv"),
    }

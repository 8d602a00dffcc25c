"""A small brain and the same brain with a tumour that pushed it, from formulas, on oblique grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from Testing.workflows.small import oblique, write

CENTRE_MM = (14.0, 6.0, 2.0)
"""Where the tumour grew."""
RADIUS_MM = 7.0
PUSH_MM = 5.0
TUMOR = 130.0
NAMES = {1: "brain", 2: "ventricle", 3: "nucleus"}


def grids(ndim: int) -> tuple[Grid, Grid]:
    """Target and template grid: other sizes, spacings and directions, about the same place."""
    if ndim == 2:
        target = Grid.make((44, 48), (2.0, 1.75), (-26.0, -53.0), oblique(2))
        return target, Grid.make((50, 46), (1.75, 2.0), (-43.0, -45.0))
    target = Grid.make((32, 34, 20), (2.8, 2.6, 4.0), (-30.0, -53.0, -30.0), oblique(3))
    return target, Grid.make((34, 34, 24), (2.6, 2.6, 3.2), (-43.0, -42.0, -37.0))


def anatomy(points_mm: np.ndarray) -> np.ndarray:
    """0 air, 60 brain, 20 ventricle, 100 nuclei, soft edges; [..., d] -> [...]."""
    d = points_mm.shape[-1]

    def inside(centre, radii, soft):
        scaled = (points_mm - np.asarray(centre)[:d]) / np.asarray(radii)[:d]
        return 1 / (1 + np.exp((np.linalg.norm(scaled, axis=-1) - 1) * np.min(radii[:d]) / soft))

    out = 60 * inside((0, 0, 0), (34, 36, 30), 1.2)
    out -= 40 * inside((-4, 0, 0), (6, 16, 9), 1.2)
    for centre, radii in (
        ((14, -16, 2), (5, 6, 6)),
        ((-20, 12, -2), (6, 5, 7)),
        ((12, 24, 0), (6, 4, 6)),
    ):
        out += 40 * inside(centre, radii, 1.2)
    return out


def labels_at(points_mm: np.ndarray) -> np.ndarray:
    """1 brain, 2 ventricle, 3 nuclei."""
    values = anatomy(points_mm)
    out = (values > 30).astype(np.int32)
    d = points_mm.shape[-1]
    near = np.linalg.norm((points_mm - np.array([-4.0, 0, 0])[:d]) / np.array([8, 18, 11])[:d], axis=-1) < 1
    out[near & (values < 40)] = 2
    out[values > 80] = 3
    return out


def pulled(points_mm: np.ndarray) -> np.ndarray:
    """Target points to template points: tissue about the tumour was pushed outwards."""
    d = points_mm.shape[-1]
    away = points_mm - np.asarray(CENTRE_MM)[:d]
    r = np.linalg.norm(away, axis=-1, keepdims=True)
    return points_mm - PUSH_MM * away / 12.0 * np.exp(0.5 - r**2 / (2 * 12.0**2))


def tumor_at(points_mm: np.ndarray) -> np.ndarray:
    """Where the tumour is, in the target."""
    d = points_mm.shape[-1]
    return np.linalg.norm(points_mm - np.asarray(CENTRE_MM)[:d], axis=-1) <= RADIUS_MM


def images(ndim: int = 2) -> dict[str, Image]:
    """template, target, tumor_mask, template_labels, target_labels by role."""
    target, template = grids(ndim)
    seen, healthy = target.all_points(), template.all_points()
    tumor = tumor_at(seen)
    values = np.where(tumor, TUMOR, anatomy(pulled(seen)))
    labels = np.where(tumor, 0, labels_at(pulled(seen)))
    return {
        "template": _image(anatomy(healthy).astype(np.float32), template, "template"),
        "target": _image(values.astype(np.float32), target, "target"),
        "tumor_mask": _image(tumor.astype(np.uint8), target, "tumour mask"),
        "template_labels": _image(labels_at(healthy), template, "template labels"),
        "target_labels": _image(labels.astype(np.int32), target, "target labels"),
    }


def growth(ndim: int = 2, times: int = 5) -> Image:
    """A ball that grows to the tumour, one channel a time."""
    target = grids(ndim)[0]
    r = np.linalg.norm(target.all_points() - np.asarray(CENTRE_MM)[:ndim], axis=-1)
    radii = RADIUS_MM * np.linspace(0.4, 1, times)
    values = np.stack([1 / (1 + np.exp((r - radius) / 0.3)) for radius in radii])
    return Image(torch.from_numpy(values).float(), target, name="growth")


def write_tumor(folder: Path, ndim: int = 2) -> dict[str, Path]:
    """The images as files, by role, with the names of the labels beside them."""
    for side in ("template", "target"):
        rows = [f"{label},{name}" for label, name in NAMES.items()]
        (folder / f"{side}_labels.csv").write_text("\n".join(["label,name", *rows]) + "\n")
    return {role: write(image, folder / f"{role}.nii.gz") for role, image in images(ndim).items()}


def _image(values: np.ndarray, grid: Grid, name: str) -> Image:
    return Image(torch.from_numpy(np.ascontiguousarray(values))[None], grid, name=name)

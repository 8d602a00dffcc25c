"""Scores of a dense displacement field: one definition for every method. NumPy, SciPy and SimpleITK only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """A folder written by prepare.py: what every method gets and is scored by."""

    folder: Path

    def read(self, name: str, pixel: int = sitk.sitkFloat32) -> sitk.Image:
        """One of fixed, moving, fixed_labels, moving_labels, region."""
        return sitk.ReadImage(str(self.folder / f"{name}.nii.gz"), pixel)

    def has(self, name: str) -> bool:
        """Whether the pair has it."""
        return (self.folder / f"{name}.nii.gz").is_file()

    def start(self) -> sitk.AffineTransform:
        """The common start, fixed points to moving points (the identity for the known field)."""
        return sitk.AffineTransform(sitk.ReadTransform(str(self.folder / "start.tfm")))

    def truth(self) -> sitk.Image | None:
        """The exact field [mm, LPS] on the fixed grid, where it is known."""
        path = self.folder / "truth.mha"
        return sitk.ReadImage(str(path), sitk.sitkVectorFloat64) if path.is_file() else None


def scores(pair: Prepared, field: sitk.Image, inverse: sitk.Image | None) -> dict[str, object]:
    """Everything that is measured of a field (vectors in mm, LPS, fixed points to moving points)."""
    region = sitk.GetArrayFromImage(pair.read("region", sitk.sitkUInt8)) > 0
    transform = sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64))
    found: dict[str, object] = _image_scores(pair, transform, region)
    determinant = jacobian(field)[region]
    found["percent_nonpositive"] = 100.0 * float((determinant <= 0).mean())
    found["jacobian_p01_p99"] = [float(v) for v in np.percentile(determinant, (1, 99))]
    truth = pair.truth()
    if truth is not None:
        error = np.linalg.norm(vectors(field) - vectors(truth), axis=-1)[region]
        found["error_mm"] = _spread(error)
    if pair.has("fixed_labels"):
        found["dice"] = dice(pair, transform)
        found["dice_mean"] = float(np.mean(list(found["dice"].values())))
    if inverse is not None:
        found["inverse_residual_mm"] = consistency(field, inverse, region)
    return found


def _image_scores(pair: Prepared, transform: sitk.Transform, region: NDArray[np.bool_]) -> dict[str, object]:
    """LNCC and mutual information after, over the region."""
    fixed, moving = pair.read("fixed"), pair.read("moving")
    warped = sitk.Resample(moving, fixed, transform, sitk.sitkLinear, 0.0)
    a, b = (sitk.GetArrayFromImage(image).astype(np.float64) for image in (fixed, warped))
    return {"lncc": lncc(a, b, region), "mi": mutual_information(a[region], b[region])}


def vectors(field: sitk.Image) -> Array:
    """[z, y, x, 3] of a vector image."""
    return sitk.GetArrayFromImage(field).astype(np.float64)


def lncc(a: Array, b: Array, region: NDArray[np.bool_], width: int = 5) -> float:
    """Mean squared local correlation over the region, window `width`^3, 0 where a window is constant."""
    scale_a, scale_b = (max(float(np.percentile(x[region], 99.5)), 1e-12) for x in (a, b))
    a, b = a / scale_a, b / scale_b
    mean_a, mean_b = uniform_filter(a, width), uniform_filter(b, width)
    var_a = uniform_filter(a * a, width) - mean_a**2
    var_b = uniform_filter(b * b, width) - mean_b**2
    cov = uniform_filter(a * b, width) - mean_a * mean_b
    textured = (var_a > 1e-8) & (var_b > 1e-8)
    squared = np.where(textured, cov**2 / np.where(textured, var_a * var_b, 1.0), 0.0)
    return float(squared[region].mean())


def mutual_information(a: Array, b: Array, bins: int = 32) -> float:
    """In nats, from a joint histogram of `bins`^2, intensities clipped at their 0.5 and 99.5 percentiles."""
    edges = [np.linspace(*np.percentile(x, (0.5, 99.5)), bins + 1) for x in (a, b)]
    clipped = [np.clip(x, e[0], e[-1]) for x, e in zip((a, b), edges, strict=True)]
    joint = np.histogram2d(*clipped, bins=edges)[0] / a.size
    outer = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / outer[seen])).sum())


def jacobian(field: sitk.Image) -> Array:
    """det(dT/dx) by central differences, of the whole map, on the field's grid."""
    u = vectors(field)
    to_index = np.linalg.inv(
        np.asarray(field.GetDirection()).reshape(3, 3) * np.asarray(field.GetSpacing())[None, :]
    )
    # du/d(index x, y, z), then the chain rule to mm
    by_index = np.stack([np.gradient(u, axis=axis) for axis in (2, 1, 0)], axis=-1)
    gradient = by_index @ to_index
    return np.linalg.det(gradient + np.eye(3))


def dice(pair: Prepared, transform: sitk.Transform) -> dict[str, float]:
    """Dice of each structure on the grid of the fixed labels, the moving labels by nearest neighbour."""
    fixed, moving = pair.read("fixed_labels", sitk.sitkUInt8), pair.read("moving_labels", sitk.sitkUInt8)
    warped = sitk.Resample(moving, fixed, transform, sitk.sitkNearestNeighbor, 0)
    a, b = sitk.GetArrayFromImage(fixed), sitk.GetArrayFromImage(warped)
    top = max(int(a.max()), int(sitk.GetArrayViewFromImage(moving).max())) + 1
    count_a, count_b = np.bincount(a.ravel(), minlength=top), np.bincount(b.ravel(), minlength=top)
    both = np.bincount(a[a == b], minlength=top)
    labels = [label for label in range(1, top) if count_a[label] or count_b[label]]
    return {str(label): 2.0 * both[label] / (count_a[label] + count_b[label]) for label in labels}


def consistency(forward: sitk.Image, backward: sitk.Image, region: NDArray[np.bool_]) -> dict[str, float]:
    """|B(F(x)) - x| in mm over the region, where F(x) lies within the backward field's grid."""
    points = physical_points(forward)[region]
    there = points + vectors(forward)[region]
    index = (there - np.asarray(backward.GetOrigin())) @ np.linalg.inv(
        np.asarray(backward.GetDirection()).reshape(3, 3) * np.asarray(backward.GetSpacing())[None, :]
    ).T
    inside = ((index >= 0) & (index <= np.asarray(backward.GetSize()) - 1)).all(-1)
    back = interpolate(vectors(backward), index[inside])
    return _spread(np.linalg.norm(there[inside] + back - points[inside], axis=-1))


def physical_points(image: sitk.Image) -> Array:
    """[z, y, x, 3] LPS mm of the voxel centres."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in image.GetSize()[::-1]), indexing="ij")[::-1], -1)
    matrix = np.asarray(image.GetDirection()).reshape(3, 3) * np.asarray(image.GetSpacing())[None, :]
    return index @ matrix.T + np.asarray(image.GetOrigin())


def interpolate(values: Array, index: Array) -> Array:
    """Linear values of [z, y, x, c] at voxel indices [n, 3] (x, y, z order)."""
    from scipy.ndimage import map_coordinates

    where = index[:, ::-1].T
    return np.stack(
        [map_coordinates(values[..., c], where, order=1, mode="nearest") for c in range(values.shape[-1])], -1
    )


def _spread(values: Array) -> dict[str, float]:
    return {"mean": float(values.mean()), "p95": float(np.percentile(values, 95)), "max": float(values.max())}

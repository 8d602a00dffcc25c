"""A course around a real CT of a chest: known motion and dose, days made from the scan itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image, PointSet, Structure, VoxelStructure
from RegSuite.phantoms.thorax.beams import draw_beams
from RegSuite.phantoms.thorax.build import as_vectors, build_fraction, dose_grid, true_dose
from RegSuite.phantoms.thorax.chest import Chest, chest_of
from RegSuite.phantoms.thorax.course import ThoraxCourse
from RegSuite.phantoms.thorax.draw import counts_of
from RegSuite.phantoms.thorax.landmarks import that_stay
from RegSuite.phantoms.thorax.motion import Motion, draw_motion, draw_size
from RegSuite.phantoms.thorax.structures import PTV_MARGIN_MM, ball_surface

FloatArray = NDArray[np.float64]

NOISE_HU = 6.0
"""Standard deviation of the noise that a day's scan gets: the scan's own is smoothed by moving it."""

LEAST_VOXELS = 16
"""Along each axis, of what is left of a day's scan after the border that the planning scan does not know."""

LANDMARKS = 100


def course_from_scan(
    image: Image,
    labels: Image | None = None,
    label_names: Mapping[int, str] | None = None,
    *,
    fractions: int = 2,
    seed: int = 0,
    counts: Sequence[int] | None = None,
    dose_spacing_mm: float | None = None,
    prescribed_gy: float = 2.0,
) -> ThoraxCourse:
    """A course whose planning scan is `image` (HU), its days the scan under known motions.

    A voxel y of a day shows the scan at x with x + u(x) = y by cubic interpolation, the lung's density
    divided by det(I + du/dx), with noise of 6 HU. A day's grid is the scan's less the border where x
    would lie outside it: nothing is made up. The target (GTV, with PTV) is a ball in the lung, where
    the scan itself is left as it is. labels: on the image's grid; they are structures beside it.
    Raises InputError for labels on another grid, a scan without lungs or too small for the motion.
    """
    _check(image, labels)
    rng = np.random.default_rng(seed)
    names = dict(label_names or {})
    chest = chest_of(image, labels, names, rng)
    parts = counts_of(fractions, counts)
    outline, reach = chest.outline, chest.radius_mm + PTV_MARGIN_MM
    beams = draw_beams(chest.target_mm, reach, outline, rng, prescribed_gy=prescribed_gy)
    motions = _motions(image.grid, chest, len(parts), rng)
    landmarks = _landmarks(image, chest, motions, rng)
    doses, made = dose_grid(image.grid, dose_spacing_mm), []
    for n, (count, motion) in enumerate(zip(parts, motions, strict=True), start=1):
        day, back = _day(image, chest.lungs, motion, f"day{n}", rng)
        made.append(build_fraction(n, day, back, motion, count, beams, image.grid, doses, landmarks))
    structures, marked, known = _structures(image, labels, names, chest)
    return ThoraxCourse(
        planning=Image(image.data.float(), image.grid, name="planning", modality="CT"),
        structures=structures,
        kind_of={s.name: "target" if s.name in ("GTV", "PTV") else "organ" for s in structures},
        labels=marked,
        label_names=known,
        fractions=tuple(made),
        truth_dose=true_dose(beams, motions, parts, image.grid),
        landmarks=landmarks,
        beams=beams,
        seed=seed,
        name="thorax from a scan",
        parameters={
            "source": image.name,
            "noise_hu": NOISE_HU,
            "prescribed_gy": prescribed_gy,
            "counts": list(parts),
            "target_mm": [round(float(v), 3) for v in chest.target_mm],
            "target_radius_mm": chest.radius_mm,
        },
    )


def _check(image: Image, labels: Image | None) -> None:
    if image.ndim != 3 or image.channels != 1:
        raise InputError(f"{image.channels} values a voxel in {image.ndim}D are no CT", where=image.name)
    if labels is not None and not labels.grid.same_space(image.grid):
        raise InputError(
            "the labels are not on the scan's grid", where=labels.name, mend="resample the labels"
        )


def _motions(grid: Grid, chest: Chest, fractions: int, rng: np.random.Generator) -> list[Motion]:
    """One motion a day; without shrinkage, as the scan has no tumour where the target is."""
    size = draw_size(rng)._replace(shrink=0.0)
    places = grid.coarser([max(1, round(8.0 / s)) for s in grid.spacing]).all_points().reshape(-1, 3)
    out = []
    for _ in range(fractions):
        today = size._replace(
            breathing=size.breathing * float(rng.uniform(0.6, 1.0)),
            baseline=size.baseline * float(rng.uniform(0.3, 1.0)),
        )
        out.append(
            draw_motion(
                today, chest.target_mm, chest.radius_mm, chest.middle_mm, chest.window_mm, places, rng
            )
        )
    return out


def _day(
    image: Image, lungs: NDArray[np.bool_], motion: Motion, name: str, rng: np.random.Generator
) -> tuple[Image, torch.Tensor]:
    """The scan as it is on a day, on the part of its grid that the scan knows, and the inverse there."""
    grid = _known(image, motion)
    step, jacobian = motion.inverse(grid.all_points())
    index = np.moveaxis(image.grid.index(grid.all_points() + step), -1, 0)[::-1]
    scan = image.data[0].float().numpy()
    values = ndimage.map_coordinates(scan, index, order=3, mode="nearest")
    np.clip(values, scan.min(), scan.max(), out=values)
    share = ndimage.map_coordinates(lungs.astype(np.float32), index, order=1, mode="nearest")
    values += share * (values + 1000.0) * (1.0 / jacobian - 1.0)
    values += NOISE_HU * rng.standard_normal(values.shape, dtype=np.float32)
    data = torch.from_numpy(values.astype(np.float32))[None]
    return Image(data, grid, name=name, modality="CT"), as_vectors(step)


def _known(image: Image, motion: Motion) -> Grid:
    """The scan's grid less the voxels at its border that show what lies outside it."""
    grid = image.grid
    step, _ = motion.inverse(grid.all_points())
    most = np.abs(step @ grid.inverse_matrix[:3, :3].T).max(axis=(0, 1, 2))
    margin = np.ceil(most).astype(int)
    size = np.asarray(grid.size) - 2 * margin
    if size.min() < LEAST_VOXELS:
        raise InputError(
            f"the motion takes up to {most.max():.0f} voxels of the border and leaves {size.min()}",
            where=image.name,
            mend="give a scan with a larger field of view",
        )
    return Grid.make(size.tolist(), grid.spacing, grid.points(margin).tolist(), grid.direction)


def _landmarks(image: Image, chest: Chest, motions: Sequence[Motion], rng: np.random.Generator) -> PointSet:
    """Voxels of the lung with the steepest HU among many, that stay in sight, and the target's centre."""
    slope = ndimage.gaussian_gradient_magnitude(image.data[0].float().numpy(), 1.0)
    inside = np.argwhere(ndimage.binary_erosion(chest.lungs, iterations=2))
    chosen = inside[rng.permutation(len(inside))[: 20 * LANDMARKS]]
    steep = chosen[np.argsort(slope[tuple(chosen.T)])[::-1]]
    points = that_stay(image.grid.points(steep[:, ::-1]), image.grid, motions)[:LANDMARKS]
    names = (*(f"edge {n + 1}" for n in range(len(points))), "target centre")
    return PointSet(np.concatenate([points, chest.target_mm[None]]), names=names, name="planning landmarks")


def _structures(
    image: Image, labels: Image | None, names: dict[int, str], chest: Chest
) -> tuple[tuple[Structure, ...], Image, dict[int, str]]:
    """GTV and PTV as surfaces, lungs and labels as voxels; and the label map of all but the PTV."""
    grid = image.grid
    given = np.zeros(grid.shape, np.int32) if labels is None else labels.data[0].int().numpy().copy()
    present = [int(v) for v in np.unique(given) if v > 0]
    names = {v: names.get(v, f"label {v}") for v in present}
    lungs, target = max(present, default=0) + 1, max(present, default=0) + 2
    ball = np.linalg.norm(grid.all_points() - chest.target_mm, axis=-1) <= chest.radius_mm
    found: list[Structure] = [
        ball_surface("GTV", chest.target_mm, chest.radius_mm, target),
        ball_surface("PTV", chest.target_mm, chest.radius_mm + PTV_MARGIN_MM, target + 1),
    ]
    masks = {v: given == v for v in present}
    if not any("lung" in name.lower() for name in names.values()):
        masks[lungs], names[lungs] = chest.lungs & ~ball, "Lungs"
        given[(given == 0) & chest.lungs] = lungs
    given[ball], names[target] = target, "GTV"
    for number, mask in masks.items():
        inside = Image(torch.from_numpy(mask.astype(np.float32))[None], grid, name=names[number])
        found.append(VoxelStructure(names[number], inside, number=number))
    return tuple(found), Image(torch.from_numpy(given)[None], grid, name="labels"), names

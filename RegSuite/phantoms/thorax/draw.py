"""Making courses: `thorax_course` for a whole chest, `thorax_draw` for many small ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.phantoms.thorax.beams import draw_beams, outline_of
from RegSuite.phantoms.thorax.build import build_fraction, dose_grid, true_dose
from RegSuite.phantoms.thorax.change import NOTHING, draw_change
from RegSuite.phantoms.thorax.course import ThoraxCourse
from RegSuite.phantoms.thorax.landmarks import draw_landmarks
from RegSuite.phantoms.thorax.motion import Motion, draw_motion, draw_size
from RegSuite.phantoms.thorax.patient import LABEL_NAMES, Patient, draw_patient
from RegSuite.phantoms.thorax.structures import PTV_MARGIN_MM, TARGETS, structures_of

FloatArray = NDArray[np.float64]

EXTENT_MM = np.array([360.0, 270.0, 276.0])
"""Of the whole chest."""

TREATMENTS = 30
"""Fractions of a whole course, spread evenly over the scans."""


def thorax_course(
    grid: Grid | None = None,
    *,
    fractions: int = 4,
    seed: int = 0,
    counts: Sequence[int] | None = None,
    dose_spacing_mm: float | None = None,
    noise_hu: float | None = None,
    prescribed_gy: float = 2.0,
    same_grid: bool = False,
) -> ThoraxCourse:
    """A planning CT of a chest with a tumour in a lung, and 2 to 10 scans with doses, all from formulas.

    grid: of the planning scan, any direction, LPS mm about the middle of the chest; the whole chest
    at 2.5 x 2.5 x 3 mm if None. counts: how many equal fractions each dose holds; 30 in all if None.
    dose_spacing_mm: of the doses' grids; the planning scan's finest if None. noise_hu: standard
    deviation of the scans' noise; 6 to 18, drawn, if None. same_grid: whether the fractions' scans
    have the planning grid; each has a shifted one otherwise. Same seed, same bits.
    Raises InputError for a number of fractions or counts that cannot be.
    """
    rng = np.random.default_rng(seed)
    patient = draw_patient(rng)
    return _course(
        patient,
        default_grid() if grid is None else grid,
        counts_of(fractions, counts),
        rng,
        seed=seed,
        dose_spacing_mm=dose_spacing_mm,
        noise_hu=noise_hu,
        prescribed_gy=prescribed_gy,
        same_grid=same_grid,
    )


def thorax_draw(
    seed: int,
    size: tuple[int, int, int] = (64, 64, 48),
    spacing_mm: float = 4.0,
    *,
    fractions: int = 2,
    counts: Sequence[int] | None = None,
    noise_hu: float | None = None,
) -> ThoraxCourse:
    """A small course of its own patient, for training and calibration: the field of view holds the tumour.

    size: voxels x, y, z. The scans of all fractions have the planning grid (axes along LPS).
    """
    rng = np.random.default_rng(seed)
    patient = draw_patient(rng)
    middle = patient.tumour_mm * np.array([0.5, 0.3, 0.7]) + np.array([0.0, 4.0, 0.0])
    grid = Grid.make(size, spacing_mm, (middle - (np.array(size) - 1) / 2 * spacing_mm).tolist())
    return _course(
        patient,
        grid,
        counts_of(fractions, counts),
        rng,
        seed=seed,
        dose_spacing_mm=None,
        noise_hu=noise_hu,
        prescribed_gy=2.0,
        same_grid=True,
    )


def default_grid(spacing_mm: float | None = None) -> Grid:
    """The whole chest, axes along LPS: 144 x 108 x 92 voxels of 2.5 x 2.5 x 3 mm, or cubes of `spacing_mm`.

    Raises InputError for a spacing that is not between 1 and 12 mm.
    """
    spacing = np.array([2.5, 2.5, 3.0] if spacing_mm is None else [spacing_mm] * 3)
    if not 1.0 <= spacing[0] <= 12.0:
        raise InputError(f"a spacing of {spacing_mm} mm", where="spacing", mend="give 1 to 12 mm")
    size = np.round(EXTENT_MM / spacing).astype(int)
    origin = np.array([0.0, 6.0, 0.0]) - (size - 1) / 2 * spacing
    return Grid.make(size.tolist(), spacing.tolist(), origin.tolist())


def counts_of(fractions: int, counts: Sequence[int] | None) -> tuple[int, ...]:
    """How many equal fractions each of 2 to 10 scans stands for; 30 in all if None."""
    if not 2 <= fractions <= 10:
        raise InputError(f"{fractions} fractions", where="fractions", mend="give 2 to 10")
    if counts is None:
        return tuple(
            TREATMENTS * (k + 1) // fractions - TREATMENTS * k // fractions for k in range(fractions)
        )
    if len(counts) != fractions or min(counts) < 1:
        raise InputError(
            f"counts {tuple(counts)} for {fractions} fractions",
            where="counts",
            mend="give one number of 1 or more a fraction",
        )
    return tuple(int(n) for n in counts)


def _course(
    patient: Patient,
    grid: Grid,
    counts: tuple[int, ...],
    rng: np.random.Generator,
    *,
    seed: int,
    dose_spacing_mm: float | None,
    noise_hu: float | None,
    prescribed_gy: float,
    same_grid: bool,
) -> ThoraxCourse:
    shape = patient.shape
    noise = float(rng.uniform(6, 18)) if noise_hu is None else noise_hu
    beams = draw_beams(
        patient.tumour_mm,
        1.1 * shape.tumour_radius + PTV_MARGIN_MM,
        outline_of(shape),
        rng,
        prescribed_gy=prescribed_gy,
    )
    motions = _motions(patient, len(counts), rng)
    planning, labels, _ = patient.scan(grid, "planning", noise, rng)
    landmarks = draw_landmarks(patient, grid, motions, rng)
    doses, made = dose_grid(grid, dose_spacing_mm), []
    for n, (count, motion) in enumerate(zip(counts, motions, strict=True), start=1):
        own = grid if same_grid else _shifted(grid, rng)
        change = draw_change(shape, rng) if n > 1 else NOTHING
        image, _, back = patient.scan(own, f"day{n}", noise, rng, motion=motion, change=change)
        assert back is not None
        made.append(build_fraction(n, image, back, motion, count, beams, grid, doses, landmarks))
    structures = structures_of(shape, grid)
    return ThoraxCourse(
        planning=planning,
        structures=structures,
        kind_of={s.name: "target" if s.name in TARGETS else "organ" for s in structures},
        labels=labels,
        label_names={v: LABEL_NAMES[v] for v in torch.unique(labels.data).tolist() if v > 0},
        fractions=tuple(made),
        truth_dose=true_dose(beams, motions, counts, grid),
        landmarks=landmarks,
        beams=beams,
        seed=seed,
        parameters={"noise_hu": noise, "prescribed_gy": prescribed_gy, "counts": list(counts)},
    )


def _motions(patient: Patient, fractions: int, rng: np.random.Generator) -> list[Motion]:
    """One motion a fraction: the patient's own breathing, more or less of it, a tumour that gets smaller."""
    s, size = patient.shape, draw_size(rng)
    middle = np.array([0.0, -12.0, s.right_dome + 45.0 + float(rng.uniform(-10, 25))])
    window = np.array([s.cage_x * 0.86, s.cage_y * 0.95, float(rng.uniform(28, 42))])
    step = np.arange(-156.0, 157.0, 12.0)
    looked_at = np.stack(np.meshgrid(step, step[2:-2], step, indexing="ij"), axis=-1).reshape(-1, 3)
    near = np.linspace(-2, 2, 11) * s.tumour_radius
    around = np.stack(np.meshgrid(near, near, near, indexing="ij"), axis=-1).reshape(-1, 3)
    places = np.concatenate([looked_at, patient.tumour_mm + around])
    out = []
    for k in range(fractions):
        today = size._replace(
            breathing=size.breathing * float(rng.uniform(0.6, 1.0)),
            baseline=size.baseline * float(rng.uniform(0.3, 1.0)),
            shrink=size.shrink * (k + 1) / fractions,
        )
        out.append(draw_motion(today, patient.tumour_mm, s.tumour_radius, middle, window, places, rng))
    return out


def _shifted(grid: Grid, rng: np.random.Generator) -> Grid:
    """The grid moved by up to 6 mm along each axis: the couch never stands where it stood."""
    shift = np.asarray(grid.direction) @ rng.uniform(-6, 6, 3)
    return Grid.make(grid.size, grid.spacing, (np.asarray(grid.origin) + shift).tolist(), grid.direction)

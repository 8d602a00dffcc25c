"""What is kept of one draw, one registration and one source: all that a setting is judged by, in one .npz.

Making it (draw, register, ask the source) takes seconds, judging a setting by it a tenth of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.dose.uncertainty.likelihood import errors_and_sds
from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.phantoms.thorax import ThoraxCourse, thorax_draw
from RegSuite.phantoms.thorax.draw import dose_grid
from Testing.benchmarks.dose_coverage.bands import Floats, read_field, structure_points
from Testing.benchmarks.dose_coverage.sources import Source

METHODS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "deformable": ("deformable", {"smoothness_mm": 10.0}),
    "deformable-default": ("deformable", {}),
    "bspline": ("bspline", {"spacing_mm": 16.0}),
    "demons": ("demons", {"fluid_mm": 12.0, "diffusion_mm": 8.0}),
}
"""The first is the one that sources are calibrated on; bspline and demons no calibration saw."""

FITTING = range(20_000, 20_040)
UNSEEN = range(30_000, 30_120)
"""Seeds of the draws to fit on and to measure on; neither is in any network's training."""

DOSE_MM = 2.0
"""Voxels of the dose, as fine as treatment planning has them.

In the draws' own 4 mm, linear interpolation shifts the DVH of a PTV by more than registration does.
"""
BODY_POINTS = 20_000


@dataclass(frozen=True, eq=False)
class Measured:
    """names, kinds of the structures; places [p, 3] of their points, truth_gy [p] there.

    dose_gy: of one fraction, on dose_grid; counts [f]. means, sds [f, p, 3]: displacement and the
    source's own SD at the points. body_*, marks_* [f, m, 3]: error and SD in the body and at the landmarks.
    """

    seed: int
    names: list[str]
    kinds: list[str]
    grid: dict[str, Any]
    dose_grid: dict[str, Any]
    dose_gy: Floats
    counts: Floats
    places: Floats
    truth_gy: Floats
    means: Floats
    sds: Floats
    body_errors: Floats
    body_sds: Floats
    marks_errors: Floats
    marks_sds: Floats

    @property
    def dose(self) -> Image:
        return Image(torch.from_numpy(self.dose_gy), Grid(**self.dose_grid))

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, **{key: np.asarray(value) for key, value in asdict(self).items()})
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Measured:
        with np.load(path, allow_pickle=True) as kept:
            return cls(**{key: v.tolist() if v.dtype.kind in "OUi" else v for key, v in kept.items()})


def measured(seed: int, methods: list[str], source: Source) -> dict[str, Measured]:
    """By registration method what `source` says of it on the draw `seed`."""
    course = thorax_draw(seed)
    grid = course.planning.grid
    places = structure_points(course.structures, grid, seed)
    fine = dose_grid(grid, DOSE_MM)
    common = {
        "seed": seed,
        "names": [s.name for s in course.structures],
        "kinds": [course.kind_of[s.name] for s in course.structures],
        "grid": asdict(grid),
        "dose_grid": asdict(fine),
        "dose_gy": course.beams.dose_gy(fine.all_points()).astype(np.float32)[None],
        "counts": np.array([float(f.count) for f in course.fractions]),
        "places": places,
        "truth_gy": course.dose_at(places),
    }
    return {method: Measured(**common, **_of_method(course, method, source, places)) for method in methods}


def _of_method(course: ThoraxCourse, method: str, source: Source, places: Floats) -> dict[str, Floats]:
    inside = np.argwhere(course.labels.data[0].numpy() > 0)[:, ::-1]
    body = course.planning.grid.points(np.random.default_rng(course.seed).choice(inside, BODY_POINTS))
    parts: dict[str, list[Floats]] = {}
    for fraction in course.fractions:
        one = source(course.planning, fraction.image, _registered(method, course.planning, fraction.image))
        truth = body + read_field(fraction.displacement.data, fraction.displacement.grid, body)
        marks = course.landmarks.points, fraction.landmarks.points
        for name, (error, sd) in {
            "body": errors_and_sds(one, body, truth),
            "marks": errors_and_sds(one, *marks),
        }.items():
            parts.setdefault(f"{name}_errors", []).append(error.astype(np.float32))
            parts.setdefault(f"{name}_sds", []).append(sd.astype(np.float32))
        parts.setdefault("means", []).append(_read(one, "displacement", places))
        parts.setdefault("sds", []).append(_read(one, "sigma_mm", places))
    return {name: np.stack(values) for name, values in parts.items()}


def _read(one: DeformationUncertainty, what: str, places: Floats) -> Floats:
    image: Image = getattr(one, what)
    return read_field(image.data, image.grid, places)


def _registered(method: str, fixed: Image, moving: Image) -> Image:
    name, parameters = METHODS[method]
    tool = get_method(name)
    found = tool.register(fixed, moving, tool.Parameters(**parameters))
    return Image(found.transform.displacement(fixed.grid), fixed.grid, name=f"{method} displacement")

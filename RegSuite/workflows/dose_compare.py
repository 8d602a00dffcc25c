"""The same course by the other mapping: how far direct dose mapping and energy/mass transfer are apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.workflows.dose_parts import MappingComparison

if TYPE_CHECKING:
    from RegSuite.dose.gamma import GammaCriteria
    from RegSuite.geometry import Image
    from RegSuite.workflows.dose_data import CourseData
    from RegSuite.workflows.dose_volumes import StructureVoxels
    from RegSuite.workflows.run import Run

PERCENT, DISTANCE_MM = 2.0, 2.0
CUTOFF_PERCENT = 10.0
MAX_GAMMA = 2.0
"""Gamma between the mappings: global, of the largest accumulated dose."""
Values = NDArray[np.float32]


def other_mapping(mapping: str) -> str:
    """The one that the course did not ask for."""
    return "emt" if mapping == "ddm" else "ddm"


def can_compare(data: CourseData, run: Run) -> bool:
    """Whether energy/mass transfer makes sense: a table was given, or every image is CT by its values."""
    from RegSuite.methods.appearance import is_ct

    without = [f.name for f in data.fractions if f.given.image is None]
    if without:
        run.notes.append(
            f"the mappings are not compared: {', '.join(without)} has no image to take density from"
        )
        return False
    if data.course.density_table is None and not is_ct(data.planning):
        run.notes.append(
            "the mappings are not compared: the planning image is no CT, and no density_table is given"
        )
        return False
    return True


def compared(asked: Values, other: Values, data: CourseData, run: Run) -> MappingComparison | None:
    """Gamma and differences of the two accumulated doses; None, with a note, where nothing can be judged.

    Judged are voxels whose whole search lies where both doses are known.
    """
    from RegSuite.dose.gamma import GammaCriteria, gamma
    from RegSuite.dose.mapping.difference import mapping_difference

    largest = float(np.nanmax(asked, initial=0.0))
    if not largest > 0:
        run.notes.append("the mappings are not compared: there is no dose")
        return None
    criteria = GammaCriteria(
        percent=PERCENT,
        distance_mm=DISTANCE_MM,
        cutoff_percent=CUTOFF_PERCENT,
        normalisation_gy=largest,
        max_gamma=MAX_GAMMA,
    )
    known = _searchable(np.isfinite(asked) & np.isfinite(other), criteria, data)
    reference = np.where(known, asked, np.float32(-1)).astype(np.float32)
    if reference.max() < CUTOFF_PERCENT / 100 * largest:
        run.notes.append("the mappings are not compared: no voxel above the cut-off is known under both")
        return None
    evaluated = np.where(np.isfinite(other), other, 0).astype(np.float32)
    found = gamma(reference, data.grid, evaluated, data.grid, criteria)
    difference = other - asked
    direct, by_energy = (asked, other) if data.course.mapping == "ddm" else (other, asked)
    figures = mapping_difference(direct, by_energy, data.grid)
    run.notes.append(figures.sentence())
    return MappingComparison(
        asked=data.course.mapping,
        other=other_mapping(data.course.mapping),
        gamma=_image(found.values, data, "gamma between the mappings"),
        difference_gy=_image(difference, data, "difference of the mappings"),
        pass_rate_percent=found.pass_rate_percent,
        percent=PERCENT,
        distance_mm=DISTANCE_MM,
        figures=figures.to_dict(),
        structures=_by_structure(found.values, difference, data.volumes),
    )


def _searchable(known: NDArray[np.bool_], criteria: GammaCriteria, data: CourseData) -> NDArray[np.bool_]:
    """Known voxels around which the whole search stays among known ones, or leaves the grid."""
    import torch

    reach = [int(np.ceil(criteria.max_gamma * criteria.distance_mm / s)) for s in data.grid.spacing[::-1]]
    unknown = torch.from_numpy((~known).astype(np.float32))[None, None]
    for axis, voxels in enumerate(reach):
        size, padding = [1, 1, 1], [0, 0, 0]
        size[axis], padding[axis] = 2 * voxels + 1, voxels
        unknown = torch.nn.functional.max_pool3d(unknown, size, stride=1, padding=padding)
    return unknown[0, 0].numpy() < 0.5


def _by_structure(
    gamma: Values, difference: Values, volumes: Mapping[str, StructureVoxels]
) -> dict[str, dict[str, float]]:
    passed = np.where(np.isfinite(gamma), 100.0 * (gamma <= 1), np.nan)
    out = {}
    for name, voxels in volumes.items():
        found = {
            "pass_rate_percent": voxels.mean(passed),
            "mean_difference_gy": voxels.mean(difference),
            "mean_absolute_difference_gy": voxels.mean(np.abs(difference)),
        }
        out[name] = {key: value for key, value in found.items() if value is not None}
    return out


def _image(values: Values, data: CourseData, name: str) -> Image:
    import torch

    from RegSuite.geometry import Image

    return Image(torch.from_numpy(values.astype(np.float32))[None], data.grid, name=name)

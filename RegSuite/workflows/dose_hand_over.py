"""What the report of an accumulated course is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.dose_content import DoseFraction, DoseLine, DosePage
from RegSuite.workflows.dose_files import sampled_images

if TYPE_CHECKING:
    from RegSuite.workflows.dose_result import DoseCourseResult


def page_of(result: DoseCourseResult) -> DosePage:
    """The page's content, sharing the result's arrays."""
    comparison = result.comparison
    return DosePage(
        planning=result.planning,
        structures={s.name: s.colour for s in result.structures},
        share=lambda name: _share(result, name),
        dose=result.dose,
        eqd2=result.eqd2,
        marks=result.marks,
        spread=sampled_images(result),
        lines=[
            DoseLine(c.structure, c.kind, c.dose_gy, c.volume_percent, c.p05_percent, c.p95_percent)
            for c in result.curves
        ],
        metrics=result.rows,
        fractions=[
            DoseFraction(f.name, f.count, f.quality, f.displacement, f.dose, f.sigma_mm, f.warped)
            for f in result.fractions
        ],
        gamma=None if comparison is None else comparison.gamma,
        difference_gy=None if comparison is None else comparison.difference_gy,
    )


def _share(result: DoseCourseResult, name: str) -> NDArray[np.float32]:
    """Share 0..1 of each voxel of the accumulation grid inside of a structure."""
    from RegSuite.dose.voxel_volumes import voxel_volumes_cc

    region = next(r for r in result.data.regions if r.structure.name == name)
    voxel_cc = float(np.prod(result.grid.spacing)) / 1000
    return (voxel_volumes_cc(region, result.grid) / voxel_cc).astype(np.float32)
